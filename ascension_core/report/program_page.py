"""A training program as one HTML page that needs no network: calendar, load, weeks and the reasons."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

from markupsafe import Markup

from ascension_core.report.html import environment, joined, policy
from ascension_core.report.load_chart import load_chart
from ascension_core.report.words import Figure
from ascension_core.results import PlannedExercise, PlannedSession, Program, Week
from ascension_core.training.words import number, prescription

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PARTS = {"warm_up": "Warm-up", "main": "Main part", "supplement": "Supplement", "cool_down": "Cool-down"}
RETEST = "tests"  # code of the explanation that says when to test again
TEST = "test_"  # begins the identifier of every exercise that is a test


def write_program_page(out_path: Path, program: Program, calendar: bytes | None = None) -> None:
    """Write the page; `calendar` is the iCalendar file that the page offers to save.

    Raises
    ------
    OSError
        If the page cannot be written.
    """
    out_path.write_text(render_program(program, calendar), "utf-8")


def render_program(program: Program, calendar: bytes | None = None) -> str:
    """The HTML of the page."""
    css = joined("css", "css") + joined("program", "css")
    script = f'(() => {{\n"use strict";\n{joined("program", "js")}}})();\n'
    blocks = _blocks(program)
    return (
        environment()
        .get_template("program.html")
        .render(
            policy=policy(css, script),
            css=Markup(css),
            js=Markup(script),
            program=program,
            title=_title(program),
            lead=_lead(program),
            figures=_figures(program),
            calendar_base64=base64.b64encode(calendar).decode("ascii") if calendar else None,
            weekdays=[{"long": day, "short": day[:2]} for day in WEEKDAYS],
            blocks=blocks,
            goal_in_sight=any(cell["is_goal"] for block in blocks for row in block["weeks"] for cell in row["days"]),
            any_fingers=any(session.loads_fingers_maximally for session in _sessions(program)),
            chart=load_chart(program),
            weeks=[_week(week) for week in program.weeks],
            phases=_phases(program),
            explanations=[note.message for note in program.explanations if note.code != RETEST],
            tests=_tests(program),
            retest=[note.message for note in program.explanations if note.code == RETEST],
            substitutions=_substitutions(program),
            facts=_facts(program),
        )
    )


def _sessions(program: Program) -> list[PlannedSession]:
    return [session for week in program.weeks for session in week.sessions]


def _title(program: Program) -> str:
    goal = program.goal
    aim = goal.grade or "Training program"
    if goal.grade and goal.date:
        aim = f"{goal.grade} by {_day(goal.date)}"
    return f"{program.athlete.name}: {aim}" if program.athlete.name else aim


def _lead(program: Program) -> str:
    days = [day for k, day in enumerate(WEEKDAYS) if any(s.date.weekday() == k for s in _sessions(program))]
    on = f", training on {_listed(days)}" if days else ""
    weeks = "1 week" if len(program.weeks) == 1 else f"{len(program.weeks)} weeks"
    adapted = f" Adapted on {_day(program.revised_on)}." if program.revised_on else ""
    return f"{weeks}, from {_day(program.start)} to {_day(program.end)}{on}.{adapted}"


def _figures(program: Program) -> list[Figure]:
    full = [week for week in program.weeks if not (week.is_deload or week.is_taper)] or program.weeks
    count = Counter(len(week.sessions) for week in full).most_common(1)[0][0] if full else 0
    hours = median(sum(s.minutes for s in week.sessions) for week in full) / 60 if full else 0.0
    figures = [
        Figure(str(len(program.weeks)), "", "weeks"),
        Figure(str(count), "", "sessions in a usual week"),
        Figure(number(hours), "h", "of training in a usual week"),
    ]
    if program.goal.weakest_link:
        figures.append(Figure(_words(program.goal.weakest_link), "", "trained first"))
    return figures


def _blocks(program: Program) -> list[dict[str, Any]]:
    titles = {cycle.name: cycle.title for cycle in program.mesocycles}
    return [
        {"title": titles.get(name, _words(name)), "weeks": [_row(week, program.goal.date) for week in weeks]}
        for name, weeks in groupby(program.weeks, key=lambda week: week.mesocycle)
    ]


def _row(week: Week, goal: date | None) -> dict[str, Any]:
    on = {session.date: _cell(week, k, session) for k, session in reversed(list(enumerate(week.sessions)))}
    days = [week.start_date + timedelta(days=k) for k in range(7)]
    return {
        "index": week.index,
        "sort": next((short for short, _ in _sorts(week)), None),
        "days": [
            {"date": day.isoformat(), "number": _number(day), "session": on.get(day), "is_goal": day == goal} for day in days
        ],
    }


def _cell(week: Week, k: int, session: PlannedSession) -> dict[str, Any]:
    tags = ", ".join(_tags(session))
    return {
        "anchor": _anchor(week, k),
        "title": session.title,
        "is_hard": session.is_hard,
        "fingers": session.loads_fingers_maximally,
        "status": session.status,
        "label": f"{_weekday(session.date)}: {session.title}" + (f" ({tags})" if tags else ""),
    }


def _week(week: Week) -> dict[str, Any]:
    last = week.start_date + timedelta(days=6)
    return {
        "index": week.index,
        "first": week.start_date.isoformat(),
        "last": last.isoformat(),
        "dates": f"{week.start_date.day} {week.start_date:%b} – {last.day} {last:%b}",
        "focus": week.focus,
        "tags": [long for _, long in _sorts(week)],
        "sessions": [_session(week, k, session) for k, session in enumerate(week.sessions)],
    }


def _number(day: date) -> str:
    """The day of the month, with the month where one begins."""
    return f"{day.day} {day:%b}" if day.day == 1 else str(day.day)


def _sorts(week: Week) -> list[tuple[str, str]]:
    """What is special about a week, in one word and in full."""
    named = (
        (week.is_baseline, ("start", "finding your load")),
        (week.is_deload, ("lighter", "lighter week (deload)")),
        (week.is_taper, ("taper", "taper")),
    )
    return [words for holds, words in named if holds]


def _session(week: Week, k: int, session: PlannedSession) -> dict[str, Any]:
    return {
        "anchor": _anchor(week, k),
        "date": session.date.isoformat(),
        "day": _weekday(session.date),
        "title": session.title,
        "status": session.status,
        "minutes": session.minutes,
        "effort": number(session.planned_effort),
        "why": session.why,
        "tags": _tags(session),
        "parts": [
            {"title": PARTS[name], "exercises": [_exercise(e) for e in exercises]}
            for name, exercises in groupby(session.exercises, key=lambda exercise: exercise.part)
        ],
    }


def _tags(session: PlannedSession) -> list[str]:
    named = {
        session.status: session.status != "planned",
        "hard": session.is_hard,
        "fingers near their maximum": session.loads_fingers_maximally,
    }
    return [name for name, holds in named.items() if holds]


def _anchor(week: Week, k: int) -> str:
    return f"session-{week.index}-{k + 1}"


def _exercise(exercise: PlannedExercise) -> dict[str, Any]:
    return {
        "name": exercise.name,
        "dose": prescription(exercise),
        "intensity": exercise.intensity.text,
        "effort": number(exercise.effort) if exercise.intensity.percent is not None else None,
        "description": exercise.description,
        "why": exercise.why,
        "cues": exercise.cues,
    }


def _phases(program: Program) -> list[dict[str, str]]:
    return [
        {
            "title": cycle.title,
            "weeks": _span(cycle.first_week, cycle.weeks),
            "qualities": _listed([_words(quality) for quality in cycle.qualities]).capitalize(),
            "why": cycle.why,
        }
        for cycle in program.mesocycles
    ]


def _span(first: int, weeks: int) -> str:
    return f"week {first}" if weeks == 1 else f"weeks {first} to {first + weeks - 1}"


def _tests(program: Program) -> list[dict[str, str]]:
    found = []
    for week in program.weeks:
        for k, session in enumerate(week.sessions):
            names = [_test(exercise) for exercise in session.exercises if exercise.exercise_id.startswith(TEST)]
            if names:
                found.append({"anchor": _anchor(week, k), "day": _weekday(session.date), "names": _listed(names)})
    return found


def _test(exercise: PlannedExercise) -> str:
    return exercise.name.removeprefix("Test: ")


def _substitutions(program: Program) -> list[dict[str, str]]:
    names = {e.exercise_id: e.name for session in _sessions(program) for e in session.exercises}
    return [
        {
            "what": f"{names.get(one.exercise_id, _words(one.exercise_id)).capitalize()}: "
            + (f"{names.get(one.replaced_by, _words(one.replaced_by))} instead" if one.replaced_by else "left out"),
            "reason": one.reason,
        }
        for one in program.substitutions
    ]


def _facts(program: Program) -> list[tuple[str, str]]:
    """What the program was made from, for whoever wants to know or to repeat it."""
    athlete = program.athlete
    facts = [
        ("Made by", f"{program.software.name} {program.software.version}, seed {program.seed}"),
        ("Made on", _day(program.created_on)),
        ("Adapted on", _day(program.revised_on) if program.revised_on else ""),
        ("Age", f"{number(athlete.age_years)} years, {number(athlete.years_climbing)} of them climbing"),
        ("Body mass", f"{number(athlete.mass_kg)} kg"),
        ("Grades now", _listed([grade for grade in (athlete.boulder_grade, athlete.sport_grade) if grade])),
        ("Time available", f"{athlete.minutes_per_week} min a week"),
        ("Equipment", _listed([_words(name) for name in athlete.equipment])),
        ("Injuries", "; ".join(athlete.injuries)),
    ]
    return [(name, value) for name, value in facts if value]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _weekday(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {day:%B}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
