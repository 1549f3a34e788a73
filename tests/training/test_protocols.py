"""Protocols of the tests, and what counts as a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import InvalidOption
from ascension_core.training.assessment import TESTS, Assessment
from ascension_core.training.protocols import (
    Repeatability,
    before_every_test,
    changes,
    protocol,
    real_change,
    sources,
    value,
)

CRITICAL_FORCE = protocol("critical_force").measures[0].repeatability
RESULTS = st.floats(0.5, 500)
REPEATABILITIES = [measure.repeatability for test in TESTS for measure in protocol(test).measures]


@pytest.mark.parametrize("test", TESTS)
def test_every_test_says_how_it_is_done_and_how_well_it_repeats(test):
    told = protocol(test)
    assert told.name
    assert told.purpose
    assert told.steps
    assert told.warm_up
    assert told.safety
    assert told.measures
    for measure in told.measures:
        assert measure.repeatability.error(10) > 0
        assert measure.repeatability.why
        assert measure.repeatability.sources or not measure.repeatability.sure


def test_general_advice_and_sources_are_there():
    assert any("pain" in line for line in before_every_test())
    assert any("Weir" in source for source in sources())


def test_critical_force_repeats_within_21_per_cent():
    assert CRITICAL_FORCE.cv == 0.21
    assert CRITICAL_FORCE.sure
    assert "McClean" in CRITICAL_FORCE.sources[0]
    assert CRITICAL_FORCE.smallest_detectable(20, 20) == pytest.approx(1.96 * 2**0.5 * 0.21 * 20, rel=1e-3)


def test_a_change_within_the_error_is_never_progress():
    change = real_change(20, 30, CRITICAL_FORCE)
    assert change.direction == "up"
    assert not change.certain
    assert change.verdict == "no detectable change"
    assert real_change(20, 40, CRITICAL_FORCE).verdict == "progress"
    assert real_change(40, 20, CRITICAL_FORCE).verdict == "decline"


@given(RESULTS, RESULTS, st.sampled_from(REPEATABILITIES))
def test_verdicts_turn_with_the_order_of_the_results(before, after, repeatability):
    there, back = real_change(before, after, repeatability), real_change(after, before, repeatability)
    assert there.certain == back.certain
    assert there.smallest_detectable == pytest.approx(back.smallest_detectable)
    assert {there.verdict, back.verdict} in ({"no detectable change"}, {"progress", "decline"})
    assert there.verdict != "progress" or after - before >= there.smallest_detectable


@given(RESULTS, st.floats(0, 0.5), st.floats(0.5, 0.999), st.floats(0.5, 0.999))
def test_more_confidence_asks_for_a_larger_change(result, cv, a, b):
    repeatability = Repeatability(cv=cv, sem=None, sure=True, sources=(), why="")
    low, high = (repeatability.smallest_detectable(result, result, confidence=c) for c in sorted((a, b)))
    assert low <= high


@given(RESULTS, st.sampled_from(REPEATABILITIES))
def test_no_difference_is_no_change(result, repeatability):
    change = real_change(result, result, repeatability)
    assert (change.direction, change.certain) == ("none", False)


@pytest.mark.parametrize("confidence", [0, 0.4, 1, 95])
def test_confidence_out_of_range_is_refused(confidence):
    with pytest.raises(InvalidOption, match="confidence"):
        real_change(1, 2, CRITICAL_FORCE, confidence=confidence)


def test_an_unknown_test_is_refused_with_the_nearest():
    with pytest.raises(InvalidOption, match='did you mean "max_hang"'):
        protocol("maxhang")


def assessment(**results):
    return Assessment.model_validate(results)


def test_two_days_are_compared_measure_by_measure():
    before = assessment(max_hang={"edge_mm": 20, "duration_s": 7, "added_kg": 10}, pull_ups={"reps": 10})
    after = assessment(max_hang={"edge_mm": 20, "duration_s": 7, "added_kg": 30}, pull_ups={"reps": 12})
    hang, pull_ups = changes(before, after, mass_before_kg=70, mass_after_kg=70)
    assert (hang.before, hang.after, hang.change.verdict) == (80, 100, "progress")
    assert (pull_ups.before, pull_ups.after, pull_ups.change.verdict) == (10, 12, "no detectable change")


def test_losing_mass_is_not_finger_strength():
    before = assessment(max_hang={"edge_mm": 20, "duration_s": 7, "added_kg": 10})
    after = assessment(max_hang={"edge_mm": 20, "duration_s": 7, "added_kg": 25})
    (hang,) = changes(before, after, mass_before_kg=85, mass_after_kg=70)
    assert hang.change.difference == 0


def test_tests_done_differently_are_not_compared():
    before = assessment(max_hang={"edge_mm": 20, "duration_s": 7, "added_kg": 10})
    after = assessment(max_hang={"edge_mm": 15, "duration_s": 10, "added_kg": 60})
    (hang,) = changes(before, after, mass_before_kg=70, mass_after_kg=70)
    assert hang.change is None
    assert hang.why_not == "edge_mm was 20.0, now 15.0; duration_s was 7.0, now 10.0"


def test_repeaters_count_by_time_or_by_hangs():
    by_hangs = assessment(repeaters={"edge_mm": 20, "reps": 10})
    by_time = assessment(repeaters={"edge_mm": 20, "seconds": 97})
    assert value("repeaters", "time", by_hangs, 70) == 97
    assert value("repeaters", "time", by_time, 70) == 97
    assert value("repeaters", "time", assessment(), 70) is None
