import datetime as dt
from typing import Any

import pytest

from ascension_core.errors import InvalidAthlete, InvalidOption, InvalidProgram
from ascension_core.results import PlannedSession, Program
from ascension_core.training.athlete import Athlete, Site
from ascension_core.training.exercises import library
from ascension_core.training.program import adapt, plan, violations
from tests.training.test_violations import DOCUMENT, TODAY

ATHLETE = Athlete.parse(DOCUMENT)
PROGRAM = plan(ATHLETE, today=TODAY)
LATER = PROGRAM.start + dt.timedelta(days=22)


def _sessions(program: Program, start: dt.date = dt.date.min, end: dt.date = dt.date.max) -> list[PlannedSession]:
    return [s for w in program.weeks for s in w.sessions if start <= s.date < end]


def _log(until: dt.date, **changes: Any) -> list[dict[str, Any]]:
    """Everything done as planned, but for what is changed."""
    return [
        {
            "date": s.date.isoformat(),
            "session_id": s.id,
            "status": "done",
            "effort": s.planned_effort,
            "minutes": s.minutes,
            **changes,
        }
        for s in _sessions(PROGRAM, end=until)
    ]


def _with(**changes: Any) -> Athlete:
    return Athlete.parse({**DOCUMENT, **changes})


def _adapted(today: dt.date = LATER, **changes: Any) -> Program:
    athlete = _with(**changes)
    program = adapt(PROGRAM, athlete, today=today)
    assert violations(program, athlete) == []
    return program


@pytest.mark.parametrize("days", [0, 3, 7, 22, 40, 70])
def test_no_news_changes_nothing(days: int) -> None:
    today = PROGRAM.start + dt.timedelta(days=days)
    assert _sessions(_adapted(today, log=_log(today)), today) == _sessions(PROGRAM, today)


def test_the_past_keeps_its_plan_and_says_what_became_of_it() -> None:
    log = _log(LATER)
    log[1] = {**log[1], "status": "skipped"}
    program = _adapted(log=log)
    past, planned = _sessions(program, end=LATER), _sessions(PROGRAM, end=LATER)
    assert [s.exercises for s in past] == [s.exercises for s in planned]
    assert [s.status for s in past] == ["done", "skipped", *["done"] * (len(past) - 2)]
    assert past[1].done_load == 0
    assert past[0].done_load == planned[0].planned_load
    assert [w.done_load is None for w in program.weeks] == [False, False, False, *[True] * (len(program.weeks) - 3)]
    assert program.load[0].done == program.weeks[0].done_load


def test_adapting_twice_keeps_what_was_noted() -> None:
    log = _log(LATER)
    once = _adapted(log=log)
    athlete = _with(log=[*log, *_log(LATER + dt.timedelta(days=9))[len(log) :]])
    twice = adapt(once, athlete, today=LATER + dt.timedelta(days=9))
    assert _sessions(twice, end=LATER) == _sessions(once, end=LATER)
    assert violations(twice, athlete) == []


@pytest.mark.parametrize("site", ["finger", "elbow", "shoulder", "knee"])
def test_pain_takes_load_off_its_site(site: str) -> None:
    log = _log(LATER)
    log[-1] = {**log[-1], "pain": [site]}
    program = _adapted(log=log)
    ahead = [library()[e.exercise_id] for s in _sessions(program, LATER) for e in s.exercises]
    assert all(e.load_at(Site(site)) <= 1 for e in ahead)
    assert "pain" in {n.code for n in program.explanations}
    assert any(site in s.reason for s in program.substitutions) or program.relaxed


def test_pain_that_came_twice_takes_all_load_off() -> None:
    log = _log(LATER)
    log[-1], log[-2] = ({**entry, "pain": ["elbow"]} for entry in log[-1:-3:-1])
    ahead = [library()[e.exercise_id] for s in _sessions(_adapted(log=log), LATER) for e in s.exercises]
    assert all(e.load_at(Site.ELBOW) == 0 for e in ahead)


def test_old_pain_is_forgotten() -> None:
    log = _log(LATER)
    log[0] = {**log[0], "pain": ["elbow"]}
    assert "pain" not in {n.code for n in _adapted(log=log).explanations}


def test_skipped_weeks_make_no_spike() -> None:
    week = PROGRAM.start + dt.timedelta(days=7)
    log = [*_log(week), *({**e, "status": "skipped"} for e in _log(LATER)[len(_log(week)) :])]
    program = _adapted(log=log)
    back = next(w for w in program.weeks if w.start_date > LATER and not w.is_deload)
    usual = next(w for w in PROGRAM.weeks if w.start_date > LATER and not w.is_deload)
    assert back.planned_load < 0.85 * usual.planned_load
    assert "missed" in {n.code for n in program.explanations}


