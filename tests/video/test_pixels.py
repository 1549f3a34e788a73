from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ascension_core.video.pixels import Upright, to_eight_bits, to_rgb

LUMA = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}  # Kr and Kb of ITU-T H.273 table 4


def flat(pix_fmt: str, yuv: tuple[int, int, int], size: tuple[int, int], matrix: int, full: bool) -> av.VideoFrame:
    """A frame of one colour."""
    frame = av.VideoFrame(*size, pix_fmt)
    kind = np.uint16 if "10" in pix_fmt else np.uint8
    for plane, value in zip(frame.planes, yuv, strict=True):
        plane.update(np.full(plane.buffer_size // np.dtype(kind).itemsize, value, kind).tobytes())
    frame.colorspace, frame.color_range = matrix, 2 if full else 1
    return frame


def expected_rgb(yuv: tuple[int, int, int], depth: int, matrix: int, full: bool) -> NDArray[np.float64]:
    """ITU-T H.273 equations in floating point."""
    scale = 2 ** (depth - 8)
    y, cb, cr = np.array(yuv, float) / scale
    y, cb, cr = (y / 255, (cb - 128) / 255, (cr - 128) / 255) if full else ((y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224)
    kr, kb = LUMA[matrix]
    red, blue = y + 2 * (1 - kr) * cr, y + 2 * (1 - kb) * cb
    green = (y - kr * red - kb * blue) / (1 - kr - kb)
    return np.clip([red, green, blue], 0, 1) * 255


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le"])
@pytest.mark.parametrize("matrix", LUMA)
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("size", [(64, 48), (63, 47), (2, 2)])
def test_matrix_and_range_are_honoured(pix_fmt: str, matrix: int, full: bool, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    depth = 10 if "10" in pix_fmt else 8
    for _ in range(5):
        low, high = np.array([60, 100, 100]) << (depth - 8), np.array([200, 156, 156]) << (depth - 8)
        y, cb, cr = (int(value) for value in rng.integers(low, high))
        rgb = to_rgb(to_eight_bits(flat(pix_fmt, (y, cb, cr), size, matrix, full)))
        assert rgb.shape == (size[1], size[0], 3)
        assert np.abs(rgb - expected_rgb((y, cb, cr), depth, matrix, full)).max() <= 5


def test_untagged_pictures_are_read_as_players_do() -> None:
    yuv = (120, 90, 190)
    small, large = (to_rgb(flat("yuv420p", yuv, size, 2, full=False))[0, 0] for size in ((640, 480), (1280, 720)))
    assert np.abs(small - expected_rgb(yuv, 8, 6, full=False)).max() <= 3
    assert np.abs(large - expected_rgb(yuv, 8, 1, full=False)).max() <= 3


def test_black_and_white_reach_the_ends() -> None:
    assert to_rgb(flat("yuv420p", (16, 128, 128), (64, 48), 1, full=False)).max() <= 1
    assert to_rgb(flat("yuv420p", (235, 128, 128), (64, 48), 1, full=False)).min() >= 254


@pytest.mark.parametrize("turn", [90, 180, 270])
@pytest.mark.parametrize("size", [(96, 64), (94, 62), (95, 63)])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuvj420p", "yuv444p", "yuv420p10le"])
def test_turning_equals_turning_the_rgb_picture(turn: int, size: tuple[int, int], pix_fmt: str) -> None:
    rng = np.random.default_rng(3)
    image = cv2.GaussianBlur(rng.integers(0, 256, (size[1], size[0], 3), np.uint8), (0, 0), 3)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pix_fmt, dst_colorspace="ITU709")
    upright = Upright(*(size if turn == 180 else size[::-1]), rotation_deg=turn)
    expected = np.rot90(to_rgb(to_eight_bits(frame)), k=-turn // 90)
    np.testing.assert_array_equal(upright(frame), expected)


def test_mirroring_follows_the_turn() -> None:
    image = np.arange(64 * 48 * 3, dtype=np.uint8).reshape(48, 64, 3)
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    np.testing.assert_array_equal(Upright(48, 64, 90, mirrored=True)(frame), np.rot90(image, -1)[:, ::-1])


def test_non_square_pixels_are_stretched() -> None:
    frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 77, np.uint8), format="rgb24")
    assert Upright(128, 48)(frame).shape == (48, 128, 3)
