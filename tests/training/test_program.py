"""Properties that every program has, for athletes of every kind."""

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidAthlete
from ascension_core.results import PlannedExercise, Program
from ascension_core.training.athlete import Athlete, Equipment, Site
from ascension_core.training.exercises import library
from ascension_core.training.program import adapt, plan, violations
from ascension_core.training.sessions import session_kinds
from tests.training.strategies import TODAY, athletes, logs

ADULT: dict[str, Any] = {
    "age_years": 30,
    "mass_kg": 70,
    "years_climbing": 6,
    "sessions_per_week": 3,
    "availability": {"mon": 120, "wed": 120, "fri": 120, "sun": 180},
    "equipment": ["gym_boulder", "gym_rope", "board", "hangboard", "pull_up_bar", "weights", "bands", "campus_board"],
    "goals": [{"grade": "V8", "style": "boulder", "date": "2027-03-14"}],
    "boulder_grade": "V6",
    "tests": {
        "max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": 20},
        "pull_ups": {"reps": 15},
        "weighted_pull_up": {"added_kg": 30, "reps": 1},
    },
}


def make(**changes: Any) -> Program:
    return plan(Athlete.parse({**ADULT, **changes}), today=TODAY)


def exercises(program: Program) -> list[PlannedExercise]:
    return [e for w in program.weeks for s in w.sessions for e in s.exercises]


def kinds(program: Program) -> set[str]:
    return {s.kind for w in program.weeks for s in w.sessions}


