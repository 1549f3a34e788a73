"""How the page and the calendar put a planned exercise into words."""

from __future__ import annotations

from ascension_core.results import PlannedExercise


def prescription(exercise: PlannedExercise) -> str:
    """Sets, repetitions, seconds and rest, such as ``5 × 10 s, 3 min rest``."""
    sets = _sets(exercise)
    if exercise.sets == 1 or not exercise.rest_s:
        return sets
    return f"{sets}, {duration(exercise.rest_s)} rest"


def duration(seconds: float) -> str:
    """Seconds up to a minute and a half, then minutes: ``45 s``, ``3 min``, ``2 min 30 s``."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def number(value: float) -> str:
    """A number without needless decimals: ``7``, ``7.5``."""
    return f"{value:.1f}".removesuffix(".0")


def _sets(exercise: PlannedExercise) -> str:
    sets, reps, seconds = exercise.sets, exercise.reps, exercise.duration_s
    if reps is None and seconds is None:
        return "1 set" if sets == 1 else f"{sets} sets"
    if reps is None and sets == 1:
        return duration(seconds or 0)
    time = "" if seconds is None else duration(seconds)
    if reps is not None and reps > 1 and time:
        return f"{sets} sets of {reps} × {time}" if sets > 1 else f"{reps} × {time}"
    return f"{sets} × {time or reps}"