def test_what_is_not_logged_was_not_done() -> None:
    assert all(s.status == "skipped" for s in _sessions(_adapted(), end=LATER))


def test_sessions_that_felt_too_hard_lower_the_load() -> None:
    log = [{**e, "effort": min(10, e["effort"] + 2)} for e in _log(LATER)]
    program = _adapted(log=log)
    ahead = [w for w in program.weeks if w.start_date > LATER and not (w.is_deload or w.is_taper)]
    usual = [w for w in PROGRAM.weeks if w.start_date > LATER and not (w.is_deload or w.is_taper)]
    assert ahead[0].planned_load < usual[0].planned_load
    assert "strain" in {n.code for n in program.explanations}


def _hangs(program: Program) -> set[tuple[float | None, float | None]]:
    found = [e for s in _sessions(program, LATER) for e in s.exercises if e.exercise_id == "max_hang_added_weight"]
    return {(e.intensity.percent, e.intensity.added_kg) for e in found}


def _tests(added: float, date: str) -> dict[str, Any]:
    return {"date": date, "max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": added}, "pull_ups": {"reps": 15}}


def test_a_change_within_measurement_error_changes_no_load() -> None:
    program = _adapted(log=_log(LATER), tests=_tests(21, "2026-12-13"), history=[_tests(20, "2026-11-01")])
    assert _hangs(program) == _hangs(PROGRAM)
    assert "no_real_change" in {n.code for n in program.explanations}


def test_a_real_change_changes_the_loads() -> None:
    program = _adapted(log=_log(LATER), tests=_tests(40, "2026-12-13"), history=[_tests(20, "2026-11-01")])
    before, after = (dict(_hangs(p)) for p in (PROGRAM, program))
    shared = [p for p in before if p in after]
    assert shared
    assert all(after[p] > before[p] + 10 for p in shared)  # type: ignore[operator]


def test_new_findings_bring_drills() -> None:
    finding = {"code": "hips", "severity": 2, "evidence": "Hips away from the wall in 9 of 12 moves."}
    program = _adapted(log=_log(LATER), vision_findings=[finding])
    assert any("9 of 12" in e.why for s in _sessions(program, LATER) for e in s.exercises)
    assert not any("9 of 12" in e.why for s in _sessions(program, end=LATER) for e in s.exercises)


def test_less_time_is_respected_from_today() -> None:
    program = _adapted(log=_log(LATER), availability={"mon": 60, "thu": 60})
    assert {s.weekday for s in _sessions(program, LATER)} <= {"mon", "thu"}


def test_unplanned_sessions_count_as_done_load() -> None:
    extra = {"date": (PROGRAM.start + dt.timedelta(days=2)).isoformat(), "status": "done", "minutes": 100, "effort": 5}
    program = _adapted(log=[*_log(LATER), extra])
    assert program.weeks[0].done_load == pytest.approx(PROGRAM.weeks[0].planned_load + 500)


def test_what_cannot_be_adapted_is_refused() -> None:
    with pytest.raises(InvalidOption, match="ended"):
        adapt(PROGRAM, ATHLETE, today=PROGRAM.end + dt.timedelta(days=1))
    with pytest.raises(InvalidOption, match="cannot be adapted"):
        adapt(PROGRAM, ATHLETE, today=TODAY - dt.timedelta(days=1))
    with pytest.raises(InvalidOption, match="goal"):
        adapt(PROGRAM, _with(goals=[{"grade": "V8", "style": "boulder", "date": "2027-05-01"}]), today=LATER)
    with pytest.raises(InvalidAthlete, match="availability"):
        adapt(PROGRAM, _with(availability={}), today=LATER)


@pytest.mark.parametrize(
    ("made_for", "now", "named"),
    [
        ({"id": "mara"}, {"id": "levi"}, "id: .*'mara', not for 'levi'"),
        ({"name": "Mara"}, {"name": "Levi"}, "name: .*'Mara', not for 'Levi'"),
        ({"id": "mara"}, {"age_years": 33}, "age_years: .* 30, not 33"),
        ({}, {"age_years": 29}, "age_years: .* 30, not 29"),
    ],
)
def test_a_program_of_another_athlete_is_refused(made_for: dict[str, Any], now: dict[str, Any], named: str) -> None:
    program = plan(_with(**made_for), today=TODAY)
    with pytest.raises(InvalidProgram, match=named):
        adapt(program, _with(**now), today=LATER)


def test_a_birthday_or_a_new_name_keeps_the_program() -> None:
    program = plan(_with(id="mara", name="Mara"), today=TODAY)
    for now in ({"id": "mara", "name": "Mara B."}, {"name": "Mara", "age_years": 31}, {"age_years": 31}):
        assert adapt(program, _with(**now), today=LATER).revised_on == LATER
