"""Bringing views of one wall to one light: exposure, white balance, vignettes and lamps that follow the climber."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_SIDE = 256  # long side of the canvas on which views are compared
_BLUR = 6.0  # of that canvas: what is coarser is light, what is finer is wall
_FEATHER = 40  # of that canvas: from the edge of a view to where it counts in full
_MOST = 4.0  # by which light is corrected


def light_fields(
    images: Sequence[Image], masks: Sequence[Image], places: Sequence[NDArray[np.float64]], shape: tuple[int, int]
) -> Iterator[Floats]:
    """For each view (h, w, 3) factors on a small canvas that give it the light which all views have on average.

    The low band of a two-band blend (Burt and Adelson, 1983): views count less towards their edges, so none shows a seam.

    Parameters
    ----------
    masks
        (h, w) more than 1 where nobody is in the view.
    places
        (3, 3) from each view to the canvas of `shape` (height, width).
    """
    scale = min(1.0, _SIDE / max(shape))
    size = max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))
    shrink = np.diag([size[0] / shape[1], size[1] / shape[0], 1.0])
    lights = [_light(i, m, shrink @ p, size) for i, m, p in zip(images, masks, places, strict=True)]
    weight = sum(w for _, w in lights)
    mean = sum(light * w for light, w in lights) / np.maximum(weight, 1e-3)
    for light, _ in lights:
        field = np.where(weight > 1e-3, (mean + 1) / (light + 1), 1.0)
        yield np.clip(field, 1 / _MOST, _MOST).astype(np.float32)


def _light(image: Image, mask: Image, place: NDArray[np.float64], size: tuple[int, int]) -> tuple[Floats, Floats]:
    """(h, w, 3) blurred view on the small canvas, spread over people and beyond its edges, and (h, w, 1) what it counts."""
    factor = max(1, round(1 / np.sqrt(abs(np.linalg.det(place[:2, :2])))))  # averaged first: a sample is its neighbourhood
    part = cv2.resize(image, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    grow = np.diag([image.shape[1] / part.shape[1], image.shape[0] / part.shape[0], 1.0])
    warped = cv2.warpPerspective(part, place @ grow, size).astype(np.float32)
    inside = cv2.warpPerspective(np.ones(mask.shape, np.uint8), place, size, flags=cv2.INTER_NEAREST)
    free = inside * (cv2.warpPerspective(mask, place, size, flags=cv2.INTER_NEAREST) > 1)
    blurred = cv2.GaussianBlur(warped * free[..., None], (0, 0), _BLUR)
    share = cv2.GaussianBlur(free.astype(np.float32), (0, 0), _BLUR)[..., None]
    near = np.asarray(blurred / np.maximum(share, 1e-3), np.float32)
    edge = cv2.distanceTransform(np.pad(inside, 1), cv2.DIST_L2, 3)[1:-1, 1:-1, None]
    return near, np.asarray(np.minimum(edge / _FEATHER, 1) * np.minimum(share * 4, 1) * (share > 1e-3), np.float32)


def lit(samples: Image, field: Floats, shape: tuple[int, int], top: int) -> Image:
    """The rows from `top` on of a view on a canvas of `shape` (height, width), in the light that its `field` gives it."""
    down = field.shape[0] / shape[0]
    rows, columns = samples.shape[:2]
    across = field.shape[1] / shape[1]
    part = np.array([[across, 0, (across - 1) / 2], [0, down, (top + 0.5) * down - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    factors = cv2.warpAffine(field, part, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.multiply(samples, factors, dtype=cv2.CV_8U), np.uint8)
