"""What an athlete's tests say: expected grades, standing among climbers like them, the weakest link, and real changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any, Final, Literal

import numpy as np

from ascension_core.results import (
    AssessmentReport,
    AthleteSummary,
    ExpectedGrade,
    ModelVersion,
    Note,
    ResultChange,
    Software,
    Source,
    Standing,
    WeakestLink,
)
from ascension_core.training.assessment import Assessment
from ascension_core.training.athlete import Athlete, Site
from ascension_core.training.grades import Discipline, Grade, GradeSystem, convert, from_ircra, from_v_index
from ascension_core.training.protocols import MeasureChange, Repeatability, changes, protocol, sources
from ascension_core.training.strength import COVERAGE, Estimate, Expectation, StrengthModel
from ascension_core.training.strength_features import NAMES, measures_of, to_features
from ascension_core.training.strength_levels import SCALES, Level, Scale, natural

BEHIND: Final = 50.0
"""A test below the middle of the goal grade's climbers can be a weak link; one above it is not."""

FEWEST_TESTS: Final = 2
"""One test alone cannot be the weakest."""

ANTAGONISTS: Final = frozenset({"push_ups"})
"""Tests of balance and shoulder health: they do not hold a climber back from a grade."""

PEOPLE: Final = {"female": "women", "male": "men", "all": "climbers"}

MEASURE_OF: Final[Mapping[str, tuple[str, str]]] = {
    "hang": ("max_hang", "load"),
    "pull": ("weighted_pull_up", "load"),
    "pull_ups": ("pull_ups", "reps"),
    "push_ups": ("push_ups", "reps"),
    "repeaters": ("repeaters", "time"),
    "critical_force": ("critical_force", "force"),
}
"""Test and measure behind each scale of the strength model."""

FINGER_TESTS: Final = frozenset({"max_hang", "repeaters", "critical_force"})
TOO_HARD_EARLY: Final = FINGER_TESTS | {"weighted_pull_up"}
"""Tests that are not proposed to the young and to beginners."""

NOT_WITH: Final[Mapping[Site, frozenset[str]]] = {
    Site.FINGER: FINGER_TESTS,
    Site.WRIST: FINGER_TESTS | {"push_ups"},
    Site.ELBOW: FINGER_TESTS | {"weighted_pull_up", "pull_ups"},
    Site.SHOULDER: FINGER_TESTS | {"weighted_pull_up", "pull_ups", "push_ups"},
}
"""Tests that are not proposed with an injury of that site, however small."""

YOUNGEST: Final = 16.0
ADULT: Final = 18.0
FEWEST_YEARS: Final = 2.0

DISCLAIMERS: Final = (
    "This compares you with climbers who chose to be tested; it is neither medical advice nor a verdict on what you can climb.",
    "Grades need technique, tactics and head too: tests explain about half of the differences between climbers.",
    "Stop every test at pain. Under 16 years and in the first two years of climbing, leave maximal finger tests out.",
)


def assess(athlete: Athlete, model: StrengthModel, *, today: date, model_version: ModelVersion) -> AssessmentReport:
    """Compare an athlete's latest tests with other climbers and with the earlier tests.

    Parameters
    ----------
    model
        Expected grades, percentiles, and the tests of climbers of each grade.
    model_version
        The file that `model` was read from.
    """
    found = model.expect(athlete)
    told = athlete.boulder_grade or athlete.sport_grade
    now = told or from_v_index(found.boulder.median)
    goal = next((one.grade for one in athlete.goals if one.grade is not None), None)
    standings = _standings(athlete, found, model, now, goal)
    return AssessmentReport(
        created_on=today,
        software=Software(version=version("ascension")),
        models=[model_version],
        athlete=_summary(athlete),
        tested_on=athlete.tests.date,
        compared_with_now=_who(now, athlete),
        compared_with_goal=None if goal is None else _who(goal, athlete),
        expected=_expected(athlete, found),
        standings=standings,
        weakest=_weakest(found, standings, goal),
        changes=list(_changes(athlete)),
        missing=list(_missing(athlete, standings)),
        notes=list(_notes(athlete, found, standings, goal)),
        disclaimers=list(DISCLAIMERS),
        sources=[Source(id=f"source-{k}", text=text) for k, text in enumerate(sources(), 1)],
    )


def _summary(athlete: Athlete) -> AthleteSummary:
    return AthleteSummary(
        id=athlete.id,
        name=athlete.name,
        age_years=athlete.age_years,
        mass_kg=athlete.mass_kg,
        years_climbing=athlete.years_climbing,
        boulder_grade=_text(athlete.boulder_grade),
        sport_grade=_text(athlete.sport_grade),
        minutes_per_week=round(sum(athlete.availability.values())),
        equipment=sorted(athlete.equipment),
        injuries=[f"{i.site}{f', {i.side}' if i.side else ''}: severity {i.severity} of 3" for i in athlete.injuries],
    )


def _text(grade: Grade | None) -> str | None:
    return None if grade is None else str(grade)


def _group(athlete: Athlete) -> str:
    return athlete.sex if athlete.sex in {"female", "male"} else "all"


