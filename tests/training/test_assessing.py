"""What an athlete's tests say, in the contract's words."""

import json
from datetime import date
from pathlib import Path

import pytest

from ascension_core.results import AssessmentReport, ModelVersion
from ascension_core.training.assessing import MEASURE_OF, assess
from ascension_core.training.athlete import Athlete
from ascension_core.training.protocols import protocol
from ascension_core.training.strength import StrengthModel
from ascension_core.training.strength_levels import SCALES

ATHLETES = Path(__file__).parent / "athletes"
TODAY = date(2026, 11, 22)
SMALL = {"age_years": 30, "sex": "male", "mass_kg": 70, "height_m": 1.75, "span_m": 1.78, "years_climbing": 5}
TESTED = {
    **SMALL,
    "boulder_grade": "V5",
    "goals": [{"style": "boulder", "grade": "V7"}],
    "tests": {
        "max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": 2},
        "pull_ups": {"reps": 22},
        "weighted_pull_up": {"added_kg": 45},
    },
}


@pytest.fixture(scope="module")
def model():
    return StrengthModel.load()


@pytest.fixture(scope="module")
def report_of(model):
    def report(document):
        athlete = Athlete.parse(document)
        return assess(athlete, model, today=TODAY, model_version=ModelVersion(name="strength", sha256="0" * 64))

    return report


def with_(document, **changes):
    return {**document, **changes}


def codes(notes):
    return {note.code for note in notes}


def standing(report, name):
    return next(one for one in report.standings if one.name == name)


@pytest.mark.parametrize("path", sorted(ATHLETES.glob("*.json")), ids=lambda path: path.stem)
def test_reports_of_written_out_athletes_survive_json(path, report_of):
    report = report_of(json.loads(path.read_text()))
    assert AssessmentReport.model_validate_json(report.model_dump_json()) == report
    assert [one.name for one in report.standings] == [scale.name for scale in SCALES]
    assert {one.discipline for one in report.expected} == {"boulder", "route"}


def test_every_scale_of_the_model_has_its_repeatability():
    for scale in SCALES:
        test, key = MEASURE_OF[scale.name]
        assert key in {measure.key for measure in protocol(test).measures}


def test_the_same_athlete_gives_the_same_report(report_of):
    assert report_of(TESTED) == report_of(TESTED)


def test_a_weak_test_among_strong_ones_is_the_weakest_link(report_of):
    report = report_of(TESTED)
    assert report.weakest.name == "hang"
    assert report.weakest.is_clear
    assert "V7" in report.weakest.reason
    assert standing(report, "hang").percentile_goal == report.weakest.percentile


def test_tests_that_measurement_error_cannot_tell_apart_give_no_clear_weakest_link(report_of):
    tests = {"max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": 20}, "weighted_pull_up": {"added_kg": 28}}
    report = report_of(with_(TESTED, tests=tests))
    if report.weakest:
        assert not report.weakest.is_clear
        assert "Within measurement error it could as well be" in report.weakest.reason


def test_push_ups_are_never_the_weakest_link(report_of):
    tests = {**TESTED["tests"], "max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": 60}, "push_ups": {"reps": 1}}
    report = report_of(with_(TESTED, tests=tests))
    assert standing(report, "push_ups").percentile_goal <= 10
    assert report.weakest is None


def test_one_test_alone_is_no_weakest_link(report_of):
    assert report_of(with_(TESTED, tests={"pull_ups": {"reps": 1}})).weakest is None


def test_percentiles_rise_with_the_result_and_error_bars_hold_it(report_of):
    seen = []
    for reps in range(0, 30, 3):
        one = standing(report_of(with_(TESTED, tests={"pull_ups": {"reps": reps}})), "pull_ups")
        low, high = one.percentile_now_range
        assert low <= one.percentile_now <= high
        seen.append(one.percentile_now)
    assert seen == sorted(seen)
    assert seen[0] < 20 < 80 < seen[-1]


def test_tests_that_were_not_done_are_missing_and_nothing_is_made_up(report_of):
    report = report_of(with_(TESTED, tests={"pull_ups": {"reps": 10}}))
    assert {"no_hang", "no_pull", "no_push_ups", "no_repeaters", "no_critical_force"} == codes(report.missing)
    hang = standing(report, "hang")
    assert (hang.value, hang.error, hang.percentile_all, hang.percentile_now, hang.percentile_goal) == (None,) * 5


