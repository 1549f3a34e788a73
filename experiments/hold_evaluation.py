"""How well holds and volumes are found: average precision at an IoU of 0.5, as COCO counts it.

Detections are (N, 6) arrays of left, top, right, bottom, score, class, one a picture; truths (M, 5) arrays without the score.
Each class is matched by itself: in the order of their scores, each detection takes the labelled box of its picture that
it overlaps most and that no surer one has taken, if their IoU is at least 0.5. Average precision is the mean of the
interpolated precision at the 101 recalls 0, 0.01, ..., 1, over all pictures pooled.

Lin et al., "Microsoft COCO: Common Objects in Context", ECCV 2014, and its reference evaluation (pycocotools).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.progress import Progress, silent
from ascension_core.wall.boxes import areas, iou
from experiments.datasets import read_image
from experiments.hold_images import KINDS, WallImage
from experiments.scores import RESAMPLES

IOU = 0.5
SIZES: Mapping[str, tuple[float, float]] = {
    "below_16": (0, 16),
    "16_to_32": (16, 32),
    "32_to_96": (32, 96),
    "from_96": (96, np.inf),
}
"""Ranges of the square root of a box's area, in pixels of the picture."""
RECALLS = np.linspace(0, 1, 101)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Detect = Callable[[NDArray[np.uint8]], Floats]
"""From an RGB picture to its detections, unsure ones included."""