def _who(grade: Grade, athlete: Athlete) -> str:
    return f"{PEOPLE[_group(athlete)]} who climb about {grade}"


def _expected(athlete: Athlete, found: Expectation) -> list[ExpectedGrade]:
    return [
        _interval("boulder", found.boulder, from_v_index, GradeSystem.FONT, athlete.boulder_grade),
        _interval("route", found.sport, _french, GradeSystem.YDS, athlete.sport_grade),
    ]


def _french(level: float) -> Grade:
    return from_ircra(float(np.clip(round(level), 1, 33)), GradeSystem.FRENCH).low


def _interval(
    discipline: Discipline, estimate: Estimate, grade_at: Callable[[float], Grade], other: GradeSystem, current: Grade | None
) -> ExpectedGrade:
    grade = grade_at(estimate.median)
    return ExpectedGrade(
        discipline=discipline,
        system=grade.system,
        grade=str(grade),
        low=str(grade_at(estimate.low)),
        high=str(grade_at(estimate.high)),
        also=str(convert(grade, other)),
        coverage=COVERAGE,
        current=_text(current),
        current_is=_beside(current, grade_at(estimate.low), grade_at(estimate.high)),
    )


def _beside(current: Grade | None, low: Grade, high: Grade) -> Literal["above", "within", "below"] | None:
    if current is None:
        return None
    if current.ircra.low > high.ircra.high:
        return "above"
    return "below" if current.ircra.high < low.ircra.low else "within"


def _standings(athlete: Athlete, found: Expectation, model: StrengthModel, now: Grade, goal: Grade | None) -> list[Standing]:
    row, group = to_features(measures_of(athlete)), _group(athlete)
    at_now = model.levels_for(now, group=group)
    at_goal = model.levels_for(goal, group=group) if goal else {}
    return [
        _standing(
            scale,
            float(natural(scale.name, row[:, NAMES.index(scale.name)])[0]),
            found.percentiles.get(scale.name),
            _company(at_now.get(scale.name), now, group),
            _company(at_goal.get(scale.name), goal, group),
        )
        for scale in SCALES
    ]


@dataclass(frozen=True, slots=True)
class _Company:
    """The climbers of about one grade who did a test."""

    level: Level
    who: str

    def place(self, value: float, error: float, suffix: str) -> dict[str, Any]:
        """Fields of a `Standing` that set a result beside them; the result alone is unknown where it is nan."""
        done = bool(np.isfinite(value))
        ends = (self.level.percentile(value - error), self.level.percentile(value + error)) if done else None
        return {
            f"percentile_{suffix}": self.level.percentile(value) if done else None,
            f"percentile_{suffix}_range": ends,
            f"median_{suffix}": self.level.median,
            f"people_{suffix}": self.level.n,
            f"who_{suffix}": self.who,
        }


def _company(level: Level | None, grade: Grade | None, group: str) -> _Company | None:
    if level is None or grade is None:
        return None
    boulder = grade.discipline == "boulder"
    if level.low == level.high == (grade.v_index if boulder else grade.ircra.middle):
        return _Company(level, f"{PEOPLE[group]} of {grade}")
    ends = [str(from_v_index(end) if boulder else _french(end)) for end in (level.low, level.high)]
    return _Company(level, f"{PEOPLE[group]} of {' to '.join(dict.fromkeys(ends))}")


def _standing(scale: Scale, value: float, among_all: float | None, now: _Company | None, goal: _Company | None) -> Standing:
    done = bool(np.isfinite(value))
    repeats = _repeatability(scale.name)
    error = repeats.error(value) if done else 0.0
    fields = dict.fromkeys(
        name for name in Standing.model_fields if name.endswith(("_now", "_now_range", "_goal", "_goal_range"))
    )
    for company, suffix in ((now, "now"), (goal, "goal")):
        if company:
            fields |= company.place(value, error, suffix)
    return Standing(
        name=scale.name,
        title=scale.title,
        unit=scale.unit,
        value=value if done else None,
        error=error if done else None,
        error_is_assumed=not repeats.sure,
        percentile_all=among_all if done else None,
        **fields,
    )


def _repeatability(scale: str) -> Repeatability:
    test, key = MEASURE_OF[scale]
    return next(measure.repeatability for measure in protocol(test).measures if measure.key == key)


def _weakest(found: Expectation, standings: list[Standing], goal: Grade | None) -> WeakestLink | None:
    """The test whose gap to climbers of the goal grade (of the own grade without a goal) costs most grades, if one does."""
    known = {one.name: rank for one in standings if one.name not in ANTAGONISTS and (rank := _rank(one, goal))}
    costly = [link for link in found.weakest if link.test in known and known[link.test].percentile < BEHIND]
    if len(known) < FEWEST_TESTS or not costly:
        return None
    link, first = costly[0], known[costly[0].test]
    rivals = [other.standing.title for name, other in known.items() if name != link.test and other.low <= first.high]
    middle = f"the middle of {first.people} {first.who} is {first.median:.0f}"
    reason = f"{_capital(link.title)}: {link.value:.0f} {link.unit}, where {middle}."
    if rivals:
        reason += f" Within measurement error it could as well be: {', '.join(rivals)}."
    return WeakestLink(
        name=link.test, title=link.title, percentile=first.percentile, grades=link.worth, is_clear=not rivals, reason=reason
    )