def _keeps_every_rule(athlete: Athlete) -> float:
    start = time.perf_counter()
    program = plan(athlete, today=TODAY)
    seconds = time.perf_counter() - start
    assert violations(program, athlete) == []
    assert any(week.sessions for week in program.weeks)
    assert Program.model_validate_json(program.model_dump_json()) == program
    return seconds


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(athlete=athletes())
def test_every_program_keeps_every_rule(athlete: Athlete) -> None:
    _keeps_every_rule(athlete)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_hundreds_of_programs_keep_every_rule(thorough: bool, record_property: Callable[[str, object], None]) -> None:
    seconds: list[float] = []
    programs = 2000 if thorough else 250

    @settings(max_examples=programs, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(athlete=athletes())
    def run(athlete: Athlete) -> None:
        seconds.append(_keeps_every_rule(athlete))

    run()
    seconds.sort()
    quantiles = {q: seconds[round(q * (len(seconds) - 1))] for q in (0.5, 0.9, 0.99, 1.0)}
    record_property("seconds", quantiles)
    print("seconds to plan:", quantiles, "programs:", len(seconds))
    assert len(seconds) >= programs


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(data=st.data(), athlete=athletes())
def test_every_adapted_program_keeps_every_rule_and_the_past(data: st.DataObject, athlete: Athlete) -> None:
    program = plan(athlete, today=TODAY)
    today = max(
        TODAY, program.start + dt.timedelta(days=data.draw(st.integers(0, min(70, (program.end - program.start).days))))
    )
    if today > program.end:
        return
    later = Athlete.parse({**athlete.to_document(), "log": data.draw(logs(program, today))})
    adapted = adapt(program, later, today=today)
    assert violations(adapted, later) == []
    assert [_as_planned(s) for s in _before(adapted, today)] == [_as_planned(s) for s in _before(program, today)]


def _before(program: Program, today: dt.date) -> list[Any]:
    return [s for w in program.weeks for s in w.sessions if s.date < today]


def _as_planned(session: Any) -> Any:
    return session.model_copy(update={"status": "planned", "done_load": None})


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(athlete=athletes(), seed=st.integers(0, 5))
def test_same_seed_same_program(athlete: Athlete, seed: int) -> None:
    assert plan(athlete, today=TODAY, seed=seed) == plan(athlete, today=TODAY, seed=seed)


def test_another_seed_makes_another_choice_within_the_same_plan() -> None:
    one, other = (plan(Athlete.parse(ADULT), today=TODAY, seed=s) for s in (0, 1))
    assert [e.exercise_id for e in exercises(one)] != [e.exercise_id for e in exercises(other)]
    assert [[s.kind for s in w.sessions] for w in one.weeks] == [[s.kind for s in w.sessions] for w in other.weeks]


# --- who gets what ----------------------------------------------------------------------------------------------------


def test_adults_with_experience_get_maximal_hangs_with_loads_from_the_test() -> None:
    hangs = [e for e in exercises(make()) if e.exercise_id == "max_hang_added_weight"]
    assert hangs
    for hang in hangs:
        assert hang.intensity.percent is not None
        assert hang.intensity.total_kg is not None
        assert 70 < hang.intensity.total_kg <= 90
        assert hang.intensity.test == "max_hang"


@pytest.mark.parametrize(
    "changes",
    [
        {"age_years": 15, "tests": {}, "mass_kg": 55},
        {"years_climbing": 1.5, "boulder_grade": "V3", "tests": {}},
        {"injuries": [{"site": "finger", "severity": 1}]},
        {"injuries": [{"site": "finger", "severity": 2, "since": "2020-01-01"}]},
    ],
)
def test_no_maximal_hangs_or_campus_for_the_young_the_new_and_the_injured(changes: dict[str, Any]) -> None:
    found = [library()[e.exercise_id] for e in exercises(make(**changes))]
    assert not any(e.tags & {"max_hang", "campus"} for e in found)


def test_a_young_boulderer_tries_hard_on_good_holds_once_a_week() -> None:
    program = make(age_years=14, mass_kg=50, tests={})
    weeks = [w for w in program.weeks if w.mesocycle.endswith("performance") and not w.is_deload]
    assert weeks
    assert all(sum(s.kind == "youth_projecting" for s in w.sessions) == 1 for w in weeks)
    assert not {"limit", "projecting_boulder", "finger_strength"} & kinds(program)
    assert "youth_projecting" not in kinds(make()) | kinds(make(injuries=[{"site": "finger", "severity": 1}]))


@pytest.mark.parametrize("age", [12, 15, 17])
def test_the_young_read_of_growth_plates(age: int) -> None:
    program = make(age_years=age, mass_kg=50, tests={}, years_climbing=4)
    assert "growth_plates" in {w.code for w in program.warnings}
    assert "growth_plates" not in {w.code for w in make().warnings}


def test_an_injured_finger_of_any_age_gets_no_maximal_load_and_is_told_so() -> None:
    program = make(injuries=[{"site": "finger", "severity": 2}])
    assert all(library()[e.exercise_id].load_at(Site.FINGER) <= 1 for e in exercises(program))
    assert any("no load" in w.message or "no maximal" in w.message for w in program.warnings)
    assert program.substitutions or program.relaxed


def test_a_severe_injury_takes_its_site_out_altogether() -> None:
    for site in Site:
        program = make(injuries=[{"site": site.value, "severity": 3}])
        assert all(library()[e.exercise_id].load_at(site) == 0 for e in exercises(program)), site


def test_everything_hurts_and_there_is_still_something_to_do() -> None:
    program = make(injuries=[{"site": site.value, "severity": 3} for site in Site])
    assert any(w.sessions for w in program.weeks)
    assert program.relaxed


def test_no_equipment_leaves_strength_and_mobility_and_says_why() -> None:
    program = make(equipment=[])
    assert not any(library()[e.exercise_id].needs for e in exercises(program))
    assert any("equipment" in clash for r in program.relaxed for clash in r.clashes_with)


def test_route_goals_bring_endurance_and_boulder_goals_limit_moves() -> None:
    route = make(goals=[{"grade": "7c", "style": "sport", "date": "2027-03-14"}])
    assert {"power_endurance", "projecting_route"} <= kinds(route)
    assert "limit" in kinds(make())
    assert "projecting_boulder" not in kinds(route)


@pytest.mark.parametrize(("code", "words"), [("feet", "feet"), ("pacing", "pacing"), ("lock_off", "lock off")])
def test_findings_bring_drills_with_their_evidence(code: str, words: str) -> None:
    evidence = "Seen in 7 of 19 moves."
    program = make(vision_findings=[{"code": code, "severity": 2, "evidence": evidence}])
    drills = [e for e in exercises(program) if evidence in e.why]
    assert drills
    assert all(code in library()[e.exercise_id].fixes and words in e.why for e in drills)
    assert len({s.date for w in program.weeks for s in w.sessions if any(evidence in e.why for e in s.exercises)}) > 10


def test_weakest_link_gets_more_sessions() -> None:
    athlete = Athlete.parse(ADULT)
    usual, aimed = (plan(athlete, today=TODAY, weakest_link=w) for w in (None, "power_endurance"))
    count = [sum(s.kind == "power_endurance" for w in p.weeks for s in w.sessions) for p in (usual, aimed)]
    assert count[1] > count[0]
    assert aimed.goal.weakest_link == "power_endurance"


def test_untested_athletes_test_first() -> None:
    untested, tested = make(tests={}), make()
    assert "test_max_hang" in _tests_in(untested, light=False)
    assert not _tests_in(untested, light=True)
    assert not _tests_in(tested, light=False)


def _tests_in(program: Program, *, light: bool) -> set[str]:
    found = [e for w in program.weeks if w.is_deload == light for s in w.sessions for e in s.exercises]
    return {e.exercise_id for e in found if "test" in library()[e.exercise_id].tags}


def test_light_weeks_repeat_the_tests_that_were_done() -> None:
    program = make(sessions_per_week=4)
    assert _tests_in(program, light=True) == {"test_max_hang", "test_pull_ups"}
    weeks = [
        str(w.index) for w in program.weeks if any(e.exercise_id.startswith("test_") for s in w.sessions for e in s.exercises)
    ]
    assert any(f"week {', '.join(weeks)})" in n.message for n in program.explanations if n.code == "tests")
    assert "tests" not in {
        n.code for n in make(tests={"max_hang": ADULT["tests"]["max_hang"]}, equipment=["gym_boulder"]).explanations
    }


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"age_years": 14, "mass_kg": 50, "tests": {"pull_ups": {"reps": 15}}}, {"test_pull_ups"}),
        ({"injuries": [{"site": "finger", "severity": 1}]}, {"test_pull_ups"}),
        ({"injuries": [{"site": "elbow", "severity": 1}]}, {"test_max_hang"}),
        ({"years_climbing": 1.5, "boulder_grade": "V3"}, {"test_pull_ups"}),
        ({"equipment": ["gym_boulder"]}, set()),
    ],
)
def test_tests_that_are_not_for_the_athlete_are_not_repeated(changes: dict[str, Any], left: set[str]) -> None:
    assert _tests_in(make(sessions_per_week=4, **changes), light=True) == left


