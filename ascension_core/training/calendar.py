"""A program as a calendar file that phones and desktops import (RFC 5545)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar, Event, vText

from ascension_core.results import PlannedExercise, PlannedSession, Program, Week
from ascension_core.training.words import number, prescription

_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_DOMAIN = "program.ascension"


def program_calendar(program: Program, starts_at: time | None = None) -> bytes:
    """The sessions of a program as an iCalendar file.

    Parameters
    ----------
    starts_at
        Local time at which sessions begin; the time floats, so that it stays the same when the athlete travels. Without
        it sessions are all-day events that do not block the day, for a program knows days and minutes but no clock.

    Notes
    -----
    The same program gives the same bytes. The identifier of a session depends on the athlete, the day on which the program
    was made and the session's own id, so that importing an adapted program updates what was imported before; ``SEQUENCE``
    counts the days between making and adapting. Skipped sessions are cancelled.
    """
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", f"-//Ascension//Training program {_line(program.software.version)}//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar["x-wr-calname"] = calendar["name"] = vText(_title(program))
    for week, session, start in _starts(program, starts_at):
        calendar.add_component(_event(program, week, session, start))
    written: bytes = calendar.to_ical()
    return written


def _starts(program: Program, starts_at: time | None) -> Iterator[tuple[Week, PlannedSession, date | datetime]]:
    """Every session with its day, or with its time: a second session of a day begins when the first has ended."""
    free: dict[date, datetime] = {}
    for week in program.weeks:
        for session in week.sessions:
            if starts_at is None:
                yield week, session, session.date
                continue
            start = free.get(session.date, datetime.combine(session.date, starts_at))
            free[session.date] = start + timedelta(minutes=session.minutes)
            yield week, session, start


def _event(program: Program, week: Week, session: PlannedSession, start: date | datetime) -> Event:
    timed = isinstance(start, datetime)
    event = Event()
    event.add("uid", f"{uuid5(NAMESPACE_URL, _identity(program, session))}@{_DOMAIN}")
    event.add("dtstamp", _written_on(program))
    event.add("sequence", (_written_on(program).date() - program.created_on).days)
    event.add("dtstart", start)
    event.add("dtend", start + (timedelta(minutes=session.minutes) if timed else timedelta(days=1)))
    event["summary"] = vText(_summary(session))
    event["description"] = vText(_description(program, week, session))
    event.add("categories", ["Climbing", "Training"])
    event.add("status", "CANCELLED" if session.status == "skipped" else "CONFIRMED")
    event.add("transp", "OPAQUE" if timed else "TRANSPARENT")
    return event


def _identity(program: Program, session: PlannedSession) -> str:
    athlete = program.athlete
    return "|".join(
        [athlete.id or "", athlete.name or "", program.created_on.isoformat(), program.start.isoformat(), session.id]
    )


def _written_on(program: Program) -> datetime:
    return datetime.combine(program.revised_on or program.created_on, time(), UTC)


def _title(program: Program) -> str:
    to = f" to {program.goal.grade}" if program.goal.grade else ""
    return _line(f"Climbing{to}, {program.athlete.name}" if program.athlete.name else f"Climbing{to}")


def _summary(session: PlannedSession) -> str:
    done = {"done": "Done: ", "skipped": "Skipped: ", "planned": ""}[session.status]
    return _line(f"{done}{session.title}, {session.minutes} min")


def _description(program: Program, week: Week, session: PlannedSession) -> str:
    head = f"Week {week.index} of {len(program.weeks)}: {week.focus}. Planned effort {number(session.planned_effort)} of 10."
    exercises = [_exercise(exercise) for exercise in session.exercises]
    return "\n".join([_line(head), "", _line(session.why), "", *exercises, "", *map(_line, program.disclaimers)])


def _exercise(exercise: PlannedExercise) -> str:
    return _line(f"- {exercise.name}: {prescription(exercise)}; {exercise.intensity.text}")


def _line(text: str) -> str:
    """One line without characters that the format forbids."""
    return _CONTROL.sub(" ", text).replace("\n", " ").strip()
