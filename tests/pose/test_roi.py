"""The window that a network looks at."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.pose.roi import Roi

ROIS = st.builds(
    Roi,
    x=st.floats(-500, 2000),
    y=st.floats(-500, 2000),
    size=st.floats(10, 3000),
    angle=st.floats(-7, 7),
    mirrored=st.booleans(),
)


def mapped(roi: Roi, point: tuple[float, float], side: float) -> np.ndarray:
    matrix = roi.to_image(side)
    return matrix[:, :2] @ point + matrix[:, 2]


@given(ROIS, st.integers(1, 512))
def test_middle_of_the_window_is_the_centre(roi: Roi, side: int) -> None:
    assert mapped(roi, (side / 2, side / 2), side) == pytest.approx([roi.x, roi.y], abs=1e-6)


@given(ROIS)
def test_lengths_scale_by_size(roi: Roi) -> None:
    a, b = mapped(roi, (0, 0), 100), mapped(roi, (100, 0), 100)
    assert np.linalg.norm(b - a) == pytest.approx(roi.size)


@given(ROIS)
def test_only_a_mirrored_window_changes_handedness(roi: Roi) -> None:
    assert np.sign(np.linalg.det(roi.to_image(1.0)[:, :2])) == (-1 if roi.mirrored else 1)


@given(st.floats(-3.1, 3.1), st.floats(1, 300), st.floats(0.5, 2))
def test_upright_turns_the_body_to_stand_up(angle: float, length: float, scale: float) -> None:
    start = np.array([400.0, 300.0])
    end = start + length * np.array([np.sin(angle), -np.cos(angle)])
    roi = Roi.upright(start, end, scale)
    assert roi.size == pytest.approx(2 * scale * length)
    assert np.cos(roi.angle - angle) == pytest.approx(1)
    assert mapped(roi, (0.5, 0.5 - 0.5 / scale), 1.0) == pytest.approx(end, abs=1e-6)


def test_around_holds_the_whole_image() -> None:
    roi = Roi.around(640, 480)
    assert (roi.x, roi.y, roi.size) == (320, 240, 640)


@pytest.mark.parametrize("size", [90.0, 400.0, 1000.0], ids=["enlarged", "shrunk", "shrunk by area"])
@pytest.mark.parametrize("mirrored", [False, True])
def test_crop_shows_a_point_where_the_matrix_says(size: float, mirrored: bool) -> None:
    image = np.zeros((900, 700, 3), np.uint8)
    roi, side = Roi(350, 420, size, 0.7, mirrored), 100
    where = mapped(roi, (30, 65), side)
    cv2.circle(image, (round(where[0]), round(where[1])), max(3, round(size / side * 3)), (255, 255, 255), -1)
    crop = roi.crop(image, side)[..., 0].astype(float)
    rows, columns = np.mgrid[:side, :side]
    centre = (crop * columns).sum() / crop.sum(), (crop * rows).sum() / crop.sum()
    assert centre == pytest.approx((30, 65), abs=1.0)


@pytest.mark.parametrize("size", [50.0, 3000.0])
def test_outside_the_image_is_black(size: float) -> None:
    image = np.full((100, 100, 3), 255, np.uint8)
    crop = Roi(-4000, 50, size).crop(image, 64)
    assert crop.shape == (64, 64, 3)
    assert not crop.any()
