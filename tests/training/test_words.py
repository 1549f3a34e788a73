from __future__ import annotations

from typing import Any

import pytest

from ascension_core.results import Intensity, PlannedExercise
from ascension_core.training.words import duration, number, prescription


def exercise(**fields: Any) -> PlannedExercise:
    given = {"sets": 1, "reps": None, "duration_s": None, "rest_s": 0} | fields
    return PlannedExercise(
        exercise_id="x", name="X", quality="q", part="main", minutes=5, intensity=Intensity(text="easy"), effort=3, why="",
        cues=[], **given,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"sets": 5, "reps": 1, "duration_s": 10, "rest_s": 180}, "5 × 10 s, 3 min rest"),
        ({"sets": 3, "reps": 8, "rest_s": 90}, "3 × 8, 1 min 30 s rest"),
        ({"sets": 4, "reps": 6, "duration_s": 7, "rest_s": 120}, "4 sets of 6 × 7 s, 2 min rest"),
        ({"sets": 1, "reps": 6, "duration_s": 7}, "6 × 7 s"),
        ({"sets": 1, "duration_s": 900}, "15 min"),
        ({"sets": 2, "duration_s": 60, "rest_s": 0}, "2 × 60 s"),
        ({"sets": 1, "reps": 12, "rest_s": 60}, "1 × 12"),
        ({"sets": 3}, "3 sets"),
        ({"sets": 1}, "1 set"),
    ],
)
def test_prescription(fields: dict[str, Any], said: str) -> None:
    assert prescription(exercise(**fields)) == said


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (89.4, "89 s"), (90, "1 min 30 s"), (3600, "60 min")])
def test_duration(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(("value", "said"), [(7.0, "7"), (7.25, "7.2"), (10.0, "10"), (0.0, "0")])
def test_number(value: float, said: str) -> None:
    assert number(value) == said
