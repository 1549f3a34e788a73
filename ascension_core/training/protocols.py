"""How each test is done, how well it repeats, and what therefore counts as a change.

Protocols and repeatability are data (`data/tests.yaml`, with sources). A difference between two days is called real only
where it is larger than the minimal detectable change

    MDC = z * sqrt(2) * SEM,    SEM = CV * (before + after) / 2  where the error grows with the result,

with z = 1.96 for 95 % confidence (Weir 2005; Hopkins 2000). Anything smaller is never called progress.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from statistics import NormalDist
from typing import Any, Final, Literal

import yaml

from ascension_core.errors import InvalidOption
from ascension_core.training.assessment import TESTS, Assessment
from ascension_core.training.entry import suggestion

Direction = Literal["up", "down", "none"]


@dataclass(frozen=True, slots=True)
class Repeatability:
    """Measurement error between two days.

    Attributes
    ----------
    cv
        As a share of the result, where the error grows with it; else None.
    sem
        Standard error of measurement in the measure's unit, where it does not; else None.
    sure
        False where no published figure for this very test is known and a cautious one was taken.
    sources
        Publications that the figure comes from.
    why
        Where the figure comes from, in words.
    """

    cv: float | None
    sem: float | None
    sure: bool
    sources: tuple[str, ...]
    why: str

    def error(self, result: float) -> float:
        """Standard error of measurement at a result, in the measure's unit."""
        return self.sem if self.sem is not None else (self.cv or 0.0) * abs(result)

    def smallest_detectable(self, before: float, after: float, *, confidence: float = 0.95) -> float:
        """Minimal detectable change between two results, in the measure's unit.

        Raises
        ------
        InvalidOption
            If `confidence` is not between 0.5 and 1.
        """
        if not 0.5 <= confidence < 1:
            raise InvalidOption(f"confidence {confidence:g} must be at least 0.5 and below 1")
        z = NormalDist().inv_cdf((1 + confidence) / 2)
        return z * math.sqrt(2) * self.error((before + after) / 2)

    def __str__(self) -> str:
        size = f"{self.cv:.1%}" if self.cv is not None else f"{self.sem:g}"
        return f"{size}{'' if self.sure else ' (assumed)'}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One number that a test yields."""

    key: str
    name: str
    unit: str
    conditions: tuple[str, ...]
    repeatability: Repeatability


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a test is done."""

    test: str
    name: str
    purpose: str
    steps: tuple[str, ...]
    warm_up: str
    safety: str
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What two results of one measure say.

    Attributes
    ----------
    difference
        After minus before, in the measure's unit.
    direction
        Its sign.
    smallest_detectable
        A smaller difference cannot be told from measurement error.
    certain
        True where the difference is at least that large.
    """

    difference: float
    direction: Direction
    smallest_detectable: float
    certain: bool

    @property
    def verdict(self) -> Literal["progress", "decline", "no detectable change"]:
        """What may be said: every measure here is better the larger it is."""
        if not self.certain:
            return "no detectable change"
        return "progress" if self.direction == "up" else "decline"


@dataclass(frozen=True, slots=True)
class MeasureChange:
    """Two results of one measure side by side.

    Attributes
    ----------
    change
        None where the two cannot be compared.
    why_not
        What differed between the two tests; empty where they can be compared.
    """

    test: str
    measure: Measure
    before: float
    after: float
    change: Change | None
    why_not: str


def real_change(before: float, after: float, repeatability: Repeatability, *, confidence: float = 0.95) -> Change:
    """Whether two results differ by more than measurement error (formula and source at the top of this module)."""
    difference = after - before
    smallest = repeatability.smallest_detectable(before, after, confidence=confidence)
    direction: Direction = "up" if difference > 0 else "down" if difference < 0 else "none"
    return Change(difference, direction, smallest, certain=difference != 0 and abs(difference) >= smallest)


