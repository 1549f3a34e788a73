"""A candidate beside the champion, metric by metric, and whether it may take its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from experiments.registry.metrics import METRICS, NOT_YET, Metric
from experiments.registry.samples import Estimate, Samples, difference

Verdict = Literal["better", "same", "worse", "first", "missing"]


@dataclass(frozen=True)
class Row:
    """One metric.

    Attributes
    ----------
    champion, candidate, difference
        See `samples`; None where there is nothing to show.
    verdict
        ``worse``: beyond noise and tolerance. ``missing``: the champion has it and the candidate has not. ``first``: there
        is nothing to compare with. ``better``: the interval of the difference lies wholly on the right side.
    """

    metric: Metric
    champion: Estimate | None
    candidate: Estimate | None
    difference: Estimate | None
    verdict: Verdict

    @property
    def is_refused(self) -> bool:
        """Whether this keeps a candidate from becoming champion."""
        return self.metric.guard is not None and self.verdict in {"worse", "missing"}

    def to_document(self) -> dict[str, Any]:
        """As JSON takes it."""
        estimates = {name: getattr(self, name) for name in ("champion", "candidate", "difference")}
        plain = {name: None if found is None else _finite(asdict(found)) for name, found in estimates.items()}
        return {**asdict(self.metric), **plain, "verdict": self.verdict, "refused": self.is_refused}


@dataclass(frozen=True)
class Comparison:
    """All metrics of a candidate and the champion.

    Attributes
    ----------
    champion, candidate
        Numbers of the versions; no champion where there is none yet.
    suite
        ``quick`` or ``full``.
    """

    pipeline: str
    champion: int | None
    candidate: int
    suite: str
    rows: tuple[Row, ...]

    @property
    def refused(self) -> tuple[Row, ...]:
        """What keeps the candidate from becoming champion."""
        return tuple(row for row in self.rows if row.is_refused)

    def to_document(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "pipeline": self.pipeline,
            "champion": self.champion,
            "candidate": self.candidate,
            "suite": self.suite,
            "metrics": [row.to_document() for row in self.rows],
            "refused": [row.metric.name for row in self.refused],
            "not_measured": list(NOT_YET.values()) if self.pipeline == "vision" else [],
        }


def compare(
    pipeline: str,
    suite: str,
    champion: tuple[int, Mapping[str, Samples]] | None,
    candidate: tuple[int, Mapping[str, Samples]],
) -> Comparison:
    """Compare what was measured of two versions; see `samples.difference`.

    Raises
    ------
    InvalidDataset
        If they were not measured on the same data.
    """
    before = {} if champion is None else champion[1]
    known = [metric for metric in METRICS[pipeline] if metric.name in before or metric.name in candidate[1]]
    rows = tuple(_row(metric, before.get(metric.name), candidate[1].get(metric.name)) for metric in known)
    return Comparison(pipeline, None if champion is None else champion[0], candidate[0], suite, rows)


def verdict(metric: Metric, gap: Estimate) -> Verdict:
    """What a difference to the champion says.

    ``worse`` where the whole 95 % interval lies beyond the tolerance on the wrong side.
    """
    low, high = (gap.low, gap.high) if metric.higher else (-gap.high, -gap.low)
    if high < -metric.tolerance:
        return "worse"
    return "better" if low > 0 else "same"


def _row(metric: Metric, champion: Samples | None, candidate: Samples | None) -> Row:
    if champion is None or candidate is None:
        before = None if champion is None else champion.estimate()
        after = None if candidate is None else candidate.estimate()
        return Row(metric, before, after, None, "missing" if after is None else "first")
    gap = difference(champion, candidate)
    return Row(metric, champion.estimate(), candidate.estimate(), gap, verdict(metric, gap))


def _finite(document: dict[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in document.items()}