def test_facts_that_are_not_known_are_missing(report_of):
    report = report_of({"age_years": 30, "mass_kg": 70, "years_climbing": 5, "tests": {"pull_ups": {"reps": 10}}})
    assert {"no_sex", "no_height_m", "no_span_m"} <= codes(report.missing)
    assert "no_grade" in codes(report.notes)
    assert report.compared_with_now.startswith("climbers who climb about V")


def test_without_tests_the_report_says_what_it_rests_on(report_of):
    report = report_of(SMALL)
    assert "no_tests" in codes(report.notes)
    assert report.weakest is None


@pytest.mark.parametrize("change", [{"age_years": 14, "mass_kg": 50}, {"years_climbing": 1}])
def test_hard_tests_are_not_proposed_to_the_young_and_to_beginners(report_of, change):
    report = report_of({**SMALL, **change})
    assert "too_early" in codes(report.notes)
    assert codes(report.missing) == {"no_pull_ups", "no_push_ups"}


@pytest.mark.parametrize(
    ("site", "proposed"),
    [
        ("finger", {"no_pull_ups", "no_push_ups", "no_pull"}),
        ("wrist", {"no_pull_ups", "no_pull"}),
        ("elbow", {"no_push_ups"}),
        ("shoulder", set()),
    ],
)
def test_no_test_is_proposed_that_loads_an_injury(report_of, site, proposed):
    report = report_of(with_(SMALL, injuries=[{"site": site, "severity": 1}]))
    assert codes(report.missing) == proposed


def test_the_young_are_told_that_the_data_are_of_adults(report_of):
    assert "young" in codes(report_of(with_(SMALL, age_years=17)).notes)
    assert "young" not in codes(report_of(with_(SMALL, age_years=19)).notes)


def test_an_injured_athlete_is_told_not_to_repeat_tests(report_of):
    assert "injured" in codes(report_of(with_(TESTED, injuries=[{"site": "finger", "severity": 1}])).notes)
    assert "injured" not in codes(report_of(with_(TESTED, injuries=[{"site": "ankle", "severity": 1}])).notes)


def test_a_test_done_in_another_way_is_not_compared(report_of):
    tests = {"repeaters": {"edge_mm": 10, "on_s": 10, "off_s": 5, "seconds": 100}}
    report = report_of(with_(TESTED, tests=tests))
    assert "not_comparable_repeaters" in codes(report.missing)


@pytest.mark.parametrize(("grade", "where"), [("VB", "below"), ("V17", "above"), (None, None)])
def test_the_grade_given_is_set_beside_the_expected_ones(report_of, grade, where):
    boulder = report_of(with_(TESTED, boulder_grade=grade, confirmed=["boulder_grade"])).expected[0]
    assert boulder.current_is == where


def history(**tests):
    return {"date": "2026-01-01", "mass_kg": 70, **tests}


def test_changes_are_against_the_last_time_that_a_test_was_done(report_of):
    earlier = [
        history(pull_ups={"reps": 3}, max_hang={"edge_mm": 20, "duration_s": 10, "added_kg": -25}),
        {**history(pull_ups={"reps": 21}), "date": "2026-06-01"},
    ]
    changes = {one.test: one for one in report_of(with_(TESTED, history=earlier)).changes}
    assert (changes["pull_ups"].before, changes["pull_ups"].verdict) == (21, "no detectable change")
    assert changes["pull_ups"].before_date == date(2026, 6, 1)
    assert (changes["max_hang"].before, changes["max_hang"].verdict) == (45, "progress")


def test_a_change_of_critical_force_within_its_error_is_not_progress(report_of):
    document = with_(TESTED, tests={"critical_force": {"force_kg": 25}}, history=[history(critical_force={"force_kg": 16})])
    (change,) = report_of(document).changes
    assert change.verdict == "no detectable change"
    assert change.smallest_detectable > 9


def test_an_unknown_body_mass_of_an_earlier_day_is_said(report_of):
    earlier = {"date": "2026-01-01", "max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": 1}}
    assert "mass_unknown" in codes(report_of(with_(TESTED, history=[earlier])).notes)


def test_the_people_compared_with_are_of_the_grades_that_are_said(report_of):
    near = standing(report_of(TESTED), "hang")
    assert near.who_now == "men of V5"
    far = standing(report_of(with_(TESTED, goals=[{"style": "boulder", "grade": "V17"}])), "hang")
    assert far.people_goal >= 10
    assert "V17" not in far.who_goal
