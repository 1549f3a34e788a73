"""Questions about entries that can be read but are hard to believe: mixed-up fields, units, decimal points.

Each check returns questions; an athlete with open questions is refused. Where a value is rare but possible (a body mass
index of 39, a pull-up with one and a half times the body's mass), the athlete answers by naming the field in ``confirmed``.

Sources of the bounds: body dimensions, Garcia & Quintana-Domeque (2007) and the record of the tallest living person (2.51 m);
pull-ups and push-ups, published endurance records; finger strength and critical force, the tables of Giles et al. (2020) and of
a published survey of 500 boulderers, widened by half. They are wide on purpose: a question costs the athlete a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from ascension_core.training.entry import Question
from ascension_core.training.grades import v_index_of
from ascension_core.training.units import INCH_M, POUND_KG, STANDARD_GRAVITY

if TYPE_CHECKING:
    from ascension_core.training.assessment import Assessment, CriticalForce, MaxHang, Repeaters, WeightedPullUp
    from ascension_core.training.athlete import Athlete


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is believed without a question, and what is humanly possible."""

    low: float
    high: float
    least: float
    most: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def allows(self, value: float) -> bool:
        """Whether somebody may have such a value."""
        return self.least <= value <= self.most


AGE: Final = Bounds(6, 90, 4, 110)
HEIGHT: Final = Bounds(1.0, 2.15, 0.6, 2.51)
MASS: Final = Bounds(16, 150, 10, 300)
BODY_MASS_INDEX: Final = Bounds(12.5, 38, 10, 80)
SPAN_RATIO: Final = Bounds(0.9, 1.12, 0.8, 1.25)
EDGE: Final = Bounds(4, 60, 1, 150)
TWO_HANDS: Final = Bounds(0.3, 2.2, 0.02, 3.2)
"""Body mass plus added mass, as a share of body mass, on an edge with two hands."""
ONE_HAND: Final = Bounds(0.15, 1.35, 0.02, 1.9)
HANG_DURATION: Final = Bounds(1, 60, 0.5, 600)
PULL_UPS: Final = Bounds(0, 45, 0, 150)
PUSH_UPS: Final = Bounds(0, 120, 0, 10_000)
WEIGHTED_PULL_UP: Final = Bounds(-0.8, 1.0, -0.95, 1.9)
REPEATER_SECONDS: Final = Bounds(0, 900, 0, 7200)
FORCE_SHARE: Final = Bounds(0.06, 0.8, 0.01, 1.2)
"""Critical force of one hand as a share of body mass."""
PEAK_SHARE: Final = Bounds(0.15, 1.4, 0.03, 2.0)
W_PRIME: Final = Bounds(0, 66, 0, 150)
"""Impulse above critical force, seconds times body mass."""
FRONT_LEVER: Final = Bounds(0, 45, 0, 180)
PLANK: Final = Bounds(0, 900, 0, 40_000)
TOES_TO_BAR: Final = Bounds(0, 60, 0, 300)
SIT_AND_REACH: Final = Bounds(-45, 45, -80, 70)
DAY_MINUTES: Final = Bounds(15, 600, 1, 1440)
_PLAIN_RESULTS: Final = (
    ("pull_ups", "reps", PULL_UPS, "strict pull-ups in one go"),
    ("push_ups", "reps", PUSH_UPS, "push-ups in one go"),
    ("core", "front_lever_s", FRONT_LEVER, "seconds of front lever"),
    ("core", "plank_s", PLANK, "seconds of plank"),
    ("core", "toes_to_bar", TOES_TO_BAR, "toes-to-bar in one go"),
    ("flexibility", "sit_and_reach_cm", SIT_AND_REACH, "cm beyond the toes"),
)
YEARS: Final = (date(1950, 1, 1), date(2100, 1, 1))


def questions(athlete: Athlete) -> tuple[Question, ...]:
    """Everything about an athlete that needs an answer before it is used."""
    asked = [*_body(athlete), *_climbing(athlete), *_week(athlete), *_dates(athlete)]
    for path, tests in _assessments(athlete):
        asked += _tests(tests, path, tests.mass_kg or athlete.mass_kg, athlete)
    return tuple(question for question in asked if not (question.possible and question.path in athlete.confirmed))


def _assessments(athlete: Athlete) -> Iterator[tuple[str, Assessment]]:
    yield "tests", athlete.tests
    for index, earlier in enumerate(athlete.history):
        yield f"history[{index}]", earlier


