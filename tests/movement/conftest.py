"""Stick figures whose measures can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from ascension_core.movement.extremities import FINGERS
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


LIMBS = ("left_hand", "right_hand", "left_foot", "right_foot")
_HANGING = {"left_hand": (-0.3, -2.0), "right_hand": (0.3, -2.0), "left_foot": (-0.2, 1.6), "right_foot": (0.2, 1.6)}
"""Where the ends of the limbs are from the hips of somebody who hangs upright, in torso lengths."""

Way = Sequence[tuple[float, float, float]]
Climb = Callable[..., PoseTrack]


@pytest.fixture(scope="session")
def climb() -> Climb:
    """A climber whose fingertips and toes go through given places: ``climb(left_hand=[(0, x, y), (0.5, x, y)], ...)``.

    A way lists (seconds, x, y) in torso lengths, with straight lines at constant speed between; what is not given hangs from
    the hips, which stay at (0, 0) if they have no way of their own.
    """

    def make(seconds: float = 4.0, fps: float = 30.0, torso_px: float = TORSO_PX, **ways: Way) -> PoseTrack:
        time = np.arange(round(seconds * fps)) / fps
        hips = _along(ways.get("hips", [(0.0, 0.0, 0.0)]), time)
        ends = {limb: _along(ways[limb], time) if limb in ways else hips + _HANGING[limb] for limb in LIMBS}
        image = np.stack([_body(hips[t], {limb: end[t] for limb, end in ends.items()}) for t in range(len(time))])
        return PoseTrack(
            time=time,
            image=1000 + torso_px * image,
            world=np.full((len(time), 33, 3), np.nan),
            visibility=np.full((len(time), 33), 0.9),
            observed=np.ones((len(time), 33), bool),
            size=(2000, 2000),
        )

    return make


def _along(way: Way, time: np.ndarray) -> np.ndarray:
    at, x, y = np.array(way, float).T
    return np.stack([np.interp(time, at, x), np.interp(time, at, y)], 1)


def _body(hips: np.ndarray, ends: dict[str, np.ndarray]) -> np.ndarray:
    points = np.tile(np.add(hips, (0, -1.4)), (33, 1))
    for side, x in (("LEFT", -1), ("RIGHT", 1)):
        tips, toe = ends[f"{side.lower()}_hand"], ends[f"{side.lower()}_foot"]
        shoulder, hip = np.add(hips, (0.3 * x, -1.0)), np.add(hips, (0.2 * x, 0.0))
        wrist, ankle = np.add(tips, (0, 0.2 * FINGERS)), np.add(toe, (0, -0.15))
        for name, point in {
            "SHOULDER": shoulder,
            "ELBOW": (shoulder + wrist) / 2,
            "WRIST": wrist,
            "PINKY": np.subtract(wrist, (0.05, 0.2)),
            "INDEX": np.subtract(wrist, (-0.05, 0.2)),
            "THUMB": np.subtract(wrist, (0, 0.15)),
            "HIP": hip,
            "KNEE": (hip + ankle) / 2,
            "ANKLE": ankle,
            "HEEL": np.add(ankle, (0, 0.1)),
            "FOOT_INDEX": toe,
        }.items():
            points[Keypoint[f"{side}_{name}"]] = point
    return points
