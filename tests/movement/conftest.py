"""Stick figures whose measures can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.track import PoseTrack

TORSO_PX = 100.0
STANDING = np.zeros((33, 3))
"""Torso lengths, x right, y down, z away, seen from behind; arms hang straight, legs are straight, feet point away."""
for _side, _x in (("LEFT", -1), ("RIGHT", 1)):
    for _name, _point in {
        "EAR": (0.15, -1.4, 0),
        "SHOULDER": (0.3, -1.0, 0),
        "ELBOW": (0.3, -0.5, 0),
        "WRIST": (0.3, 0.0, 0),
        "PINKY": (0.3, 0.2, 0),
        "INDEX": (0.3, 0.2, 0),
        "THUMB": (0.3, 0.1, 0),
        "HIP": (0.2, 0.0, 0),
        "KNEE": (0.2, 0.8, 0),
        "ANKLE": (0.2, 1.6, 0),
        "HEEL": (0.2, 1.7, -0.1),
        "FOOT_INDEX": (0.2, 1.6, 0.3),
    }.items():
        STANDING[Keypoint[f"{_side}_{_name}"]] = np.array(_point) * (_x, 1, 1)

Stand = Callable[..., PoseTrack]


@pytest.fixture(scope="session")
def standing() -> np.ndarray:
    return STANDING.copy()


@pytest.fixture(scope="session")
def stand() -> Stand:
    """A track of (33, 3) or (T, 33, 3) torso lengths: ``stand(points, frames=10, fps=30)``."""

    def make(points: np.ndarray, frames: int = 10, fps: float = 30.0, torso_px: float = TORSO_PX) -> PoseTrack:
        points = np.broadcast_to(points, (frames, 33, 3)) if points.ndim == 2 else points
        return PoseTrack(
            time=np.arange(len(points)) / fps,
            image=500 + torso_px * points[..., :2],
            world=0.5 * points,
            visibility=np.ones(points.shape[:2]),
            observed=np.ones(points.shape[:2], bool),
            size=(1000, 1000),
        )

    return make
