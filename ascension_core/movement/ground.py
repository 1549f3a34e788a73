"""The ground under the climber: the height at which feet stand on the floor or the mat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.extremities import Extremities
from ascension_core.movement.rests import Rest

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

UPRIGHT = 1.1
"""Torso lengths from the feet up to the hips of somebody who stands; hip to ankle measures 1.6 to 1.8 with straight legs."""
BAND = 0.35
"""Torso lengths above a foot on the ground up to which another stands there too: heels lift, and mats are not flat."""
LOWEST = 1.0
"""The ground lies no higher than this above the lowest foot of the clip."""
FOOT_DROP, HIP_DROP, DROP_S = 1.0, 0.2, 0.7
"""How far, in torso lengths, foot and hips come down within this time when the climber drops or steps off the wall."""
AT_HIPS, WAITING_S = 0.35, 0.2
"""Hands no more than so many torso lengths above the hips, for so long, hold nothing: start holds lie higher."""
SITTING = 0.45
"""Torso lengths above the lowest foot within which the hips of somebody who sits on the ground are."""
MOSTLY = 0.6


def ground_level(body: Extremities, rests: Sequence[Sequence[Rest]]) -> float:
    """Height of the ground: y on the wall at and below which feet stand on it; ``nan`` where nothing tells.

    Three things tell that a foot which rests stands on the ground: both hands are down at the hips while the body is upright,
    since a climber on a wall holds on with a hand; the body has just dropped; or, where neither was seen, it sits, and what is
    below its hips is the ground. None of them counts far above the lowest place where a foot was.

    Parameters
    ----------
    rests
        Those of each of `contacts.LIMBS`.
    """
    feet = [rest for limb in (2, 3) for rest in rests[limb]]
    if not feet:
        return float("nan")
    lowest = max(float(rest.place[1]) for rest in feet)
    low = [(limb, rest) for limb in (2, 3) for rest in rests[limb] if rest.place[1] > lowest - LOWEST]
    idle, height = _idle(body), body.hips[:, 1]
    stood = [float(rest.place[1]) - BAND for limb, rest in low if _waits(body, idle, rest) or _landed(body, limb, rest)]
    sat = [
        float(np.nanmedian(height[rest.frames]))
        for _, rest in low
        if _mostly(np.where(np.isfinite(height), height > lowest - SITTING, np.nan)[rest.frames])
    ]
    return min(stood or sat, default=float("nan"))


def _idle(body: Extremities) -> Bools:
    """(T,) where both hands are down at the hips or below."""
    above = body.hips[:, 1, None] - body.ends[:, :2, 1]
    return np.asarray((above < AT_HIPS).all(1), np.bool_)


def _waits(body: Extremities, idle: Bools, rest: Rest) -> bool:
    """Whether the body stands upright on the foot for a while with both hands down."""
    upright = rest.place[1] - body.hips[rest.frames, 1] > UPRIGHT
    seconds = np.gradient(body.time)[rest.frames] if len(body.time) > 1 else 0.0
    return bool((seconds * (idle[rest.frames] & upright)).sum() > WAITING_S)


def _mostly(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return bool(len(known) and known.mean() > MOSTLY)


def _landed(body: Extremities, limb: int, rest: Rest) -> bool:
    """Whether foot and hips came down fast before the foot came to rest."""
    arrival = body.time[rest.first]
    before = (body.time <= arrival) & (body.time > arrival - DROP_S)
    foot, hips = body.ends[before, limb, 1], body.hips[before, 1]
    if not (np.isfinite(foot).any() and np.isfinite(hips).any()):
        return False
    return bool(rest.place[1] - np.nanmin(foot) > FOOT_DROP and np.nanmax(hips) - np.nanmin(hips) > HIP_DROP)
