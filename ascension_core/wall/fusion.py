"""One set of holds from many views of a wall.

A hold is there in every view; a shirt print, a shadow or a blurred patch is not. Boxes of all views are brought to wall
coordinates and those that lie on each other are put together. The probability of each is then the mean, as logarithm of the
odds, over the views that could have shown it: a view in which its place was in the picture, in front of nobody, and where
nothing was found counts against it. The mean, not the product: views of one wall from one place err together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.boxes import areas, count, each_once, iou, shared
from ascension_core.wall.camera import transform
from ascension_core.wall.holds import corners

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class FusionOptions:
    """How views are put together.

    Attributes
    ----------
    same
        IoU above which boxes of two views are one thing.
    same_across_kinds
        The same for a hold and a volume.
    overlooked
        What a view that shows the place and finds nothing counts as, as probability.
    shown
        Share of its box that a view must show, in its picture and in front of nobody, to count against a thing.
    hidden
        Factor on the probability of what no view showed in front of nobody: it may be a head, a shoe or a shirt print.
    minimum_score
        Things less likely are dropped.
    """

    same: float = 0.45
    same_across_kinds: float = 0.6
    overlooked: float = 0.02
    shown: float = 0.8
    hidden: float = 0.5
    minimum_score: float = 0.03


@dataclass(frozen=True, eq=False)
class Look:
    """What was found in one view.

    Attributes
    ----------
    detections
        (N, 6) left, top, right, bottom in pixels of the view, probability, number of the kind; unlikely ones too.
    to_wall
        (3, 3) homography from the view's pixels to wall coordinates.
    size
        (width, height) of the view in pixels.
    seen
        (height, width) pixels that show the wall and not somebody before it; None where all do.
    """

    detections: Floats
    to_wall: Floats
    size: tuple[int, int]
    seen: Bools | None = None


def fuse(looks: Sequence[Look], options: FusionOptions | None = None) -> Floats:
    """(N, 6) boxes in wall coordinates, probability, number of the kind: what all views together tell, the surest first."""
    options = options or FusionOptions()
    on_wall = [np.hstack([to_wall(look.detections[:, :4], look.to_wall), look.detections[:, 4:]]) for look in looks]
    found = np.concatenate([np.empty((0, 6)), *on_wall])
    view = np.repeat(np.arange(len(looks)), [len(look.detections) for look in looks])
    found, view = found[areas(found) > 0], view[areas(found) > 0]
    groups = _groups(found, view, options.same)
    if not groups:
        return np.empty((0, 6))
    merged = np.array([_median(found[rows]) for rows in groups])
    merged[:, 4] = _probability(merged, [dict(zip(view[rows], found[rows, 4], strict=True)) for rows in groups], looks, options)
    merged = merged[merged[:, 4] >= options.minimum_score]
    return each_once(merged, options.same, options.same_across_kinds)


def to_wall(boxes: Floats, matrix: Floats) -> Floats:
    """(N, 4) boxes around what (N, 4) boxes become under a homography."""
    if not len(boxes):
        return np.empty((0, 4))
    moved = transform(matrix[None], np.stack([corners(box) for box in boxes])[None])[0]
    return np.hstack([moved.min(1), moved.max(1)])


def _groups(found: Floats, view: NDArray[np.int64], same: float) -> list[NDArray[np.int64]]:
    """Rows that are one thing: the surest left, with the best fit to it of each other view."""
    order = np.argsort(-found[:, 4], kind="stable")
    free = np.ones(len(found), np.bool_)
    groups = []
    for first in order:
        if not free[first]:
            continue
        overlap = np.where(free & (found[:, 5] == found[first, 5]), iou(found[first : first + 1], found)[0], 0)
        near = np.flatnonzero(overlap > same)
        near = near[np.argsort(-overlap[near], kind="stable")]
        _, best = np.unique(view[near], return_index=True)
        free[near[overlap[near] > same]] = False
        groups.append(near[best])
    return groups


def _median(rows: Floats) -> Floats:
    """(6,) median box, its sides weighed by probability; the kind of all of them."""
    order = np.argsort(rows[:, :4], axis=0)
    weight = np.cumsum(rows[:, 4][order], axis=0)
    middle = (weight >= weight[-1] / 2).argmax(0)
    box = np.take_along_axis(rows[:, :4], np.take_along_axis(order, middle[None], 0), 0)[0]
    return np.concatenate([box, rows[0, 4:]])


def _probability(merged: Floats, scores: Sequence[dict[int, float]], looks: Sequence[Look], options: FusionOptions) -> Floats:
    """(N,) mean log odds over the views that count, as probability."""
    total, views, free = np.zeros(len(merged)), np.zeros(len(merged)), np.zeros(len(merged), np.bool_)
    for number, look in enumerate(looks):
        shown = _shown(merged[:, :4], look, options)
        found = np.array([number in own for own in scores])
        value = np.array([own.get(number, options.overlooked) for own in scores])
        counts = found | shown
        total += np.where(counts, _log_odds(np.maximum(value, options.overlooked)), 0)
        views += counts
        free |= shown if look.seen is not None else True
    return np.asarray(np.where(free, 1.0, options.hidden) / (1 + np.exp(-total / np.maximum(views, 1))))


def _shown(boxes: Floats, look: Look, options: FusionOptions) -> Bools:
    """(N,) whether a view has a place of the wall in its picture, in front of nobody."""
    placed = to_wall(boxes, np.asarray(np.linalg.inv(look.to_wall), float))
    area = np.maximum(areas(placed), 1e-9)
    frame = np.array([[0.0, 0.0, *look.size]])
    shows = shared(placed, frame)[:, 0] if look.seen is None else count(look.seen, placed)
    return np.asarray(shows / area >= options.shown)


def _log_odds(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-3, 1 - 1e-3)
    return np.asarray(np.log(clipped / (1 - clipped)))
