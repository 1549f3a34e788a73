"""The constraints of a program, as data and pure predicates.

The solver plans with them (`ascension_core.training.scheduling`), the choice of exercises obeys them
(`ascension_core.training.prescription`), and `ascension_core.training.violations` checks a finished program against them
from scratch. None of them predicts an injury: they are the customs of careful coaching, each with its source.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from ascension_core.training.athlete import Athlete, Equipment, Injury, Site, Weekday
from ascension_core.training.exercises import Exercise

MAX_FINGER_AGE: Final = 16.0
"""Years: below, no maximal hangs, no campus, nothing that loads fingers maximally: growth plates are still open
(Morrison & Schöffl 2007; UIAA, IFSC and BMC guidance)."""

GROWTH_PLATE_AGE: Final = 18.0
"""Years: below, every program carries the growth-plate warning."""

YOUTH_TRIES_A_WEEK: Final = 1
"""Sessions of hard boulders on good holds a week under `MAX_FINGER_AGE`: a careful dose of ours within the same guidance."""

BEGINNER_YEARS: Final = 2.0
"""Years of climbing: below, no maximal hangs; tendons adapt more slowly than muscles (Hörst; Schweizer 2012)."""

MASTERS_AGE: Final = 50.0
"""Years: from here on one free day more and two hard days a week at most."""

FINGER_REST_DAYS: Final = 2
"""Days from one maximal finger session to the next: 48 h (Hörst; Schweizer 2012)."""

GOAL_REST_DAYS: Final = 2
"""Days before the goal without a hard session (taper: Mujika & Padilla 2003)."""

GOAL_EVE_DAYS: Final = 1
"""Days before the goal without any session."""

RAMP: Final = 1.10
"""A loading week's planned load is at most this multiple of what was carried before: a custom, not a law of injury
(Impellizzeri et al. 2020)."""

MOST_LOADING_WEEKS: Final = 3
"""Loading weeks in a row: the fourth week at the latest is light (Bompa & Buzzichelli)."""

DELOAD_SHARE: Final = 0.65
"""A deload week's load, as a share of the load carried before."""

TAPER_SHARES: Final = (0.55, 0.75)
"""The last and the last but one week: volume falls by 41 to 60 %, intensity stays (Bosquet et al. 2007)."""

SHORTEST_SESSION: Final = 20
"""Minutes: a day with less time is no training day."""

OLD_INJURY: Final = dt.timedelta(days=365)
"""An injury of severity 2 that is older bears moderate loads again; maximal ones never."""

PAIN_WINDOW: Final = dt.timedelta(days=14)
"""Logged pain counts as an injury of severity 2 for so long, of severity 3 when it was logged twice."""


class Rule(StrEnum):
    """What a program must keep."""

    DATES = "dates"
    AVAILABILITY = "availability"
    ONE_SESSION_A_DAY = "one_session_a_day"
    FINGER_REST = "finger_rest"
    HARD_EASY = "hard_easy"
    HARD_DAYS = "hard_days"
    REST_DAYS = "rest_days"
    OTHER_SPORTS = "other_sports"
    GOAL_REST = "goal_rest"
    LOAD_RAMP = "load_ramp"
    LOAD_SUM = "load_sum"
    DELOAD = "deload"
    TAPER = "taper"
    SESSION_TIME = "session_time"
    FLAGS = "flags"
    INTENSITY = "intensity"
    DOSE = "dose"
    LIBRARY = "library"
    EQUIPMENT = "equipment"
    INJURY = "injury"
    AGE = "age"
    EXPERIENCE = "experience"
    PREREQUISITE = "prerequisite"


IN_WORDS: Final[Mapping[Rule, str]] = {
    Rule.AVAILABILITY: "the days and minutes that are available",
    Rule.ONE_SESSION_A_DAY: "one session a day",
    Rule.FINGER_REST: "48 h between maximal finger sessions",
    Rule.HARD_EASY: "no two hard days in a row",
    Rule.HARD_DAYS: "the number of hard days in a week",
    Rule.REST_DAYS: "days without training",
    Rule.OTHER_SPORTS: "no hard session on the day of another hard sport",
    Rule.GOAL_REST: "no hard session within 48 h of the goal",
    Rule.LOAD_RAMP: "load that grows by at most 10 %",
    Rule.EQUIPMENT: "the equipment",
    Rule.INJURY: "injuries and pain",
    Rule.AGE: "age",
    Rule.EXPERIENCE: "years of climbing",
    Rule.PREREQUISITE: "test levels",
}
"""The rules that a wish can clash with, as the athlete reads them."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why an exercise is not for somebody."""

    rule: Rule
    reason: str


