"""Does a limb that rests touch something? Log odds from what can be seen, in the manner of a naive Bayes classifier.

Each term is the log of how much likelier a sight is for a limb that touches than for one that hesitates in the air, bounded
so that none decides alone: how near a hold is, whether the limb stays where it is while the body moves, how long it rests,
and for hands whether the arm hangs, or is down while the feet are on the ground.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.extremities import Extremities
from ascension_core.movement.ground import ground_level
from ascension_core.movement.nearness import Nearness
from ascension_core.movement.rests import Rest, uncertainty, velocity
from ascension_core.wall.holds import Hold

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HANDS = (0, 1)
FEET = (2, 3)
PRIOR = (0.0, 0.0, -0.7, -0.7)
"""Log odds before anything else is known, by limb: feet swing and point more than hands hover."""
SPEED_SPAN_S = 0.12
"""Time over which speeds are taken here: long enough to quiet the pose's jitter, short beside the quickest touch."""
SLOW, MOMENT_S, LASTING_WEIGHT = 0.5, 0.15, 1.5
"""Torso lengths per second below which a limb is slow; the time after which that speaks for a touch, and how much."""
LASTING = (-3.0, 2.0)
STEADY = (-1.5, 2.0)
STEADY_MEMORY_S = 0.3
STEADY_SPEED = 0.35
"""Torso lengths per second by which limb and body can be told to move alike, on top of the pose's own error."""
HANGING, IDLE, GROUNDED = -3.0, -2.5, 1.0
"""Log odds for an arm that hangs straight down, a hand that is down while the feet are on the ground, a foot on the ground."""
HANGS = 0.3
"""Torso lengths that the elbow of a hanging arm is below the shoulder, and the hand below the elbow, at least."""
UPRIGHT_ARM = 0.4
"""Sideways offset of a hanging hand from its shoulder, as a share of its depth below it, at most."""


@dataclass(frozen=True, eq=False)
class Touch:
    """A rest with what is thought of it.

    Attributes
    ----------
    limb
        Index into `contacts.LIMBS`.
    rest
        When and where, in torso lengths.
    hold
        The hold that it belongs to; None where there is none within reach.
    gap
        Torso lengths to the hold's outline.
    odds
        Log odds that something is touched.
    ground
        Whether that is the ground.
    """

    limb: int
    rest: Rest
    hold: Hold | None
    gap: float
    odds: float
    ground: bool


def judge(body: Extremities, rests: Sequence[Sequence[Rest]], wall: Nearness) -> list[Touch]:
    """Every rest of each of `contacts.LIMBS`, in the order of time limb by limb, with what is thought of it."""
    level = ground_level(body, rests)
    feet = [_foot(body, limb, rest, wall, level) for limb in FEET for rest in rests[limb]]
    standing = np.zeros(len(body.time), bool)
    for touch in feet:
        standing[touch.rest.frames] |= touch.ground
    hands = [_hand(body, limb, rest, wall, standing) for limb in HANDS for rest in rests[limb]]
    return hands + feet


def _foot(body: Extremities, limb: int, rest: Rest, wall: Nearness, level: float) -> Touch:
    if rest.place[1] > level:
        return Touch(limb, rest, None, float("inf"), _resting(body, limb, rest) + GROUNDED, ground=True)
    return _touch(body, limb, rest, wall)


def _hand(body: Extremities, limb: int, rest: Rest, wall: Nearness, standing: Bools) -> Touch:
    touch = _touch(body, limb, rest, wall)
    hangs, low = _hanging(body, limb)[rest.frames], _low(body, limb)[rest.frames]
    idle = low & standing[rest.frames]
    return replace(touch, odds=touch.odds + HANGING * float(hangs.mean()) + IDLE * float(idle.mean()))


def _touch(body: Extremities, limb: int, rest: Rest, wall: Nearness) -> Touch:
    hold, gap = wall.hold_at(rest.place)
    odds = _resting(body, limb, rest) + wall.log_odds(gap, hold)
    return Touch(limb, rest, hold if gap <= wall.reach else None, gap, odds, ground=False)


def _resting(body: Extremities, limb: int, rest: Rest) -> float:
    """Log odds by how the limb rests, whatever it rests on."""
    return PRIOR[limb] + _steadiness(body, limb, rest) + _lasting(body, limb, rest)


def _steadiness(body: Extremities, limb: int, rest: Rest) -> float:
    """Log odds that the limb is fixed to the wall against its being carried along by the shoulder or hip."""
    own = velocity(body.time, body.ends[:, limb], SPEED_SPAN_S)[rest.frames]
    carrier = velocity(body.time, body.roots[:, limb], SPEED_SPAN_S)[rest.frames]
    jitter = np.hypot(STEADY_SPEED, uncertainty(body.trust[rest.frames, limb]))
    gain = (np.square(own - carrier).sum(-1) - np.square(own).sum(-1)) / (2 * jitter**2)
    weight = np.gradient(body.time)[rest.frames] / STEADY_MEMORY_S
    return float(np.clip(np.nansum(weight * np.clip(gain, *STEADY)), *STEADY))


def _lasting(body: Extremities, limb: int, rest: Rest) -> float:
    """Log odds by the time in which the limb was slow: one that hesitates in the air, or turns back, is so for a moment."""
    speed = np.linalg.norm(velocity(body.time, body.ends[:, limb], SPEED_SPAN_S), axis=1)[rest.frames]
    seconds = float((np.gradient(body.time)[rest.frames] * (speed < SLOW)).sum())
    return float(np.clip(LASTING_WEIGHT * np.log(max(seconds, 1e-3) / MOMENT_S), *LASTING))


def _hanging(body: Extremities, limb: int) -> Bools:
    """(T,) where an arm hangs straight down."""
    shoulder, elbow, hand = body.roots[:, limb], body.middles[:, limb], body.ends[:, limb]
    down = (elbow - shoulder)[:, 1] > HANGS
    down &= (hand - elbow)[:, 1] > HANGS
    return np.asarray(down & (np.abs((hand - shoulder)[:, 0]) < UPRIGHT_ARM * (hand - shoulder)[:, 1]), np.bool_)


def _low(body: Extremities, limb: int) -> Bools:
    """(T,) where a hand is below its shoulder."""
    return np.asarray((body.ends - body.roots)[:, limb, 1] > 0, np.bool_)
