"""What a metric is made of, so that two versions can be compared unit by unit: a picture, a second of a clip, a climber.

==================  ================================================================================================
`percent`           (U, 2) right and scored: 100 times the ratio of their sums
`mean`              (U, 1) values
`average_precision` score, right and picture of each detection, labelled boxes of each of U pictures: per cent
`count`             (U, 1) values, summed; exact, so that one more is beyond noise
`seconds`           (R, 1) durations, one a round, in rounds that both versions ran by turns
==================  ================================================================================================

Differences are candidate minus champion. Their 95 % intervals come from the paired bootstrap over units (Efron and
Tibshirani, "An Introduction to the Bootstrap", 1993): both versions are resampled with the same units, so that what makes
a unit hard for both cancels out. Durations are compared by Student's t on the logarithm of their ratios, round by round.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from ascension_core.errors import InvalidDataset
from experiments.hold_evaluation import Matched
from experiments.registry.metrics import Kind
from experiments.scores import RESAMPLES

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
_TAILS = (100 * (1 - CONFIDENCE) / 2, 100 * (1 + CONFIDENCE) / 2)
_FEW = RESAMPLES // 4  # of what takes long to compute


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval; both ends are the value itself where nothing is uncertain."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Samples:
    """The units of one metric.

    Attributes
    ----------
    kind
        See the module.
    units
        (U, C) one row a unit.
    detections
        (N, 3) score, right, picture; of average precision alone.
    """

    kind: Kind
    units: Floats
    detections: Floats | None = None

    @classmethod
    def of_matches(cls, matched: Matched) -> Self:
        """Those of average precision."""
        detections = np.column_stack([matched.score, matched.right, matched.picture]).astype(float)
        return cls("average_precision", matched.labelled.astype(float)[:, None], detections)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """From what `to_document` made."""
        found = document.get("detections")
        detections = None if found is None else np.array(found, float).reshape(-1, 3)
        units = np.array(document["units"], float)
        return cls(document["kind"], units.reshape(len(units), -1), detections)

    def to_document(self) -> dict[str, Any]:
        """As JSON takes it."""
        found = {} if self.detections is None else {"detections": np.round(self.detections, 6).tolist()}
        return {"kind": self.kind, "units": self.units.tolist(), **found}

    def value(self) -> float:
        """The metric."""
        return float(self.values(np.ones((1, len(self.units))))[0])

    def estimate(self, seed: int = 0) -> Estimate:
        """The metric with its 95 % interval."""
        if self.kind == "count" or len(self.units) < 2:
            return Estimate(self.value(), self.value(), self.value())
        if self.kind == "seconds":
            logs = np.log(self.units[:, 0])
            return Estimate(*np.exp(_student(logs)).tolist())
        return Estimate(self.value(), *_ends(self.values(self.weights(seed))))

    def weights(self, seed: int) -> Floats:
        """(R, U) how often each resample holds each unit."""
        units = len(self.units)
        rounds = _FEW if self.kind == "average_precision" else RESAMPLES
        return np.random.default_rng(seed).multinomial(units, np.full(units, 1 / units), rounds).astype(float)

    def values(self, weights: Floats) -> Floats:
        """(R,) the metric of each resample."""
        if self.kind == "percent":
            right, scored = (weights @ self.units).T
            return np.asarray(100 * right / np.where(scored > 0, scored, np.nan))
        if self.kind == "average_precision":
            matched = self._matched()
            return np.array([100 * matched.average_precision(row) for row in weights])
        total = np.asarray(weights @ self.units[:, 0])
        return total if self.kind == "count" else np.asarray(total / weights.sum(1))

    def _matched(self) -> Matched:
        assert self.detections is not None
        score, right, picture = self.detections.T
        return Matched(score, right > 0, picture.astype(np.int64), self.units[:, 0].astype(np.int64))


def difference(champion: Samples, candidate: Samples, seed: int = 0) -> Estimate:
    """Candidate minus champion with its 95 % interval; of durations the change in per cent.

    Raises
    ------
    InvalidDataset
        If the two do not rest on the same units.
    """
    if (champion.kind, len(champion.units)) != (candidate.kind, len(candidate.units)):
        raise InvalidDataset("the two versions were not measured on the same data: measure them anew")
    gap = candidate.value() - champion.value()
    if champion.kind == "seconds":
        logs = np.log(candidate.units[:, 0] / champion.units[:, 0])
        return Estimate(*(100 * (np.exp(_student(logs)) - 1)).tolist())
    if champion.kind == "count" or len(champion.units) < 2:
        return Estimate(gap, gap, gap)
    weights = champion.weights(seed)
    return Estimate(gap, *_ends(candidate.values(weights) - champion.values(weights)))


def _student(values: Floats) -> Floats:
    """Mean, and both ends of its interval; without bounds where there is but one value."""
    mean = float(values.mean())
    if len(values) < 2:
        return np.array([mean, -np.inf, np.inf])
    half = float(student.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
    return np.array([mean, mean - half, mean + half])


def _ends(values: Floats) -> tuple[float, float]:
    low, high = np.nanpercentile(values, _TAILS)
    return float(low), float(high)