@dataclass(frozen=True)
class Limits:
    """What one athlete's weeks must keep, on one day of the calendar.

    Attributes
    ----------
    minutes
        Available minutes of each weekday, Monday first; 0 where the day is too short for a session.
    free_days
        Days of a week without a session of ours.
    hard_days
        Hard sessions in a loading week, at most.
    no_hard
        Weekdays (0 is Monday) of another sport of high load.
    severity
        Severity by site of the injuries and pains that count today.
    """

    age_years: float
    years_climbing: float
    pull_ups: int
    equipment: frozenset[Equipment]
    severity: Mapping[Site, int]
    minutes: tuple[int, ...]
    free_days: int
    hard_days: int
    no_hard: frozenset[int]


def limits(athlete: Athlete, today: dt.date) -> Limits:
    """What the athlete's weeks must keep as of `today`."""
    return Limits(
        age_years=athlete.age_years,
        years_climbing=athlete.years_climbing,
        pull_ups=_pull_ups(athlete),
        equipment=athlete.equipment,
        severity=severities(athlete, today),
        minutes=tuple(_available(athlete, day) for day in Weekday),
        free_days=_free_days(athlete),
        hard_days=2 if _needs_care(athlete) else 3,
        no_hard=frozenset(d for d, load in _sport_days(athlete).items() if load == "high"),
    )


def exclusion(exercise: Exercise, who: Limits) -> Exclusion | None:
    """The first reason why an exercise is not for this athlete, or None."""
    return (
        _by_age(exercise, who)
        or _by_experience(exercise, who)
        or _by_injury(exercise, who)
        or _by_prerequisite(exercise, who)
        or _by_equipment(exercise, who)
    )


def _by_age(exercise: Exercise, who: Limits) -> Exclusion | None:
    maximal = exercise.tags & {"max_hang", "campus"} or exercise.load_at(Site.FINGER) == 3
    if maximal and who.age_years < MAX_FINGER_AGE:
        return Exclusion(Rule.AGE, f"under {MAX_FINGER_AGE:.0f} no maximal finger loads: growth plates of fingers are open")
    if who.age_years < exercise.requires.age:
        return Exclusion(Rule.AGE, f"for ages from {exercise.requires.age:.0f}")
    return None


def _by_experience(exercise: Exercise, who: Limits) -> Exclusion | None:
    if "max_hang" in exercise.tags and who.years_climbing < BEGINNER_YEARS:
        return Exclusion(Rule.EXPERIENCE, f"no maximal hangs in the first {BEGINNER_YEARS:.0f} years of climbing")
    if who.years_climbing < exercise.requires.years:
        return Exclusion(Rule.EXPERIENCE, f"needs {exercise.requires.years:g} or more years of climbing")
    return None


def _by_injury(exercise: Exercise, who: Limits) -> Exclusion | None:
    for site, severity in who.severity.items():
        avoided = severity >= exercise.avoid.get(site, 4)
        if avoided or exercise.load_at(site) + severity > 3:
            return Exclusion(Rule.INJURY, f"the {site} does not bear it now")
    return None


def _by_prerequisite(exercise: Exercise, who: Limits) -> Exclusion | None:
    if who.pull_ups < exercise.requires.pull_ups:
        return Exclusion(Rule.PREREQUISITE, f"from {exercise.requires.pull_ups} pull-ups in a row")
    return None


def _by_equipment(exercise: Exercise, who: Limits) -> Exclusion | None:
    for group in exercise.needs:
        if not group & who.equipment:
            return Exclusion(Rule.EQUIPMENT, f"needs {' or '.join(sorted(e.replace('_', ' ') for e in group))}")
    return None


def severities(athlete: Athlete, today: dt.date) -> dict[Site, int]:
    """Severity by site of all that counts today: injuries, and pain that was logged lately."""
    found: dict[Site, int] = {}
    for site, severity in (*_injured(athlete, today), *_painful(athlete, today)):
        found[site] = max(severity, found.get(site, 0))
    return found


def is_old(injury: Injury, today: dt.date) -> bool:
    """Whether an injury has lain still for long enough to bear moderate loads."""
    return injury.severity == 2 and injury.since is not None and today - injury.since > OLD_INJURY