@dataclass(frozen=True, slots=True, eq=False)
class Matched:
    """The detections of one class, the surest first, all pictures pooled.

    Attributes
    ----------
    score
        (N,) falling.
    right
        (N,) whether each found a labelled box.
    picture
        (N,) number of its picture.
    labelled
        (P,) labelled boxes of each picture.
    """

    score: Floats
    right: Bools
    picture: Ints
    labelled: Ints

    def average_precision(self, weights: Floats | None = None) -> float:
        """From 0 to 1, ``nan`` where nothing is labelled; `weights` (P,) counts each picture so many times."""
        counted = np.ones(len(self.labelled)) if weights is None else weights
        total = float(counted @ self.labelled)
        if not total:
            return float("nan")
        each = counted[self.picture]
        found, wrong = np.cumsum(each * self.right), np.cumsum(each * ~self.right)
        precision = found / np.maximum(found + wrong, 1e-9)
        best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
        return float(best[np.searchsorted(found / total, RECALLS - 1e-12)].mean())

    def interval(self, seed: int = 0) -> tuple[float, float] | None:
        """95 % interval of the average precision: bootstrap over pictures; None where fewer than two count."""
        pictures = len(self.labelled)
        if (self.labelled > 0).sum() < 2:
            return None
        generator = np.random.default_rng(seed)
        counts = (np.bincount(generator.integers(pictures, size=pictures), minlength=pictures) for _ in range(RESAMPLES // 4))
        low, high = np.nanpercentile([self.average_precision(c.astype(float)) for c in counts], (2.5, 97.5))
        return float(low), float(high)

    def at(self, threshold: float) -> tuple[int, int, int]:
        """How many detections of at least this score were right, how many there are, and how many boxes are labelled."""
        sure = self.score >= threshold
        return int(self.right[sure].sum()), int(sure.sum()), int(self.labelled.sum())


def evaluate(
    detections: Sequence[Floats], truths: Sequence[Floats], threshold: float, *, intervals: bool = True
) -> dict[str, Any]:
    """Score the detections of some pictures.

    Parameters
    ----------
    detections, truths
        (N, 6) and (M, 5) arrays, one a picture, see the module.
    threshold
        Detections of at least this score count for precision and recall.
    intervals
        Whether to bootstrap.

    Returns
    -------
    `map50`, `interval_map50` and `by_size` by class, `precision`, `recall` of both classes together, `by_class`; shares from
    0 to 1.
    """
    by_kind = {kind: match(detections, truths, k) for k, kind in enumerate(KINDS)}
    counts = {kind: matched.at(threshold) for kind, matched in by_kind.items()}
    pooled = tuple(sum(values) for values in zip(*counts.values(), strict=True))
    sized = {
        name: {kind: match(detections, truths, k, span).average_precision() for k, kind in enumerate(KINDS)}
        for name, span in SIZES.items()
    }
    return {
        "map50": {kind: matched.average_precision() for kind, matched in by_kind.items()},
        "interval_map50": {kind: matched.interval() for kind, matched in by_kind.items()} if intervals else None,
        **_shares(*pooled),
        "by_class": {kind: _shares(*values) | {"labelled": values[2]} for kind, values in counts.items()},
        "by_size": sized,
    }


def match(
    detections: Sequence[Floats], truths: Sequence[Floats], kind: int, sizes: tuple[float, float] = (0, np.inf)
) -> Matched:
    """Match the detections of one class with the labelled boxes of a range of sizes.

    Boxes of other sizes are left alone, as are detections that found one of them, or none while being of another size
    themselves.
    """
    scores, rights, pictures, labelled = [], [], [], []
    for picture, (found, truth) in enumerate(zip(detections, truths, strict=True)):
        own, wanted = found[found[:, 5] == kind], truth[truth[:, 4] == kind]
        own = own[np.argsort(-own[:, 4], kind="stable")]
        counted = _within(wanted, sizes)
        partner = _partners(own, wanted, counted)
        matters = np.where(partner >= 0, counted[partner] if len(wanted) else False, _within(own, sizes))
        scores.append(own[matters, 4])
        rights.append(partner[matters] >= 0)
        pictures.append(np.full(int(matters.sum()), picture))
        labelled.append(int(counted.sum()))
    score = np.concatenate(scores) if scores else np.empty(0)
    order = np.argsort(-score, kind="stable")
    right, picture_of = (np.concatenate(values)[order] for values in (rights, pictures)) if scores else (order > 0, order)
    return Matched(score[order], right, picture_of, np.array(labelled, np.int64))


def evaluate_holds(
    images: Sequence[WallImage], detect: Detect, threshold: float, progress: Progress = silent
) -> dict[str, Any]:
    """Find the holds of labelled pictures and score them; see `evaluate` and `docs/holds.md`.

    Raises
    ------
    InvalidDataset
        If a picture cannot be decoded.
    """
    detections, truths, seconds = [], [], []
    for row, labelled in enumerate(images):
        picture = read_image(labelled.path)
        if not row:
            detect(picture)  # the first run of a network allocates its memory
        start = time.perf_counter()
        detections.append(detect(picture))
        seconds.append(time.perf_counter() - start)
        truths.append(labelled.boxes(picture.shape[1], picture.shape[0]))
        progress("evaluate", (row + 1) / len(images))
    scored = evaluate(detections, truths, threshold)
    return {"images": len(images), **scored, "threshold": threshold, "ms_per_image": 1000 * float(np.mean(seconds))}


def _within(boxes: Floats, sizes: tuple[float, float]) -> Bools:
    size = np.sqrt(areas(boxes))
    return np.asarray((size >= sizes[0]) & (size < sizes[1]))


def _partners(found: Floats, wanted: Floats, counted: Bools) -> Ints:
    """(N,) row of the labelled box that each detection takes, -1 for none; counted boxes are taken before others."""
    partner = np.full(len(found), -1)
    overlap = iou(found, wanted)
    free = np.ones(len(wanted), np.bool_)
    for row, overlaps in enumerate(overlap):
        for group in (free & counted, free & ~counted):
            if group.any():
                best = int(np.argmax(np.where(group, overlaps, -1)))
                if overlaps[best] >= IOU:
                    partner[row], free[best] = best, False
                    break
    return partner


def _shares(right: int, found: int, labelled: int) -> dict[str, float]:
    return {
        "precision": right / found if found else float("nan"),
        "recall": right / labelled if labelled else float("nan"),
    }
