from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ascension_core.movement.mass import torso_over_stature
from ascension_core.movement.metrics import MetricOptions
from ascension_core.movement.metrics.catalogue import CATALOGUE
from ascension_core.movement.moves import Climb
from ascension_core.pose.keypoints import MIRROR

few = settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])


def swapped(limb):
    return limb.replace("left", "*").replace("right", "left").replace("*", "right")


def placed(camera, to_wall):
    """The same camera with other transforms."""
    return replace(camera, to_wall=to_wall)


def test_every_measure_is_there_once_and_says_what_it_is(attempt):
    measures = attempt.measures()
    assert list(measures) == list(CATALOGUE)
    for measure in measures.values():
        assert measure.title
        assert measure.meaning.endswith(".")
        assert measure.source
        assert 0 <= measure.coverage <= 1
        assert "length/" not in measure.unit.replace("torso lengths", "")
    assert measures["reach_time"].low == 0.4


def test_the_measures_of_a_climb_worked_by_hand(attempt):
    """Five rounds of 2 s: each limb moves once for 0.2 s, hips rise 0.5 in the first 0.8 s; the last 1.2 s are a rest."""
    got = attempt.values()
    assert got["climb_time"] == pytest.approx(10)
    assert got["climbing_speed"] == pytest.approx(2.5 / 10, abs=0.005)
    assert got["holds_per_minute"] == pytest.approx(60)
    assert got["time_per_move"] == pytest.approx(1)
    assert got["reach_time"] == pytest.approx(0.2)
    assert got["hold_time"] == pytest.approx(1.8)
    assert got["path_length"] == pytest.approx(2.5, abs=0.06)  # the low-pass swings a little over at each stop
    assert got["geometric_entropy"] == pytest.approx(0, abs=0.03)
    assert got["rest"] == pytest.approx(12)
    assert got["immobility"] == pytest.approx(60, abs=8)
    assert got["hesitations"] == 4  # after every round but the last
    assert got["hesitation"] == pytest.approx(100 * 4 * 1.1 / 10, abs=4)
    assert got["exploration"] == 0
    assert got["straight_arms"] == pytest.approx(100)
    assert got["hips_beside_line"] == pytest.approx(0, abs=0.15)
    assert got["com_inside_support"] == pytest.approx(100)
    assert got["com_beside_feet"] == pytest.approx(0, abs=0.01)
    assert got["foot_readjustments"] == 0
    assert got["left_hand_moves"] == pytest.approx(50)
    assert got["left_hand_time"] == pytest.approx(50, abs=0.5)


def test_corrections_of_the_feet_count_for_each_placement(attempt):
    moves = list(attempt.climb.moves)
    feet = [i for i, m in enumerate(moves) if m.limb == "left_foot"]
    for i in feet[:2]:
        moves[i] = replace(moves[i], target=moves[i].source, readjustment=True)
    got = attempt.with_(climb=replace(attempt.climb, moves=tuple(moves))).values()
    assert got["foot_readjustments"] == pytest.approx(2 / 8)


def test_the_height_of_the_athlete_turns_torso_lengths_into_metres(attempt):
    plain, metric = attempt.measures(), attempt.measures(height_m=1.8)
    torso_m = 1.8 * torso_over_stature()
    assert metric["path_length"].value == pytest.approx(plain["path_length"].value * torso_m, abs=1e-3)
    assert (plain["path_length"].unit, metric["path_length"].unit) == ("torso lengths", "m")
    assert (plain["climbing_speed"].unit, metric["climbing_speed"].unit) == ("torso lengths/s", "m/s")
    assert metric["smoothness"].value == plain["smoothness"].value


def test_only_the_climb_counts(attempt):
    """Whatever happens before and after changes nothing."""
    climb = replace(attempt.climb, start=2.0, end=8.0)
    image = attempt.track.image.copy()
    image[attempt.track.time < 1.5] += 300
    image[attempt.track.time > 8.5, :, 0] *= 0.5
    wild = attempt.with_(climb=climb, track=attempt.track.with_(image=image))
    # the torso length is a median over the climb of a scale that looks 3 s further: what is wild there must keep its size
    assert wild.values() == pytest.approx(attempt.with_(climb=climb).values(), abs=0.02, nan_ok=True)
    assert attempt.with_(climb=climb).values()["holds_per_minute"] == pytest.approx(60)


@few
@given(size=st.floats(0.2, 5), shift=st.floats(-400, 400))
def test_neither_resolution_nor_place_matters(attempt, size, shift):
    track = attempt.track.with_(image=size * attempt.track.image + shift)
    contacts = tuple(replace(c, place=size * c.place + shift) for c in attempt.contacts)
    assert attempt.with_(track=track, contacts=contacts).values() == pytest.approx(attempt.values(), abs=2e-3)


