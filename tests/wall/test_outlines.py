"""Outlines follow painted holds, and are boxes where nothing stands out."""

import cv2
import numpy as np
import pytest

from ascension_core.wall.holds import Hold, corners
from ascension_core.wall.outlines import described


def filled(outline, shape):
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 1, shift=4)
    return mask > 0


def hold_at(*box):
    return Hold("h1", "hold", np.array(box, float), corners(np.array(box, float)), 0.9)


@pytest.mark.parametrize("size", [24, 60, 140])
def test_outlines_cover_the_painted_ellipses(painted_wall, size):
    painted = painted_wall("paint", size)
    found, _ = described(painted.image, painted.holds)
    outlined = [
        hold for hold in found if hold.colour not in ("white", "grey") and not np.allclose(hold.outline[0], hold.box[:2])
    ]
    assert len(outlined) >= 8
    for hold in outlined:
        x, y = hold.centre
        truth = np.zeros(painted.image.shape[:2], np.uint8)
        cv2.ellipse(truth, (round(x), round(y)), tuple(painted.axes.round().astype(int).tolist()), 0, 0, 360, 1, -1)
        mask = filled(hold.outline, truth.shape)
        assert (mask & (truth > 0)).sum() / (mask | (truth > 0)).sum() > (0.65 if size < 30 else 0.75), hold.colour


def test_a_hold_of_the_walls_own_colour_keeps_its_box():
    image = np.random.default_rng(0).normal(150, 2, (100, 100, 3)).astype(np.uint8)
    (found,), _ = described(image, [hold_at(30, 30, 70, 60)])
    np.testing.assert_array_equal(found.outline, corners(found.box))


@pytest.mark.parametrize("box", [(-20, 40, 20, 80), (90, 90, 130, 130), (0, 0, 100, 100), (50.2, 50.2, 51.4, 51.9)])
def test_boxes_at_and_beyond_the_edge_are_survived(box):
    image = np.random.default_rng(0).integers(0, 255, (100, 100, 3)).astype(np.uint8)
    (found,), colours = described(image, [hold_at(*box)])
    assert np.isfinite(found.outline).all()
    assert np.isfinite(colours).all()


def test_a_hold_outside_the_picture_has_no_colour():
    (found,), colours = described(np.zeros((50, 50, 3), np.uint8), [hold_at(200, 200, 240, 240)])
    assert found.colour is None
    assert np.isnan(colours).all()


def test_no_holds_are_no_holds():
    found, colours = described(np.zeros((50, 50, 3), np.uint8), [])
    assert found == []
    assert colours.shape == (0, 3)
