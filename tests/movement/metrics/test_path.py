from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ascension_core.movement.metrics.path import geometric_entropy, hull_perimeter, path_length, rise

walks = arrays(float, st.tuples(st.integers(3, 30), st.just(2)), elements=st.floats(-10, 10).map(lambda v: round(v, 3)))


def circle(points=2000):
    around = np.linspace(0, 2 * np.pi, points)
    return np.stack([np.cos(around), np.sin(around)], 1)


def test_a_straight_line_has_its_length_and_no_entropy():
    line = np.linspace([0, 0], [3, 4], 50)
    assert path_length(line) == pytest.approx(5)
    assert hull_perimeter(line) == pytest.approx(10)
    assert geometric_entropy(line) == pytest.approx(0, abs=1e-9)


def test_a_vertical_line_on_even_numbers_has_no_area_and_no_entropy():
    line = np.stack([np.ones(9), np.arange(9.0)], 1)
    assert hull_perimeter(line) == pytest.approx(16)
    assert geometric_entropy(line) == 0


def test_a_closed_convex_curve_has_the_entropy_of_two():
    assert path_length(circle()) == pytest.approx(2 * np.pi, rel=1e-5)
    assert geometric_entropy(circle()) == pytest.approx(np.log(2), rel=1e-5)


@pytest.mark.parametrize("times", [1, 2, 5])
def test_going_to_and_fro_has_the_entropy_of_the_times_gone(times):
    line = np.array([[0.0, 0.0] if n % 2 == 0 else [2.0, 1.0] for n in range(times + 1)])
    assert geometric_entropy(line) == pytest.approx(np.log(times), abs=1e-9)


def test_the_published_lengths_give_the_published_entropy():
    """A zigzag of length L in a hull of perimeter c: a square wave, worked by hand."""
    zigzag = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 2], [1, 2]], float)
    assert geometric_entropy(zigzag) == pytest.approx(np.log(2 * 5 / 6))


@given(walks, st.floats(0.1, 10), st.floats(-np.pi, np.pi), st.booleans())
def test_entropy_does_not_depend_on_size_place_turn_mirror_or_direction(walk, size, angle, mirrored):
    turned = walk @ np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    there = size * turned * ((-1, 1) if mirrored else (1, 1)) + (3, -7)
    assert geometric_entropy(there[::-1]) == pytest.approx(geometric_entropy(walk), abs=1e-6, nan_ok=True)


@given(walks)
def test_no_path_is_shorter_than_half_its_hull(walk):
    entropy = geometric_entropy(walk)
    assert np.isnan(entropy) or entropy >= 0
    assert hull_perimeter(walk) <= 2 * path_length(walk) + 1e-9


@given(walks)
def test_a_detour_within_the_hull_adds_entropy(walk):
    detour = np.concatenate([walk, walk[::-1]])
    assert np.isnan(geometric_entropy(walk)) or geometric_entropy(detour) == pytest.approx(geometric_entropy(walk) + np.log(2))


def test_gaps_are_bridged_by_straight_lines():
    line = np.linspace([0, 0], [3, 4], 50)
    line[10:30] = np.nan
    assert path_length(line) == pytest.approx(5)
    assert geometric_entropy(line) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("points", [np.zeros((0, 2)), np.zeros((1, 2)), np.full((5, 2), np.nan)])
def test_what_was_not_seen_has_no_path(points):
    assert np.isnan([path_length(points), hull_perimeter(points), geometric_entropy(points)]).all()
    assert np.isnan(rise(np.arange(len(points)), points[:, 0]))


def test_standing_still_is_no_path_with_an_entropy():
    still = np.ones((5, 2))
    assert path_length(still) == 0
    assert np.isnan(geometric_entropy(still))


def test_the_rise_is_taken_between_the_first_and_last_known_height():
    height = np.array([np.nan, 1.0, 9.0, 2.0, np.nan])
    assert rise(np.arange(5) / 2, height) == pytest.approx(1.0)
