"""From strength tests to the grade they let one expect, and from a grade to the tests its climbers show.

    model = StrengthModel.load()
    model.expect(athlete).boulder          # Estimate(median=6.4, low=4.3, high=8.5), V grades
    model.levels_for("7b")                 # quantiles of each test among climbers of that grade

The model knows 717 climbers of two self-selected samples. Its answers say what such climbers climb, not what anyone should.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ascension_core.errors import InvalidOption, ModelError
from ascension_core.training.athlete import Athlete
from ascension_core.training.grades import Discipline, Grade, from_ircra, from_v_index, parse
from ascension_core.training.strength_features import NAMES, SIGNS, measures_of, to_features
from ascension_core.training.strength_gaussian import Moments, Weights, fit_moments, weights_for
from ascension_core.training.strength_levels import PEOPLE_PROBABILITIES, SCALES, Level, Levels, modelled, natural, percentile

Floats = NDArray[np.float64]

SCHEMA: Final = 1
FILE: Final = "strength.json"
WEIGHTS: Final = Path(__file__).parent / "weights" / FILE
COVERAGE: Final = 0.8
SURVEY_COLUMN: Final = len(NAMES)
ANOTHER_SURVEY: Final = 0.5
THIRD_SURVEY: Final = float(np.sqrt(0.75))
"""Standard deviation of a third survey's offset, per gap between two: variance gap^2 / 2 of its own, half that of the mean."""

ALL_SIGNS: Final = np.append(SIGNS, 0.0)
FAR: Final = 0.99


class Question(StrEnum):
    """Which grade a climber was asked for; climbers give about two thirds of a V grade more for the past year's hardest."""

    CURRENT = "current"
    PAST_YEAR = "past_year"


TARGETS: Final = ("boulder_current", "boulder_past_year", "sport_current", "sport_past_year")


@dataclass(frozen=True)
class Options:
    """How the model is fitted.

    Attributes
    ----------
    prior_climbers
        Shrinkage of correlations to zero, in climbers.
    ridge
        Penalty on standardised coefficients: it costs little here and keeps slopes modest among climbers of another
        survey, whose tests are noisier.
    """

    prior_climbers: float = 10.0
    ridge: float = 0.15


