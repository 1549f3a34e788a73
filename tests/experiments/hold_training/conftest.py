"""A small wall that is drawn, not photographed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from experiments.hold_training.data import LabelledImage

Wall = Callable[..., LabelledImage]


@pytest.fixture(scope="session")
def wall() -> Wall:
    """Make a grey wall of 480 x 360 with red holds and one blue volume, from a seed."""

    def made(seed: int = 0, name: str = "wall.rf.1", holds: int = 8) -> LabelledImage:
        random = np.random.default_rng(seed)
        image = (random.integers(90, 110, (360, 480, 1)) * np.ones(3)).astype(np.uint8)
        image[40:140, 40:160] = (30, 60, 200)
        boxes, classes = [[40.0, 40, 160, 140]], [1]
        for column in range(holds):
            left, top = 20 + 55 * column, 200 + int(random.integers(0, 100))
            image[top : top + 24, left : left + 30] = (210, 30, 30)
            boxes.append([left, top, left + 30, top + 24])
            classes.append(0)
        return LabelledImage(name, image, np.array(boxes, np.float32), np.array(classes))

    return made


@pytest.fixture
def folder(wall: Wall, tmp_path: Path) -> Path:
    """Four such walls as a YOLO folder; two are copies of one photo."""
    names = ("one.rf.a", "one.rf.b", "two.rf.a", "three.rf.a")
    for part in ("images", "labels"):
        (tmp_path / "walls" / part).mkdir(parents=True)
    for seed, name in enumerate(names):
        picture = wall(seed, name)
        cv2.imwrite(str(tmp_path / "walls" / "images" / f"{name}.png"), picture.image[..., ::-1])
        width_height = np.array([480, 360])
        lines = [
            f"{kind} "
            + " ".join(f"{v:.6f}" for v in [*((b[:2] + b[2:]) / 2 / width_height), *((b[2:] - b[:2]) / width_height)])
            for b, kind in zip(picture.boxes, picture.classes, strict=True)
        ]
        (tmp_path / "walls" / "labels" / f"{name}.txt").write_text("\n".join(lines))
    return tmp_path / "walls"