def test_hard_sport_days_hold_no_hard_session() -> None:
    program = make(other_sports=[{"name": "football", "days": ["mon", "wed"], "minutes": 90, "load": "high"}])
    assert not any(s.is_hard and s.weekday in {"mon", "wed"} for w in program.weeks for s in w.sessions)
    assert all(w.other_load > 0 for w in program.weeks)


# --- wishes that clash ------------------------------------------------------------------------------------------------


def test_no_time_at_all_is_an_error_that_names_the_field() -> None:
    with pytest.raises(InvalidAthlete, match=r"availability: no day"):
        make(availability={})


def test_a_goal_behind_is_an_error_that_names_the_field() -> None:
    with pytest.raises(InvalidAthlete, match=r"goals\[0\].date"):
        make(goals=[{"grade": "V8", "style": "boulder", "date": "2026-11-01"}])


def test_a_goal_tomorrow_leaves_no_day() -> None:
    with pytest.raises(InvalidAthlete, match="between today and the goal"):
        make(goals=[{"grade": "V8", "style": "boulder", "date": "2026-11-23"}])


def test_a_near_goal_keeps_what_is_there() -> None:
    program = make(goals=[{"grade": "V8", "style": "boulder", "date": "2026-12-06"}])
    assert any("strength" in r.wish for r in program.relaxed)
    assert program.weeks[-1].is_taper