def _injured(athlete: Athlete, today: dt.date) -> Iterable[tuple[Site, int]]:
    return ((i.site, i.severity - is_old(i, today)) for i in athlete.injuries)


def _painful(athlete: Athlete, today: dt.date) -> Iterable[tuple[Site, int]]:
    recent = [s for s in athlete.log if today - PAIN_WINDOW <= s.date <= today]
    sites = [site for session in recent for site in set(session.pain)]
    return ((site, 2 if sites.count(site) == 1 else 3) for site in sorted(set(sites)))


def _pull_ups(athlete: Athlete) -> int:
    """Pull-ups in a row; untested climbers of two years and more are believed to manage five."""
    tests = athlete.tests
    if tests.pull_ups is not None:
        return tests.pull_ups.reps
    if tests.weighted_pull_up is not None:
        heavy = tests.weighted_pull_up
        return max(heavy.reps, _repetitions_at_body_weight(athlete.mass_kg, heavy.added_kg, heavy.reps))
    return 5 if athlete.years_climbing >= BEGINNER_YEARS and athlete.age_years < MASTERS_AGE else 0


def _repetitions_at_body_weight(mass_kg: float, added_kg: float, reps: int) -> int:
    """Epley's formula solved for repetitions; at most twelve, beyond which it was never meant to reach."""
    best = one_repetition_maximum(mass_kg + added_kg, reps)
    return max(0, min(12, int(30 * (best / mass_kg - 1))))


def one_repetition_maximum(total_kg: float, reps: int) -> float:
    """Epley (1985): the load that can be moved once, from a load moved `reps` times, kg."""
    return total_kg if reps == 1 else total_kg * (1 + reps / 30)


def _available(athlete: Athlete, day: Weekday) -> int:
    minutes = int(athlete.availability.get(day, 0)) // 5 * 5
    return minutes if minutes >= SHORTEST_SESSION else 0


def _needs_care(athlete: Athlete) -> bool:
    return athlete.years_climbing < BEGINNER_YEARS or athlete.age_years < MAX_FINGER_AGE or athlete.age_years >= MASTERS_AGE


def _free_days(athlete: Athlete) -> int:
    """One day free of sessions, two for the young, the new and the older (Bergeron et al. 2015); fewer beside much sport."""
    wanted = 2 if _needs_care(athlete) or athlete.age_years < GROWTH_PLATE_AGE else 1
    sports = [d for d, load in _sport_days(athlete).items() if load != "low"]
    return min(wanted, 7 - len(sports))


def _sport_days(athlete: Athlete) -> dict[int, str]:
    days = list(Weekday)
    order = ("low", "medium", "high")
    found: dict[int, str] = {}
    for sport in athlete.other_sports:
        for day in sport.days:
            index = days.index(day)
            found[index] = max(found.get(index, "low"), sport.load, key=order.index)
    return found


def sport_days(athlete: Athlete) -> dict[int, str]:
    """The highest load of another sport on each weekday (0 is Monday) that has one."""
    return _sport_days(athlete)


# --- weeks ------------------------------------------------------------------------------------------------------------


def too_close(days: Sequence[int], apart: int) -> list[tuple[int, int]]:
    """Pairs of day numbers, neighbours in order, that lie nearer than `apart` days."""
    return [(a, b) for a, b in pairwise(sorted(days)) if b - a < apart]


def most_hard_days(who: Limits, *, is_deload: bool, is_taper: bool) -> int:
    """Hard sessions that a week may hold."""
    return 1 if is_deload else min(2, who.hard_days) if is_taper else who.hard_days


def carried_load(before: float, planned: float, done: float | None, *, is_light: bool) -> float:
    """The load that an athlete is used to after a week, given what it was before.

    A week to come counts as planned. A week that is over counts as it was done, but neither over its plan (a week too
    much is no reason for another) nor under four fifths of what was carried before (so much remains after a missed week).
    Light weeks carry the load on; a light week that was missed costs a tenth.
    """
    if is_light:
        return before if done is None or done >= 0.5 * planned else 0.9 * before
    if done is None:
        return planned
    return min(planned, max(done, 0.8 * before))


def load_ceiling(carried: float, *, is_deload: bool, weeks_to_end: int, is_taper: bool) -> float:
    """What the planned load of a week may not exceed."""
    if is_taper:
        return TAPER_SHARES[min(weeks_to_end, len(TAPER_SHARES) - 1)] * carried
    return (DELOAD_SHARE if is_deload else RAMP) * carried
