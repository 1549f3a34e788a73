"""`Roi`: the square, turned window of an image that a network looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Roi:
    """A square region of interest.

    Attributes
    ----------
    x, y
        Centre in pixels of the image.
    size
        Side in pixels.
    angle
        Clockwise turn of the window in radians: a body that leans clockwise by `angle` stands upright in the window.
    mirrored
        Whether the window shows the image as in a mirror.
    """

    x: float
    y: float
    size: float
    angle: float = 0.0
    mirrored: bool = False

    @classmethod
    def upright(cls, start: NDArray[np.float64], end: NDArray[np.float64], scale: float) -> Self:
        """The window centred on `start` in which `end` is straight above it, at `size` = 2 x distance x `scale`.

        BlazePose's own rule, with the hip centre as `start`, the point that gives size and turn as `end`, and scale 1.25.
        """
        dx, dy = end - start
        return cls(float(start[0]), float(start[1]), 2 * scale * float(np.hypot(dx, dy)), float(np.arctan2(dx, -dy)))

    @classmethod
    def around(cls, width: float, height: float) -> Self:
        """The smallest upright window that holds a whole image."""
        return cls(width / 2, height / 2, max(width, height))

    def with_(self, **changes: float) -> Self:
        """A copy with some attributes replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def to_image(self, side: float) -> NDArray[np.float64]:
        """(2, 3) affine matrix from pixels of a window of `side` pixels to pixels of the image."""
        scale, half = self.size / side, side / 2
        c, s = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        flip = -1.0 if self.mirrored else 1.0
        linear = np.array([[c * flip, -s], [s * flip, c]])
        offset = np.array([self.x, self.y]) - linear @ np.array([half, half])
        return np.column_stack([linear, offset])

    def crop(self, image: Image, side: int) -> Image:
        """The window as an image of `side` pixels; black outside the image."""
        source, matrix = image, self.to_image(side)
        factor = int(self.size / side / 2)
        if factor >= 2:  # bilinear sampling of a much larger window would alias
            return self._crop_shrunk(image, side, factor)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(source, matrix, (side, side), flags=flags), np.uint8)

    def _crop_shrunk(self, image: Image, side: int, factor: int) -> Image:
        reach = self.size * 0.75
        left, top = (int(max(0, v - reach)) for v in (self.x, self.y))
        part = image[top : int(self.y + reach) + 1, left : int(self.x + reach) + 1]
        if min(part.shape[:2]) < factor:
            return np.zeros((side, side, 3), np.uint8)
        matrix = self.to_image(side)
        matrix[0] = (matrix[0] - [0, 0, left]) / factor
        matrix[1] = (matrix[1] - [0, 0, top]) / factor
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(cv2.warpAffine(shrink(part, factor), matrix, (side, side), flags=flags), np.uint8)


def shrink(image: Image, factor: int) -> Image:
    """The image at 1 / `factor` of its size by averaging; what is left over at the right and the bottom is dropped.

    OpenCV averages by whole factors ten times as fast as by others.
    """
    height, width = (n // factor for n in image.shape[:2])
    whole = image[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