def _body(athlete: Athlete) -> Iterator[Question]:
    height, mass = athlete.height_m, athlete.mass_kg
    if height is not None and _swapped(height, mass):
        yield Question("height_m", f"height {height:g} and mass {mass:g}: were they swapped?", possible=False)
        return
    yield from _age(athlete.age_years)
    if mass not in MASS:
        yield Question("mass_kg", f"a body mass of {mass:g} kg: {_mass_guess(mass)}", MASS.allows(mass))
    if height is None:
        if athlete.span_m is not None and athlete.span_m not in HEIGHT:
            yield Question("span_m", _length_question("an arm span", athlete.span_m), HEIGHT.allows(athlete.span_m))
        return
    if height not in HEIGHT:
        yield Question("height_m", _length_question("a height", height), HEIGHT.allows(height))
        return
    yield from _mass_for_height(mass, height)
    if athlete.span_m is not None:
        yield from _span(athlete.span_m, height)


def _swapped(height: float, mass: float) -> bool:
    """Whether the two make sense the other way round, height in metres or in centimetres."""
    return height not in HEIGHT and height in MASS and (mass in HEIGHT or mass / 100 in HEIGHT)


def _age(age: float) -> Iterator[Question]:
    if age > 1900:
        yield Question("age_years", f"{age:g} looks like the year of birth: what is the age in years?", possible=False)
    elif age not in AGE:
        yield Question("age_years", f"is the age really {age:g} years?", AGE.allows(age))


def _mass_guess(mass: float) -> str:
    return f'was it in pounds? Then write "{mass:g} lb"' if mass > MASS.high else "is that right, in kilograms?"


def _length_question(what: str, value: float) -> str:
    for unit, metres in (("in", INCH_M), ("cm", 0.01), ("ft", 12 * INCH_M), ("mm", 0.001)):
        if value * metres in HEIGHT:
            return f'{what} of {value:g} m: were they {unit}? Then write "{value:g} {unit}"'
    return f"{what} of {value:g} m: is that right, in metres?"


def _mass_for_height(mass: float, height: float) -> Iterator[Question]:
    index = mass / height**2
    if index not in BODY_MASS_INDEX and mass in MASS:
        pounds = index * POUND_KG
        guess = (
            f'was the mass in pounds? Then write "{mass:g} lb" ({mass * POUND_KG:.1f} kg)'
            if index > BODY_MASS_INDEX.high and pounds in BODY_MASS_INDEX
            else "are both right?"
        )
        text = f"{mass:g} kg with a height of {height:g} m is a body mass index of {index:.0f}: {guess}"
        yield Question("mass_kg", text, BODY_MASS_INDEX.allows(index))


def _span(span: float, height: float) -> Iterator[Question]:
    ratio = span / height
    if ratio in SPAN_RATIO:
        return
    if span not in HEIGHT:
        text = _length_question("an arm span", span)
        if span < 0.35:
            text = f"an arm span of {span:g} m: is it the difference to the height? Then give the span, {height + span:.2f} m"
        yield Question("span_m", text, possible=False)
        return
    text = f"an arm span of {span:g} m with a height of {height:g} m: are both right, from fingertip to fingertip?"
    yield Question("span_m", text, SPAN_RATIO.allows(ratio))


def _climbing(athlete: Athlete) -> Iterator[Question]:
    years, age = athlete.years_climbing, athlete.age_years
    if years > 1900:
        yield Question(
            "years_climbing", f"{years:g} looks like the year you began: for how many years do you climb?", possible=False
        )
    elif years > age:
        yield Question("years_climbing", f"{years:g} years of climbing at the age of {age:g}: which is wrong?", possible=False)
    elif years > age - 2:
        yield Question("years_climbing", f"{years:g} years of climbing at the age of {age:g}: climbing since the cradle?")
    if athlete.boulder_grade is not None:
        yield from _quick(athlete.boulder_grade.v_index, str(athlete.boulder_grade), "boulder_grade", years)
    if athlete.sport_grade is not None:
        yield from _quick(v_index_of(athlete.sport_grade.ircra.middle), str(athlete.sport_grade), "sport_grade", years)


