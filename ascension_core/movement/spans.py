"""Stretches of a climb with a name: rests, shakes, and feet that are cut loose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.contacts import FEET, HANDS, LIMBS, Contact
from ascension_core.movement.extremities import Extremities
from ascension_core.movement.moves import Span
from ascension_core.movement.phases import Phase, lasting
from ascension_core.movement.rests import velocity
from ascension_core.pose.filters import segments

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class SpanOptions:
    """What rests, shakes and cut loose feet are; the limits are ours. Lengths in torso lengths, speeds per second.

    Attributes
    ----------
    rest_s, rest_speed
        The hips stay slower than this for so long while no limb is on its way, or one hand is shaken.
    shake_s, shake_depth
        A hand that comes back to its hold was away for so long, and hung so far below it.
    loose_s
        Both feet are off while a hand holds for so long.
    least_trust
        Feet that are seen less surely than this are not said to be loose.
    """

    rest_s: float = 2.0
    rest_speed: float = 0.3
    shake_s: float = 0.8
    shake_depth: float = 0.5
    loose_s: float = 0.4
    least_trust: float = 0.3


def spans(contacts: Sequence[Contact], body: Extremities, phase: Phase, options: SpanOptions) -> tuple[Span, ...]:
    """All of them within the climb, in the order of time."""
    climbing = (body.time >= phase.start) & (body.time < phase.end)
    shakes = list(_shakes(contacts, body, phase, options))
    found = [*shakes, *_rests(contacts, body, climbing, shakes, options), *_loose(contacts, body, climbing, options)]
    return tuple(sorted(found, key=lambda span: (span.start, span.end, span.kind)))


def shaken(before: Contact, after: Contact, body: Extremities, options: SpanOptions) -> bool:
    """Whether a hand hung free between two touches of one hold."""
    if before.limb not in HANDS or before.hold != after.hold or after.start - before.end < options.shake_s:
        return False
    away = (body.time >= before.end) & (body.time < after.start)
    depth = body.ends[away, LIMBS.index(before.limb), 1] - before.place[1] / body.unit
    return bool(np.isfinite(depth).any() and np.nanmax(depth) > options.shake_depth)


def _shakes(contacts: Sequence[Contact], body: Extremities, phase: Phase, options: SpanOptions) -> list[Span]:
    pairs = [pair for limb in HANDS for pair in pairwise(c for c in contacts if c.limb == limb)]
    return [
        Span("shake", a.end, b.start, a.limb)
        for a, b in pairs
        if a.end >= phase.start and b.start <= phase.end and shaken(a, b, body, options)
    ]


def _rests(
    contacts: Sequence[Contact], body: Extremities, climbing: Bools, shakes: Sequence[Span], options: SpanOptions
) -> list[Span]:
    """Where the body stays in one place, held by all limbs that are seen, but for a hand that is shaken."""
    speed = np.linalg.norm(velocity(body.time, body.hips), axis=1)
    still = climbing & (np.nan_to_num(speed, nan=np.inf) < options.rest_speed)
    for k, limb in enumerate(LIMBS):
        free = np.zeros(len(body.time), bool)
        for shake in shakes:
            free |= (shake.limb == limb) & (body.time >= shake.start) & (body.time < shake.end)
        still &= lasting([c for c in contacts if c.limb == limb], body.time) | free | (body.trust[:, k] < options.least_trust)
    return [Span("rest", *edges) for edges in runs(still, body.time) if edges[1] - edges[0] >= options.rest_s]


def _loose(contacts: Sequence[Contact], body: Extremities, climbing: Bools, options: SpanOptions) -> list[Span]:
    """Where a hand holds and both feet, well seen, touch nothing."""
    hands, feet = (lasting([c for c in contacts if c.limb in limbs], body.time) for limbs in (HANDS, FEET))
    seen = (body.trust[:, 2:] >= options.least_trust).all(1)
    loose = climbing & hands & ~feet & seen
    return [Span("cut_loose", *edges) for edges in runs(loose, body.time) if edges[1] - edges[0] >= options.loose_s]


def runs(mask: Bools, time: Floats) -> list[tuple[float, float]]:
    """Start, and end after the last frame, of every run of true values."""
    after = np.append(time[1:], time[-1])
    return [(float(time[run.start]), float(after[run.stop - 1])) for run in segments(mask)]
