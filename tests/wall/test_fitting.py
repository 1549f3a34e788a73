from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.wall.fitting import along, apply, corners, fit, inverse, unit

SIZE = (640, 360)
small = st.floats(-0.08, 0.08)


def matrix_of(step: list[float]) -> np.ndarray:
    scale = unit(SIZE)
    matrix = inverse(scale) @ along(np.array(step)) @ scale
    return matrix / matrix[2, 2]


def scattered(seed: int, count: int = 150) -> np.ndarray:
    return np.random.default_rng(seed).uniform((0, 0), SIZE, (count, 2))


@settings(max_examples=25)
@given(st.lists(small, min_size=8, max_size=8), st.integers(0, 99))
def test_any_homography_is_found_among_a_third_of_outliers(step, seed):
    matrix, points = matrix_of(step), scattered(seed)
    target = apply(matrix, points)
    target[:50] += np.random.default_rng(seed).uniform(20, 90, (50, 2))

    found = fit(points, target, SIZE, 1.5)

    off = np.linalg.norm(apply(found.matrix, corners(SIZE)) - apply(matrix, corners(SIZE)), axis=1)
    assert off.max() < 0.5
    assert not found.inliers[:50].any()
    assert found.inliers[50:].all()


@settings(max_examples=25)
@given(st.lists(small, min_size=4, max_size=4), st.integers(0, 99))
def test_noise_does_not_bend_a_similarity(step, seed):
    matrix, points = matrix_of(step), scattered(seed)
    noise = np.random.default_rng(seed + 1).normal(0, 0.2, points.shape)

    found = fit(points, apply(matrix, points) + noise, SIZE, 1.5)

    assert np.abs(found.matrix[2, :2]).max() * max(SIZE) < 1e-3
    off = np.linalg.norm(apply(found.matrix, corners(SIZE)) - apply(matrix, corners(SIZE)), axis=1)
    assert off.max() < 0.3
    assert 0.25 * np.sqrt((off**2).mean()) < found.error * 2.5  # what it thinks of itself is of the right size


def test_too_few_points_give_nothing():
    points = scattered(0, 7)

    assert fit(points, points, SIZE, 1.5) is None


def test_points_without_order_give_nothing():
    assert fit(np.zeros((30, 2)), np.zeros((30, 2)), SIZE, 1.5) is None


@given(st.lists(small, min_size=8, max_size=8))
def test_the_way_back_leads_back(step):
    matrix = matrix_of(step)

    np.testing.assert_allclose(apply(inverse(matrix), apply(matrix, corners(SIZE))), corners(SIZE), atol=1e-6)