@few
@given(later=st.floats(0, 1000))
def test_when_the_climb_began_does_not_matter(attempt, later):
    track = attempt.track.with_(time=attempt.track.time + later)
    camera = replace(attempt.camera, time=track.time)
    contacts = tuple(replace(c, start=c.start + later, end=c.end + later) for c in attempt.contacts)
    old = attempt.climb
    moves = tuple(replace(m, start=m.start + later, end=m.end + later) for m in old.moves)
    spans = tuple(replace(s, start=s.start + later, end=s.end + later) for s in old.spans)
    climb = replace(old, start=old.start + later, end=old.end + later, moves=moves, spans=spans)
    there = attempt.with_(track=track, camera=camera, contacts=contacts, climb=climb).values()
    # rounding may move a single frame across the edge of a contact
    assert there == pytest.approx(attempt.values(), rel=0.03, abs=0.05)


def test_a_mirrored_video_exchanges_the_sides(attempt):
    order = list(MIRROR)
    track = attempt.track.with_(image=attempt.track.image[:, order] * (-1, 1) + (1000, 0))
    contacts = tuple(replace(c, limb=swapped(c.limb), place=c.place * (-1, 1) + (1000, 0)) for c in attempt.contacts[1:])
    moves = tuple(replace(m, limb=swapped(m.limb)) for m in attempt.climb.moves[:-7])
    uneven = attempt.with_(contacts=attempt.contacts[1:], climb=replace(attempt.climb, moves=attempt.climb.moves[:-7]))
    expected, there = uneven.values(), attempt.with_(track=track, contacts=contacts, climb=replace(uneven.climb, moves=moves))
    got = there.values()
    for name in ("left_hand_moves", "left_hand_time"):
        assert expected[name] != pytest.approx(50, abs=0.01)
        expected[name] = 100 - expected[name]
    assert got == pytest.approx(expected, abs=1e-3)


@few
@given(pan=st.floats(-40, 40), zoom=st.floats(0.9, 1.1))
def test_the_camera_does_not_matter_where_its_motion_is_known(attempt, pan, zoom):
    time = attempt.track.time
    scale = zoom ** (time / time[-1])
    shift = np.stack([pan * time, 20 * np.sin(time)], 1)
    image = attempt.track.image * scale[:, None, None] + shift[:, None]
    to_wall = np.zeros((len(time), 3, 3))
    to_wall[:, [0, 1], [0, 1]] = 1 / scale[:, None]
    to_wall[:, :2, 2] = -shift / scale[:, None]
    to_wall[:, 2, 2] = 1
    moved = attempt.with_(track=attempt.track.with_(image=image), camera=placed(attempt.camera, to_wall))
    assert moved.values() == pytest.approx(attempt.values(), abs=2e-3)


def test_a_measure_of_less_than_half_of_the_climb_has_no_value(attempt):
    visibility = attempt.track.visibility.copy()
    visibility[: len(visibility) * 6 // 10, 23] = 0  # a hip
    got = attempt.with_(track=attempt.track.with_(visibility=visibility)).measures()
    assert got["path_length"].value is None
    assert got["path_length"].coverage == pytest.approx(0.4, abs=0.01)
    assert got["hold_time"].value is not None
    assert attempt.with_(track=attempt.track.with_(visibility=visibility)).values(options=MetricOptions(min_coverage=0.3))[
        "path_length"
    ]


def test_a_hand_that_is_seldom_seen_leaves_no_balance_of_both(attempt):
    visibility = attempt.track.visibility.copy()
    visibility[: len(visibility) * 6 // 10, 15] = 0  # the left wrist
    got = attempt.with_(track=attempt.track.with_(visibility=visibility)).measures()
    assert got["left_hand_moves"].coverage == pytest.approx(0.4, abs=0.01)
    assert got["left_hand_moves"].value is None
    assert got["hold_time"].coverage == pytest.approx(0.7, abs=0.01)
    assert got["hold_time"].value is not None


def test_frames_that_the_camera_could_not_place_take_no_part(attempt):
    to_wall = attempt.camera.to_wall.copy()
    to_wall[: len(to_wall) * 6 // 10] = np.nan
    got = attempt.with_(camera=placed(attempt.camera, to_wall)).measures()
    assert all(measure.coverage < 0.45 and measure.value is None for measure in got.values())


def test_a_few_moves_make_no_mean(attempt):
    got = attempt.with_(climb=replace(attempt.climb, moves=attempt.climb.moves[:4])).values()
    assert got["reach_time"] is got["left_hand_moves"] is got["smoothness"] is got["foot_readjustments"] is None
    assert got["path_length"] is not None


def test_a_climb_without_frames_has_measures_without_values(attempt):
    got = attempt.with_(climb=Climb(20.0, 30.0, (), (), "unknown", (), None)).measures()
    assert all(measure.value is None and measure.coverage == 0 for measure in got.values())


def test_a_track_without_anyone_has_measures_without_values(attempt):
    nobody = attempt.track.with_(
        image=np.full_like(attempt.track.image, np.nan), visibility=np.zeros_like(attempt.track.visibility)
    )
    got = attempt.with_(track=nobody).measures()
    assert all(measure.value is None and measure.coverage == 0 for measure in got.values())


def test_track_and_camera_must_have_the_same_frames(attempt):
    from ascension_core.wall.camera import still

    with pytest.raises(ValueError, match="frames"):
        attempt.with_(camera=still(attempt.track.time[:-1], attempt.track.size)).measures()
