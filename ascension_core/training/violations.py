"""Checks a finished program against every rule, from the document alone: nothing of the planner is used.

Only the rules themselves (`ascension_core.training.rules`), the exercise library and the arithmetic of load and intensity are
shared. Sessions before the day of the last adaptation are history: they are not judged by what is known today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ascension_core.results import PlannedExercise, PlannedSession, Program, Week
from ascension_core.training.athlete import Athlete, Site, Weekday
from ascension_core.training.exercises import Dose, Exercise, library
from ascension_core.training.intensity import added_kg, maximum_kg
from ascension_core.training.load import ceilings, habitual_load, session_load
from ascension_core.training.rules import (
    FINGER_REST_DAYS,
    GOAL_EVE_DAYS,
    GOAL_REST_DAYS,
    MAX_FINGER_AGE,
    MOST_LOADING_WEEKS,
    YOUTH_TRIES_A_WEEK,
    Limits,
    Rule,
    exclusion,
    limits,
    most_hard_days,
)

_TOLERANCE: Final = 0.2
"""Load units by which sums may differ through rounding."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a program breaks.

    Attributes
    ----------
    where
        The week, session or exercise.
    """

    rule: Rule
    where: str
    message: str


@dataclass(frozen=True)
class _Case:
    program: Program
    athlete: Athlete
    who: Limits
    since: dt.date

    @property
    def sessions(self) -> list[PlannedSession]:
        return [s for w in self.program.weeks for s in w.sessions]

    def ahead(self) -> Iterator[PlannedSession]:
        return (s for s in self.sessions if s.date >= self.since and s.status == "planned")

    def weeks_ahead(self) -> Iterator[Week]:
        return (w for w in self.program.weeks if w.start_date + dt.timedelta(days=7) > self.since)


def violations(program: Program, athlete: Athlete) -> list[Violation]:
    """Every rule that the program breaks; empty for a valid one."""
    since = program.revised_on or program.created_on
    case = _Case(program, athlete, limits(athlete, since), since)
    return [violation for check in _CHECKS for violation in check(case)]


# --- days -------------------------------------------------------------------------------------------------------------


def _dates(case: _Case) -> Iterator[Violation]:
    program = case.program
    for session in case.ahead():
        if not max(case.since, program.start) <= session.date <= program.end:
            yield Violation(Rule.DATES, session.id, f"{session.date} lies outside the program")
        if list(Weekday)[session.date.weekday()].value != session.weekday:
            yield Violation(Rule.DATES, session.id, f"{session.date} is no {session.weekday}")
    for before, after in pairwise(program.weeks):
        if after.start_date - before.start_date != dt.timedelta(days=7) or after.index != before.index + 1:
            yield Violation(Rule.DATES, f"week {after.index}", "does not follow the week before")
    for week in program.weeks:
        outside = [s for s in week.sessions if not 0 <= (s.date - week.start_date).days < 7]
        if week.start_date.weekday() != 0 or outside:
            yield Violation(Rule.DATES, f"week {week.index}", "does not hold its days from Monday to Sunday")


def _availability(case: _Case) -> Iterator[Violation]:
    for session in case.ahead():
        available = case.who.minutes[session.date.weekday()]
        if session.minutes > available:
            yield Violation(Rule.AVAILABILITY, session.id, f"{session.minutes} min, but {available} are available")


def _one_a_day(case: _Case) -> Iterator[Violation]:
    for a, b in pairwise(sorted(case.sessions, key=lambda s: s.date)):
        if a.date == b.date and b.date >= case.since:
            yield Violation(Rule.ONE_SESSION_A_DAY, b.id, f"second session on {b.date}")


def _finger_rest(case: _Case) -> Iterator[Violation]:
    yield from _spaced(case, Rule.FINGER_REST, FINGER_REST_DAYS, lambda s: s.loads_fingers_maximally or _maximal(s))


def _hard_easy(case: _Case) -> Iterator[Violation]:
    yield from _spaced(case, Rule.HARD_EASY, 2, lambda s: s.is_hard)


def _spaced(case: _Case, rule: Rule, days: int, what: Callable[[PlannedSession], bool]) -> Iterator[Violation]:
    found = sorted((s for s in case.sessions if what(s) and s.status != "skipped"), key=lambda s: s.date)
    for a, b in pairwise(found):
        if b.date >= case.since and (b.date - a.date).days < days:
            yield Violation(rule, b.id, f"only {(b.date - a.date).days} day after {a.id}")


def _hard_days(case: _Case) -> Iterator[Violation]:
    for week in case.weeks_ahead():
        most = most_hard_days(case.who, is_deload=week.is_deload, is_taper=week.is_taper)
        hard = [s for s in week.sessions if s.is_hard]
        if len(hard) > most and any(s.date >= case.since for s in hard):
            yield Violation(Rule.HARD_DAYS, f"week {week.index}", f"{len(hard)} hard sessions, {most} are allowed")


def _rest_days(case: _Case) -> Iterator[Violation]:
    for week in case.weeks_ahead():
        days = {s.date for s in week.sessions}
        if len(days) > 7 - case.who.free_days and max(days) >= case.since:
            yield Violation(Rule.REST_DAYS, f"week {week.index}", f"{len(days)} days with training")


def _other_sports(case: _Case) -> Iterator[Violation]:
    for session in case.ahead():
        if session.is_hard and session.date.weekday() in case.who.no_hard:
            yield Violation(Rule.OTHER_SPORTS, session.id, "a hard session on the day of another hard sport")


def _goal_rest(case: _Case) -> Iterator[Violation]:
    goal = case.program.goal.date
    for session in case.ahead() if goal is not None else ():
        assert goal is not None
        days = (goal - session.date).days
        if days <= GOAL_EVE_DAYS or (session.is_hard and days < GOAL_REST_DAYS):
            yield Violation(Rule.GOAL_REST, session.id, f"{days} days before the goal")


# --- weeks and load ---------------------------------------------------------------------------------------------------


def _load_sum(case: _Case) -> Iterator[Violation]:
    for session in case.sessions:
        if abs(session.planned_load - session_load(session.minutes, session.planned_effort)) > _TOLERANCE:
            yield Violation(Rule.LOAD_SUM, session.id, "load is not minutes times effort")
    for week, point in zip(case.program.weeks, case.program.load, strict=False):
        if abs(week.planned_load - sum(s.planned_load for s in week.sessions)) > _TOLERANCE:
            yield Violation(Rule.LOAD_SUM, f"week {week.index}", "load is not the sum of its sessions")
        if point.week != week.index or abs(point.planned - week.planned_load) > _TOLERANCE:
            yield Violation(Rule.LOAD_SUM, f"week {week.index}", "the load curve says something else")
    if len(case.program.load) != len(case.program.weeks):
        yield Violation(Rule.LOAD_SUM, "load", "the load curve has another length than the program")


def _load_ramp(case: _Case) -> Iterator[Violation]:
    program = case.program
    weeks = program.weeks
    first = habitual_load(case.athlete, program.created_on) if program.revised_on is None else weeks[0].load_ceiling
    for week, ceiling in zip(weeks, ceilings(weeks, first), strict=True):
        if week.start_date >= case.since and week.planned_load > ceiling + _TOLERANCE:
            yield Violation(Rule.LOAD_RAMP, f"week {week.index}", f"{week.planned_load:.0f} planned, {ceiling:.0f} allowed")


def _deload(case: _Case) -> Iterator[Violation]:
    run = 0
    for week in case.program.weeks:
        run = 0 if week.is_deload or week.is_taper else run + 1
        if run > MOST_LOADING_WEEKS:
            yield Violation(Rule.DELOAD, f"week {week.index}", f"{run} loading weeks in a row")


def _taper(case: _Case) -> Iterator[Violation]:
    weeks, has_day = case.program.weeks, case.program.goal.date is not None and _reaches_goal(case.program)
    if has_day and not weeks[-1].is_taper:
        yield Violation(Rule.TAPER, f"week {weeks[-1].index}", "the week before the goal is no taper")
    for before, after in pairwise(weeks):
        if before.is_taper and not after.is_taper:
            yield Violation(Rule.TAPER, f"week {after.index}", "training goes on after the taper")


def _reaches_goal(program: Program) -> bool:
    return program.goal.date is not None and (program.goal.date - program.end).days <= 1 + GOAL_EVE_DAYS


# --- sessions and exercises -------------------------------------------------------------------------------------------


def _session_time(case: _Case) -> Iterator[Violation]:
    for session in case.ahead():
        needed = sum(e.minutes for e in session.exercises)
        if needed > session.minutes + 0.01:
            yield Violation(Rule.SESSION_TIME, session.id, f"its exercises take {needed:g} of {session.minutes} min")
        if needed < 0.7 * session.minutes:
            yield Violation(Rule.SESSION_TIME, session.id, f"its exercises fill only {needed:g} of {session.minutes} min")


def _flags(case: _Case) -> Iterator[Violation]:
    for session in case.sessions:
        if session.loads_fingers_maximally != _maximal(session):
            yield Violation(Rule.FLAGS, session.id, "loads_fingers_maximally does not agree with its exercises")
        if _maximal(session) and not session.is_hard:
            yield Violation(Rule.FLAGS, session.id, "a maximal finger session that is not called hard")


def _maximal(session: PlannedSession) -> bool:
    known = [library()[e.exercise_id] for e in session.exercises if e.exercise_id in library()]
    return any(e.load_at(Site.FINGER) == 3 for e in known)


def _exercises(case: _Case) -> Iterator[Violation]:
    """Equipment, injuries, age, experience and test levels, for every exercise to come."""
    for session, planned, exercise in _known(case):
        reason = exclusion(exercise, case.who)
        if reason is not None:
            yield Violation(reason.rule, f"{session.id}/{planned.exercise_id}", reason.reason)


def _youth_tries(case: _Case) -> Iterator[Violation]:
    for week in case.weeks_ahead() if case.who.age_years < MAX_FINGER_AGE else ():
        tries = [s for s in week.sessions if any(_has_tag(e, "weekly_under_16") for e in s.exercises)]
        if len(tries) > YOUTH_TRIES_A_WEEK and tries[-1].date >= case.since:
            yield Violation(Rule.AGE, f"week {week.index}", f"{len(tries)} sessions of hard boulders under 16")


def _has_tag(planned: PlannedExercise, tag: str) -> bool:
    return planned.exercise_id in library() and tag in library()[planned.exercise_id].tags


def _library(case: _Case) -> Iterator[Violation]:
    for session in case.sessions:
        for planned in session.exercises:
            if planned.exercise_id not in library():
                yield Violation(Rule.LIBRARY, session.id, f"{planned.exercise_id} is not in the library")


def _doses(case: _Case) -> Iterator[Violation]:
    for session, planned, exercise in _known(case):
        if not any(_within(planned, dose) for dose in exercise.dose.values()):
            yield Violation(Rule.DOSE, f"{session.id}/{planned.exercise_id}", "outside the doses of the library")


def _within(planned: PlannedExercise, dose: Dose) -> bool:
    fits = planned.sets <= dose.sets[1] and planned.rest_s >= dose.rest_s and planned.effort <= dose.effort
    if dose.reps is not None:
        fits = fits and planned.reps is not None and planned.reps <= dose.reps[1]
    if dose.duration_s is not None:
        fits = fits and planned.duration_s is not None and planned.duration_s <= dose.duration_s[1]
    if dose.percent is not None and planned.intensity.percent is not None:
        fits = fits and dose.percent[0] <= planned.intensity.percent <= dose.percent[1]
    return fits


def _intensities(case: _Case) -> Iterator[Violation]:
    for session, planned, exercise in _known(case):
        load = planned.intensity
        if load.percent is None or exercise.percent_of is None:
            continue
        maximum = maximum_kg(case.athlete, exercise.percent_of, planned.duration_s)
        if maximum is None or load.added_kg is None or load.total_kg is None:
            yield Violation(Rule.INTENSITY, f"{session.id}/{planned.exercise_id}", "a percentage without a test")
        elif load.added_kg > added_kg(case.athlete.mass_kg, load.percent, maximum) + 0.01:
            yield Violation(Rule.INTENSITY, f"{session.id}/{planned.exercise_id}", "heavier than its percentage of the test")


def _known(case: _Case) -> Iterator[tuple[PlannedSession, PlannedExercise, Exercise]]:
    for session in case.ahead():
        for planned in session.exercises:
            if planned.exercise_id in library():
                yield session, planned, library()[planned.exercise_id]


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Violation]], ...]] = (
    _dates,
    _availability,
    _one_a_day,
    _finger_rest,
    _hard_easy,
    _hard_days,
    _rest_days,
    _other_sports,
    _goal_rest,
    _load_sum,
    _load_ramp,
    _deload,
    _taper,
    _session_time,
    _flags,
    _library,
    _exercises,
    _youth_tries,
    _doses,
    _intensities,
)
