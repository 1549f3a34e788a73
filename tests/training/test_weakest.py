from __future__ import annotations

from ascension_core.results import AssessmentReport, WeakestLink
from ascension_core.training.exercises import Quality
from ascension_core.training.strength_levels import SCALES
from ascension_core.training.weakest import TRAINS, weakest_quality


def report(name: str | None, *, is_clear: bool = True) -> AssessmentReport:
    """A report of which only the weakest link is filled in."""
    link = WeakestLink.model_construct(name=name, is_clear=is_clear) if name else None
    return AssessmentReport.model_construct(weakest=link)


def test_a_clear_weakest_link_names_what_to_train() -> None:
    assert weakest_quality(report("critical_force")) is Quality.FINGER_ENDURANCE


def test_measurement_error_names_nothing() -> None:
    assert weakest_quality(report("hang", is_clear=False)) is None
    assert weakest_quality(report(None)) is None


def test_every_test_of_an_assessment_trains_something() -> None:
    assert {scale.name for scale in SCALES} == set(TRAINS)
