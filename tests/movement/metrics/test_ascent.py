from __future__ import annotations

import numpy as np
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.movement.contacts import GROUND, LIMBS, SMEAR, Contact
from ascension_core.movement.metrics.ascent import MetricOptions, ascent, held_places


def test_places_are_those_of_contacts_while_they_last():
    time = np.arange(5.0)
    contacts = [
        Contact("left_hand", "h1", 1, 3, np.array([7.0, 8.0]), 1.0),
        Contact("right_foot", SMEAR, 0, 2, np.array([1.0, 2.0]), 1.0),
        Contact("right_hand", SMEAR, 0, 5, np.array([3.0, 3.0]), 1.0),  # a hand on the bare wall holds nothing
        Contact("left_foot", GROUND, 0, 5, np.array([4.0, 4.0]), 1.0),
    ]
    places = held_places(time, contacts)
    assert np.isfinite(places).all(-1).T.tolist() == [
        [False, True, True, False, False],
        [False] * 5,
        [False] * 5,
        [True, True, False, False, False],
    ]
    assert places[1, LIMBS.index("left_hand")].tolist() == [7, 8]


def test_the_climb_is_cut_out_in_torso_lengths_with_up_positive(attempt):
    climb = attempt.climb.__class__(2.0, 6.0, (), (), "unknown", (), None)
    com = np.full((len(attempt.track), 2), np.nan)
    climbed = ascent(attempt.track, attempt.camera, attempt.contacts, climb, com_px=com, options=MetricOptions())
    assert (climbed.time[0], climbed.time[-1]) == (pytest.approx(2.0), pytest.approx(6.0))
    assert climbed.hips[-1, 1] - climbed.hips[0, 1] == pytest.approx(1.0, abs=0.02)  # two rounds of 0.5
    assert climbed.places[0, 1, 1] - climbed.hips[0, 1] == pytest.approx(1.5, abs=0.02)  # of the right hand
    assert climbed.hands_seen.all()
    assert np.isnan(climbed.com).all()


def test_points_that_are_not_believed_or_not_placed_are_unknown(attempt):
    visibility = attempt.track.visibility.copy()
    visibility[:100, [23, 15]] = 0.4
    camera = attempt.camera
    to_wall = camera.to_wall.copy()
    to_wall[200:] = np.nan
    unplaced = camera.__class__(**{f: getattr(camera, f) for f in camera.__dataclass_fields__} | {"to_wall": to_wall})
    track = attempt.track.with_(visibility=visibility)
    com = np.zeros((len(track), 2))
    climbed = ascent(track, unplaced, attempt.contacts, attempt.climb, com_px=com, options=MetricOptions())
    assert np.isnan(climbed.hips[:100]).all()
    assert np.isfinite(climbed.hips[100:200]).all()
    assert np.isnan(climbed.hips[200:]).all()
    assert np.isnan(climbed.com[200:]).all()
    assert climbed.hands_seen[:, 0].tolist() == [False] * 100 + [True] * 100 + [False] * (len(track) - 200)
    assert climbed.hands_seen[:, 1].tolist() == [True] * 200 + [False] * (len(track) - 200)


@pytest.mark.parametrize(
    "wrong", [{"min_visibility": 1.5}, {"min_coverage": -0.1}, {"least_moves": 0}, {"cutoff_hz": 0.0}, {"still": -1.0}]
)
def test_impossible_options_are_refused(wrong):
    with pytest.raises(InvalidOption):
        MetricOptions(**wrong)
