from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.movement.metrics.smoothness import STEP_S, even_runs, log_dimensionless_jerk, smoothness_between


def minimum_jerk(samples=4001):
    """Flash and Hogan 1985: the smoothest way from 0 to 1 within one second, at rest at both ends."""
    t = np.linspace(0, 1, samples)
    return np.stack([10 * t**3 - 15 * t**4 + 6 * t**5, 0 * t], 1)


def sine(periods, samples=4001):
    t = np.linspace(0, periods, samples)
    return np.stack([np.sin(2 * np.pi * t), 0 * t], 1)


def test_a_minimum_jerk_movement_has_the_value_of_theory():
    """Squared jerk 720 A²/T⁵, peak speed 1.875 A/T: 720 / 1.875² = 204.8."""
    assert log_dimensionless_jerk(minimum_jerk(), 1 / 4000) == pytest.approx(-np.log(204.8), abs=0.01)


def test_a_cube_of_time_worked_by_hand():
    """x = t³ on 0 to 1 has a jerk of 6 and a peak speed of 3: ln(36 / 9)."""
    t = np.linspace(0, 1, 1001)
    assert log_dimensionless_jerk(t[:, None] ** 3, 1 / 1000) == pytest.approx(-np.log(4), abs=1e-3)


@pytest.mark.parametrize("periods", [1, 2, 5])
def test_oscillations_fall_with_the_fourth_power_of_their_number(periods):
    """x = sin(wt): mean squared jerk w⁶/2, peak speed w, so (wT)⁴/2 with wT = 2 pi n."""
    assert log_dimensionless_jerk(sine(periods), 1.0) == pytest.approx(-np.log((2 * np.pi * periods) ** 4 / 2), abs=0.01)


def test_the_jerk_is_that_of_the_vector():
    """Once around a circle, whose speed is even, (2 pi)⁴; by its speed alone it would have no jerk."""
    around = np.linspace(0, 2 * np.pi, 4001)
    circle = np.stack([np.cos(around), np.sin(around)], 1)
    assert log_dimensionless_jerk(circle, 1.0) == pytest.approx(-np.log((2 * np.pi) ** 4), abs=0.01)


@given(st.floats(0.01, 100), st.floats(0.001, 10), st.floats(-3, 3), st.integers(0, 50))
def test_neither_size_pace_place_nor_direction_matter(size, step_s, angle, seed):
    walk = np.random.default_rng(seed).normal(0, 1, (30, 2)).cumsum(0)
    turned = size * walk @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) + 5
    assert log_dimensionless_jerk(turned, step_s) == pytest.approx(log_dimensionless_jerk(walk, 1.0), abs=1e-5)
    assert log_dimensionless_jerk(turned[::-1], step_s) == pytest.approx(log_dimensionless_jerk(walk, 1.0), abs=1e-5)


@given(st.integers(1, 20))
def test_a_stop_on_the_way_makes_a_movement_less_smooth(stop):
    once = minimum_jerk(201)
    pause = np.tile(once[-1], (stop, 1))
    twice = np.concatenate([once, pause, once + once[-1]])
    assert log_dimensionless_jerk(twice, 0.01) < log_dimensionless_jerk(once, 0.01)


@pytest.mark.parametrize("points", [np.zeros((100, 2)), np.full((100, 2), 7.0), np.ones((4, 2))])
def test_what_does_not_move_is_neither_smooth_nor_jerky(points):
    assert np.isnan(log_dimensionless_jerk(points, 0.1))


@pytest.mark.parametrize("fps", [24, 30, 60])
def test_the_frame_rate_hardly_matters(fps):
    time = np.arange(0, 4, 1 / fps)
    points = np.stack([np.sin(2 * time), np.cos(1.3 * time)], 1)
    ((_, even),) = even_runs(time, points, 3.0)
    fine = np.arange(0.11, 3.85, STEP_S)
    truth = log_dimensionless_jerk(np.stack([np.sin(2 * fine), np.cos(1.3 * fine)], 1), STEP_S)
    assert log_dimensionless_jerk(even, STEP_S) == pytest.approx(truth, abs=0.15)


def test_trembling_of_a_few_pixels_is_mostly_filtered_out():
    time = np.arange(0, 4, 1 / 30)
    points = np.stack([np.sin(2 * time), np.cos(1.3 * time)], 1)
    noisy = points + np.random.default_rng(0).normal(0, 0.01, points.shape)
    raw = log_dimensionless_jerk(noisy, 1 / 30)
    ((_, even),) = even_runs(time, noisy, 3.0)
    assert raw < log_dimensionless_jerk(even, STEP_S) - 5


def test_runs_end_at_gaps_and_short_ones_are_left_out():
    time = np.arange(90) / 30
    points = np.stack([time, time], 1)
    points[40:46] = np.nan
    points[50:56] = np.nan  # four frames between the gaps: too short
    points[70:73] = np.nan  # two points in a period of 3 Hz are enough: no gap
    runs = even_runs(time, points, 3.0)
    assert [run[0][[0, -1]].round(2).tolist() for run in runs] == [
        [pytest.approx(0.1, abs=0.04), pytest.approx(39 / 30 - 0.1, abs=0.04)],
        [pytest.approx(56 / 30 + 0.1, abs=0.04), pytest.approx(89 / 30 - 0.1, abs=0.04)],
    ]


def test_stretches_are_judged_where_they_were_seen_whole():
    time = np.arange(300) / 30
    points = np.stack([np.sin(time), np.cos(2 * time)], 1)
    points[150:160] = np.nan
    runs = even_runs(time, points, 3.0)
    judged = smoothness_between(runs, np.array([0.5, 2.0, 2.1, 4.0, 6.0, 8.0]))
    assert np.isfinite(judged).tolist() == [True, False, True, False, True]  # the second is short, the fourth has a gap
    assert len(smoothness_between(runs, np.array([1.0]))) == 0
