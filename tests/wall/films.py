"""Films of flat walls with a camera that is known exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np

SIZE = (360, 480)
FPS = 25.0


@dataclass(frozen=True)
class Still:
    """What the camera estimator reads of a frame."""

    index: int
    time: float
    image: np.ndarray


def frames(images: Iterable[np.ndarray]) -> Iterator[Still]:
    """Images as frames at 25 a second."""
    for index, image in enumerate(images):
        yield Still(index, index / FPS, image)


def wall(seed: int = 0, size: tuple[int, int] = (900, 1200), grain: float = 6.0) -> np.ndarray:
    """A wall with holds of all sizes and colours at random places, and a rough surface."""
    random = np.random.default_rng(seed)
    image = np.full((size[1], size[0], 3), (190, 175, 150), np.uint8)
    for _ in range(260):
        place, axes = random.integers((0, 0), size).tolist(), random.integers(4, 22, 2).tolist()
        cv2.ellipse(
            image, place, axes, float(random.uniform(0, 180)), 0, 360, random.integers(0, 255, 3).tolist(), -1, cv2.LINE_AA
        )
    rough = cv2.GaussianBlur(random.normal(0, 1, image.shape[:2]), (0, 0), 1.5)
    return np.clip(image + (grain * rough / rough.std())[..., None], 0, 255).astype(np.uint8)


def board(size: tuple[int, int] = (900, 1200), gap: int = 75) -> np.ndarray:
    """A board on which all holds are alike, row upon row."""
    image = np.full((size[1], size[0], 3), (200, 170, 130), np.uint8)
    for y in range(gap // 2, size[1], gap):
        for x in range(gap // 2, size[0], gap):
            cv2.ellipse(image, (x, y), (16, 10), 20, 0, 360, (40, 60, 60), -1, cv2.LINE_AA)
            cv2.circle(image, (x + 4, y - 3), 4, (210, 210, 60), -1, cv2.LINE_AA)
    return image


def view(x: float, y: float, zoom: float = 1.0, turn_deg: float = 0.0, tilt: float = 0.0) -> np.ndarray:
    """(3, 3) wall to image of a camera that looks at (x, y); `tilt` is the change of scale over the picture's height."""
    width, height = SIZE
    c, s = zoom * np.cos(np.radians(turn_deg)), zoom * np.sin(np.radians(turn_deg))
    to_middle = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    turn = np.array([[c, -s, 0], [s, c, 0], [0, tilt / height, 1]])
    back = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    return back @ turn @ to_middle


def seen(scene: np.ndarray, views: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """What the camera shows of a wall, with the noise of its sensor."""
    random = np.random.default_rng(5)
    for matrix in views:
        image = cv2.warpPerspective(scene, matrix, SIZE, flags=cv2.INTER_AREA)
        yield np.clip(image + random.normal(0, 2, image.shape), 0, 255).astype(np.uint8)


def error_percent(camera, views: list[np.ndarray]) -> np.ndarray:
    """(T,) mean error over each picture in per cent of its diagonal."""
    from experiments.camera_evaluation import errors_percent

    return errors_percent(camera, np.array(views))
