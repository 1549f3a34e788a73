"""What many views tell together, on views whose truth is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.wall.fusion import FusionOptions, Look, fuse, to_wall

SIZE = (640, 480)
BOX = np.array([100.0, 100, 140, 140])
SOMEBODY = np.ones(SIZE[::-1], np.bool_)
"""Which pixels of a view lie in front of nobody: somebody stands before the box."""
SOMEBODY[90:151, 90:151] = False


def look(*rows, to_wall=None, seen=None):
    """A view with (left, top, right, bottom, probability, kind) rows."""
    return Look(np.array(rows, float).reshape(-1, 6), np.eye(3) if to_wall is None else to_wall, SIZE, seen)


def shifted(x, y):
    return np.array([[1.0, 0, x], [0, 1, y], [0, 0, 1]])


def test_one_view_says_what_it_says():
    rows = [[*BOX, 0.8, 0], [300, 100, 360, 180, 0.6, 1]]
    np.testing.assert_allclose(fuse([look(*rows)]), rows)


def test_what_all_views_agree_on_keeps_its_probability_and_gets_the_median_box():
    found = fuse([look([*(BOX + d), 0.7, 0]) for d in (-2, 0, 1)])
    assert len(found) == 1
    np.testing.assert_allclose(found[0, :4], BOX)
    assert found[0, 4] == pytest.approx(0.7)


def test_what_one_view_of_many_imagines_drops_out():
    found = fuse([look([*BOX, 0.9, 0]), *[look() for _ in range(4)]])
    assert len(found) == 0 or found[0, 4] < 0.15


def test_views_that_do_not_show_the_place_do_not_count_against_it():
    elsewhere = look(to_wall=shifted(2000, 0))
    hidden = look(seen=SOMEBODY)
    found = fuse([look([*BOX, 0.9, 0]), elsewhere, hidden])
    assert found[0, 4] == pytest.approx(0.9)


def test_what_is_only_ever_seen_on_people_is_doubted():
    found = fuse([look([*BOX, 0.6, 0], seen=SOMEBODY)] * 3)
    assert found[0, 4] == pytest.approx(0.6 * FusionOptions().hidden)


def test_moved_cameras_see_the_same_hold():
    views = [look([*(BOX - [x, y, x, y]), 0.8, 0], to_wall=shifted(x, y)) for x, y in ((0, 0), (60, -30), (-300, 90))]
    found = fuse(views)
    np.testing.assert_allclose(found, [[*BOX, 0.8, 0]])


def test_a_zoom_scales_boxes():
    np.testing.assert_allclose(to_wall(BOX[None], np.diag([0.5, 0.5, 1])), [BOX / 2])


def test_a_hold_and_the_volume_beneath_stay_two():
    rows = [[0, 0, 200, 200, 0.9, 1], [60, 60, 100, 100, 0.8, 0]]
    assert len(fuse([look(*rows), look(*rows)])) == 2


def test_neighbours_stay_two():
    rows = [[100, 100, 140, 140, 0.9, 0], [130, 100, 170, 140, 0.8, 0]]
    assert len(fuse([look(*rows), look(*rows), look(*rows)])) == 2


def test_nothing_gives_nothing():
    assert fuse([]).shape == fuse([look(), look()]).shape == (0, 6)


@given(st.lists(st.floats(0.05, 0.99), min_size=1, max_size=6), st.integers(0, 4))
def test_probability_lies_between_those_of_the_views(probabilities, misses):
    options = FusionOptions(minimum_score=0.0)
    (found,) = fuse([*[look([*BOX, p, 0]) for p in probabilities], *[look() for _ in range(misses)]], options)
    low = min(probabilities) if not misses else min(*probabilities, options.overlooked)
    assert low - 1e-9 <= found[4] <= max(probabilities) + 1e-9


@given(st.permutations(range(5)))
def test_the_order_of_the_views_does_not_matter(order):
    views = [look([*(BOX + k), 0.5 + k / 12, 0], [300, 50 + k, 330, 90 + k, 0.3, 0]) for k in range(5)]
    np.testing.assert_allclose(fuse([views[k] for k in order]), fuse(views))
