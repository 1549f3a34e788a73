from __future__ import annotations

import numpy as np
import pytest

from ascension_core.movement.mass import (
    SEGMENTS,
    centre_fractions,
    mass_fractions,
    segment_centres,
    torso_over_stature,
    whole_body_centre,
)

INDEX = {segment.name: n for n, segment in enumerate(SEGMENTS)}
PUBLISHED = {  # de Leva 1996, table 4: mass % and centre of mass % (female, male), limbs once
    "head": (6.68, 6.94, None, None),
    "trunk": (42.57, 43.46, 37.82, 43.10),
    "left_upper_arm": (2.55, 2.71, 57.54, 57.72),
    "left_forearm": (1.38, 1.62, 45.59, 45.74),
    "left_hand": (0.56, 0.61, 74.74, 79.00),
    "left_thigh": (14.78, 14.16, 36.12, 40.95),
    "left_shank": (4.81, 4.33, 43.52, 43.95),
    "left_foot": (1.29, 1.37, 40.14, 44.15),
}


@pytest.mark.parametrize(("column", "sex"), [(0, "female"), (1, "male")])
def test_masses_and_centres_are_the_published_ones(column, sex):
    for name, row in PUBLISHED.items():
        assert mass_fractions(sex)[INDEX[name]] == pytest.approx(row[column] / 100, abs=1e-4)
        if row[2] is not None:
            assert centre_fractions(sex)[INDEX[name]] == pytest.approx(row[2 + column] / 100)


@pytest.mark.parametrize("sex", ["female", "male", "mean"])
def test_masses_sum_to_one_within_the_rounding_of_the_table(sex):
    assert mass_fractions(sex).sum() == pytest.approx(1)
    raw = np.array([segment.mass for segment in SEGMENTS]).sum(0)
    assert raw == pytest.approx([1, 1], abs=2e-4)


def test_left_and_right_weigh_the_same():
    for name, n in INDEX.items():
        if name.startswith("left_"):
            other = INDEX[name.replace("left", "right")]
            assert mass_fractions()[n] == mass_fractions()[other]


def test_the_mean_body_lies_between_the_sexes():
    assert torso_over_stature("female") == pytest.approx(0.287, abs=5e-4)
    assert torso_over_stature("male") == pytest.approx(0.296, abs=5e-4)
    assert torso_over_stature("female") < torso_over_stature() < torso_over_stature("male")


def test_the_centre_of_a_standing_figure_worked_by_hand(standing):
    """Heights above the hips in torso lengths times male masses, limb by limb; both sides at once."""
    centre, seen = whole_body_centre(segment_centres(standing[None], "male"), "male")
    by_hand = (
        0.0694 * 1.4
        + 0.4346 * (1 - 0.4310)
        + 2 * 0.0271 * (1.0 - 0.5 * 0.5772)
        + 2 * 0.0162 * (0.5 - 0.5 * 0.4574)
        + 2 * 0.0061 * (0.0 - 0.2 * 0.7900)
        + 2 * 0.1416 * (0.0 - 0.8 * 0.4095)
        + 2 * 0.0433 * (-0.8 - 0.8 * 0.4395)
        + 2 * 0.0137 * (-1.7 + 0.1 * 0.4415)
    )
    assert centre[0, 1] == pytest.approx(-by_hand)
    assert centre[0, 0] == pytest.approx(0)
    assert seen[0] == pytest.approx(1)
    # 57 % of a man's height in anatomical standing: within a few centimetres of the hips' own height
    assert 0.1 < by_hand < 0.3


def test_raised_arms_raise_the_centre_by_their_mass_times_their_rise(standing):
    raised = standing.copy()
    arms = [13, 14, 15, 16, 17, 18, 19, 20, 21, 22]
    raised[arms, 1] = -2.0 - standing[arms, 1]  # mirrored about the height of the shoulders
    low, high = (whole_body_centre(segment_centres(p[None]))[0][0] for p in (standing, raised))
    parts = [INDEX[f"left_{part}"] for part in ("upper_arm", "forearm", "hand")]
    rise = [
        2 * 0.5 * centre_fractions()[parts[0]],
        2 * (0.5 + 0.5 * centre_fractions()[parts[1]]),
        2 * (1 + 0.2 * centre_fractions()[parts[2]]),
    ]
    assert low[1] - high[1] == pytest.approx(2 * np.dot(mass_fractions()[parts], rise))


def test_a_missing_forearm_is_tolerated_and_a_missing_trunk_is_not(standing):
    arm = standing.copy()
    arm[[15, 17, 19]] = np.nan
    whole = whole_body_centre(segment_centres(standing[None]))[0]
    centre, seen = whole_body_centre(segment_centres(arm[None]))
    assert np.linalg.norm(centre - whole) < 0.03
    assert seen[0] == pytest.approx(1 - mass_fractions()[[INDEX["left_forearm"], INDEX["left_hand"]]].sum())
    trunk = standing.copy()
    trunk[11] = np.nan
    assert np.isnan(whole_body_centre(segment_centres(trunk[None]))[0]).all()
