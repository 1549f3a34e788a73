"""The calendar file, read back by the library that phones' own readers resemble."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from ascension_core.results import PlannedSession, Program
from ascension_core.training.calendar import program_calendar


@pytest.fixture(scope="module")
def program(planned: Callable[[str], Program]) -> Program:
    return planned("office-v5")


def sessions(program: Program) -> list[PlannedSession]:
    return [session for week in program.weeks for session in week.sessions]


def events(document: bytes) -> list[Event]:
    calendar = Calendar.from_ical(document)
    assert not calendar.errors
    assert not any(event.errors for event in calendar.events)
    return list(calendar.events)


def named(program: Program, name: str | None) -> Program:
    return program.model_copy(update={"athlete": program.athlete.model_copy(update={"name": name})})


def with_first(program: Program, **update: object) -> Program:
    """The program with its first session changed."""
    first = program.weeks[0].sessions[0].model_copy(update=update)
    week = program.weeks[0].model_copy(update={"sessions": [first, *program.weeks[0].sessions[1:]]})
    return program.model_copy(update={"weeks": [week, *program.weeks[1:]]})


def test_every_session_comes_back_on_its_day(program: Program) -> None:
    read = events(program_calendar(program))
    assert [(event.decoded("dtstart"), str(event["summary"])) for event in read] == [
        (session.date, f"{session.title}, {session.minutes} min") for session in sessions(program)
    ]
    assert {event.decoded("dtend") - event.decoded("dtstart") for event in read} == {timedelta(days=1)}
    assert {event["transp"] for event in read} == {"TRANSPARENT"}


def test_every_exercise_and_every_disclaimer_is_in_the_description(program: Program) -> None:
    for event, session in zip(events(program_calendar(program)), sessions(program), strict=True):
        said = str(event["description"])
        assert [line for e in session.exercises for line in [e.name] if line not in said] == []
        assert [line for line in program.disclaimers if line not in said] == []


def test_with_a_time_sessions_float_and_last_as_long_as_planned(program: Program) -> None:
    for event, session in zip(events(program_calendar(program, time(18, 30))), sessions(program), strict=True):
        start = event.decoded("dtstart")
        assert start == datetime.combine(session.date, time(18, 30))
        assert start.tzinfo is None
        assert event.decoded("dtend") - start == timedelta(minutes=session.minutes)


def test_a_second_session_of_a_day_begins_when_the_first_has_ended(program: Program) -> None:
    week = program.weeks[0]
    second = week.sessions[1].model_copy(update={"date": week.sessions[0].date})
    week = week.model_copy(update={"sessions": [week.sessions[0], second]})
    first, second = events(program_calendar(program.model_copy(update={"weeks": [week]}), time(23, 30)))
    assert second.decoded("dtstart") == first.decoded("dtend")


def test_the_form_is_that_of_the_standard(program: Program) -> None:
    document = program_calendar(program)
    assert document.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:")
    assert document.endswith(b"END:VCALENDAR\r\n")
    lines = document.split(b"\r\n")[:-1]
    assert max(map(len, lines)) <= 75
    well_formed = re.compile(rb"(?:[A-Z-]+[;:]| )[^\x00-\x08\x0a-\x1f\x7f]*")
    assert [line for line in lines if not well_formed.fullmatch(line)] == []
    for event in events(document):
        assert {"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event)
        assert event.decoded("dtstamp").utcoffset() == timedelta(0)


def test_the_same_program_gives_the_same_bytes(program: Program) -> None:
    assert program_calendar(program) == program_calendar(Program.model_validate_json(program.model_dump_json()))


def test_identifiers_are_unique_and_survive_an_adaptation(program: Program) -> None:
    before = events(program_calendar(program))
    later = program.created_on + timedelta(days=20)
    after = events(program_calendar(program.model_copy(update={"revised_on": later, "seed": 9})))
    assert len({event["uid"] for event in before}) == len(before)
    assert [event["uid"] for event in before] == [event["uid"] for event in after]
    assert ({event["sequence"] for event in before}, {event["sequence"] for event in after}) == ({0}, {20})
    assert {event.decoded("dtstamp").date() for event in after} == {later}


def test_two_athletes_and_two_programs_share_no_identifier(program: Program) -> None:
    others = [named(program, "Somebody else"), program.model_copy(update={"created_on": date(2027, 5, 1)})]
    uids = [{event["uid"] for event in events(program_calendar(p))} for p in (program, *others)]
    assert len(set.union(*uids)) == 3 * len(uids[0])


@pytest.mark.parametrize(("status", "known_as"), [("planned", "CONFIRMED"), ("done", "CONFIRMED"), ("skipped", "CANCELLED")])
def test_what_was_skipped_is_cancelled(program: Program, status: str, known_as: str) -> None:
    event = events(program_calendar(with_first(program, status=status)))[0]
    assert event["status"] == known_as
    assert str(event["summary"]).startswith({"planned": "", "done": "Done: ", "skipped": "Skipped: "}[status])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=200))
def test_no_text_breaks_the_form(program: Program, text: str) -> None:
    one = with_first(named(program, text), title=text, why=text)
    one = one.model_copy(update={"weeks": one.weeks[:1]})
    document = program_calendar(one)
    read = events(document)
    assert len(read) == len(one.weeks[0].sessions)
    assert max(map(len, document.split(b"\r\n"))) <= 75


def test_a_name_cannot_add_an_event(program: Program) -> None:
    hostile = "Eve\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:gotcha"
    read = events(program_calendar(with_first(named(program, hostile), title=hostile)))
    assert len(read) == len(sessions(program))
    assert "gotcha" in str(read[0]["summary"])


def test_a_program_without_sessions_is_a_calendar_without_events(program: Program) -> None:
    assert events(program_calendar(program.model_copy(update={"weeks": []}))) == []
