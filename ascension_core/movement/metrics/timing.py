"""Shares of time: immobility, rests, pauses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.filters import segments

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Stretch = tuple[float, float]


def weights(time: Floats) -> Floats:
    """(T,) seconds that each frame stands for: half the way to the one before and half to the one after."""
    return np.gradient(time) if len(time) > 1 else np.ones(len(time))


def share(time: Floats, true: Bools, known: Bools) -> float:
    """Share of the known time in which a (T,) condition holds, 0 to 1; ``nan`` where nothing is known."""
    weight = weights(time)
    total = float(weight[known].sum())
    return float(weight[known & true].sum()) / total if total > 0 else np.nan


def immobility_ratio(time: Floats, speed: Floats, still: float) -> float:
    """Share of the time in which the hips move more slowly than `still`, 0 to 1, over frames whose (T,) speed is known.

    Immobility of the hips as a measure of fluency: V. Billat, P. Palleja, T. Charlaix, P. Rizzardo, N. Janel, "Energy
    specificity of rock climbing and aerobic capacity in competitive sport rock climbers", Journal of Sports Medicine and
    Physical Fitness 35(1), 1995 (advanced climbers: 63 % of the time); review: D. Orth, G. Kerr, K. Davids, L. Seifert,
    "Analysis of relations between spatiotemporal movement regulation and performance of discrete actions reveals functionality
    in skilled climbing", Frontiers in Psychology 8:1744, 2017.
    """
    return share(time, speed < still, np.isfinite(speed))


def covered(stretches: Sequence[Stretch], within: Stretch) -> float:
    """Seconds of `within` that at least one of the stretches covers."""
    return sum(b - a for a, b in merged(stretches, within))


def merged(stretches: Sequence[Stretch], within: Stretch) -> list[Stretch]:
    """The stretches cut to `within`, overlapping ones made one, in the order of time."""
    first, last = within
    out: list[Stretch] = []
    for a, b in sorted((max(a, first), min(b, last)) for a, b in stretches):
        if b <= a:
            continue
        if out and a <= out[-1][1]:
            out[-1] = (out[-1][0], max(b, out[-1][1]))
        else:
            out.append((a, b))
    return out


def hesitations(
    time: Floats, speed: Floats, moves: Sequence[Stretch], rests: Sequence[Stretch], *, still: float, least_s: float
) -> list[Stretch]:
    """Pauses before a move: the hips slower than `still` and no limb under way, for at least `least_s`.

    Parameters
    ----------
    time, speed
        (T,) seconds, and speed of the hips, ``nan`` where unknown: that ends a pause.
    moves
        Start and end of each move, of hands and feet.
    rests
        Stretches of rest and of shaking out: who recovers does not hesitate.

    Returns
    -------
    Start and end of every pause that a move follows.

    Notes
    -----
    All limbs stationary and the hips immobile is "immobility" in Orth et al. 2017, table 2, where a climber looks for the
    way or recovers; that the second is left out, and the shortest length, are our choice.
    """
    calm = np.isfinite(speed) & (speed < still) & ~_within(time, [*moves, *rests])
    last = max((a for a, _ in moves), default=-np.inf)
    pauses = [(float(time[run][0]), float(time[run][-1])) for run in segments(calm, min_length=2)]
    return [(a, b) for a, b in pauses if b - a >= least_s and a < last]


def _within(time: Floats, stretches: Sequence[Stretch]) -> Bools:
    inside = np.zeros(len(time), bool)
    for a, b in stretches:
        inside |= (time >= a) & (time <= b)
    return inside
