"""Holds of a wall from views of it: found together, in wall coordinates, with colours from the canvas."""

import numpy as np
import pytest

from ascension_core.wall.detector import HoldDetector
from ascension_core.wall.survey import WallView, survey


def view(*lefts, seen=None, to_wall=None):
    """Red squares of 40 pixels on grey, one for each left side."""
    image = np.full((480, 640, 3), 128, np.uint8)
    for left in lefts:
        image[200:240, left : left + 40] = (190, 20, 20)
    return WallView(image, np.eye(3) if to_wall is None else to_wall, seen)


@pytest.fixture
def detector(squares_network):
    squares_network(long_sides=[640])
    return HoldDetector()


def test_a_picture_is_its_own_canvas(detector):
    whole = view(100, 300, 500)
    found = survey(detector, [whole], whole)
    np.testing.assert_allclose(sorted(hold.box[0] for hold in found.holds), [100, 300, 500], atol=2)
    assert [hold.colour for hold in found.holds] == ["red"] * 3
    assert [len(route.holds) for route in found.routes] == [3]


def test_views_of_a_moved_camera_meet_on_the_wall(detector):
    shift = np.array([[1.0, 0, 60], [0, 1, 0], [0, 0, 1]])
    found = survey(detector, [view(100, 300), view(40, 240, to_wall=shift)], view(100, 300))
    np.testing.assert_allclose(sorted(hold.box[0] for hold in found.holds), [100, 300], atol=2)


def test_a_scaled_canvas_gives_outlines_on_the_wall(detector):
    half = view(100)
    canvas = WallView(np.ascontiguousarray(half.image[::2, ::2]), np.diag([2.0, 2, 1]))
    (hold,) = survey(detector, [half], canvas).holds
    np.testing.assert_allclose([*hold.outline.min(0), *hold.outline.max(0)], [100, 200, 140, 240], atol=4)
    assert hold.colour == "red"


def test_what_the_canvas_does_not_show_has_no_colour(detector):
    seen = np.ones((480, 640), bool)
    seen[:, :200] = False
    found = survey(detector, [view(100, 300)], view(300, seen=seen))
    by_left = {round(hold.box[0], -2): hold for hold in found.holds}
    assert (by_left[100].colour, by_left[300].colour) == (None, "red")
    np.testing.assert_array_equal(by_left[100].outline[0], by_left[100].box[:2])
    assert np.isfinite(found.colours).all(1).sum() == 1


def test_an_empty_wall_is_empty(detector):
    found = survey(detector, [view()], view())
    assert (found.holds, found.routes, found.colours.shape) == ([], [], (0, 3))
