"""Angles of joints and of the trunk, in degrees."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import Keypoint

Floats = NDArray[np.float64]

JOINTS: dict[str, tuple[int, int, int]] = {
    "left_elbow": (Keypoint.LEFT_SHOULDER, Keypoint.LEFT_ELBOW, Keypoint.LEFT_WRIST),
    "right_elbow": (Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_ELBOW, Keypoint.RIGHT_WRIST),
    "left_shoulder": (Keypoint.LEFT_HIP, Keypoint.LEFT_SHOULDER, Keypoint.LEFT_ELBOW),
    "right_shoulder": (Keypoint.RIGHT_HIP, Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_ELBOW),
    "left_hip": (Keypoint.LEFT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.LEFT_KNEE),
    "right_hip": (Keypoint.RIGHT_SHOULDER, Keypoint.RIGHT_HIP, Keypoint.RIGHT_KNEE),
    "left_knee": (Keypoint.LEFT_HIP, Keypoint.LEFT_KNEE, Keypoint.LEFT_ANKLE),
    "right_knee": (Keypoint.RIGHT_HIP, Keypoint.RIGHT_KNEE, Keypoint.RIGHT_ANKLE),
    "left_ankle": (Keypoint.LEFT_KNEE, Keypoint.LEFT_ANKLE, Keypoint.LEFT_FOOT_INDEX),
    "right_ankle": (Keypoint.RIGHT_KNEE, Keypoint.RIGHT_ANKLE, Keypoint.RIGHT_FOOT_INDEX),
}
"""Each joint with its neighbours: the angle is the one between the two bones. A straight elbow, knee or hip has 180, an arm
that hangs by the side 0, an arm overhead 180, a foot square to the shank about 90 at the ankle."""

SHORTEST = 0.25
"""Share of its length below which the trunk or a bone points at the camera and has no direction in the image."""


def joint_angles(points: Floats) -> dict[str, Floats]:
    """(T,) degrees, 0 to 180, of each of `JOINTS` from (T, 33, D) keypoints in two or three dimensions."""
    return {name: angle(points[:, a], points[:, at], points[:, b]) for name, (a, at, b) in JOINTS.items()}


def visible_angles(image: Floats, scale: Floats) -> dict[str, Floats]:
    """Joint angles in the image plane, ``nan`` where a bone points at the camera.

    A bone that is shorter than a quarter of its usual length (90th percentile over the clip, in torso lengths) has no direction
    in the image worth the name.

    Parameters
    ----------
    image
        (T, 33, 2) pixels.
    scale
        (T,) pixels per torso length.
    """
    points = image / scale[:, None, None]
    angles = joint_angles(points)
    for name, (a, at, b) in JOINTS.items():
        angles[name] = np.where(_lies_flat(points, a, at) & _lies_flat(points, at, b), angles[name], np.nan)
    return angles


def _lies_flat(points: Floats, a: int, b: int) -> NDArray[np.bool_]:
    length = np.linalg.norm(points[:, a] - points[:, b], axis=-1)
    known = length[np.isfinite(length)]
    usual = float(np.percentile(known, 90)) if len(known) else np.nan
    with np.errstate(invalid="ignore"):
        return np.asarray(length >= SHORTEST * usual)


def angle(a: Floats, at: Floats, b: Floats) -> Floats:
    """Angle at `at` between the directions to `a` and to `b`, in degrees; ``nan`` where a direction is missing.

    Twice the arctangent of half-chord over half-sum of the unit vectors (Kahan): exact for nearly straight limbs too,
    where the arccosine of the dot product is not.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        u, v = a - at, b - at
        u, v = u / np.linalg.norm(u, axis=-1, keepdims=True), v / np.linalg.norm(v, axis=-1, keepdims=True)
        between: Floats = 2 * np.degrees(np.arctan2(np.linalg.norm(u - v, axis=-1), np.linalg.norm(u + v, axis=-1)))
    return between


def trunk_tilt(image: Floats, scale: Floats) -> Floats:
    """Lean of the trunk from the vertical of the image: 0 upright, 90 to its right, -90 to its left, 180 head down.

    Parameters
    ----------
    image
        (T, 33, 2) pixels, y down.
    scale
        (T,) pixels per torso length. Where less than a quarter of it is left in the image, the tilt is ``nan``.
    """
    shoulders, hips = _trunk(image)
    x, y = (shoulders - hips).T
    with np.errstate(invalid="ignore"):
        visible = np.hypot(x, y) >= SHORTEST * scale
    return np.where(visible, np.degrees(np.arctan2(x, -y)), np.nan)


def trunk_twist(world: Floats) -> Floats:
    """Turn of the shoulder line against the hip line about the trunk's axis, -180 to 180 degrees.

    Positive where the shoulders are turned to the climber's own left. From (T, 33, 3) world keypoints (x right, y down, z
    away): the image alone does not show it.
    """
    shoulders, hips = _trunk(world)
    axis = shoulders - hips
    with np.errstate(invalid="ignore", divide="ignore"):
        axis = axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    upper = _across(world, Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, axis)
    lower = _across(world, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP, axis)
    turn: Floats = np.degrees(np.arctan2((np.cross(lower, upper) * axis).sum(-1), (lower * upper).sum(-1)))
    return turn


def _trunk(points: Floats) -> tuple[Floats, Floats]:
    return points[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(1), points[
        :, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
    ].mean(1)


def _across(points: Floats, left: int, right: int, axis: Floats) -> Floats:
    """The line from left to right without its part along the axis."""
    line: Floats = points[:, right] - points[:, left]
    across: Floats = line - (line * axis).sum(-1, keepdims=True) * axis
    return across
