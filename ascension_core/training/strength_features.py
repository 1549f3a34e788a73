"""What the strength model looks at: names, units, directions, and how raw measures and athletes become them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ascension_core.training.assessment import CriticalForce, Repeaters
from ascension_core.training.athlete import Athlete
from ascension_core.training.strength_protocol import edge_factor, hang_ratio, hang_ratio_from_peak, pull_ratio

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """One input of the model.

    Attributes
    ----------
    name
        Its name in the model file.
    sign
        +1 where more can only mean a higher grade, -1 where it can only mean a lower one, 0 where either is possible.
    limits
        Range that the model was shown; values beyond it count as the nearest end.
    """

    name: str
    sign: int
    limits: tuple[float, float]


FEATURES: Final = (
    Feature("hang", +1, (0.6, 2.2)),
    Feature("pull", +1, (0.9, 2.1)),
    Feature("pull_ups", +1, (0.0, 30.0)),
    Feature("push_ups", +1, (0.0, 8.0)),
    Feature("repeaters", +1, (np.log(10.0), np.log(490.0))),
    Feature("critical_force", +1, (0.1, 0.6)),
    Feature("years", +1, (0.0, np.log1p(30.0))),
    Feature("age", 0, (14.0, 60.0)),
    Feature("female", 0, (0.0, 1.0)),
    Feature("height", 0, (1.45, 2.0)),
    Feature("bmi", -1, (16.0, 32.0)),
    Feature("ape", +1, (-0.12, 0.18)),
)
NAMES: Final = tuple(feature.name for feature in FEATURES)
SIGNS: Final = np.array([feature.sign for feature in FEATURES], dtype=np.float64)

MEASURES: Final = (
    "female",
    "age_years",
    "height_m",
    "mass_kg",
    "span_m",
    "years_climbing",
    "max_hang_added_kg",
    "max_hang_edge_mm",
    "max_hang_duration_s",
    "max_hang_hands",
    "peak_force_kg",
    "critical_force_kg",
    "pull_ups",
    "weighted_pull_up_added_kg",
    "weighted_pull_up_reps",
    "push_ups",
    "repeaters_s",
)
"""Raw measures, in SI units, nan where unknown. Forces are those of one hand on 20 mm; `female` is 1, 0 or nan."""


def to_features(measures: Mapping[str, object]) -> Floats:
    """Bring raw measures to the model's inputs.

    Parameters
    ----------
    measures
        Columns (or numbers) named as in `MEASURES`, all of one length; those left out are unknown.

    Returns
    -------
    Array (N, 12) in the order of `NAMES`, nan where unknown, clipped to the range that the model knows.
    """
    raw = {name: np.atleast_1d(np.asarray(measures.get(name, np.nan), dtype=np.float64)) for name in MEASURES}
    rows = max(column.size for column in raw.values())
    m = {name: np.broadcast_to(column, (rows,)) for name, column in raw.items()}
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            "hang": _hang(m),
            "pull": pull_ratio(m["mass_kg"], m["weighted_pull_up_added_kg"], m["weighted_pull_up_reps"]),
            "pull_ups": m["pull_ups"],
            "push_ups": np.sqrt(m["push_ups"]),
            "repeaters": np.log(m["repeaters_s"] + 10.0),
            "critical_force": m["critical_force_kg"] / m["mass_kg"],
            "years": np.log1p(m["years_climbing"]),
            "age": m["age_years"],
            "female": m["female"],
            "height": m["height_m"],
            "bmi": m["mass_kg"] / m["height_m"] ** 2,
            "ape": m["span_m"] - m["height_m"],
        }
    table = np.column_stack([np.clip(columns[feature.name], *feature.limits) for feature in FEATURES])
    return np.where(np.isfinite(table), table, np.nan)


def _hang(m: Mapping[str, Floats]) -> Floats:
    """Ratio of the max hang, or of the one-handed peak force where there was no hang."""
    hands = np.nan_to_num(m["max_hang_hands"], nan=2.0)
    hang = hang_ratio(m["mass_kg"], m["max_hang_added_kg"], m["max_hang_edge_mm"], m["max_hang_duration_s"], hands)
    return np.where(np.isnan(hang), hang_ratio_from_peak(m["mass_kg"], m["peak_force_kg"]), hang)


def measures_of(athlete: Athlete) -> dict[str, float]:
    """Raw measures of an athlete and the latest tests; what was not done is left out."""
    tests = athlete.tests
    found: dict[str, float | None] = {
        "female": {"female": 1.0, "male": 0.0}.get(athlete.sex or ""),
        "age_years": athlete.age_years,
        "height_m": athlete.height_m,
        "mass_kg": tests.mass_kg or athlete.mass_kg,
        "span_m": athlete.span_m,
        "years_climbing": athlete.years_climbing,
        "pull_ups": tests.pull_ups.reps if tests.pull_ups else None,
        "push_ups": tests.push_ups.reps if tests.push_ups else None,
        "repeaters_s": _repeaters(tests.repeaters) if tests.repeaters else None,
    }
    if tests.max_hang:
        found["max_hang_added_kg"] = tests.max_hang.added_kg
        found["max_hang_edge_mm"] = tests.max_hang.edge_mm
        found["max_hang_duration_s"] = tests.max_hang.duration_s
        found["max_hang_hands"] = tests.max_hang.hands
    if tests.weighted_pull_up:
        found["weighted_pull_up_added_kg"] = tests.weighted_pull_up.added_kg
        found["weighted_pull_up_reps"] = tests.weighted_pull_up.reps
    if tests.critical_force:
        found |= _forces(tests.critical_force)
    return {name: float(value) for name, value in found.items() if value is not None}


def _repeaters(test: Repeaters) -> float | None:
    """Seconds, where the test is the one of our table: body weight, both hands, 7:3 on 18 to 22 mm."""
    same = (test.on_s, test.off_s, test.added_kg, test.hands) == (7.0, 3.0, 0.0, 2)
    if not same or not 18.0 <= test.edge_mm <= 22.0:
        return None
    return test.seconds if test.seconds is not None else 10.0 * (test.reps or 0)


def _forces(test: CriticalForce) -> dict[str, float | None]:
    """Forces of one hand on 20 mm."""
    share = 1.0 / test.hands / float(edge_factor(np.nan if test.edge_mm is None else test.edge_mm))
    return {
        "critical_force_kg": test.force_kg * share,
        "peak_force_kg": None if test.peak_kg is None else test.peak_kg * share,
    }