@dataclass(frozen=True)
class Estimate:
    """A grade with its 80 % interval, as V numbers for boulders and IRCRA levels for sport climbing."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class WeakLink:
    """One test compared with climbers of the goal grade.

    Attributes
    ----------
    test, title, unit
        Name in the model, and words for it.
    value, median
        The athlete's, and that of those climbers, in `unit`.
    percentile
        Share of them (%) below the athlete.
    n
        How many they are.
    worth
        Boulder grades that the model would expect more with their median in this test and all else as it is; 0 for who has
        it already, and near 0 for a test that does not tell hard climbers from others.
    reason
        The comparison in one sentence.
    """

    test: str
    title: str
    unit: str
    value: float
    median: float
    percentile: float
    n: int
    worth: float
    reason: str


@dataclass(frozen=True)
class Expectation:
    """What an athlete's tests let one expect.

    Attributes
    ----------
    boulder, sport
        Hardest climb of the past year (or the question asked), V numbers and IRCRA levels.
    percentiles
        For each test done, the share (%) of climbers of the same sex in our samples, whatever their grade, below it.
    weakest
        Tests compared with climbers of the goal grade (or of the expected one without a goal), the one that costs most
        grades first.
    compared_with
        The grade of that comparison.
    n_similar
        Climbers of our samples within half a grade of the expected boulder grade, of the same sex where it is known.
    used, missing
        Model inputs that were known, and tests that would narrow the interval.
    """

    boulder: Estimate
    sport: Estimate
    percentiles: Mapping[str, float]
    weakest: tuple[WeakLink, ...]
    compared_with: Grade
    n_similar: int
    used: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """Median and 80 % interval of many climbers, (N,) each."""

    median: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class StrengthModel:
    """The fitted model.

    Attributes
    ----------
    moments
        Joint mean and covariance of the inputs (`NAMES`), the survey a climber answered, and the grades (`TARGETS`).
    spreads
        For each grade the lower and upper conformal factors on the standard deviation.
    climbers
        For each grade how many climbers told it.
    levels
        Test quantiles by grade.
    means
        For each grade its mean among our climbers: the baseline of an evaluation.
    lines
        For each boulder grade slope, intercept and mean input of a line on the max hang alone: the second baseline.
    options
        How it was fitted.
    provenance
        Where it comes from, as its model card says.
    """

    moments: Moments
    spreads: Mapping[str, tuple[float, float]]
    climbers: Mapping[str, int]
    levels: Levels
    means: Mapping[str, float]
    lines: Mapping[str, tuple[float, float, float]]
    options: Options = field(default_factory=Options)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Read a model file, or the one that comes with the package.

        Raises
        ------
        ModelError
            If it is missing, damaged or of another version.
        """
        try:
            return cls.from_document(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as cause:
            raise ModelError(f"the strength model {path} is missing or damaged; install ascension again") from cause

    def save(self, path: Path) -> None:
        """Write the model as JSON: numbers and names only, nothing that can run."""
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(self.to_document(), indent=None, allow_nan=False) + "\n", encoding="utf-8")
        partial.replace(path)

    def to_document(self) -> dict[str, Any]:
        """A JSON-ready dictionary that `from_document` reads back."""
        return {
            "schema": SCHEMA,
            "inputs": list(NAMES),
            "targets": list(TARGETS),
            "mean": np.round(self.moments.mean, 8).tolist(),
            "covariance": np.round(self.moments.covariance, 8).tolist(),
            "spreads": {name: list(pair) for name, pair in self.spreads.items()},
            "climbers": dict(self.climbers),
            "means": dict(self.means),
            "lines": {name: list(line) for name, line in self.lines.items()},
            "options": {"prior_climbers": self.options.prior_climbers, "ridge": self.options.ridge},
            "levels": self.levels.to_document(),
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_document` made; ValueError or KeyError where it is not that."""
        if (document["schema"], document["inputs"], document["targets"]) != (SCHEMA, list(NAMES), list(TARGETS)):
            raise ValueError("a model of another version")
        moments = Moments(np.array(document["mean"], dtype=np.float64), np.array(document["covariance"], dtype=np.float64))
        size = len(NAMES) + 1 + len(TARGETS)
        if moments.mean.shape != (size,) or moments.covariance.shape != (size, size):
            raise ValueError("moments of another size")
        if not np.isfinite(moments.covariance).all() or np.linalg.eigvalsh(moments.covariance).min() <= 0:
            raise ValueError("a covariance that is none")
        return cls(
            moments,
            {name: (float(low), float(high)) for name, (low, high) in document["spreads"].items()},
            {name: int(count) for name, count in document["climbers"].items()},
            Levels.from_document(document["levels"]),
            {name: float(mean) for name, mean in document["means"].items()},
            {name: (float(a), float(b), float(c)) for name, (a, b, c) in document["lines"].items()},
            Options(**document["options"]),
            document["provenance"],
        )

    def predict(self, features: Floats, target: str = "boulder_past_year", *, survey: float = ANOTHER_SURVEY) -> Prediction:
        """Grades of climbers, with 80 % intervals.

        Parameters
        ----------
        features
            (N, 12) as `to_features` makes them, nan where unknown.
        target
            One of `TARGETS`.
        survey
            0 for a climber of the first table, 1 for one of the second, and halfway for anybody else; then the gap between
            the two widens the interval (`THIRD_SURVEY`), for a third survey may lie anywhere about them.

        Raises
        ------
        InvalidOption
            If there is no such target.
        """
        if target not in TARGETS:
            raise InvalidOption(f"there is no grade {target!r}; use one of {', '.join(TARGETS)}")
        inputs = np.column_stack([features, np.full(len(features), survey)])
        centre, sd = np.empty(len(inputs)), np.empty(len(inputs))
        known = np.isfinite(inputs)
        patterns, group = np.unique(known, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = group == number
            centre[rows], sd[rows] = self._with_inputs(inputs[rows], pattern, target, survey)
        low, high = self.spreads.get(target, (-1.2816, 1.2816))
        return Prediction(centre, centre + low * sd, centre + high * sd)

    def _with_inputs(self, inputs: Floats, known: NDArray[np.bool_], target: str, survey: float) -> tuple[Floats, Floats]:
        """Expectation and standard deviation of climbers who all know the same inputs."""
        weights = self.weights(known, target)
        expected = weights.intercept + np.where(known, inputs, 0.0) @ weights.coefficients
        distance = self._distance(inputs, known)
        estimated = weights.sd**2 * (1.0 + (1.0 + distance) / self.climbers.get(target, 1))
        unusual = np.maximum(1.0, distance / chi2.ppf(FAR, known.sum()))
        other = weights.coefficients[SURVEY_COLUMN] * THIRD_SURVEY * float(survey == ANOTHER_SURVEY)
        return expected, np.sqrt(estimated * unusual + other**2)

    def weights(self, known: NDArray[np.bool_], target: str) -> Weights:
        """The linear rule for one subset of inputs and the survey (13 flags)."""
        column = len(NAMES) + 1 + TARGETS.index(target)
        return weights_for(self.moments, known, column, ALL_SIGNS, ridge=self.options.ridge)

    def _distance(self, inputs: Floats, known: NDArray[np.bool_]) -> Floats:
        """Squared Mahalanobis distance of climbers from those the model was fitted on."""
        columns = np.flatnonzero(known)
        deviations = inputs[:, columns] - self.moments.mean[columns]
        return np.asarray(
            np.sum(deviations * np.linalg.solve(self.moments.covariance[np.ix_(columns, columns)], deviations.T).T, axis=1),
            dtype=np.float64,
        )

    def expect(
        self,
        athlete: Athlete | Mapping[str, float],
        *,
        goal: Grade | str | None = None,
        question: Question = Question.PAST_YEAR,
    ) -> Expectation:
        """What an athlete's tests let one expect.

        Parameters
        ----------
        athlete
            An athlete, or raw measures by name (`strength_features.MEASURES`).
        goal
            Grade to compare the tests with; without one the athlete's first graded goal, else the expected boulder grade.
        question
            The grade expected: the past year's hardest, or the current level.
        """
        measures = measures_of(athlete) if isinstance(athlete, Athlete) else dict(athlete)
        row = to_features(measures)
        boulder = self._estimate(row, f"boulder_{question.value}")
        sport = self._estimate(row, f"sport_{question.value}")
        group = {1.0: "female", 0.0: "male"}.get(measures.get("female", np.nan), "all")
        values = _values(row)
        aim = _goal(athlete, goal) or from_v_index(boulder.median)
        return Expectation(
            boulder,
            sport,
            self._percentiles(values, group),
            self._weakest(row, aim, group),
            aim,
            self._similar(boulder.median, group),
            tuple(name for name, value in zip(NAMES, row[0], strict=True) if np.isfinite(value)),
            tuple(scale.name for scale in SCALES if scale.name not in values),
        )

    def levels_for(self, grade: Grade | str, *, group: str = "all") -> dict[str, Level]:
        """Quantiles of each test among climbers of a grade.

        Parameters
        ----------
        grade
            A boulder or a route grade; grades beyond those our climbers told count as the last that has ten of them.
        group
            "all", "female" or "male".

        Raises
        ------
        InvalidOption
            If there is no such group.
        """
        wanted = grade if isinstance(grade, Grade) else parse(grade)
        discipline: Discipline = wanted.discipline or "route"
        by_group = self.levels.boulder if discipline == "boulder" else self.levels.sport
        if group not in by_group:
            raise InvalidOption(f"there is no group {group!r}; use one of {', '.join(by_group)}")
        number = wanted.v_index if discipline == "boulder" else wanted.ircra.middle
        return {test: level for test in _NAMES_OF_SCALES if (level := _nearest(by_group[group], test, number))}

    def _estimate(self, row: Floats, target: str) -> Estimate:
        answer = self.predict(row, target)
        return Estimate(float(answer.median[0]), float(answer.low[0]), float(answer.high[0]))

    def _percentiles(self, values: Mapping[str, float], group: str) -> dict[str, float]:
        everybody = self.levels.people[group]
        return {t: percentile(everybody[t], PEOPLE_PROBABILITIES, value) for t, value in values.items() if t in everybody}

    def _weakest(self, row: Floats, aim: Grade, group: str) -> tuple[WeakLink, ...]:
        levels = self.levels_for(aim, group=group)
        known = np.append(np.isfinite(row[0]), True)
        slopes = self.weights(known, "boulder_past_year").coefficients
        links = [
            _link(test, value, levels[test], float(slopes[NAMES.index(test)]), _people(levels[test], aim, group))
            for test, value in _values(row).items()
            if test in levels
        ]
        return tuple(sorted(links, key=lambda link: (-link.worth, link.percentile)))

    def _similar(self, grade: float, group: str) -> int:
        told = self.provenance.get("climbers_by_grade", {}).get(group, {})
        return sum(int(count) for name, count in told.items() if abs(float(name) - grade) <= 0.5)


_NAMES_OF_SCALES: Final = tuple(scale.name for scale in SCALES)
_SCALE: Final = {scale.name: scale for scale in SCALES}


def _values(row: Floats) -> dict[str, float]:
    """Tests that were done, in the units that people read."""
    found = {name: float(natural(name, row[:, NAMES.index(name)])[0]) for name in _NAMES_OF_SCALES}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _goal(athlete: Athlete | Mapping[str, float], goal: Grade | str | None) -> Grade | None:
    if goal is not None:
        return goal if isinstance(goal, Grade) else parse(goal)
    goals = athlete.goals if isinstance(athlete, Athlete) else ()
    return next((one.grade for one in goals if one.grade is not None), None)


def _nearest(grades: Mapping[int, Mapping[str, Level]], test: str, number: float) -> Level | None:
    """The level of the grade nearest to a number at which enough people did the test."""
    there = [grade for grade, tests in grades.items() if test in tests]
    return grades[min(there, key=lambda grade: abs(grade - number))][test] if there else None


def _link(test: str, value: float, level: Level, slope: float, people: str) -> WeakLink:
    scale, share = _SCALE[test], level.percentile(value)
    worth = max(0.0, slope * (modelled(test, level.median) - modelled(test, max(value, 0.1))))
    reason = (
        f"{scale.title}: {value:.0f} {scale.unit}; the median of {level.n} {people} is {level.median:.0f}, "
        f"and about {share:.0f} % of them are below you"
    )
    return WeakLink(test, scale.title, scale.unit, value, level.median, share, level.n, worth, reason)


def _people(level: Level, aim: Grade, group: str) -> str:
    """Who an athlete is compared with: those of the goal grade, or the nearest grades of which there are enough."""
    who = {"female": "women", "male": "men", "all": "climbers"}[group]
    boulder = aim.discipline == "boulder"
    number = aim.v_index if boulder else aim.ircra.middle
    if level.low == level.high == number:
        return f"{who} of {aim}"
    low, high = (f"V{ceil(level.low)}", f"V{ceil(level.high)}") if boulder else (_french(level.low), _french(level.high))
    return f"{who} of {low}" if low == high else f"{who} of {low} to {high}"


def _french(level: float) -> str:
    return from_ircra(round(level), "french").low.text


def fit_model(
    features: Floats,
    grades: Floats,
    survey: Floats,
    levels: Levels,
    *,
    options: Options | None = None,
    spreads: Mapping[str, tuple[float, float]] | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> StrengthModel:
    """Fit the model on cleaned climbers.

    Parameters
    ----------
    features
        (N, 12) as `to_features` makes them.
    grades
        (N, 4) in the order of `TARGETS`, nan where not told.
    survey
        (N,) 0 or 1: which table a climber is from.
    levels
        Test quantiles by grade.
    options
        How.
    spreads
        Conformal factors, learnt on climbers that a model had not seen; without them those of a normal distribution.
    provenance
        What the model card says.
    """
    chosen = options or Options()
    told = {name: column[np.isfinite(column)] for name, column in zip(TARGETS, grades.T, strict=True)}
    return StrengthModel(
        fit_moments(np.column_stack([features, survey, grades]), ridge=chosen.prior_climbers),
        dict(spreads or {}),
        {name: int(column.size) for name, column in told.items()},
        levels,
        {name: float(column.mean()) for name, column in told.items() if column.size},
        {name: _line(features[:, 0], grades[:, number]) for number, name in enumerate(TARGETS) if told[name].size},
        chosen,
        dict(provenance or {}),
    )


def _line(hang: Floats, grade: Floats) -> tuple[float, float, float]:
    """Slope, intercept and mean input of the least-squares line on the max hang."""
    both = np.isfinite(hang) & np.isfinite(grade)
    slope, intercept = np.polyfit(hang[both], grade[both], 1)
    return float(slope), float(intercept), float(hang[both].mean())
