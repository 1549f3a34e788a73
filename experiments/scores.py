"""How far predicted keypoints are from the truth: PCK, its uncertainty, and whether visibility means what it says.

Everything works on arrays of N units (images of a set or frames of a clip) by 33 keypoints. Distances are measured in
torso lengths of the truth. In an array of errors ``nan`` means *nothing to score here* (the truth does not know the
joint) and ``inf`` means *not predicted*, which counts as wrong at every threshold.

PCK, the percentage of correct keypoints: Yang and Ramanan, "Articulated Human Detection with Flexible Mixtures of
Parts", PAMI 2013; the torso as its unit: Sapp and Taskar, "MODEC", CVPR 2013.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, NAMES, Keypoint

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

THRESHOLDS = (0.2, 0.5)
"""Torso lengths within which a joint counts as correct."""
ANGLES: Mapping[str, tuple[float, float]] = {"upright": (0.0, 45.0), "tilted": (45.0, 135.0), "inverted": (135.0, 180.0)}
"""Range of the trunk's angle from upright in degrees; the middle range owns both of its ends."""
RESAMPLES = 2000
BINS = 10


def torso_px(truth: Floats) -> Floats:
    """(N,) unit of length of each truth: left shoulder to right hip, in pixels.

    Where one of the two is not labelled the other diagonal (right shoulder to left hip) stands in; ``nan`` where neither
    is known or the length is zero.

    Parameters
    ----------
    truth
        (N, 33, 2) pixels, ``nan`` where not labelled.
    """
    main = _distance(truth[:, Keypoint.LEFT_SHOULDER], truth[:, Keypoint.RIGHT_HIP])
    other = _distance(truth[:, Keypoint.RIGHT_SHOULDER], truth[:, Keypoint.LEFT_HIP])
    length = np.where(main > 0, main, other)
    return np.where(length > 0, length, np.nan)


