from __future__ import annotations

import numpy as np
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.pose.live import OneEuro, OneEuroOptions


def run(time, points, **kwargs):
    live = OneEuro(**kwargs)
    return np.array([live.update(float(t), p) for t, p in zip(time, points, strict=True)])


def test_agrees_with_a_scalar_one_euro_filter_written_out():
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(0.02, 0.05, 50))
    values = np.cumsum(rng.normal(0, 0.1, 50))
    options = OneEuroOptions(min_cutoff_hz=1.2, beta=0.7, speed_cutoff_hz=0.9)
    expected, x, dx = [values[0]], values[0], 0.0
    for step, value in zip(np.diff(time), values[1:], strict=True):
        share = lambda cutoff, step=step: 1 / (1 + 1 / (2 * np.pi * cutoff * step))  # noqa: E731
        dx += share(0.9) * ((value - x) / step - dx)
        x += share(1.2 + 0.7 * abs(dx)) * (value - x)
        expected.append(x)
    assert run(time, values[:, None, None], options=options)[:, 0, 0] == pytest.approx(expected)


def test_calms_a_resting_point_and_follows_a_fast_one():
    time = np.arange(300) / 30
    noise = np.random.default_rng(0).normal(0, 0.02, (300, 33, 2))
    assert run(time, noise)[60:].std() < 0.6 * noise.std()
    moving = np.repeat((4.0 * time)[:, None, None], 33, 1)
    late = (moving - run(time, moving))[-1, 0, 0] / 4.0
    assert 0 < late < 0.03


def test_keypoints_are_filtered_independently():
    time = np.arange(30) / 30
    points = np.random.default_rng(0).normal(0, 1, (30, 4, 2))
    together = run(time, points)
    assert together[:, 2:3] == pytest.approx(run(time, points[:, 2:3]))


def test_the_result_is_the_same_at_every_resolution():
    time = np.arange(60) / 30
    points = np.random.default_rng(0).normal(0, 0.05, (60, 5, 2))
    assert run(time, points * 300, scale=300) == pytest.approx(300 * run(time, points))


def test_a_lost_point_starts_afresh():
    live = OneEuro()
    points = np.zeros((2, 2))
    lost = points.copy()
    lost[0] = np.nan
    live.update(0.0, points)
    assert np.isnan(live.update(0.1, lost)[0]).all()
    assert live.update(0.2, points + 5)[0] == pytest.approx([5, 5])
    assert live.update(0.3, points + 5)[0] == pytest.approx([5, 5])


def test_refuses_what_it_cannot_filter():
    live = OneEuro()
    live.update(0.0, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="advance"):
        live.update(0.0, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="shape"):
        live.update(1.0, np.zeros((3, 2)))
    with pytest.raises(InvalidOption):
        OneEuroOptions(min_cutoff_hz=0)
    with pytest.raises(InvalidOption):
        OneEuro(scale=0)
