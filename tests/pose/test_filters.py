from __future__ import annotations

import numpy as np
import pytest

from ascension_core.pose.filters import by_pattern, low_pass, running_median, segments, smooth_run, zero_phase

RATES = (24, 25, 30, 60, 120, 240)
SETTINGS = {"cutoff_hz": 7.0, "median_s": 2 / 15}


def dyno(time: np.ndarray, duration: float = 0.5, distance: float = 2.0) -> np.ndarray:
    """A minimum-jerk reach (Flash and Hogan 1985) of `distance` torso lengths: peak speed 1.875 distance / duration."""
    s = np.clip((time - time.mean()) / duration + 0.5, 0, 1)
    return distance * (10 * s**3 - 15 * s**4 + 6 * s**5)


def column(values: np.ndarray) -> np.ndarray:
    return values[:, None, None]


@pytest.mark.parametrize("fps", RATES)
def test_a_dyno_keeps_its_peak_speed_and_its_moment(fps):
    time = np.arange(0, 4, 1 / fps)
    true = dyno(time)
    smooth = smooth_run(time, column(true), **SETTINGS)[:, 0, 0]
    speed, true_speed = np.gradient(smooth, time), np.gradient(true, time)
    assert speed.max() > 0.95 * true_speed.max()
    fine = np.arange(-0.1, 0.1, 0.0005)
    lag = fine[np.argmax([np.dot(np.interp(time - d, time, true_speed), speed) for d in fine])]
    assert abs(lag) < 0.002


@pytest.mark.parametrize("fps", RATES)
def test_the_cutoff_is_the_half_power_frequency_at_every_frame_rate(fps):
    time = np.arange(0, 20, 1 / fps)
    at_cutoff, slow = (low_pass(np.sin(2 * np.pi * f * time), 1 / fps, 7.0)[fps:-fps] for f in (7.0, 1.0))
    assert at_cutoff.std() * np.sqrt(2) == pytest.approx(np.sqrt(0.5), abs=0.03)
    assert slow.std() * np.sqrt(2) == pytest.approx(1, abs=0.005)


@pytest.mark.parametrize("fps", RATES)
def test_noise_is_reduced_at_every_frame_rate(fps):
    time = np.arange(0, 10, 1 / fps)
    noise = np.random.default_rng(1).normal(0, 1, len(time))
    assert smooth_run(time, column(noise), **SETTINGS).std() < 0.75


def test_a_steady_movement_is_unchanged_to_its_very_ends():
    time = np.arange(60) / 30
    line = column(3.0 * time)
    assert smooth_run(time, line, **SETTINGS) == pytest.approx(line, abs=1e-9)


def test_a_step_at_the_end_does_not_ring():
    time = np.arange(60) / 30
    step = column((time > 1.9).astype(float))
    smooth = smooth_run(time, step, **SETTINGS)
    assert smooth.min() > -0.15
    assert smooth.max() < 1.15
    assert np.abs(smooth[:50]).max() < 0.01


def test_dropped_frames_do_not_bend_the_course():
    whole = np.arange(0, 4, 1 / 30)
    rng = np.random.default_rng(0)
    time = whole[np.sort(rng.choice(len(whole), 100, replace=False))]
    true = dyno(time - time.mean() + 2.0, duration=0.8)
    smooth = smooth_run(time, column(true), **SETTINGS)[:, 0, 0]
    assert np.abs(smooth - true).max() < 0.05


@pytest.mark.parametrize("length", range(3, 12))
def test_short_runs_are_smoothed_without_harm(length):
    time = np.arange(length) / 30
    line = column(time * 2)
    assert smooth_run(time, line, **SETTINGS) == pytest.approx(line, abs=1e-6)


def test_runs_between_gaps_do_not_touch_each_other():
    time = np.arange(60) / 30
    values = np.random.default_rng(0).normal(0, 1, (60, 2, 2))
    known = np.ones((60, 2), bool)
    known[30:33, 0] = False
    values[~known] = np.nan
    other = values.copy()
    other[33:, 0] += 100
    smooth, moved = (zero_phase(time, v, known, **SETTINGS) for v in (values, other))
    assert moved[:30] == pytest.approx(smooth[:30])
    assert np.isnan(smooth[30:33, 0]).all()
    assert np.isfinite(smooth[known]).all()


def test_median_spans_the_same_time_at_every_rate():
    spike = np.zeros((480, 1, 1))
    spike[240:248] = 1  # 1/30 s at 240 per second
    assert running_median(spike, 1 / 240, 2 / 15).max() == 0
    assert running_median(spike[::8], 1 / 30, 2 / 15).max() == 0


def test_segments_and_patterns():
    mask = np.array([True, True, False, True, False, False, True, True, True])
    assert segments(mask) == [slice(0, 2), slice(3, 4), slice(6, 9)]
    assert segments(mask, 3) == [slice(6, 9)]
    groups = by_pattern(np.stack([mask, ~mask, mask], 1))
    assert [columns.tolist() for columns, _ in groups] == [[0, 2], [1]]
