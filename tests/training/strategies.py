"""Athletes of every kind, for hypothesis."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from ascension_core.results import Program
from ascension_core.training.athlete import Athlete, Equipment, FindingCode, Site, Weekday

TODAY = dt.date(2026, 11, 22)

DAYS = [day.value for day in Weekday]
MINUTES = st.sampled_from([0, 15, 20, 30, 45, 60, 75, 90, 105, 120, 180, 240, 480])


@st.composite
def availabilities(draw: st.DrawFn) -> dict[str, int]:
    """At least one day with time for a session."""
    found = draw(st.dictionaries(st.sampled_from(DAYS), MINUTES, max_size=7))
    found[draw(st.sampled_from(DAYS))] = draw(st.sampled_from([20, 45, 60, 90, 120, 240]))
    return found


@st.composite
def goals(draw: st.DrawFn) -> dict[str, Any]:
    """Goals from three days to two years ahead, some without a date."""
    style = draw(st.sampled_from(["boulder", "sport", "trad", "speed"]))
    goal: dict[str, Any] = {"style": style}
    if style == "speed":
        goal["time_s"] = 9.0
    else:
        goal["grade"] = draw(st.sampled_from(["V3", "V6", "V9"] if style == "boulder" else ["6b", "7a+", "8a"]))
    days = draw(st.one_of(st.none(), st.integers(14, 250), st.integers(14, 120), st.integers(200, 800)))
    if days is not None:
        goal["date"] = (TODAY + dt.timedelta(days=days)).isoformat()
    return goal


@st.composite
def injuries(draw: st.DrawFn) -> dict[str, Any]:
    """Any site, any severity, fresh or old."""
    injury: dict[str, Any] = {
        "site": draw(st.sampled_from([site.value for site in Site])),
        "severity": draw(st.integers(1, 3)),
    }
    ago = draw(st.sampled_from([None, 10, 200, 600]))
    if ago is not None:
        injury["since"] = (TODAY - dt.timedelta(days=ago)).isoformat()
    return injury


@st.composite
def sports(draw: st.DrawFn) -> dict[str, Any]:
    """Another sport on one to four days."""
    return {
        "name": draw(st.sampled_from(["running", "football", "yoga"])),
        "days": sorted(draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=4))),
        "minutes": draw(st.sampled_from([30, 60, 120])),
        "load": draw(st.sampled_from(["low", "medium", "high"])),
    }


@st.composite
def assessments(draw: st.DrawFn, mass_kg: float) -> dict[str, Any]:
    """Some tests, all plausible for the body mass."""
    tests: dict[str, Any] = {}
    if draw(st.booleans()):
        tests["max_hang"] = {
            "edge_mm": draw(st.sampled_from([15, 20, 25])),
            "duration_s": draw(st.sampled_from([5, 7, 10])),
            "added_kg": round(mass_kg * draw(st.floats(-0.2, 0.6)), 1),
            "hands": 2,
        }
    if draw(st.booleans()):
        tests["pull_ups"] = {"reps": draw(st.integers(0, 25))}
    if draw(st.booleans()):
        tests["weighted_pull_up"] = {"added_kg": round(mass_kg * draw(st.floats(0, 0.5)), 1), "reps": draw(st.integers(1, 5))}
        tests["pull_ups"] = {"reps": draw(st.integers(12, 25))}
    return tests


@st.composite
def athlete_documents(draw: st.DrawFn) -> dict[str, Any]:
    """Plausible athletes from eight to seventy-five, of every level, kit, body and calendar."""
    age = draw(st.one_of(st.integers(8, 17), st.integers(16, 50), st.integers(45, 75)))
    mass = float(draw(st.integers(28, 40) if age < 12 else st.integers(45, 70) if age < 16 else st.integers(50, 95)))
    document: dict[str, Any] = {
        "age_years": age,
        "sex": draw(st.sampled_from(["female", "male", "other", None])),
        "mass_kg": mass,
        "years_climbing": draw(st.sampled_from([y for y in (0, 0.5, 1, 1.9, 2, 3, 5, 9, 20) if y <= age - 5])),
        "sessions_per_week": draw(st.one_of(st.none(), st.integers(0, 7))),
        "availability": draw(availabilities()),
        "equipment": sorted(draw(st.sets(st.sampled_from([e.value for e in Equipment]), max_size=10))),
        "goals": draw(st.lists(goals(), max_size=2)),
        "injuries": draw(st.lists(injuries(), max_size=3)) if draw(st.booleans()) else [],
        "other_sports": draw(st.lists(sports(), max_size=2)) if draw(st.booleans()) else [],
        "tests": draw(assessments(mass)) if age >= 14 else {},
        "vision_findings": [
            {"code": code, "severity": draw(st.integers(1, 3)), "evidence": "seen in three of nine moves"}
            for code in sorted(draw(st.sets(st.sampled_from([c.value for c in FindingCode]), max_size=3)))
        ],
    }
    return document


def athletes() -> st.SearchStrategy[Athlete]:
    """Athletes that pass every check of entry."""
    return athlete_documents().map(Athlete.parse)


@st.composite
def logs(draw: st.DrawFn, program: Program, today: dt.date) -> list[dict[str, Any]]:
    """What may have become of the sessions before `today`: done, done longer or harder, skipped, not logged, with pain."""
    entries = []
    for session in [s for w in program.weeks for s in w.sessions if s.date < today]:
        fate = draw(st.sampled_from(["done", "done", "done", "hard", "skipped", "silent"]))
        if fate == "silent":
            continue
        entry: dict[str, Any] = {"date": session.date.isoformat(), "session_id": session.id, "status": "done"}
        if fate == "skipped":
            entry["status"] = "skipped"
        else:
            entry["effort"] = min(10.0, session.planned_effort + (2 if fate == "hard" else 0))
            entry["minutes"] = session.minutes * (1.5 if fate == "hard" else 1)
            if draw(st.integers(0, 9)) == 0:
                entry["pain"] = [draw(st.sampled_from([site.value for site in Site]))]
        entries.append(entry)
    return entries
