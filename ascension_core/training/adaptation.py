"""Changes what is left of a program by what happened: sessions done or skipped, pain, effort, new tests, new findings.

What lies before today stays as it was planned; only what became of it is noted. Weeks to come are planned again under the
rules and from the load that was really carried, so that skipped weeks make no spike.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from statistics import mean
from typing import Final

from ascension_core.errors import InvalidAthlete, InvalidOption, InvalidProgram
from ascension_core.results import Note, PlannedSession, Program, Week
from ascension_core.training.athlete import Athlete, LoggedSession
from ascension_core.training.exercises import Quality
from ascension_core.training.intensity import reference
from ascension_core.training.load import USUAL_EFFORT, USUAL_MINUTES, logged_load
from ascension_core.training.periodisation import WEEK, WeekFrame
from ascension_core.training.planning import Span, assemble, main_goal, make_planner
from ascension_core.training.rules import GOAL_EVE_DAYS, PAIN_WINDOW, SHORTEST_SESSION
from ascension_core.training.sessions import SessionKind, possible_kind, session_kinds
from ascension_core.training.weeks import (
    GROWTH,
    Planner,
    fill,
    week_ceiling,
    wish_for,
    with_sessions,
    write_sessions,
)

STRAIN: Final = 1.5
"""Points of effort over plan, on average over the last two weeks, after which loads go down a tenth."""

_ENOUGH: Final = 3
"""Logged efforts that make such an average."""

_YEAR: Final = dt.timedelta(days=365.25)

_PLAN_ANEW: Final = "adapt that athlete's own program or plan a new one"


def adapt(program: Program, athlete: Athlete, *, today: dt.date, weakest_link: Quality | str | None = None) -> Program:
    """Plan again what lies ahead of `today`.

    Parameters
    ----------
    athlete
        With the log of sessions and the newest tests.
    weakest_link
        As for `ascension_core.training.planning.plan`; None keeps the program's.

    Raises
    ------
    InvalidProgram
        If it was made for another athlete.
    InvalidOption
        If the program is over or not begun on that day's calendar, or leads to another goal than the athlete's.
    InvalidAthlete
        If no day has time for a session any more.
    """
    _check(program, athlete, today)
    weakest = weakest_link or program.goal.weakest_link
    goal = main_goal(athlete, program.created_on)
    span = Span(program.start, program.end, _goal_day(program), cut=False)
    planner = make_planner(
        athlete,
        goal,
        span,
        today=today,
        seed=program.seed,
        weakest=None if weakest is None else Quality(weakest),
        as_of=program.created_on,
    )
    planner = replace(planner, growth=_growth(program, athlete, today))
    frames = frames_of(program)
    past = [_noted(week, athlete, today) for week in program.weeks if week.start_date <= today]
    first = program.weeks[0].load_ceiling
    if past and past[-1].start_date + WEEK > today:
        past[-1] = _current(planner, frames[len(past) - 1], past, len(frames), first)
    weeks = fill(planner, frames[len(past) :], past, first=first)
    return assemble(
        planner, goal, span, frames, weeks, created_on=program.created_on, revised_on=today, notes=_notes(program, planner)
    )


def _check(program: Program, athlete: Athlete, today: dt.date) -> None:
    _check_identity(program, athlete, today)
    if today > program.end:
        raise InvalidOption(f"the program ended on {program.end}; plan a new one")
    if today < (program.revised_on or program.created_on):
        raise InvalidOption(f"the program is from {program.revised_on or program.created_on}: it cannot be adapted on {today}")
    if not any(minutes >= SHORTEST_SESSION for minutes in athlete.availability.values()):
        raise InvalidAthlete(f"availability: no day has the {SHORTEST_SESSION} minutes that the shortest session takes")
    goal = main_goal(athlete, program.created_on)
    if (None if goal is None else goal.date) != program.goal.date:
        raise InvalidOption("the date of the goal has changed: plan a new program from today instead of adapting this one")


def _check_identity(program: Program, athlete: Athlete, today: dt.date) -> None:
    """Compare the first of id, name and age that both have; a birthday a year makes nobody another athlete."""
    made_for = program.athlete
    for field in ("id", "name"):
        theirs, ours = getattr(made_for, field), getattr(athlete, field)
        if theirs is not None and ours is not None:
            if theirs != ours:
                raise InvalidProgram(f"{field}: the program was made for {theirs!r}, not for {ours!r}; {_PLAN_ANEW}")
            return
    older = athlete.age_years - made_for.age_years
    if not 0 <= older <= 1 + (today - program.created_on) / _YEAR:
        raise InvalidProgram(
            f"age_years: the program was made for the age of {made_for.age_years:g}, not {athlete.age_years:g}; {_PLAN_ANEW}"
        )


def _goal_day(program: Program) -> dt.date | None:
    """The day of performance, if the program reaches it."""
    date = program.goal.date
    return date if date is not None and (date - program.end).days <= 1 + GOAL_EVE_DAYS else None


def frames_of(program: Program) -> tuple[WeekFrame, ...]:
    """The macrocycle of a program, read back from its weeks."""
    return tuple(
        frame
        for block, (_, weeks) in enumerate(groupby(program.weeks, key=lambda w: w.mesocycle))
        for frame in _frames_of_block(block, list(weeks))
    )


def _frames_of_block(block: int, weeks: Sequence[Week]) -> Iterator[WeekFrame]:
    loading = sum(not (w.is_deload or w.is_taper) for w in weeks)
    for i, week in enumerate(weeks):
        yield WeekFrame(
            index=week.index,
            start=week.start_date,
            block=block,
            phase=week.mesocycle.split("-", 1)[1],
            progress=0.0 if week.is_taper else min(1.0, i / max(1, loading - 1)),
            is_baseline=week.is_baseline,
            is_deload=week.is_deload,
            is_taper=week.is_taper,
        )


# --- what happened ----------------------------------------------------------------------------------------------------


def _noted(week: Week, athlete: Athlete, today: dt.date) -> Week:
    """A week with what became of its sessions; its load only once the week is over."""
    sessions = [_with_status(session, athlete, today) for session in week.sessions]
    is_over = week.start_date + WEEK <= today
    planned = {s.id for s in week.sessions}
    extra = sum(logged_load(e, USUAL_MINUTES, USUAL_EFFORT) for e in _unplanned(week, athlete, planned))
    done = sum(s.done_load or 0.0 for s in sessions) + extra if is_over else None
    return week.model_copy(update={"sessions": sessions, "done_load": done})


def _with_status(session: PlannedSession, athlete: Athlete, today: dt.date) -> PlannedSession:
    entry = _entry(session, athlete)
    if entry is not None:
        done = logged_load(entry, session.minutes, session.planned_effort)
        return session.model_copy(update={"status": entry.status, "done_load": done})
    if session.date < today and session.status == "planned":
        return session.model_copy(update={"status": "skipped", "done_load": 0.0})
    return session


def _entry(session: PlannedSession, athlete: Athlete) -> LoggedSession | None:
    """The last log entry about a session: by its id, else by its day."""
    named = [e for e in athlete.log if e.session_id == session.id]
    same_day = [e for e in athlete.log if e.session_id is None and e.date == session.date]
    found = named or same_day
    return found[-1] if found else None


def _unplanned(week: Week, athlete: Athlete, planned: set[str]) -> list[LoggedSession]:
    """Logged sessions of that week that the program did not hold."""
    days = {s.date for s in week.sessions}
    inside = [e for e in athlete.log if week.start_date <= e.date < week.start_date + WEEK]
    return [e for e in inside if e.session_id not in planned and (e.session_id is not None or e.date not in days)]


def _growth(program: Program, athlete: Athlete, today: dt.date) -> float:
    """Less load where sessions were much harder than planned."""
    over = _strain(program, athlete, today)
    return 0.9 if over is not None and over >= STRAIN else GROWTH


def _strain(program: Program, athlete: Athlete, today: dt.date) -> float | None:
    """Mean effort over plan in the last two weeks, None with too few entries."""
    sessions = [s for w in program.weeks for s in w.sessions if today - PAIN_WINDOW <= s.date <= today]
    pairs = [(s, _entry(s, athlete)) for s in sessions]
    over = [e.effort - s.planned_effort for s, e in pairs if e is not None and e.status == "done" and e.effort is not None]
    return mean(over) if len(over) >= _ENOUGH else None


# --- the week in progress ---------------------------------------------------------------------------------------------


def _current(planner: Planner, frame: WeekFrame, weeks: Sequence[Week], total: int, first: float) -> Week:
    """The week in progress: what is left keeps its days, and gives way where load, pain or time now say so."""
    week = weeks[-1]
    fixed = [s for s in week.sessions if s.date < planner.today or s.status != "planned"]
    ceiling = week_ceiling(weeks[:-1], week, total, first)
    budget = ceiling - sum(s.planned_load for s in fixed)
    pattern: list[tuple[SessionKind, int]] = []
    caps: list[int] = []
    target = 0.0
    for session in week.sessions:
        kind = _kind_now(planner, session)
        day = session.date.weekday()
        minutes = min(session.minutes, planner.trainee.limits.minutes[day])
        wish = wish_for(kind, frame)
        least = min(wish.least, session.minutes)
        if session not in fixed and minutes >= least and least * wish.effort <= budget:
            pattern.append((kind, day))
            caps.append(minutes)
            budget -= least * wish.effort
            target += least * wish.effort
    target += budget
    rewritten = write_sessions(planner, frame, pattern, caps, target, done=[s.kind for s in fixed])
    return with_sessions(week, sorted([*fixed, *rewritten], key=lambda s: s.date), ceiling)


def _kind_now(planner: Planner, session: PlannedSession) -> SessionKind:
    who = planner.trainee.limits
    others_once_a_week = frozenset(kind.id for kind in session_kinds().values() if kind.once) - {session.kind}
    kind = possible_kind(session.kind, who, others_once_a_week)
    if kind.hard and session.date.weekday() in who.no_hard:
        return possible_kind("technique", who)
    return kind


# --- what is said -----------------------------------------------------------------------------------------------------


def _notes(program: Program, planner: Planner) -> list[Note]:
    athlete, today = planner.athlete, planner.today
    notes = []
    sites = sorted({site for e in athlete.log if today - PAIN_WINDOW <= e.date <= today for site in e.pain})
    if sites:
        names = ", ".join(site.value for site in sites)
        message = f"Pain was logged ({names}): what loads it is left out or replaced for two weeks after the last entry."
        notes.append(Note(code="pain", message=message))
    if planner.growth < 1:
        message = "Sessions felt much harder than planned: the coming weeks carry a tenth less instead of more."
        notes.append(Note(code="strain", message=message))
    missed = [w for w in program.weeks if _is_missed(_noted(w, athlete, today), today)]
    if missed:
        weeks = ", ".join(str(w.index) for w in missed)
        notes.append(
            Note(code="missed", message=f"Missed weeks ({weeks}) are not caught up: load starts lower and grows again.")
        )
    notes.extend(_test_notes(athlete))
    return notes


def _is_missed(week: Week, today: dt.date) -> bool:
    is_over = week.start_date + WEEK <= today
    return is_over and (week.done_load or 0.0) < 0.5 * week.planned_load


def _test_notes(athlete: Athlete) -> Iterator[Note]:
    used = reference(athlete)
    for test in athlete.tests.done:
        if getattr(used, test) != getattr(athlete.tests, test):
            name = test.replace("_", " ")
            message = f"The new {name} differs from the last by less than measurement error: loads stay as they are."
            yield Note(code="no_real_change", message=message)
