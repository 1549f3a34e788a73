"""When the climb begins and how it ends: what lies before the last foot leaves the ground, or after the end, is no climbing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.contacts import FEET, GROUND, HANDS, Contact
from ascension_core.movement.extremities import Extremities
from ascension_core.movement.moves import Ending
from ascension_core.movement.rests import velocity
from ascension_core.pose.filters import segments
from ascension_core.wall.holds import Hold

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FLIGHT_S = 1.0
"""A body that holds nothing for longer than this has left the wall; a dyno takes half of it."""
LEAST_S = 0.8
"""A climb is at least this long: whoever only lifts a foot has not begun."""
TOP = 0.35
"""Torso lengths around the height of the highest hold within which both hands hold the top: it may be wide, or two holds."""
TOP_S = 0.5
"""How long both hands hold it."""
FALL_SPEED = 2.5
"""Torso lengths per second: reached after 0.13 s of free fall (9.81 m/s², 0.51 m to a torso), and by nobody who climbs down."""
TOGETHER_S, SETTLED_S = 0.15, 0.8
"""Hands that let go within this time of each other after having held for so long let go on purpose."""
HIGH = 0.5
"""Torso lengths below their highest place at which the hips come down."""


@dataclass(frozen=True)
class Phase:
    """The climb within the clip.

    Attributes
    ----------
    start, end
        Seconds; see `moves.Climb`.
    ending
        How it ended.
    top_hold
        Id of the highest hold that a hand held.
    """

    start: float
    end: float
    ending: Ending
    top_hold: str


def climb_phase(contacts: Sequence[Contact], holds: Sequence[Hold], body: Extremities) -> Phase | None:
    """The longest stretch in which a hand holds on and no foot stands on the ground; None where there is none."""
    wall = _on_wall(contacts, body.time)
    if wall is None:
        return None
    first, last = wall
    hands = [c for c in contacts if c.limb in HANDS and c.on_hold and c.end > first and c.start <= last]
    top = min(hands, key=lambda contact: float(contact.place[1]))
    topped = None if _higher(top, holds, body.unit) else _topped(hands, top, first, body.unit)
    if topped is not None:
        return Phase(first, min(max(topped, first), last), "top", top.hold)
    fell = _falls(body, last)
    if fell and not _let_go(hands):
        return Phase(first, min(last, max(c.end for c in hands)), "fall", top.hold)
    stood = any(c.hold == GROUND and 0 <= c.start - last <= FLIGHT_S for c in contacts)
    return Phase(first, _high(body, wall), "down", top.hold) if stood or fell else Phase(first, last, "unknown", top.hold)


def lasting(contacts: Iterable[Contact], time: Floats) -> Bools:
    """(T,) where any of the contacts lasts."""
    mask = np.zeros(len(time), bool)
    for contact in contacts:
        mask |= (time >= contact.start) & (time < contact.end)
    return mask


def _on_wall(contacts: Sequence[Contact], time: Floats) -> tuple[float, float] | None:
    """Start and end of the longest time off the ground with a hand on a hold, flights included."""
    grounded = lasting([c for c in contacts if c.limb in FEET and c.hold == GROUND], time)
    held = lasting([c for c in contacts if c.limb in HANDS and c.on_hold], time) & ~grounded
    for gap in segments(~held):
        inside = gap.start > 0 and gap.stop < len(time)
        if inside and time[gap.stop] - time[gap.start] <= FLIGHT_S and not grounded[gap].any():
            held[gap] = True
    after = np.append(time[1:], 2 * time[-1] - time[-2]) if len(time) > 1 else time
    stretches = [(float(time[run.start]), float(after[run.stop - 1])) for run in segments(held)]
    first, last = max(stretches, key=lambda stretch: stretch[1] - stretch[0], default=(0.0, 0.0))
    return (first, last) if last - first >= LEAST_S else None


def _higher(top: Contact, holds: Sequence[Hold], unit: float) -> bool:
    """Whether the route goes on: a hold of the same colour lies higher."""
    colour = next((hold.colour for hold in holds if hold.id == top.hold), None)
    limit = top.place[1] - TOP * unit
    return colour is not None and any(hold.colour == colour and hold.box[3] < limit for hold in holds)


def _topped(hands: Sequence[Contact], top: Contact, start: float, unit: float) -> float | None:
    """When both hands came to hold the top; None if they did not, or had it from the start."""
    at_top = [c for c in hands if abs(c.place[1] - top.place[1]) <= TOP * unit]
    meetings = [
        max(a.start, b.start)
        for a, b in product(at_top, at_top)
        if a.limb < b.limb and min(a.end, b.end) - max(a.start, b.start) >= TOP_S
    ]
    return min(meetings, default=None) if all(c.start > start for c in at_top) else None


def _falls(body: Extremities, last: float) -> bool:
    near = np.abs(body.time - last) <= FLIGHT_S
    return bool((np.nan_to_num(velocity(body.time, body.hips)[near, 1]) > FALL_SPEED).any())


def _let_go(hands: Sequence[Contact]) -> bool:
    """Whether both hands let go at once of what they had held for a while."""
    final = sorted(hands, key=lambda contact: contact.end)[-2:]
    together = final[-1].end - final[0].end < TOGETHER_S
    return len({c.limb for c in final}) == 2 and together and min(c.end - c.start for c in final) > SETTLED_S


def _high(body: Extremities, wall: tuple[float, float]) -> float:
    """When the hips were last near their highest place."""
    during = (body.time >= wall[0]) & (body.time < wall[1])
    height = np.where(during, -body.hips[:, 1], np.nan)
    high = np.flatnonzero(height > np.nanmax(height) - HIGH) if np.isfinite(height).any() else np.array([])
    return float(body.time[high[-1]]) if len(high) else wall[1]