def _quick(v_index: float, text: str, path: str, years: float) -> Iterator[Question]:
    """Nobody reaches 7C or 8a+ in their first year, nor 8B or 8c+ in their first three."""
    if (v_index >= 9 and years < 1) or (v_index >= 13 and years < 3):
        yield Question(path, f"{text} after {years:g} years of climbing: are both right?")


def _week(athlete: Athlete) -> Iterator[Question]:
    for day, minutes in athlete.availability.items():
        if minutes and minutes not in DAY_MINUTES:
            path = f"availability.{day}"
            guess = (
                f'were hours meant? Then write "{minutes:g} h"' if minutes < DAY_MINUTES.low else "for training, on one day?"
            )
            yield Question(path, f"{minutes:g} minutes: {guess}", DAY_MINUTES.allows(minutes))


def _dates(athlete: Athlete) -> Iterator[Question]:
    for path, day in _all_dates(athlete):
        if not YEARS[0] <= day <= YEARS[1]:
            yield Question(path, f"{day.isoformat()}: is the year right?", possible=False)
    for index, earlier in enumerate(athlete.history):
        if earlier.date is None:
            yield Question(f"history[{index}].date", "when was this assessment?", possible=False)
    for index, (before, after) in enumerate(pairwise([*athlete.history, athlete.tests])):
        if before.date and after.date and before.date > after.date:
            later = f"history[{index + 1}]" if index + 1 < len(athlete.history) else "tests"
            text = f"{before.date.isoformat()} is later than {later} ({after.date.isoformat()}): is the order oldest first?"
            yield Question(f"history[{index}].date", text, possible=False)


def _all_dates(athlete: Athlete) -> Iterator[tuple[str, date]]:
    for name, field in (("goals", "date"), ("log", "date"), ("history", "date"), ("injuries", "since")):
        for index, entry in enumerate(getattr(athlete, name)):
            day: date | None = getattr(entry, field)
            if day is not None:
                yield f"{name}[{index}].{field}", day
    if athlete.tests.date is not None:
        yield "tests.date", athlete.tests.date


def _tests(tests: Assessment, path: str, mass: float, athlete: Athlete) -> Iterator[Question]:
    if tests.mass_kg is not None and not 0.6 <= tests.mass_kg / athlete.mass_kg <= 1.6:
        guess = f'was it in pounds? Then write "{tests.mass_kg:g} lb"' if tests.mass_kg > athlete.mass_kg else "are both right?"
        text = f"{tests.mass_kg:g} kg on the day of the test and {athlete.mass_kg:g} kg now: {guess}"
        yield Question(f"{path}.mass_kg", text)
        return
    if tests.max_hang:
        yield from _max_hang(tests.max_hang, f"{path}.max_hang", mass)
    if tests.weighted_pull_up:
        yield from _weighted_pull_up(tests, tests.weighted_pull_up, path, mass)
    if tests.repeaters:
        yield from _repeaters(tests.repeaters, f"{path}.repeaters", mass)
    if tests.critical_force:
        yield from _critical_force(tests.critical_force, f"{path}.critical_force", mass)
    yield from _counts(tests, path)
    if tests.flexibility:
        for name in ("foot_raise_cm", "lateral_foot_reach_cm"):
            reach = getattr(tests.flexibility, name)
            if reach is not None and reach > 100 * (athlete.height_m or HEIGHT.high):
                yield Question(
                    f"{path}.flexibility.{name}", f"{reach:g} cm is more than the height: was it in mm or in?", possible=False
                )


def _counts(tests: Assessment, path: str) -> Iterator[Question]:
    """Tests with one number that stands on its own."""
    for test, field, bounds, what in _PLAIN_RESULTS:
        value: float | None = getattr(getattr(tests, test), field, None)
        if value is not None and value not in bounds:
            yield Question(f"{path}.{test}.{field}", f"{value:g} {what}: is that right?", bounds.allows(value))


def _edge(edge: float, path: str) -> Iterator[Question]:
    if edge in EDGE:
        return
    text = f"an edge of {edge:g} mm: is that its depth in millimetres?"
    if edge < EDGE.low and edge * 10 in EDGE:
        text = f'an edge of {edge:g} mm: was it in cm? Then write "{edge:g} cm"'
    yield Question(f"{path}.edge_mm", text, EDGE.allows(edge))


