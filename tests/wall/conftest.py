"""Painted walls: pictures whose holds, outlines and colours are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from ascension_core.wall.holds import Hold, corners

PAINTS = {
    "red": (190, 35, 40),
    "orange": (235, 120, 30),
    "yellow": (240, 205, 50),
    "green": (50, 150, 65),
    "turquoise": (60, 185, 180),
    "blue": (35, 85, 185),
    "purple": (115, 60, 160),
    "pink": (225, 90, 155),
    "brown": (110, 75, 50),
    "black": (32, 32, 35),
    "grey": (135, 136, 138),
    "white": (238, 238, 234),
}
WALLS = {"plywood": (205, 175, 135), "paint": (200, 200, 198), "dark": (95, 98, 104)}


class PaintedWall:
    """A picture with one elliptic hold of each paint; chalk, a bolt and shade on each, noise and a seam on the wall."""

    def __init__(self, wall: str = "plywood", size: int = 40, seed: int = 0) -> None:
        random = np.random.default_rng(seed)
        image = np.full((4 * 2 * size, 5 * 2 * size, 3), WALLS[wall], float)
        image[:, size * 5 :] *= 0.93
        self.holds: list[Hold] = []
        self.axes = np.array([size * 0.5, size * 0.35])
        for number, paint in enumerate(PAINTS.values()):
            middle = np.array([number % 4 * 2 + 1.5, number // 4 * 2 + 1.5]) * size
            x, y = middle.round().astype(int).tolist()
            axes = self.axes.round().astype(int).tolist()
            layer = image.copy()
            cv2.ellipse(layer, (x, y), axes, 0, 0, 360, paint, -1)
            shade = 1 - 0.3 * np.clip((np.arange(image.shape[0]) - y) / self.axes[1], -0.2, 1)[:, None, None]
            inside = (layer != image).any(2, keepdims=True)
            image = np.where(inside, layer * shade, layer)
            if paint != PAINTS["white"] and paint != PAINTS["grey"]:
                cv2.ellipse(
                    image,
                    (x - axes[0] // 3, y - axes[1] // 3),
                    (max(1, axes[0] // 4), max(1, axes[1] // 4)),
                    0,
                    0,
                    360,
                    (232, 232, 230),
                    -1,
                )
            cv2.circle(image, (x, y), max(1, size // 16), (40, 40, 40), -1)
            box = np.concatenate([middle - self.axes, middle + self.axes])
            self.holds.append(Hold(f"h{number + 1}", "hold", box, corners(box), 0.9))
        self.image = np.clip(image + random.normal(0, 3, image.shape), 0, 255).astype(np.uint8)

    @property
    def names(self) -> list[str]:
        """The paints of the holds in their order."""
        return list(PAINTS)


@pytest.fixture
def painted_wall():
    """Makes a `PaintedWall`."""
    return PaintedWall
