"""How much of an exercise is prescribed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ascension_core.results import PlannedExercise, Program
from ascension_core.training.athlete import Athlete
from ascension_core.training.program import plan


def exercises(program: Program) -> list[PlannedExercise]:
    return [exercise for week in program.weeks for session in week.sessions for exercise in session.exercises]


@pytest.mark.parametrize(("best", "most"), [(5, 3), (6, 3), (10, 6), (30, 8)])
def test_sets_stay_well_below_the_best_set_of_the_test(personas: Path, best: int, most: int) -> None:
    document = json.loads((personas / "runner-shifts.json").read_text())
    document["tests"]["pull_ups"]["reps"] = best
    program = plan(Athlete.parse(document), today=date(2026, 11, 23))
    reps = [e.reps for e in exercises(program) if e.exercise_id == "pull_ups"]
    assert reps
    assert max(r for r in reps if r is not None) == most


@pytest.mark.parametrize("persona", ["office-v5", "youth-v8", "old-pulley", "beginner", "sport-8a", "runner-shifts"])
def test_times_can_be_read_off_a_clock(planned: Callable[[str], Program], persona: str) -> None:
    times = {e.duration_s for e in exercises(planned(persona)) if e.duration_s is not None and e.duration_s >= 15}
    assert times
    assert [t for t in times if t % 5] == []
