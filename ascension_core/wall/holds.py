"""Holds and volumes, as values in one frame of reference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Kind = Literal["hold", "volume"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Hold:
    """One hold or volume.

    Attributes
    ----------
    id
        Name within its wall: ``h1`` and on for holds from the lowest, ``v1`` and on for volumes.
    kind
        What it is.
    box
        (4,) left, top, right, bottom in pixels, in image coordinates for a picture and in wall coordinates for a video.
    outline
        (N, 2) corners of the polygon around it in the same pixels, in the order of the way round; those of the box where
        no outline could be found.
    confidence
        Probability that there is a hold or volume of this kind, 0 to 1.
    colour
        Name of the colour, one of `colour.NAMES`; None where it could not be told.
    inferred
        Whether the detector missed it, and a limb that rested there gave it away.
    """

    id: str
    kind: Kind
    box: Floats
    outline: Floats
    confidence: float
    colour: str | None = None
    inferred: bool = False

    @property
    def centre(self) -> Floats:
        """(2,) middle of the box."""
        return np.asarray((self.box[:2] + self.box[2:]) / 2)

    @property
    def size(self) -> float:
        """Square root of the box's area in pixels."""
        return float(np.sqrt(np.prod(np.maximum(self.box[2:] - self.box[:2], 0))))

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields replaced."""
        return replace(self, **changes)

    def carried(self, matrix: Floats) -> Self:
        """The hold in other pixels, to which the (3, 3) `matrix` leads by scaling and shifting alone."""
        scale, shift = np.diag(matrix)[:2], matrix[:2, 2]
        return self.with_(box=self.box * np.tile(scale, 2) + np.tile(shift, 2), outline=self.outline * scale + shift)


@dataclass(frozen=True, eq=False)
class Route:
    """Holds of one colour that belong together.

    Attributes
    ----------
    colour
        Name of the colour.
    holds
        Ids of its holds, from the lowest.
    climbed
        Whether this is the route that was climbed.
    start, top
        Ids of the holds that the climb started from, and of the highest hold of the route; empty and None where not known.
    """

    colour: str
    holds: tuple[str, ...]
    climbed: bool = False
    start: tuple[str, ...] = ()
    top: str | None = None


def by_id(holds: Sequence[Hold]) -> dict[str, Hold]:
    """The holds by their names."""
    return {hold.id: hold for hold in holds}


def named(holds: Iterable[Hold]) -> list[Hold]:
    """The holds with names from the lowest up, ``h1``, ``h2`` and ``v1``, ``v2``, in that order."""
    lowest_first = sorted(holds, key=lambda hold: (hold.kind, -float(hold.centre[1]), float(hold.centre[0])))
    counts = {"hold": 0, "volume": 0}
    result = []
    for hold in lowest_first:
        counts[hold.kind] += 1
        result.append(hold.with_(id=f"{hold.kind[0]}{counts[hold.kind]}"))
    return result


def corners(box: Floats) -> Floats:
    """(4, 2) corners of a box, the way round from the left upper one."""
    left, top, right, bottom = box[:4]
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
