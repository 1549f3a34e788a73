"""Holds that the detector missed, given away by limbs that rested there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.evidence import HANDS, Touch
from ascension_core.wall.holds import Hold, corners

Floats = NDArray[np.float64]

SAME = 0.25
"""Torso lengths between two rests on one hold that nobody has seen."""
SIZE = 0.2
"""Side of its box in torso lengths, about ten centimetres."""


def infer_holds(touches: Sequence[Touch], unit: float) -> tuple[list[Touch], list[Hold]]:
    """Give a hold to every hand that rests where none was found, and to the feet that rest there too.

    A place where feet alone rested is a hold if they did so more than once; otherwise they smear.

    Parameters
    ----------
    unit
        Wall pixels in a torso length.

    Returns
    -------
    touches
        The same, with their holds.
    holds
        The new holds (``x1`` and on, from the lowest), in wall pixels.
    """
    bare = [touch for touch in touches if touch.hold is None and not touch.ground]
    groups = [group for group in _groups(bare) if len(group) > 1 or group[0].limb in HANDS]
    middles = [np.median([touch.rest.place for touch in group], axis=0) for group in groups]
    order = sorted(range(len(groups)), key=lambda g: (-middles[g][1], middles[g][0]))
    holds = [_hold(f"x{n + 1}", middles[g] * unit, groups[g], unit) for n, g in enumerate(order)]
    owner = {id(touch): hold for hold, g in zip(holds, order, strict=True) for touch in groups[g]}
    return [replace(t, hold=owner[id(t)], gap=0.0) if id(t) in owner else t for t in touches], holds


def _groups(touches: Sequence[Touch]) -> list[list[Touch]]:
    """Touches within `SAME` of the first of their group; hands lead."""
    groups: list[list[Touch]] = []
    for touch in sorted(touches, key=lambda t: (t.limb not in HANDS, -t.odds)):
        near = [group for group in groups if np.linalg.norm(group[0].rest.place - touch.rest.place) < SAME]
        if near:
            near[0].append(touch)
        else:
            groups.append([touch])
    return groups


def _hold(name: str, centre: Floats, group: Sequence[Touch], unit: float) -> Hold:
    half = SIZE * unit / 2
    box = np.concatenate([centre - half, centre + half])
    sure = 1 - np.prod([1 / (1 + np.exp(touch.odds)) for touch in group])
    return Hold(name, "hold", box, corners(box), float(sure), inferred=True)
