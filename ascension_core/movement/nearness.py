"""Which hold a place belongs to, and what its being so near says on a wall that is more or less full of holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.holds import Hold

Floats = NDArray[np.float64]

SPREAD = 0.12
"""Torso lengths between a limb's end and the outline of its hold, as a half-normal standard deviation: both are measured
with errors of about this size."""
MISSED = 0.25
"""Share of the touched holds that are taken to be missing from the wall."""
MOST = 2.5
"""Log odds that nearness gives at the most: limbs hang before holds too."""
GRID = 24
VOLUME_LAST = 0.1
"""A hold on a volume is preferred unless the place is this many torso lengths nearer to the volume."""


@dataclass(frozen=True, eq=False)
class Nearness:
    """The holds of a wall, as seen from places on it. Lengths are in torso lengths.

    Attributes
    ----------
    holds
        The holds.
    outlines
        (N, 2) corners of each.
    reach
        Farthest that a limb's end may be from the outline of its hold.
    chance
        Sorted distances from places all over the wall to the nearest hold: what is near by chance.
    """

    holds: tuple[Hold, ...]
    outlines: tuple[Floats, ...]
    reach: float
    chance: Floats

    @classmethod
    def on(cls, holds: Sequence[Hold], torso_px: float, region: Floats, reach: float) -> Self:
        """Prepare the holds of a wall.

        Parameters
        ----------
        torso_px
            Wall pixels in a torso length.
        region
            (4,) left, top, right, bottom of the part of the wall where the limbs are, in torso lengths.
        """
        boxes = np.array([hold.box for hold in holds]).reshape(-1, 4) / torso_px
        outlines = tuple(np.asarray(hold.outline, float) / torso_px for hold in holds)
        return cls(tuple(holds), outlines, reach, np.sort(_from_boxes(_grid(region), boxes)))

    def hold_at(self, place: Floats) -> tuple[Hold | None, float]:
        """The hold that a (2,) place belongs to, and the distance to its outline, 0 inside; None and infinity without holds."""
        if not self.holds:
            return None, float("inf")
        distances = np.array([distance(place, outline) for outline in self.outlines])
        rank = distances + VOLUME_LAST * np.array([hold.kind == "volume" for hold in self.holds])
        sizes = np.array([hold.size for hold in self.holds])
        best = int(np.lexsort((sizes, rank))[0])
        return self.holds[best], float(distances[best])

    def log_odds(self, gap: float, hold: Hold | None) -> float:
        """Log odds that a limb which rests `gap` from the nearest hold belongs there, against its being there by chance.

        A limb that holds on lies within `SPREAD` of the outline, unless the detector `MISSED` its hold. On a board full of
        holds every place is near to one, and nearness says little.
        """
        if hold is None:
            return 0.0
        by_chance = (np.searchsorted(self.chance, gap, side="right") + 1) / (len(self.chance) + 2)
        return float(min(np.log((1 - MISSED) * np.exp(-(gap**2) / (2 * SPREAD**2)) / by_chance + MISSED), MOST))


def distance(place: Floats, outline: Floats) -> float:
    """From a (2,) place to the (N, 2) outline, 0 inside, in their common unit."""
    polygon = np.ascontiguousarray(outline, np.float32)
    return max(0.0, -cv2.pointPolygonTest(polygon, (float(place[0]), float(place[1])), measureDist=True))


def _grid(region: Floats) -> Floats:
    """(GRID², 2) places evenly all over the region."""
    shares = (np.arange(GRID) + 0.5) / GRID
    x, y = np.meshgrid(region[0] + shares * (region[2] - region[0]), region[1] + shares * (region[3] - region[1]))
    return np.stack([x.ravel(), y.ravel()], 1)


def _from_boxes(points: Floats, boxes: Floats) -> Floats:
    """(N,) distances from points to the nearest of the boxes."""
    if not len(boxes):
        return np.zeros(0)
    beside = np.maximum(np.maximum(boxes[:, :2] - points[:, None], points[:, None] - boxes[:, 2:]), 0)
    return np.asarray(np.linalg.norm(beside, axis=-1).min(1))
