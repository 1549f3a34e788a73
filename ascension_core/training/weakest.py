"""From the test that lies furthest behind to what a program trains first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ascension_core.results import AssessmentReport
from ascension_core.training.exercises import Quality

TRAINS: Final[Mapping[str, Quality]] = {
    "hang": Quality.FINGER_STRENGTH,
    "pull": Quality.PULLING_STRENGTH,
    "pull_ups": Quality.PULLING_STRENGTH,
    "push_ups": Quality.ANTAGONIST,
    "repeaters": Quality.FINGER_ENDURANCE,
    "critical_force": Quality.FINGER_ENDURANCE,
}
"""What each test of an assessment measures."""


def weakest_quality(report: AssessmentReport) -> Quality | None:
    """The quality behind the weakest link; None where measurement error alone could make another test the weakest."""
    weakest = report.weakest
    return TRAINS.get(weakest.name) if weakest and weakest.is_clear else None
