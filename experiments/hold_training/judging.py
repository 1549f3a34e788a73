"""How well weights do on pictures that were kept aside, and on which of them they do worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from ascension_core.wall.detector import HoldDetector
from experiments.hold_evaluation import Floats, evaluate, match
from experiments.hold_images import KINDS
from experiments.hold_training.data import LabelledImage

EVERYTHING: Final = "all"


@dataclass(frozen=True)
class Judged:
    """What a detector found in labelled pictures.

    Attributes
    ----------
    images
        The pictures.
    groups
        By name, the rows of `images` that belong to a group.
    found
        Detections of each picture, (N, 6) as `HoldDetector.detections` gives them.
    threshold
        Probability from which on a detection counts.
    """

    images: tuple[LabelledImage, ...]
    groups: Mapping[str, tuple[int, ...]]
    found: tuple[Floats, ...]
    threshold: float

    def scores(self) -> dict[str, dict[str, Any]]:
        """`hold_evaluation.evaluate` of each group and of all pictures."""
        rows = {**self.groups, EVERYTHING: tuple(range(len(self.images)))}
        return {
            name: evaluate([self.found[r] for r in own], [self.images[r].truth for r in own], self.threshold)
            for name, own in rows.items()
            if own
        }

    def worst(self, count: int = 10) -> list[int]:
        """Rows of the pictures with the worst F1 of holds and volumes together, the worst first."""
        scores = [self._f1(row) for row in range(len(self.images))]
        return [int(row) for row in np.argsort(scores, kind="stable")[:count]]

    def _f1(self, row: int) -> float:
        counts = [match([self.found[row]], [self.images[row].truth], k).at(self.threshold) for k in range(len(KINDS))]
        right, found, labelled = (sum(values) for values in zip(*counts, strict=True))
        return float(2 * right / max(found + labelled, 1))


def judge(weights: Path, groups: Mapping[str, Sequence[LabelledImage]], threads: int = 2) -> Judged:
    """Let the detector that ships look at every picture."""
    detector = HoldDetector(weights, threads)
    images = tuple(image for members in groups.values() for image in members)
    ends = np.cumsum([0, *(len(members) for members in groups.values())]).tolist()
    rows = {name: tuple(range(a, b)) for name, a, b in zip(groups, ends[:-1], ends[1:], strict=True)}
    return Judged(images, rows, tuple(detector.detections(image.image) for image in images), detector.card.threshold)


def table(scores: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Average precision at IoU 0.5 by group: of both classes with intervals, and of holds by size in pixels."""
    return pd.DataFrame({name: _row(score) for name, score in scores.items()}).T


def _row(score: Mapping[str, Any]) -> dict[str, float]:
    intervals = score["interval_map50"] or {}
    row: dict[str, float] = {}
    for kind in KINDS:
        low, high = intervals.get(kind) or (np.nan, np.nan)
        row |= {kind: score["map50"][kind], f"{kind}_low": low, f"{kind}_high": high}
    sizes = {f"hold_{size}": values["hold"] for size, values in score["by_size"].items()}
    return row | sizes | {"precision": score["precision"], "recall": score["recall"]}


def reliability(judged: Judged, bins: int = 10) -> pd.DataFrame:
    """How often detections of about one probability are right: mean probability, share right and number, by bin."""
    every = [match(judged.found, [image.truth for image in judged.images], k) for k in range(len(KINDS))]
    score, right = (np.concatenate([getattr(m, name) for m in every]) for name in ("score", "right"))
    place = np.minimum((score * bins).astype(int), bins - 1)
    frame = pd.DataFrame({"place": place, "probability": score, "right": right})
    return frame.groupby("place").agg(probability=("probability", "mean"), right=("right", "mean"), number=("right", "size"))
