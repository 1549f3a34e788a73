"""How well people are found in single labelled images."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import BODY, KEYPOINTS
from ascension_core.progress import Progress, silent
from experiments import scores
from experiments.datasets import PoseImages
from experiments.predictors import Predictor

Floats = NDArray[np.float64]


def evaluate_pose(dataset: PoseImages, predict: Predictor, progress: Progress = silent) -> dict[str, Any]:
    """Predict every image of a data set and score the predictions; see `score_pose`.

    Raises
    ------
    InvalidDataset
        If an image cannot be decoded, or none can be scored.
    """
    predicted, visibility = predict_all(dataset, predict, progress)
    return score_pose(predicted, visibility, dataset.truth)


def predict_all(dataset: PoseImages, predict: Predictor, progress: Progress = silent) -> tuple[Floats, Floats]:
    """(N, 33, 2) pixels and (N, 33) visibility of the predictor's person in each image; ``nan`` and 0 where it finds nobody."""
    predicted = np.full((len(dataset), KEYPOINTS, 2), np.nan)
    visibility = np.zeros((len(dataset), KEYPOINTS))
    for row, image in enumerate(dataset.images()):
        found = predict(image)
        if found is not None:
            predicted[row], visibility[row] = found.image, found.visibility
        progress("evaluate", (row + 1) / len(dataset))
    return predicted, visibility


def score_pose(predicted: Floats, visibility: Floats, truth: Floats) -> dict[str, Any]:
    """Compare predictions with the truth over the twelve joints from shoulders to ankles.

    Parameters
    ----------
    predicted, truth
        (N, 33, 2) pixels, ``nan`` where not predicted, or not labelled.
    visibility
        (N, 33) 0 to 1, as predicted.

    Returns
    -------
    A document (see `docs/evaluation.md`): percentages from 0 to 100, joints that are not predicted count as wrong.

    Raises
    ------
    InvalidDataset
        If no image has a joint and a torso (left shoulder and right hip, or the other two) to score by.
    """
    everything = scores.errors(predicted, truth)
    body = everything[:, list(BODY)]
    scored = ~np.isnan(body).all(1)
    if not scored.any():
        raise InvalidDataset("no image can be scored: each needs a shoulder and the hip of the other side to measure its torso")
    found = np.isfinite(predicted[..., 0]).any(axis=1)
    return {
        "images": len(truth),
        "images_scored": int(scored.sum()),
        "detected": scores.percent(int(found.sum()), len(truth)),
        **scores.summary(body),
        "by_joint": scores.by_joint(everything),
        "by_angle": scores.by_angle(body, scores.trunk_angle_deg(truth)),
        "calibration": scores.calibration(visibility[:, list(BODY)], body),
    }
