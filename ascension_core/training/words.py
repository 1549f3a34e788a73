"""How the page and the calendar put a planned exercise into words."""

from __future__ import annotations

from ascension_core.results import PlannedExercise


def prescription(exercise: PlannedExercise) -> str:
    """Sets, repetitions, seconds and rest, such as ``5 × 10 s, 3 min rest``."""
    work = _work(exercise)
    sets = f"{exercise.sets} × {work}" if exercise.sets > 1 or exercise.reps is not None else work
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


def _work(exercise: PlannedExercise) -> str:
    if exercise.reps is None:
        return duration(exercise.duration_s) if exercise.duration_s is not None else "1"
    if exercise.duration_s is None:
        return str(exercise.reps)
    if exercise.reps == 1:
        return duration(exercise.duration_s)
    return f"{exercise.reps} × {duration(exercise.duration_s)}"
