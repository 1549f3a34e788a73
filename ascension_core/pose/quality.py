"""How good a track is: calmness and plausibility without truth, exchanged sides with it.

Both measures look at the track 30 times a second, whatever its frame rate, so that clips can be compared.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, MIRROR
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

LOOK_S = 1 / 30
IMPLAUSIBLE = 10.0
"""Torso lengths per second, about 5 m/s. A climber's hips reach 3 to 4 m/s in a dyno, hands little more; a punch reaches 10."""

RETURN_S = 0.25
SIDES = {"arms": (13, 15), "legs": (25, 27)}
APART = 0.25
"""Torso lengths by which two limbs must differ before it can be said which is which."""


def jitter(track: PoseTrack) -> float:
    """Median acceleration of the twelve body joints in torso lengths per second squared; ``nan`` if nothing is known.

    The second difference over 1/30 s steps, the usual measure of trembling in video pose (the acceleration of Kanazawa
    et al., "Learning 3D Human Dynamics from Video", CVPR 2019, without reference). The median over joints and frames is that
    of calm moments, in which nearly all of it is noise: 0.01 torso lengths of white noise give about 25.
    """
    time, points = _looks(track)
    if len(time) < 3:
        return float("nan")
    step = np.diff(time)[:, None, None]
    velocity = np.diff(points, axis=0) / step
    acceleration = np.linalg.norm(np.diff(velocity, axis=0) / (0.5 * (step[1:] + step[:-1])), axis=-1)
    known = acceleration[np.isfinite(acceleration)]
    return float(np.median(known)) if len(known) else float("nan")


def jumps(track: PoseTrack) -> int:
    """Number of looks, 30 a second, at which a body joint jumps: see `jump_frames`."""
    return int(jump_frames(track).sum())


def jump_frames(track: PoseTrack) -> Bools:
    """(looks,) true where some body joint moves faster than 10 torso lengths/s and comes back as fast within 0.25 s."""
    time, points = _looks(track)
    if len(time) < 3:
        return np.zeros(len(time), bool)
    velocity = np.diff(points, axis=0) / np.diff(time)[:, None, None]
    speed = np.linalg.norm(velocity, axis=-1)
    with np.errstate(invalid="ignore"):
        fast = speed > IMPLAUSIBLE
    back = np.zeros_like(fast)
    for later in range(1, round(RETURN_S / LOOK_S) + 1):
        opposite = (velocity[:-later] * velocity[later:]).sum(-1) < -0.5 * speed[:-later] * speed[later:]
        back[:-later] |= fast[:-later] & fast[later:] & opposite
    return np.concatenate([[False], back.any(1)])


def swaps(track: PoseTrack, truth: PoseTrack) -> int:
    """Number of frames in which the arms or the legs carry the labels of the other side."""
    return int(swapped_frames(track, truth).any(1).sum())


def swapped_frames(track: PoseTrack, truth: PoseTrack) -> Bools:
    """(T, 2) true where the arms, the legs are nearer to the truth with left and right exchanged.

    Only joints that lie at least 0.25 torso lengths from their counterpart in `truth` are asked.

    Raises
    ------
    ValueError
        If the tracks have different numbers of frames.
    """
    if len(track) != len(truth):
        raise ValueError(f"track has {len(track)} frames, truth {len(truth)}")
    limit = APART * body_scale(truth)
    return np.stack([_exchanged(track.image, truth.image, joints, limit) for joints in SIDES.values()], axis=1)


def _exchanged(points: Floats, truth: Floats, joints: tuple[int, ...], limit: Floats) -> Bools:
    own = np.array([*joints, *(MIRROR[k] for k in joints)])
    other = np.array(MIRROR)[own]
    with np.errstate(invalid="ignore"):
        apart = np.linalg.norm(truth[:, own] - truth[:, other], axis=-1) > limit[:, None]
    gain = np.linalg.norm(points[:, own] - truth[:, own], axis=-1) - np.linalg.norm(points[:, own] - truth[:, other], axis=-1)
    exchanged: Bools = np.where(apart, np.nan_to_num(gain), 0.0).sum(1) > 0
    return exchanged


def _looks(track: PoseTrack) -> tuple[Floats, Floats]:
    """Times and body joints in torso lengths, at most about 30 times a second."""
    stride = max(1, round(LOOK_S / float(np.median(np.diff(track.time))))) if len(track) > 1 else 1
    points = track.image[:, list(BODY)] / body_scale(track)[:, None, None]
    return track.time[::stride], points[::stride]