def _added(added: float, hands: int, path: str, mass: float) -> Iterator[Question]:
    bounds, share = (TWO_HANDS if hands == 2 else ONE_HAND), (mass + added) / mass
    if share in bounds:
        return
    held = f"{added:+g} kg at a body mass of {mass:g} kg"
    if share <= 0:
        text = f"{held} leaves nothing to hold: is the sign right, and are they kilograms?"
    elif share < bounds.low:
        text = f"{held}: did a pulley really take that much away?"
    elif added / mass in bounds:
        text = f"{held}: is that all that was held, body included? Then give only what was added ({added - mass:+.1f})"
    elif bounds.allows((mass + added * POUND_KG) / mass):
        text = f'{held}: was it in pounds? Then write "{added:g} lb"'
    else:
        text = f"{held} on {'two hands' if hands == 2 else 'one hand'}: is that right?"
    yield Question(f"{path}.added_kg", text, bounds.allows(share))


def _max_hang(test: MaxHang, path: str, mass: float) -> Iterator[Question]:
    yield from _edge(test.edge_mm, path)
    yield from _added(test.added_kg, test.hands, path, mass)
    if test.duration_s not in HANG_DURATION:
        text = f"a maximal hang of {test.duration_s:g} s: is the duration in seconds right?"
        yield Question(f"{path}.duration_s", text, HANG_DURATION.allows(test.duration_s))


def _weighted_pull_up(tests: Assessment, test: WeightedPullUp, path: str, mass: float) -> Iterator[Question]:
    share = test.added_kg / mass
    if share not in WEIGHTED_PULL_UP:
        guess = "is that right?"
        if test.added_kg > 0 and share * POUND_KG in WEIGHTED_PULL_UP:
            guess = f'was it in pounds ("{test.added_kg:g} lb"), or the total with the body?'
        text = f"a pull-up with {test.added_kg:+g} kg at a body mass of {mass:g} kg: {guess}"
        yield Question(f"{path}.weighted_pull_up.added_kg", text, WEIGHTED_PULL_UP.allows(share))
    elif tests.pull_ups and tests.pull_ups.reps == 0 and test.added_kg > 0:
        text = f"a pull-up with {test.added_kg:+g} kg but no pull-up without: which is right?"
        yield Question(f"{path}.weighted_pull_up.added_kg", text, possible=False)


def _repeaters(test: Repeaters, path: str, mass: float) -> Iterator[Question]:
    yield from _edge(test.edge_mm, path)
    yield from _added(test.added_kg, test.hands, path, mass)
    if test.seconds is not None and test.seconds not in REPEATER_SECONDS:
        yield Question(
            f"{path}.seconds", f"{test.seconds:g} s of repeaters: are they seconds?", REPEATER_SECONDS.allows(test.seconds)
        )
    if test.seconds is not None and test.reps:
        cycle = test.on_s + test.off_s
        if abs(test.seconds - test.reps * cycle) > cycle + 0.1 * test.seconds:
            text = f"{test.reps} hangs of {cycle:g} s each are {test.reps * cycle:g} s, not {test.seconds:g} s: which is right?"
            yield Question(f"{path}.seconds", text, possible=False)


def _critical_force(test: CriticalForce, path: str, mass: float) -> Iterator[Question]:
    force, peak = test.force_kg, test.peak_kg
    if peak is not None and force >= peak:
        text = f"a critical force of {force:g} kg above the peak of {peak:g} kg: were they swapped?"
        yield Question(f"{path}.force_kg", text, possible=False)
        return
    for name, value, bounds in (("force_kg", force, FORCE_SHARE), ("peak_kg", peak, PEAK_SHARE)):
        share = 0.0 if value is None else value / (mass * test.hands)
        if value is not None and share not in bounds:
            newtons = share > bounds.high and share / STANDARD_GRAVITY in bounds
            guess = f'was it in newtons? Then write "{value:g} N"' if newtons else "is that right, in kilograms?"
            text = f"{value:g} kg at a body mass of {mass:g} kg: {guess}"
            yield Question(f"{path}.{name}", text, bounds.allows(share))
    if test.w_prime_kg_s is not None and test.w_prime_kg_s / (mass * test.hands) not in W_PRIME:
        text = f'an impulse of {test.w_prime_kg_s:g} kg s: was it in newton seconds? Then write "{test.w_prime_kg_s:g} N s"'
        yield Question(f"{path}.w_prime_kg_s", text, W_PRIME.allows(test.w_prime_kg_s / (mass * test.hands)))