@pytest.mark.parametrize("minutes", [20, 30, 45])
@pytest.mark.parametrize("style", ["boulder", "sport"])
def test_one_short_day_a_week_is_used(minutes: int, style: str) -> None:
    goal = {"grade": "V8" if style == "boulder" else "7c", "style": style, "date": "2026-12-14"}
    program = make(availability={"sun": minutes}, goals=[goal])
    assert [len(w.sessions) for w in program.weeks] == [1, 1, 0]


def test_the_eve_of_the_goal_is_free() -> None:
    program = make(availability=dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 60))
    assert program.end == dt.date(2027, 3, 12)
    assert max(s.date for w in program.weeks for s in w.sessions) <= program.end


def test_a_far_goal_gets_its_first_half_year() -> None:
    program = make(goals=[{"grade": "V8", "style": "boulder", "date": "2028-12-01"}])
    assert len(program.weeks) == 26
    assert any("2028-12-01" in r.wish for r in program.relaxed)
    assert not any(w.is_taper for w in program.weeks)


def test_more_sessions_than_days_is_explained() -> None:
    program = make(sessions_per_week=6, availability={"tue": 90, "thu": 90})
    assert any("6 sessions" in r.wish for r in program.relaxed)
    assert max(len(w.sessions) for w in program.weeks) == 2


def test_a_wish_without_a_day_names_the_rules_it_clashes_with() -> None:
    program = make(availability={"sat": 120, "sun": 120}, sessions_per_week=2)
    unmet = [r for r in program.relaxed if any("hard days" in c or "48 h" in c for c in r.clashes_with)]
    assert unmet
    assert all(r.instead for r in unmet)


def test_no_goal_makes_twelve_weeks() -> None:
    program = make(goals=[])
    assert len(program.weeks) == 12
    assert program.goal.date is None


def test_the_document_says_what_it_is_not() -> None:
    words = " ".join(make().disclaimers)
    for part in ("not medical advice", "Pain stops", "does not predict"):
        assert part in words


def test_everything_planned_says_why_and_cites_its_sources() -> None:
    program = make()
    assert all(s.why and s.exercises for w in program.weeks for s in w.sessions)
    assert all(e.why and e.cues and e.intensity.text for e in exercises(program))
    cited = {s for e in exercises(program) for s in library()[e.exercise_id].sources}
    assert cited <= {s.id for s in program.sources}


@pytest.mark.parametrize("name", ["beginner", "office-v5", "old-pulley", "runner-shifts", "sport-8a", "youth-v8"])
def test_personas_get_valid_programs(name: str, personas: Path) -> None:
    athlete = Athlete.load(personas / f"{name}.json")
    program = plan(athlete, today=TODAY)
    assert violations(program, athlete) == []
    assert json.loads(program.model_dump_json())["schema_version"] == "1.0"
    assert all(Equipment.CAMPUS_BOARD in athlete.equipment for e in exercises(program) if "campus" in e.exercise_id)


def test_phases_say_what_their_weeks_hold() -> None:
    hard, young = make(), make(age_years=14)
    why = {p.athlete.age_years: {c.title: c.why for c in p.mesocycles} for p in (hard, young)}
    assert "very hard" in why[30]["Power"]
    assert "Finger and pulling strength" in why[30]["Strength"]
    assert "very hard" not in why[14]["Power"]
    assert "good holds" in why[14]["Power"]
    assert "Finger and pulling strength" not in why[14]["Strength"]


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(athlete=athletes())
def test_mesocycles_name_only_qualities_of_their_sessions(athlete: Athlete) -> None:
    program = plan(athlete, today=TODAY)
    for cycle in program.mesocycles:
        held = {s.kind for w in program.weeks if w.mesocycle == cycle.name for s in w.sessions}
        assert set(cycle.qualities) <= {session_kinds()[kind].quality for kind in held}
