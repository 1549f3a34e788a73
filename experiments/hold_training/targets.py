"""What the network should answer for a crop: heat at the middles of objects, distances to their sides around them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from experiments.hold_images import KINDS
from experiments.hold_training.augment import Crop
from experiments.hold_training.data import Floats

SPREAD: Final = 0.54
"""Share of a box that its Gaussian covers (Liu et al., "Training-Time-Friendly Network", 2020)."""


@dataclass(frozen=True)
class Targets:
    """On the grid of cells (G, G), each `stride` pixels wide.

    Attributes
    ----------
    heat
        (2, G, G) elliptical Gaussians by class, 1 exactly in the middle cell of an object.
    known
        (2, G, G) 0 where the labels cannot be trusted to be complete.
    box
        (4, G, G) left, top, right, bottom in pixels of the object that a cell belongs to.
    weight
        (G, G) of the cell in the loss of the sides; 0 outside of objects.
    """

    heat: Floats
    known: Floats
    box: Floats
    weight: Floats


def targets(crop: Crop, stride: int) -> Targets:
    """Draw the objects of a crop, big ones first, so that small ones stay visible on volumes."""
    cells = crop.image.shape[0] // stride
    heat, known = np.zeros((len(KINDS), cells, cells), np.float32), np.ones((len(KINDS), cells, cells), np.float32)
    box, weight = np.zeros((4, cells, cells), np.float32), np.zeros((cells, cells), np.float32)
    for region, kind in zip(crop.unknown, crop.unknown_classes, strict=True):
        left, top = (int(v) for v in np.floor(region[:2] / stride))
        right, bottom = (int(v) for v in np.ceil(region[2:] / stride))
        known[kind, top:bottom, left:right] = 0
    sides = crop.boxes[:, 2:] - crop.boxes[:, :2]
    for index in np.argsort(-sides.prod(axis=1), kind="stable"):
        window, bump = _bump(crop.boxes[index], cells, stride)
        kind = crop.classes[index]
        heat[kind][window] = np.maximum(heat[kind][window], bump)
        inside = bump > 0
        weight[window][inside] = (bump / bump.sum() * math.log(sides[index].prod() + 1))[inside]
        box[(slice(None), *window)][:, inside] = crop.boxes[index][:, None]
    return Targets(heat, known, box, weight)


def _bump(box: Floats, cells: int, stride: int) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
    """The cells that a box's Gaussian covers, and the Gaussian there."""
    middle = np.minimum((box[:2] + box[2:]) / 2 // stride, cells - 1).astype(int)
    radius = ((box[2:] - box[:2]) / stride / 2 * SPREAD).astype(int)
    low, high = np.maximum(middle - radius, 0), np.minimum(middle + radius + 1, cells)
    across, down = (
        np.exp(-((np.arange(a, b) - m) ** 2) / (2 * ((2 * r + 1) / 6) ** 2))
        for a, b, m, r in zip(low, high, middle, radius, strict=True)
    )
    bump = np.outer(down, across).astype(np.float32)
    bump[bump < 1e-4] = 0
    return (slice(low[1], high[1]), slice(low[0], high[0])), bump
