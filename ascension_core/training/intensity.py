"""From tests to loads: what the reference is, and what a percentage of it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from ascension_core.results import Intensity
from ascension_core.training.assessment import Assessment
from ascension_core.training.athlete import Athlete
from ascension_core.training.exercises import Exercise
from ascension_core.training.protocols import changes
from ascension_core.training.rules import one_repetition_maximum
from ascension_core.training.strength_protocol import duration_factor

STEP_KG: Final = 0.5
"""Added loads are rounded down to what plates and bottles can make."""


def reference(athlete: Athlete) -> Assessment:
    """The tests that intensities refer to.

    A newer result takes an older one's place only where the difference is larger than measurement error, or where the two
    were done under other conditions and cannot be compared.
    """
    current: dict[str, tuple[Assessment, float]] = {}
    for day in _by_date(athlete):
        mass = day.mass_kg or athlete.mass_kg
        for test in day.done:
            held = current.get(test)
            if held is None or _really_differs(test, *held, day, mass):
                current[test] = (day, mass)
    return Assessment.model_construct(**{test: getattr(day, test) for test, (day, _) in current.items()})


def reference_mass(athlete: Athlete, test: str) -> float:
    """Body mass on the day of the test that intensities refer to, kg."""
    wanted = getattr(reference(athlete), test)
    days = [day for day in _by_date(athlete) if getattr(day, test) == wanted]
    return (days[0].mass_kg if days else None) or athlete.mass_kg


def _by_date(athlete: Athlete) -> Iterator[Assessment]:
    yield from athlete.history
    yield athlete.tests


def _really_differs(test: str, old: Assessment, old_mass: float, new: Assessment, new_mass: float) -> bool:
    found = [c for c in changes(old, new, mass_before_kg=old_mass, mass_after_kg=new_mass) if c.test == test]
    return not found or any(c.change is None or c.change.certain for c in found)


def maximum_kg(athlete: Athlete, test: str, duration_s: float | None) -> float | None:
    """The most that the athlete holds for that long (`max_hang`) or pulls once (`weighted_pull_up`), body included, kg.

    None without a test of both hands. A hang of another duration is converted along the curve of
    `ascension_core.training.strength_protocol.duration_factor`, on the edge that was tested.
    """
    known = reference(athlete)
    mass = reference_mass(athlete, test)
    if test == "max_hang":
        hang = known.max_hang
        if hang is None or hang.hands != 2:
            return None
        factor = duration_factor(duration_s or hang.duration_s) / duration_factor(hang.duration_s)
        return float((mass + hang.added_kg) * factor)
    pull = known.weighted_pull_up
    return None if pull is None else one_repetition_maximum(mass + pull.added_kg, pull.reps)


def intensity(
    exercise: Exercise,
    athlete: Athlete,
    *,
    percent: float | None,
    duration_s: float | None,
    effort: float,
    maximum: float | None,
) -> Intensity:
    """How hard an exercise is, in words and in kilograms where a test tells.

    Parameters
    ----------
    maximum
        What `maximum_kg` says; None where there was no test.
    """
    if percent is None or exercise.percent_of is None:
        return Intensity(text=_by_feel(exercise, effort))
    if maximum is None:
        return Intensity(text=f"{_by_feel(exercise, effort)}; test it and the load is given in kilograms")
    added = added_kg(athlete.mass_kg, percent, maximum)
    return Intensity(
        text=f"{percent:.0f} % of your {_reference_text(exercise, athlete, duration_s)}: {_belt(added)}",
        test=exercise.percent_of,
        percent=percent,
        total_kg=round(athlete.mass_kg + added, 1),
        added_kg=added,
    )


def added_kg(mass_kg: float, percent: float, maximum: float) -> float:
    """Load on the belt for a percentage of a maximum, rounded down to `STEP_KG`; negative is assistance."""
    exact = percent / 100 * maximum - mass_kg
    return float(exact // STEP_KG * STEP_KG)


def _belt(added: float) -> str:
    if added == 0:
        return "body weight"
    return f"{added:g} kg added" if added > 0 else f"{-added:g} kg taken off by a pulley, a band or the feet"


def _reference_text(exercise: Exercise, athlete: Athlete, duration_s: float | None) -> str:
    if exercise.percent_of == "max_hang":
        hang = reference(athlete).max_hang
        edge = f" on {hang.edge_mm:g} mm" if hang else ""
        return f"maximum for {duration_s:g} s{edge}"
    return "best single pull-up"


_FEEL: Final = (
    (2, "very easy"),
    (3, "easy; a conversation stays possible"),
    (4, "easy to moderate; never out of breath or pumped"),
    (5, "moderate; half of your strength stays unused"),
    (6, "fairly hard; three or four repetitions or tries would still be possible"),
    (7, "hard; two repetitions in reserve, form stays clean"),
    (8, "very hard; one repetition or three seconds in reserve, never to failure"),
    (10, "near the limit, fresh for each try, never to failure"),
)


def _by_feel(exercise: Exercise, effort: float) -> str:
    words = next(text for most, text in _FEEL if effort <= most)
    return f"effort {effort:g} of 10: {words}" if "test" not in exercise.tags else "as high as it goes with clean form"
