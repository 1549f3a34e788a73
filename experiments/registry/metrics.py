"""What is measured of each pipeline, and how much worse a candidate may be before it is refused.

A metric is guarded where a candidate that is worse beyond noise must not become champion: where the 95 % interval of the paired
difference to the champion lies wholly on the wrong side of `tolerance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["percent", "mean", "average_precision", "count", "seconds"]
Guard = Literal["accuracy", "speed", "advice"]

PROTOCOL = 1
"""Raised when a change makes old measurements incomparable with new ones."""


@dataclass(frozen=True)
class Metric:
    """One number of an evaluation.

    Attributes
    ----------
    name, title, unit
        What it is called in documents and in tables.
    kind
        How it follows from its samples; see `samples`.
    higher
        Whether more is better.
    tolerance
        Loss that does not matter, in the unit of the metric (per cent of the champion's for ``seconds``).
    guard
        What it guards; None where it is only shown.
    """

    name: str
    title: str
    unit: str
    kind: Kind
    higher: bool
    tolerance: float
    guard: Guard | None = "accuracy"


_SECONDS = Metric("seconds", "time taken", "s", "seconds", False, 10.0, "speed")
_CPU = Metric("cpu_seconds", "processor time", "s", "seconds", False, 10.0, "speed")

METRICS: Mapping[str, tuple[Metric, ...]] = {
    "vision": (
        Metric("pck_clip", "joints within 0.2 torso, synthetic clip", "%", "percent", True, 0.5),
        Metric("contacts_f1", "contacts found (F1), synthetic clip", "%", "percent", True, 1.0),
        Metric("pck_images", "joints within 0.2 torso, Leeds images", "%", "percent", True, 0.5),
        _SECONDS,
        _CPU,
    ),
    "hold_detector": (
        Metric("ap_hold_clip", "holds (AP at IoU 0.5), synthetic clip", "%", "average_precision", True, 0.5),
        Metric("ap_hold", "holds (AP at IoU 0.5), photographs", "%", "average_precision", True, 0.5),
        Metric("ap_volume", "volumes (AP at IoU 0.5), photographs", "%", "average_precision", True, 1.0),
        _SECONDS,
        _CPU,
    ),
    "strength": (
        Metric("mae_unseen", "error on climbers not seen", "V", "mean", False, 0.02),
        Metric("mae_known", "error of these weights on their own climbers", "V", "mean", False, 0.05),
    ),
    "training": (
        Metric("violations", "broken rules, all programs", "", "count", False, 0.0),
        Metric("programs", "programs that could be planned", "", "count", True, 0.0),
        _SECONDS,
        _CPU,
    ),
}

NOT_YET: Mapping[str, str] = {"advice": "false advice: there is no advice yet, so there is none to guard against"}
