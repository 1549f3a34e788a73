from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.movement.metrics.posture import beside_line, outside_support, straight_arm_share

places = st.floats(-5, 5)


def test_straight_arms_count_while_they_hold():
    time = np.arange(4.0)
    elbows = np.array([[170, 90], [170, 90], [100, 160], [100, np.nan]], float)
    holding = np.array([[True, True], [False, True], [True, True], [True, True]])
    # left holds in frames 0, 2, 3 and is straight in 0; right in 0, 1, 2 (3 is unknown) and is straight in 2
    assert straight_arm_share(time, elbows, holding, 150) == pytest.approx(2 / 6)
    assert straight_arm_share(time, elbows, holding, 80) == 1
    assert np.isnan(straight_arm_share(time, elbows, np.zeros((4, 2), bool), 150))


@given(st.lists(st.floats(0, 180), min_size=2, max_size=20), st.floats(0, 180), st.floats(0, 180))
def test_a_stricter_angle_never_makes_arms_straighter(angles, a, b):
    elbows = np.stack([angles, angles[::-1]], 1)
    holding = np.ones(elbows.shape, bool)
    strict, lax = (straight_arm_share(np.arange(len(angles)), elbows, holding, limit) for limit in sorted((a, b), reverse=True))
    assert strict <= lax


def limbs(left, right):
    return np.array([[left, right]], float)


def test_hips_are_measured_at_right_angles_to_the_line_of_holds():
    hands, feet = limbs((-1, 4), (1, 4)), limbs((-1, 0), (1, 0))
    assert beside_line(np.array([[0.7, 1.5]]), hands, feet)[0] == pytest.approx(0.7)
    sloping = limbs((3, 4), (3, 4))  # 3-4-5: the line from (0, 0) to (3, 4)
    assert beside_line(np.array([[5.0, 0.0]]), sloping, feet)[0] == pytest.approx(4)


def test_the_line_needs_a_hand_and_a_foot():
    nowhere = (np.nan, np.nan)
    one = beside_line(np.array([[1.0, 1.0]]), limbs(nowhere, (0, 4)), limbs((0, 0), nowhere))
    assert one[0] == pytest.approx(1)
    assert np.isnan(beside_line(np.array([[1.0, 1.0]]), limbs(nowhere, nowhere), limbs((0, 0), (1, 0)))).all()
    assert np.isnan(beside_line(np.array([[1.0, 1.0]]), limbs((0, 0), (0, 0)), limbs((0, 0), (0, 0)))).all()


@given(places, places, places, st.floats(-10, 10), st.floats(0.1, 10))
def test_hips_beside_the_line_keep_their_place_when_everything_moves_or_grows(x, y, lean, shift, size):
    hands, feet = limbs((lean - 1, 4), (lean + 1, 4)), limbs((-1, -1), (1, -1))
    hips = np.array([[x, y]])
    there = beside_line(size * hips + shift, size * hands + shift, size * feet + shift)
    assert there[0] == pytest.approx(size * beside_line(hips, hands, feet)[0], abs=1e-6)


@pytest.mark.parametrize(("com", "distance"), [(0.0, 0.0), (1.0, 0.0), (1.5, 0.5), (-3.0, 2.0)])
def test_the_centre_of_mass_is_outside_by_its_distance_from_the_outermost_hold(com, distance):
    assert outside_support(np.array([com]), np.array([[-1, np.nan, 0.2, 1]]))[0] == pytest.approx(distance)


@given(places, st.lists(places, min_size=1, max_size=4), places)
def test_another_hold_never_widens_the_distance(com, held, more):
    alone = outside_support(np.array([com]), np.array([held]))[0]
    assert outside_support(np.array([com]), np.array([[*held, more]]))[0] <= alone


def test_nothing_is_said_without_a_hold_or_a_body():
    nothing = np.full((1, 4), np.nan)
    assert np.isnan(outside_support(np.zeros(1), nothing)).all()
    assert np.isnan(outside_support(np.full(1, np.nan), np.zeros((1, 4)))).all()