def changes(
    before: Assessment, after: Assessment, *, mass_before_kg: float, mass_after_kg: float, confidence: float = 0.95
) -> tuple[MeasureChange, ...]:
    """Compare every measure that two assessments share.

    Parameters
    ----------
    mass_before_kg, mass_after_kg
        Body mass on the two days, for tests whose result is body and added mass.
    """
    found = []
    for test in TESTS:
        for measure in protocol(test).measures:
            old, new = (value(test, measure.key, day, mass) for day, mass in ((before, mass_before_kg), (after, mass_after_kg)))
            if old is not None and new is not None:
                why_not = _difference(test, measure, before, after)
                change = None if why_not else real_change(old, new, measure.repeatability, confidence=confidence)
                found.append(MeasureChange(test, measure, old, new, change, why_not))
    return tuple(found)


def value(test: str, measure: str, assessment: Assessment, mass_kg: float) -> float | None:
    """The result of one measure in its unit, None where it was not measured."""
    done = getattr(assessment, test)
    return None if done is None else _VALUES[test, measure](done, mass_kg)


def _difference(test: str, measure: Measure, before: Assessment, after: Assessment) -> str:
    old, new = getattr(before, test), getattr(after, test)
    unlike = [name for name in measure.conditions if getattr(old, name) != getattr(new, name)]
    return "; ".join(f"{name} was {getattr(old, name)}, now {getattr(new, name)}" for name in unlike)


def _repeater_time(test: Any, _mass: float) -> float | None:
    """Time to failure; from whole hangs where only they were counted."""
    if test.seconds is not None:
        return float(test.seconds)
    return max(0.0, float(test.reps * (test.on_s + test.off_s) - test.off_s))


def _field(name: str) -> Callable[[Any, float], float | None]:
    return lambda test, _mass: getattr(test, name)


_VALUES: Final[Mapping[tuple[str, str], Callable[[Any, float], float | None]]] = {
    ("max_hang", "load"): lambda test, mass: mass + test.added_kg,
    ("weighted_pull_up", "load"): lambda test, mass: mass + test.added_kg,
    ("pull_ups", "reps"): _field("reps"),
    ("push_ups", "reps"): _field("reps"),
    ("repeaters", "time"): _repeater_time,
    ("critical_force", "force"): _field("force_kg"),
    ("critical_force", "w_prime"): _field("w_prime_kg_s"),
    ("critical_force", "peak"): _field("peak_kg"),
    ("core", "front_lever"): _field("front_lever_s"),
    ("core", "plank"): _field("plank_s"),
    ("core", "toes_to_bar"): _field("toes_to_bar"),
    ("flexibility", "sit_and_reach"): _field("sit_and_reach_cm"),
    ("flexibility", "foot_raise"): _field("foot_raise_cm"),
    ("flexibility", "lateral_foot_reach"): _field("lateral_foot_reach_cm"),
}


def protocol(test: str) -> Protocol:
    """The protocol of a test of `Assessment`.

    Raises
    ------
    InvalidOption
        If there is no such test.
    """
    known = _protocols()
    if test not in known:
        raise InvalidOption(f"{test!r} is not a test{suggestion(test, known)}")
    return known[test]


def before_every_test() -> tuple[str, ...]:
    """What holds for all tests."""
    return tuple(_document()["before_every_test"])


def sources() -> tuple[str, ...]:
    """Publications behind the protocols and figures."""
    return tuple(_document()["sources"].values())


@cache
def _document() -> Any:
    text = files("ascension_core.training").joinpath("data/tests.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def _protocols() -> Mapping[str, Protocol]:
    return {test: _protocol(test, entry) for test, entry in _document()["tests"].items()}


def _protocol(test: str, entry: Mapping[str, Any]) -> Protocol:
    measures = tuple(_measure(key, measure) for key, measure in entry["measures"].items())
    plain = {name: str(entry[name]) for name in ("name", "purpose", "warm_up", "safety")}
    return Protocol(test=test, steps=tuple(entry["protocol"]), measures=measures, **plain)


def _measure(key: str, entry: Mapping[str, Any]) -> Measure:
    error, cited = entry["error"], _document()["sources"]
    repeatability = Repeatability(
        cv=error.get("cv"),
        sem=error.get("sem"),
        sure=error["sure"],
        sources=tuple(cited[name] for name in error["source"]),
        why=error["why"],
    )
    return Measure(key, entry["name"], entry["unit"], tuple(entry.get("conditions", ())), repeatability)