@dataclass(frozen=True, slots=True)
class _Rank:
    standing: Standing
    percentile: float
    low: float
    high: float
    median: float
    people: int
    who: str


def _rank(one: Standing, goal: Grade | None) -> _Rank | None:
    """Where a result lies among those of the goal grade, or of the own grade without a goal."""
    suffix = "goal" if goal else "now"
    names = ("percentile", "median", "people", "who")
    at, median, people, who = (getattr(one, f"{name}_{suffix}") for name in names)
    ends = getattr(one, f"percentile_{suffix}_range")
    return None if at is None else _Rank(one, at, ends[0], ends[1], median, people, who)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _changes(athlete: Athlete) -> Iterator[ResultChange]:
    """Each measure of the latest tests beside the last time before that it was taken."""
    told: set[tuple[str, str]] = set()
    for earlier in reversed(athlete.history):
        for one in _compared(athlete, earlier):
            if (one.test, one.measure.key) not in told:
                told.add((one.test, one.measure.key))
                yield _change(one, earlier.date, athlete.tests.date)


def _compared(athlete: Athlete, earlier: Assessment) -> tuple[MeasureChange, ...]:
    """The two days, with the same body mass on both where it was not weighed on the first."""
    after = athlete.tests.mass_kg or athlete.mass_kg
    return changes(earlier, athlete.tests, mass_before_kg=earlier.mass_kg or after, mass_after_kg=after)


def _change(one: MeasureChange, before: date | None, after: date | None) -> ResultChange:
    return ResultChange(
        test=one.test,
        title=f"{protocol(one.test).name}: {one.measure.name}",
        unit=one.measure.unit,
        before_date=before,
        after_date=after,
        before=one.before,
        after=one.after,
        smallest_detectable=one.change.smallest_detectable if one.change else None,
        verdict=one.change.verdict if one.change else "not comparable",
        why_not=one.why_not,
    )


def _missing(athlete: Athlete, standings: list[Standing]) -> Iterator[Note]:
    """What would make the answer more certain; nothing that is not safe for this athlete."""
    for one in standings:
        test = MEASURE_OF[one.name][0]
        if one.value is None and getattr(athlete.tests, test) is not None:
            text = f"{_capital(one.title)}: done in another way than in our data, so it is not compared."
            yield Note(code=f"not_comparable_{one.name}", message=text)
        elif one.value is None and test not in _unsafe(athlete):
            yield Note(code=f"no_{one.name}", message=f"{_capital(one.title)}: not tested.")
    if _group(athlete) == "all":
        yield Note(code="no_sex", message="Sex: without it the comparison is with women and men together.")
    for field, what in (("height_m", "Height"), ("span_m", "Arm span")):
        if getattr(athlete, field) is None:
            yield Note(code=f"no_{field}", message=f"{what}: would narrow the expected grades a little.")


def _unsafe(athlete: Athlete) -> frozenset[str]:
    """Tests that this athlete should not be asked to do now."""
    early = TOO_HARD_EARLY if _too_early(athlete) else frozenset()
    return early.union(*(NOT_WITH.get(injury.site, frozenset()) for injury in athlete.injuries))


def _too_early(athlete: Athlete) -> bool:
    return athlete.age_years < YOUNGEST or athlete.years_climbing < FEWEST_YEARS


def _notes(athlete: Athlete, found: Expectation, standings: list[Standing], goal: Grade | None) -> Iterator[Note]:
    if not any(one.value is not None for one in standings):
        yield Note(code="no_tests", message="No test could be used: the expected grade rests on age, years and body alone.")
    if athlete.boulder_grade is None and athlete.sport_grade is None:
        text = "You gave no grade: you are compared with climbers of the grade that your tests let one expect."
        yield Note(code="no_grade", message=text)
    if _too_early(athlete):
        text = "Hard finger and pulling tests are not proposed under 16 years or in the first two years of climbing."
        yield Note(code="too_early", message=text)
    if athlete.age_years < ADULT:
        yield Note(code="young", message="Hardly anybody in our data is under 18: compare with care, and think of growth.")
    if any(injury.severity > 1 or injury.site in NOT_WITH for injury in athlete.injuries):
        yield Note(code="injured", message="You report an injury: repeat no test that loads it until it has healed.")
    if goal is not None and all(one.people_goal is None for one in standings):
        yield Note(code="goal_unknown", message=f"Too few climbers of {goal} told us their tests to compare with.")
    if found.n_similar < 10:
        text = f"Only {found.n_similar} climbers of our data resemble you, so the interval is wide."
        yield Note(code="few_similar", message=text)
    unweighed = [day.date for day in athlete.history if day.mass_kg is None and (day.max_hang or day.weighted_pull_up)]
    if unweighed:
        text = (
            "Body mass was not weighed on an earlier test day; today's is taken, so those changes compare the added mass only."
        )
        yield Note(code="mass_unknown", message=text)
