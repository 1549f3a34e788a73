"""The ends of the limbs: fingertips and toes rather than wrists and ankles, on the wall and in torso lengths."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.placing import on_wall
from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack

Floats = NDArray[np.float64]

FINGERS = 1.8
"""Distance from the wrist to the tips of bent fingers, as a multiple of that to the knuckles. De Leva (1996, table 4) has 86 mm
from wrist to knuckle and 188 mm to the tip of the straight middle finger (men): 2.2 when straight, less when they hold on."""

_HANDS = (
    (Keypoint.LEFT_WRIST, Keypoint.LEFT_PINKY, Keypoint.LEFT_INDEX),
    (Keypoint.RIGHT_WRIST, Keypoint.RIGHT_PINKY, Keypoint.RIGHT_INDEX),
)
_FEET = (
    (Keypoint.LEFT_FOOT_INDEX, Keypoint.LEFT_ANKLE),
    (Keypoint.RIGHT_FOOT_INDEX, Keypoint.RIGHT_ANKLE),
)
_ROOTS = (Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP)
_MIDDLES = (Keypoint.LEFT_ELBOW, Keypoint.RIGHT_ELBOW, Keypoint.LEFT_KNEE, Keypoint.RIGHT_KNEE)


@dataclass(frozen=True, eq=False)
class Extremities:
    """Where the ends of the four limbs were; the second axis runs over `contacts.LIMBS`.

    Attributes
    ----------
    time
        (T,) seconds.
    ends
        (T, 4, 2) fingertips and toes in wall coordinates, in torso lengths; ``nan`` where unknown.
    trust
        (T, 4) probability that an end lies within 0.2 torso lengths of the truth; 0 where unknown.
    middles, roots
        (T, 4, 2) elbows and knees, shoulders and hips, likewise.
    unit
        Wall pixels in a torso length, median over the clip; ``nan`` where the trunk was never seen.
    """

    time: Floats
    ends: Floats
    trust: Floats
    middles: Floats
    roots: Floats
    unit: float

    @property
    def hips(self) -> Floats:
        """(T, 2) middle of the hips."""
        return np.asarray(self.roots[:, 2:].mean(1))


def extremities(track: PoseTrack, camera: CameraTrack) -> Extremities:
    """The ends of the limbs of a finished track, on the wall.

    Parameters
    ----------
    track
        Result of `pose.smoothing.clean`.
    camera
        How the camera moved in the same frames.

    Raises
    ------
    ValueError
        If track and camera have different numbers of frames.
    """
    track = on_wall(track, camera)
    unit = float(np.median(body_scale(track))) if len(track) else float("nan")
    wall = track.image / unit
    hands = [wall[:, wrist] + FINGERS * (wall[:, [pinky, index]].mean(1) - wall[:, wrist]) for wrist, pinky, index in _HANDS]
    ends = np.stack([*hands, *(wall[:, toe] for toe, _ in _FEET)], 1)
    trust = np.stack([track.visibility[:, list(points)].mean(1) for points in (*_HANDS, *_FEET)], 1)
    return Extremities(
        time=track.time,
        ends=ends,
        trust=np.where(np.isfinite(ends).all(-1), trust, 0.0),
        middles=wall[:, list(_MIDDLES)],
        roots=wall[:, list(_ROOTS)],
        unit=unit,
    )
