"""Body measures as named series for plots, and in a few numbers for the result."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.body import BodyMeasures
from ascension_core.results import Measure

DEGREES = "°"


@dataclass(frozen=True, slots=True)
class Series:
    """One measure over the frames of a track.

    Attributes
    ----------
    name
        Identifier such as ``left_knee_angle``, the name in `results.Measure` too.
    label
        What a climber calls it.
    unit
        For people: "°", "torso lengths", "m", "m/s"; empty for a plain number.
    values
        (T,) ``nan`` where it could not be measured.
    """

    name: str
    label: str
    unit: str
    values: NDArray[np.float64]


def series(measures: BodyMeasures) -> tuple[Series, ...]:
    """All measures that have one value per frame, those that say most first."""
    length, pace = measures.length_unit, measures.speed_unit
    return (
        Series("hip_height", "Hip height", length, measures.hip_height),
        *(Series(f"{name}_speed", _label(name, "speed"), pace, values) for name, values in measures.speeds.items()),
        Series("trunk_tilt", "Trunk tilt", DEGREES, measures.trunk_tilt_deg),
        Series("trunk_twist", "Trunk twist", DEGREES, measures.trunk_twist_deg),
        *(Series(f"{name}_angle", _label(name, "angle"), DEGREES, values) for name, values in measures.angles_deg.items()),
        Series("straight_arms", "Straight arms", "", measures.straight_arms),
        *(Series(f"{name}_span", _label(name, "span"), length, values) for name, values in measures.spans.items()),
        Series("com_right_of_hips", "Centre of mass right of hips", "torso lengths", measures.com_from_hips[:, 0]),
        Series("com_above_hips", "Centre of mass above hips", "torso lengths", measures.com_from_hips[:, 1]),
    )


def summarise(measures: BodyMeasures) -> list[Measure]:
    """Each series as median, tenth and ninetieth percentile, and the share of frames in which it was measured.

    Only the counted frames take part: those of the climb where it is known.
    """
    return [_summary(one.name, one.unit, one.values[measures.counted]) for one in series(measures)]


def _summary(name: str, unit: str, values: NDArray[np.float64]) -> Measure:
    known = values[np.isfinite(values)]
    coverage = len(known) / len(values) if len(values) else 0.0
    low, middle, high = (round(float(q), 4) for q in np.percentile(known, (10, 50, 90))) if len(known) else (None, None, None)
    return Measure(name=name, unit=unit, median=middle, p10=low, p90=high, coverage=round(coverage, 4))


def _label(name: str, what: str) -> str:
    words = "centre of mass" if name == "com" else name.replace("_", " ")
    return f"{words} {what}".capitalize()
