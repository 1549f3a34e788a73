"""Boxes as (N, 4) arrays of left, top, right, bottom: how far they overlap, and each thing once."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def areas(boxes: Floats) -> Floats:
    """(N,) areas; 0 of a box that is turned inside out."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:4] - boxes[:, :2], 0), axis=1), float)


def shared(a: Floats, b: Floats) -> Floats:
    """(N, M) areas that each box of `a` has in common with each of `b`."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:4], b[None, :, 2:4])
    return np.asarray(np.prod(np.maximum(high - low, 0), axis=2), float)


def iou(a: Floats, b: Floats) -> Floats:
    """(N, M) intersection over union; 0 for boxes without area."""
    common = shared(a, b)
    union = areas(a)[:, None] + areas(b)[None] - common
    return np.asarray(common / np.maximum(union, 1e-9), float)


def count(mask: NDArray[np.bool_], boxes: Floats) -> Floats:
    """(N,) pixels of an (H, W) mask within boxes, from its integral image."""
    total = cv2.integral(mask.astype(np.uint8))
    left, top, right, bottom = np.clip(np.rint(boxes), 0, np.tile(mask.shape[::-1], 2)).astype(int).T
    return np.asarray(total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left], float)


def suppress(boxes: Floats, scores: Floats, same: float) -> NDArray[np.int64]:
    """Rows of the boxes that stay, the surest first: of those whose IoU exceeds `same` the surest.

    Parameters
    ----------
    boxes
        (N, 4).
    scores
        (N,) the higher the surer; ties go to the earlier row.
    same
        IoU above which two boxes mean one thing.
    """
    order = np.argsort(-scores, kind="stable")
    over = iou(boxes[order], boxes[order]) > same
    gone = np.zeros(len(order), np.bool_)
    for row in range(len(order)):
        if not gone[row]:
            gone[row + 1 :] |= over[row, row + 1 :]
    return np.asarray(order[~gone], np.int64)


def each_once(detections: Floats, same: float, same_across_kinds: float) -> Floats:
    """Of (N, 6) boxes with score and kind those that stay, the surest first.

    Parameters
    ----------
    detections
        (N, 6) left, top, right, bottom, score, number of the kind.
    same, same_across_kinds
        IoU above which two boxes of one kind, or of two, mean one thing; the surest of them stays.
    """
    kinds = (np.flatnonzero(detections[:, 5] == kind) for kind in np.unique(detections[:, 5]))
    rows = [own[suppress(detections[own, :4], detections[own, 4], same)] for own in kinds]
    found = detections[np.concatenate(rows)] if rows else detections
    found = found[np.argsort(-found[:, 4], kind="stable")]
    rivals = (iou(found, found) > same_across_kinds) & (found[:, 5, None] != found[None, :, 5])
    return np.asarray(found[~np.tril(rivals, -1).any(1)], float)


def averaged(found: Floats, among: Floats, same: float) -> Floats:
    """The boxes of `found` as means of all that mean the same, the surer the heavier; scores stay.

    Solovyev et al., "Weighted boxes fusion", Image and Vision Computing 107 (2021).

    Parameters
    ----------
    found
        (N, 6) left, top, right, bottom, score, number of the kind; each is also in `among`.
    among
        (M, 6) the same, several for one thing.
    same
        IoU from which on two boxes of one kind mean one thing.
    """
    alike = (iou(found, among) >= same) & (found[:, 5, None] == among[None, :, 5])
    weights = alike * among[:, 4]
    return np.column_stack([weights @ among[:, :4] / np.maximum(weights.sum(1, keepdims=True), 1e-12), found[:, 4:]])
