"""The checker finds each kind of fault in programs that were valid before."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from ascension_core.results import PlannedExercise, PlannedSession, Program, Week
from ascension_core.training.athlete import Athlete
from ascension_core.training.exercises import library
from ascension_core.training.program import plan, violations
from ascension_core.training.rules import Rule

TODAY = dt.date(2026, 11, 22)

DOCUMENT: dict[str, Any] = {
    "age_years": 30,
    "mass_kg": 70,
    "years_climbing": 6,
    "sessions_per_week": 4,
    "availability": {"mon": 120, "tue": 120, "thu": 120, "sat": 120},
    "equipment": ["gym_boulder", "board", "hangboard", "pull_up_bar", "weights", "bands"],
    "goals": [{"grade": "V8", "style": "boulder", "date": "2027-03-14"}],
    "tests": {"max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": 20}, "pull_ups": {"reps": 15}},
}
ATHLETE = Athlete.parse(DOCUMENT)
VALID = plan(ATHLETE, today=TODAY)
HARD = {s.date for w in VALID.weeks for s in w.sessions if s.is_hard}

Change = Callable[[Program], Program]


def _copy(part: Any, **changes: Any) -> Any:
    return part.model_copy(update=changes)


def _week(program: Program, index: int, change: Callable[[Week], Week]) -> Program:
    return _copy(program, weeks=[change(w) if w.index == index else w for w in program.weeks])


def _session(which: Callable[[PlannedSession], bool], change: Callable[[PlannedSession], PlannedSession]) -> Change:
    """Change the first session of that sort."""

    def apply(program: Program) -> Program:
        target = next(s for w in program.weeks for s in w.sessions if which(s))
        weeks = [_copy(w, sessions=[change(s) if s is target else s for s in w.sessions]) for w in program.weeks]
        return _copy(program, weeks=weeks)

    return apply


def _exercise(**changes: Any) -> Change:
    """Change the main exercise of the first maximal finger session."""
    return _session(
        lambda s: s.kind == "finger_strength",
        lambda s: _copy(s, exercises=[_copy(e, **changes) if e.exercise_id == HANG.exercise_id else e for e in s.exercises]),
    )


HANG: PlannedExercise = next(
    e
    for w in VALID.weeks
    for s in w.sessions
    for e in s.exercises
    if e.exercise_id == "max_hang_added_weight" and s.kind == "finger_strength"
)


def _moved(session: PlannedSession, days: int) -> PlannedSession:
    date = session.date + dt.timedelta(days=days)
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    return _copy(session, date=date, weekday=names[date.weekday()])


def _hard(session: PlannedSession) -> PlannedSession:
    return _copy(session, is_hard=True)


def _add(exercise_id: str) -> Change:
    exercise = library()[exercise_id]
    dose = exercise.dose["default"]
    planned = _copy(
        HANG,
        exercise_id=exercise_id,
        sets=dose.sets[0],
        reps=dose.reps[0] if dose.reps else None,
        duration_s=dose.duration_s[0] if dose.duration_s else None,
        rest_s=dose.rest_s,
        effort=dose.effort,
        minutes=0.5,
        intensity=_copy(HANG.intensity, percent=None),
    )
    return _session(lambda s: s.kind == "finger_strength", lambda s: _copy(s, exercises=[*s.exercises, planned]))


def _loading_everywhere(program: Program) -> Program:
    return _copy(program, weeks=[_copy(w, is_deload=False) for w in program.weeks])


def _doubled(program: Program) -> Program:
    """Every session of a loading week twice as hard, with sums that agree."""

    def heavier(week: Week) -> Week:
        sessions = [
            _copy(s, planned_effort=2 * s.planned_effort, planned_load=2 * s.planned_load) if s.planned_effort <= 5 else s
            for s in week.sessions
        ]
        return _copy(week, sessions=sessions, planned_load=sum(s.planned_load for s in sessions))

    weeks = _week(program, 2, heavier).weeks
    return _copy(
        program, weeks=weeks, load=[_copy(p, planned=w.planned_load) for p, w in zip(program.load, weeks, strict=True)]
    )


def _all_hard(program: Program) -> Program:
    return _week(program, 2, lambda w: _copy(w, sessions=[_hard(s) for s in w.sessions]))


def _every_day(program: Program) -> Program:
    def fill(week: Week) -> Week:
        easy = next(s for s in week.sessions if not s.is_hard)
        monday = week.start_date - easy.date
        return _copy(week, sessions=[_moved(easy, monday.days + day) for day in range(7)])

    return _week(program, 2, fill)


FAULTS: list[tuple[Rule, Change]] = [
    (Rule.DATES, _session(lambda s: True, lambda s: _copy(s, weekday="sun"))),
    (Rule.DATES, _session(lambda s: True, lambda s: _moved(s, -14))),
    (Rule.DATES, lambda p: _copy(p, weeks=[*p.weeks[:3], *p.weeks[4:]])),
    (Rule.AVAILABILITY, _session(lambda s: True, lambda s: _copy(s, minutes=125))),
    (Rule.AVAILABILITY, _session(lambda s: s.weekday == "tue", lambda s: _moved(s, 1))),
    (Rule.ONE_SESSION_A_DAY, _session(lambda s: s.weekday == "tue", lambda s: _moved(s, -1))),
    (Rule.FINGER_REST, _session(lambda s: s.kind == "finger_strength" and s.weekday == "mon", lambda s: _moved(s, 2))),
    (Rule.HARD_EASY, _session(lambda s: s.weekday == "tue" and s.date - dt.timedelta(days=1) in HARD, _hard)),
    (Rule.HARD_DAYS, _all_hard),
    (Rule.REST_DAYS, _every_day),
    (Rule.GOAL_REST, lambda p: _copy(p, goal=_copy(p.goal, date=p.weeks[-1].sessions[-1].date + dt.timedelta(days=1)))),
    (Rule.LOAD_RAMP, _doubled),
    (Rule.LOAD_SUM, _session(lambda s: True, lambda s: _copy(s, planned_load=s.planned_load + 5))),
    (Rule.LOAD_SUM, lambda p: _week(p, 3, lambda w: _copy(w, planned_load=w.planned_load - 10))),
    (Rule.LOAD_SUM, lambda p: _copy(p, load=p.load[:-1])),
    (Rule.DELOAD, _loading_everywhere),
    (Rule.TAPER, lambda p: _week(p, p.weeks[-1].index, lambda w: _copy(w, is_taper=False))),
    (Rule.SESSION_TIME, _exercise(minutes=200)),
    (Rule.SESSION_TIME, _session(lambda s: True, lambda s: _copy(s, exercises=s.exercises[:1]))),
    (Rule.FLAGS, _session(lambda s: s.loads_fingers_maximally, lambda s: _copy(s, loads_fingers_maximally=False))),
    (Rule.FLAGS, _session(lambda s: s.loads_fingers_maximally, lambda s: _copy(s, is_hard=False))),
    (Rule.INTENSITY, _exercise(intensity=_copy(HANG.intensity, added_kg=60.0))),
    (Rule.DOSE, _exercise(intensity=_copy(HANG.intensity, percent=99.0))),
    (Rule.DOSE, _exercise(sets=20)),
    (Rule.DOSE, _exercise(rest_s=10.0)),
    (Rule.LIBRARY, _exercise(exercise_id="one_finger_dyno")),
    (Rule.EQUIPMENT, _add("ring_rows")),
    (Rule.PREREQUISITE, _add("one_arm_pull_up_work")),
]


def test_the_program_is_valid_before_it_is_changed() -> None:
    assert violations(VALID, ATHLETE) == []


@pytest.mark.parametrize(("rule", "change"), FAULTS, ids=[f"{rule}-{i}" for i, (rule, _) in enumerate(FAULTS)])
def test_fault_is_found(rule: Rule, change: Change) -> None:
    assert rule in {v.rule for v in violations(change(VALID), ATHLETE)}


@pytest.mark.parametrize(
    ("rule", "athlete"),
    [
        (Rule.INJURY, {"injuries": [{"site": "finger", "severity": 1}]}),
        (Rule.INJURY, {"injuries": [{"site": "shoulder", "severity": 2}]}),
        (Rule.INJURY, {"log": [{"date": "2026-11-21", "status": "done", "pain": ["elbow"]}]}),
        (Rule.AGE, {"age_years": 15, "mass_kg": 55, "tests": {"pull_ups": {"reps": 15}}}),
        (Rule.EXPERIENCE, {"years_climbing": 1.5}),
        (Rule.PREREQUISITE, {"tests": {"pull_ups": {"reps": 1}}}),
        (Rule.INTENSITY, {"tests": {"pull_ups": {"reps": 15}}}),
        (Rule.EQUIPMENT, {"equipment": ["gym_boulder"]}),
        (Rule.AVAILABILITY, {"availability": {"mon": 60, "tue": 120, "thu": 120, "sat": 120}}),
        (
            Rule.OTHER_SPORTS,
            {"other_sports": [{"name": "rowing", "days": ["mon", "thu", "sat"], "minutes": 60, "load": "high"}]},
        ),
        (Rule.LOAD_RAMP, {"sessions_per_week": 1}),
    ],
)
def test_a_program_made_for_somebody_else_is_found(rule: Rule, athlete: dict[str, Any]) -> None:
    assert rule in {v.rule for v in violations(VALID, Athlete.parse({**DOCUMENT, **athlete}))}


def test_hard_boulders_twice_a_week_are_too_many_under_16() -> None:
    young = Athlete.parse({**DOCUMENT, "age_years": 14, "mass_kg": 50, "tests": {}})
    program = plan(young, today=TODAY)
    assert violations(program, young) == []
    week = next(w for w in program.weeks if any(s.kind == "youth_projecting" for s in w.sessions))
    tries = next(s for s in week.sessions if s.kind == "youth_projecting").exercises
    twice = _week(program, week.index, lambda w: _copy(w, sessions=[_copy(s, exercises=tries) for s in w.sessions]))
    assert any(v.rule is Rule.AGE and v.where == f"week {week.index}" for v in violations(twice, young))


def test_every_rule_is_tried() -> None:
    tried = {rule for rule, _ in FAULTS} | {Rule.INJURY, Rule.AGE, Rule.EXPERIENCE, Rule.OTHER_SPORTS}
    assert tried == set(Rule)
