from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ascension_core.video import VideoWriter


@pytest.fixture(scope="session")
def empty_wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wall of coloured blobs that nobody climbs."""
    path = tmp_path_factory.mktemp("clips") / "wall.mp4"
    random = np.random.default_rng(5)
    rows, columns = np.mgrid[:640, :360]
    image = np.full((640, 360, 3), 150, np.uint8)
    for _ in range(40):
        x, y, radius = random.integers(0, 360), random.integers(0, 640), random.integers(6, 25)
        image[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = random.integers(0, 255, 3)
    with VideoWriter(path, (360, 640)) as writer:
        for index in range(20):
            writer.write(image, index / 10)
    return path
