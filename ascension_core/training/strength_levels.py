"""What climbers of a grade can do: quantiles of each test at each grade, with how many people stand behind them.

Only aggregates of at least ten people are made, kept and shown; a grade with fewer borrows its neighbours, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Group = Literal["all", "female", "male"]

MIN_PEOPLE: Final = 10
MAX_WINDOW: Final = 2.0
PROBABILITIES: Final = (0.1, 0.25, 0.5, 0.75, 0.9)
PEOPLE_PROBABILITIES: Final = tuple(np.round(np.arange(0.05, 0.96, 0.05), 2).tolist())


@dataclass(frozen=True)
class Scale:
    """A test as people read it.

    Attributes
    ----------
    name
        As in the model's inputs.
    title, unit
        Words for it.
    """

    name: str
    title: str
    unit: str


SCALES: Final = (
    Scale("hang", "max hang (20 mm, 10 s, both hands)", "% of body mass, body included"),
    Scale("pull", "weighted pull-up (one repetition)", "% of body mass, body included"),
    Scale("pull_ups", "pull-ups", "repetitions"),
    Scale("push_ups", "push-ups", "repetitions"),
    Scale("repeaters", "repeaters 7:3 (20 mm, body weight)", "s"),
    Scale("critical_force", "critical force (one hand, 20 mm)", "% of body mass"),
)


def natural(name: str, values: Floats) -> Floats:
    """Model inputs of one test in the unit of its `Scale`."""
    match name:
        case "hang" | "pull" | "critical_force":
            return 100.0 * values
        case "push_ups":
            return values**2
        case "repeaters":
            return np.exp(values) - 10.0
        case _:
            return values


def modelled(name: str, value: float) -> float:
    """The reverse of `natural` for one value."""
    match name:
        case "hang" | "pull" | "critical_force":
            return value / 100.0
        case "push_ups":
            return float(np.sqrt(value))
        case "repeaters":
            return float(np.log(value + 10.0))
        case _:
            return value


@dataclass(frozen=True)
class Level:
    """One test at one grade.

    Attributes
    ----------
    quantiles
        Value at each of `PROBABILITIES` (10, 25, 50, 75 and 90 %), in the unit of the test's `Scale`.
    n
        How many climbers it comes from.
    low, high
        The easiest and the hardest grade (V or IRCRA number) they were taken from.
    """

    quantiles: tuple[float, ...]
    n: int
    low: float
    high: float

    @property
    def median(self) -> float:
        """The middle one of them."""
        return self.quantiles[PROBABILITIES.index(0.5)]

    def percentile(self, value: float) -> float:
        """Share of those climbers (%) below a value; between 5 and 95, for more is not known of so few people."""
        return percentile(self.quantiles, PROBABILITIES, value)


def percentile(quantiles: tuple[float, ...], probabilities: tuple[float, ...], value: float) -> float:
    """Percentile of a value by linear interpolation between quantiles, 5 or 95 % outside them; the middle of ties."""
    if not quantiles[0] <= value <= quantiles[-1]:
        return 5.0 if value < quantiles[0] else 95.0
    ties = [p for q, p in zip(quantiles, probabilities, strict=True) if q == value]
    return 100.0 * float(np.mean(ties) if ties else np.interp(value, quantiles, probabilities))


@dataclass(frozen=True)
class Levels:
    """Quantiles of every test, by group of people and grade.

    Attributes
    ----------
    boulder, sport
        ``[group][grade][test]``; grades are V or IRCRA numbers.
    people
        ``[group][test]``: quantiles (`PEOPLE_PROBABILITIES`) of everybody in the group, whatever the grade.
    """

    boulder: Mapping[str, Mapping[int, Mapping[str, Level]]]
    sport: Mapping[str, Mapping[int, Mapping[str, Level]]]
    people: Mapping[str, Mapping[str, tuple[float, ...]]]

    def to_document(self) -> dict[str, Any]:
        """A JSON-ready dictionary."""
        return {
            "boulder": _document(self.boulder),
            "sport": _document(self.sport),
            "people": {group: {test: list(q) for test, q in tests.items()} for group, tests in self.people.items()},
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Levels:
        """The reverse of `to_document`."""
        people = {group: {test: tuple(q) for test, q in tests.items()} for group, tests in document["people"].items()}
        return cls(_levels(document["boulder"]), _levels(document["sport"]), people)


def _document(grades: Mapping[str, Mapping[int, Mapping[str, Level]]]) -> dict[str, Any]:
    return {
        group: {str(grade): {test: asdict(level) for test, level in tests.items()} for grade, tests in at.items()}
        for group, at in grades.items()
    }


def _levels(document: Mapping[str, Any]) -> dict[str, dict[int, dict[str, Level]]]:
    return {
        group: {int(grade): {test: _level_of(level) for test, level in tests.items()} for grade, tests in at.items()}
        for group, at in document.items()
    }


def _level_of(document: Mapping[str, Any]) -> Level:
    low, high = float(document["low"]), float(document["high"])
    return Level(tuple(map(float, document["quantiles"])), int(document["n"]), low, high)


def build_levels(columns: Mapping[str, Floats], female: Floats, boulder: Floats, sport: Floats) -> Levels:
    """Take quantiles of every test at every grade.

    Parameters
    ----------
    columns
        Model inputs by name, (N,) each, nan where unknown.
    female
        (N,) 1, 0 or nan.
    boulder, sport
        (N,) V and IRCRA grades, nan where not told.
    """
    tests = {scale.name: natural(scale.name, columns[scale.name]) for scale in SCALES}
    groups = {"all": np.full(female.shape, True), "female": female == 1.0, "male": female == 0.0}
    return Levels(
        {group: _at_grades(tests, boulder, members, 0.5) for group, members in groups.items()},
        {group: _at_grades(tests, sport, members, 1.0) for group, members in groups.items()},
        {group: _people(tests, members) for group, members in groups.items()},
    )


def _at_grades(
    tests: Mapping[str, Floats], grades: Floats, members: NDArray[np.bool_], half: float
) -> dict[int, dict[str, Level]]:
    told = grades[np.isfinite(grades)]
    result: dict[int, dict[str, Level]] = {}
    for grade in range(int(np.floor(told.min())), int(np.ceil(told.max())) + 1):
        found = {name: _level(values[members], grades[members], grade, half) for name, values in tests.items()}
        kept = {name: level for name, level in found.items() if level is not None}
        if kept:
            result[grade] = kept
    return result


def _level(values: Floats, grades: Floats, grade: int, half: float) -> Level | None:
    """Quantiles of those within half a grade, or as few grades more as it takes to have ten of them."""
    for window in np.arange(0.0, MAX_WINDOW + 0.1, 0.5):
        near = (np.abs(grades - grade) <= half + window) & np.isfinite(values)
        if near.sum() >= MIN_PEOPLE:
            quantiles = np.round(np.quantile(values[near], PROBABILITIES), 1)
            return Level(tuple(quantiles.tolist()), int(near.sum()), float(grades[near].min()), float(grades[near].max()))
    return None


def _people(tests: Mapping[str, Floats], members: NDArray[np.bool_]) -> dict[str, tuple[float, ...]]:
    known = {name: values[members & np.isfinite(values)] for name, values in tests.items()}
    return {
        name: tuple(np.round(np.quantile(values, PEOPLE_PROBABILITIES), 1).tolist())
        for name, values in known.items()
        if values.size >= MIN_PEOPLE
    }
