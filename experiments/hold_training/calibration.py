"""From the network's score to the probability of being right, learned on pictures that were kept aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from experiments.hold_evaluation import Floats, Matched

CORNERS: Final = 12
"""At most so many between the ends; each stands for the same share of the right and of the wrong detections together."""
LEAST_RISE: Final = 1e-4
"""Between two corners: a line that rises strictly keeps the order of the detections."""


def calibrate(matched: Matched) -> dict[str, list[float]]:
    """The corners of a rising line from score to probability, by isotonic regression over groups of neighbouring scores.

    Wrong detections with low scores outnumber all others, so groups of equal size would leave few for the high ones.

    Parameters
    ----------
    matched
        The detections of one class, each with whether it found a labelled box.

    Returns
    -------
    `score` and `probability`, both strictly rising, from 0 to 1; as the metadata of the weights hold them.
    """
    order = np.argsort(matched.score, kind="stable")
    right = matched.right[order]
    mass = np.cumsum(right / max(right.sum(), 1) + ~right / max((~right).sum(), 1))
    place = np.minimum((mass / mass[-1] * CORNERS).astype(int), CORNERS - 1)
    groups = [order[place == corner] for corner in np.unique(place)]
    score = np.array([matched.score[group].mean() for group in groups])
    share = np.array([matched.right[group].mean() for group in groups])
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(score, share, [len(group) for group in groups]).predict(score)
    return _strict(np.concatenate([[0.0], score, [1.0]]), np.concatenate([[0.0], fitted, [1.0]]))


def _strict(score: Floats, probability: Floats) -> dict[str, list[float]]:
    """Distinct scores, and probabilities that rise by a little where the regression found a step."""
    score, first = np.unique(score.round(4), return_index=True)
    rise = LEAST_RISE * np.arange(len(first))
    probability = probability[first] * (1 - rise[-1]) + rise
    return {"score": score.tolist(), "probability": probability.round(5).tolist()}


def best_threshold(matched: Sequence[Matched]) -> float:
    """The probability from which on detections of all classes together have the best F1."""
    score = np.concatenate([m.score for m in matched])
    right = np.concatenate([m.right for m in matched])
    order = np.argsort(-score, kind="stable")
    labelled = sum(int(m.labelled.sum()) for m in matched)
    f1 = 2 * np.cumsum(right[order]) / (np.arange(1, len(order) + 1) + labelled)
    return float(score[order][np.argmax(f1)])