def trunk_angle_deg(truth: Floats) -> Floats:
    """(N,) angle from straight up of the line from the middle of the hips to that of the shoulders, 0 to 180, or ``nan``."""
    shoulders = truth[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(1)
    hips = truth[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(1)
    trunk = shoulders - hips
    angle = np.degrees(np.arctan2(np.abs(trunk[:, 0]), -trunk[:, 1]))
    return np.where(np.any(trunk != 0, axis=1), angle, np.nan)


def errors(predicted: Floats, truth: Floats) -> Floats:
    """(N, 33) distance of each predicted keypoint from the truth in torso lengths; ``nan`` and ``inf`` as the module says.

    Parameters
    ----------
    predicted, truth
        (N, 33, 2) pixels; ``nan`` where not predicted, or not labelled.
    """
    torso = torso_px(truth)[:, None]
    distance = _distance(predicted, truth) / torso
    labelled = np.isfinite(truth).all(-1) & np.isfinite(torso)
    missed = np.where(np.isfinite(predicted).all(-1), distance, np.inf)
    return np.where(labelled, missed, np.nan)


def pck(error: Floats, threshold: float) -> float:
    """Percentage of the scored keypoints within `threshold` torso lengths; ``nan`` where there is none to score."""
    scored = ~np.isnan(error)
    return percent(int((error <= threshold).sum()), int(scored.sum()))


def interval(error: Floats, threshold: float, blocks: Ints | None = None, *, seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of `pck`: percentile bootstrap over units, or over blocks of units that are not independent.

    Parameters
    ----------
    error
        (N, K) errors in torso lengths.
    threshold
        Torso lengths.
    blocks
        (N,) number of the block that each unit belongs to, from 0; each unit alone by default.
    seed
        Of the resampling.

    Returns
    -------
    Lower and upper end in percent, or None where fewer than two blocks have anything to score.

    Notes
    -----
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993; blocks of consecutive frames because neighbours in
    time err together (Künsch, Annals of Statistics 1989).
    """
    blocks = np.arange(len(error)) if blocks is None else blocks
    right = np.bincount(blocks, (error <= threshold).sum(1))
    scored = np.bincount(blocks, (~np.isnan(error)).sum(1))
    return ratio_interval(right, scored, seed=seed)


def ratio_interval(right: Floats | Ints, scored: Floats | Ints, *, seed: int = 0) -> tuple[float, float] | None:
    """95 % bootstrap interval of ``100 * sum(right) / sum(scored)`` over independent units; None where fewer than two count."""
    right, scored = right[scored > 0], scored[scored > 0]
    units = len(scored)
    if units < 2:
        return None
    generator = np.random.default_rng(seed)
    ratios = [float(right[pick].sum() / scored[pick].sum()) for pick in _resamples(generator, units)]
    low, high = np.percentile(ratios, (2.5, 97.5))
    return 100 * float(low), 100 * float(high)


def summary(error: Floats, blocks: Ints | None = None) -> dict[str, Any]:
    """`pck_at_0.2`, `pck_at_0.5` and their intervals."""
    values: dict[str, Any] = {f"pck_at_{t}": pck(error, t) for t in THRESHOLDS}
    return values | {f"interval_{t}": interval(error, t, blocks) for t in THRESHOLDS}


def by_joint(error: Floats, joints: Sequence[int] = BODY) -> dict[str, dict[str, Any]]:
    """For each joint how often it could be scored and its PCK; `error` is (N, 33)."""
    return {
        NAMES[j]: {"scored": int((~np.isnan(error[:, j])).sum())} | {f"pck_at_{t}": pck(error[:, [j]], t) for t in THRESHOLDS}
        for j in joints
    }


def by_angle(
    error: Floats, angle_deg: Floats, blocks: Ints | None = None, *, unit: str = "images"
) -> dict[str, dict[str, Any]]:
    """For each range of trunk angles the number of units and their PCK with intervals; units of unknown angle are left out."""
    groups = {}
    for name, (low, high) in ANGLES.items():
        inside = _within_range(angle_deg, name, low, high)
        groups[name] = {unit: int(inside.sum())} | summary(error[inside], None if blocks is None else blocks[inside])
    return groups


def calibration(visibility: Floats, error: Floats) -> dict[str, Any]:
    """Whether visibility is the probability of being within 0.2 torso lengths, over predicted and scored keypoints.

    Returns
    -------
    `expected_calibration_error` (mean distance between stated and actual frequency, in percent, weighted by the bins' size) and
    ten `bins`, each with its bounds, number of joints, mean visibility and share within 0.2; all in percent.

    Notes
    -----
    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
    """
    counted = np.isfinite(error) & np.isfinite(visibility)
    stated, right = np.clip(visibility[counted], 0, 1), error[counted] <= THRESHOLDS[0]
    which = np.minimum((stated * BINS).astype(int), BINS - 1)
    bins = [_bin(k, stated[which == k], right[which == k]) for k in range(BINS)]
    filled = [b for b in bins if b["joints"]]
    gap = sum(b["joints"] * abs(b["visibility"] - b["within_0.2"]) for b in filled)
    return {"expected_calibration_error": gap / len(stated) if len(stated) else np.nan, "bins": bins}


def percent(part: int, whole: int) -> float:
    """100 * part / whole, ``nan`` of nothing."""
    return 100 * part / whole if whole else float("nan")


def _bin(number: int, stated: Floats, right: Bools) -> dict[str, Any]:
    return {
        "from": 100 * number / BINS,
        "to": 100 * (number + 1) / BINS,
        "joints": len(stated),
        "visibility": 100 * float(stated.mean()) if len(stated) else np.nan,
        "within_0.2": percent(int(right.sum()), len(right)),
    }


def _within_range(angle_deg: Floats, name: str, low: float, high: float) -> Bools:
    if name == "tilted":
        return np.asarray((angle_deg >= low) & (angle_deg <= high))
    return np.asarray(angle_deg < high if name == "upright" else angle_deg > low)


def _resamples(generator: np.random.Generator, units: int) -> Iterator[Ints]:
    return (generator.integers(units, size=units) for _ in range(RESAMPLES))


def _distance(a: Floats, b: Floats) -> Floats:
    return np.asarray(np.hypot(a[..., 0] - b[..., 0], a[..., 1] - b[..., 1]), float)
