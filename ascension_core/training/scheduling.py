"""Which session falls on which day: a small CP-SAT model for one week, and why a wish did not fit.

The constraints come from `ascension_core.training.rules`. None of them is ever bent: a wish that does not fit stays out,
and `clash` finds the rules that it clashes with from assumption literals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import Final

from ortools.sat.python import cp_model

from ascension_core.training.rules import FINGER_REST_DAYS, Rule

WEEK_DAYS: Final = range(7)
_DETERMINISTIC_SECONDS: Final = 2.0
"""Limit in the solver's own unit of work, so that the same week gives the same plan on every machine."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A session that the week should hold.

    Attributes
    ----------
    least, most
        Minutes.
    effort
        Session RPE.
    pulls
        Heavy pulling or finger work: better not on neighbouring days, for the elbows.
    """

    kind: str
    least: int
    most: int
    effort: int
    hard: bool
    max_fingers: bool
    pulls: bool = False


@dataclass(frozen=True, slots=True)
class WeekProblem:
    """One week to be filled; days are numbered from 0, its Monday.

    Attributes
    ----------
    wishes
        The most important first.
    minutes
        Available on each day, 0 for days that are off or over.
    no_hard
        Days of another hard sport.
    no_hard_from
        First day on which the goal is too near for a hard session; 7 and above is no limit.
    hard_before, max_fingers_before
        Whether the Sunday before was such a day.
    cyclic
        The week repeats: its Sunday lies before its own Monday.
    usual
        Kind and day of sessions in the weeks before: rhythm is kept where nothing speaks against it.
    """

    wishes: tuple[Wish, ...]
    minutes: tuple[int, ...]
    budget: float
    free_days: int
    hard_days: int
    no_hard: frozenset[int]
    sport_days: frozenset[int] = frozenset()
    no_hard_from: int = 7
    hard_before: bool = False
    max_fingers_before: bool = False
    cyclic: bool = False
    usual: frozenset[tuple[str, int]] = frozenset()


@dataclass(frozen=True, slots=True)
class Placement:
    """The day of each wish, None where it did not fit."""

    days: tuple[int | None, ...]


class _Model:
    """A week's variables and constraints; each rule can be switched off by its literal when `explain` is set."""

    def __init__(self, problem: WeekProblem, *, explain: bool = False) -> None:
        self.problem = problem
        self.model = cp_model.CpModel()
        self.literals = {rule: self.model.new_bool_var(rule) for rule in _RULES} if explain else {}
        self.on = [[self.model.new_bool_var(f"{i}@{d}") for d in WEEK_DAYS] for i in range(len(problem.wishes))]
        for days in self.on:
            self.model.add_at_most_one(days)
        self._availability()
        self._days()
        self._spacing()
        self._hard_limits()
        self._budget()

    def _keep(self, rule: Rule, constraint: cp_model.Constraint) -> None:
        if self.literals:
            constraint.only_enforce_if(self.literals[rule])

    def _forbid(self, rule: Rule, variable: cp_model.IntVar) -> None:
        self._keep(rule, self.model.add(variable == 0))

    def _availability(self) -> None:
        for wish, days in zip(self.problem.wishes, self.on, strict=True):
            for day in WEEK_DAYS:
                if self.problem.minutes[day] < wish.least:
                    self._forbid(Rule.AVAILABILITY, days[day])

    def _days(self) -> None:
        for day in WEEK_DAYS:
            self._keep(Rule.ONE_SESSION_A_DAY, self.model.add(sum(row[day] for row in self.on) <= 1))
        every = [variable for row in self.on for variable in row]
        self._keep(Rule.REST_DAYS, self.model.add(sum(every) <= len(WEEK_DAYS) - self.problem.free_days))

    def _spacing(self) -> None:
        """Hard days are never neighbours, maximal finger days lie `FINGER_REST_DAYS` apart."""
        pairs = (*pairwise(WEEK_DAYS), *(((6, 0),) if self.problem.cyclic else ()))
        for rule, rows in ((Rule.HARD_EASY, self._rows("hard")), (Rule.FINGER_REST, self._rows("max_fingers"))):
            for a, b in pairs:
                self._keep(rule, self.model.add(sum(row[a] + row[b] for row in rows) <= 1))
        for row in self._rows("hard") if self.problem.hard_before else ():
            self._forbid(Rule.HARD_EASY, row[0])
        for row in self._rows("max_fingers") if self.problem.max_fingers_before else ():
            for day in range(FINGER_REST_DAYS - 1):
                self._forbid(Rule.FINGER_REST, row[day])

    def _hard_limits(self) -> None:
        rows = self._rows("hard")
        self._keep(Rule.HARD_DAYS, self.model.add(sum(v for row in rows for v in row) <= self.problem.hard_days))
        for row in rows:
            for day in self.problem.no_hard:
                self._forbid(Rule.OTHER_SPORTS, row[day])
            for day in range(self.problem.no_hard_from, len(WEEK_DAYS)):
                self._forbid(Rule.GOAL_REST, row[day])

    def _budget(self) -> None:
        least = sum(w.least * w.effort * v for w, row in zip(self.problem.wishes, self.on, strict=True) for v in row)
        self._keep(Rule.LOAD_RAMP, self.model.add(least <= int(self.problem.budget)))

    def _rows(self, what: str) -> list[list[cp_model.IntVar]]:
        return [row for wish, row in zip(self.problem.wishes, self.on, strict=True) if getattr(wish, what)]

    def prefer(self) -> None:
        """Important wishes first; then time for them, the usual rhythm, rest around hard days, spread over the week."""
        gains = [
            _gain(self.problem, position, day) * self.on[position][day]
            for position in range(len(self.problem.wishes))
            for day in WEEK_DAYS
        ]
        self.model.maximize(sum(gains) - sum(self._crowding()))

    def _crowding(self) -> Iterable[cp_model.LinearExpr]:
        """A small price for each pair of neighbouring training days, a larger one where both are heavy on the elbows."""
        for price, rows in ((6, self.on), (80, self._rows("pulls"))):
            for a, b in pairwise(WEEK_DAYS) if len(rows) > 1 else ():
                both = self.model.new_bool_var(f"both{price}@{a}")
                self.model.add(sum(row[a] + row[b] for row in rows) <= 1 + both)
                yield price * both


_RULES: Final = (
    Rule.AVAILABILITY,
    Rule.ONE_SESSION_A_DAY,
    Rule.REST_DAYS,
    Rule.HARD_EASY,
    Rule.FINGER_REST,
    Rule.HARD_DAYS,
    Rule.OTHER_SPORTS,
    Rule.GOAL_REST,
    Rule.LOAD_RAMP,
)


def _gain(problem: WeekProblem, position: int, day: int) -> int:
    wish = problem.wishes[position]
    room = min(wish.most, problem.minutes[day]) - wish.least
    time = 60 * max(0, room) // max(1, wish.most - wish.least)
    rhythm = 40 if (wish.kind, day) in problem.usual else 0
    tired = 15 if wish.hard and day in problem.sport_days else 0
    return 1000 - 90 * position + time // (1 + position) + rhythm - tired


@lru_cache(maxsize=512)
def place(problem: WeekProblem) -> Placement:
    """The best days for a week's wishes; a wish that fits nowhere stays out."""
    if not problem.wishes or not any(problem.minutes):
        return Placement(tuple(None for _ in problem.wishes))
    week = _Model(problem)
    week.prefer()
    solver = _solver()
    solver.solve(week.model)
    return Placement(tuple(_day(solver, row) for row in week.on))


def clash(problem: WeekProblem, placed: Sequence[int], wish: int) -> tuple[Rule, ...]:
    """The rules that keep a wish out beside wishes that were placed: a smallest set that cannot be kept together.

    Parameters
    ----------
    placed
        Positions of wishes that must keep a place.
    wish
        Position of the one that did not get one.
    """
    keep = sorted({*placed, wish})
    small = replace(problem, wishes=tuple(problem.wishes[i] for i in keep))
    core = _core(small, _RULES)
    if core is None:
        return ()
    for rule in tuple(core):
        fewer = tuple(r for r in core if r != rule)
        if _core(small, fewer) is not None:
            core = fewer
    return core


def _core(problem: WeekProblem, rules: tuple[Rule, ...]) -> tuple[Rule, ...] | None:
    """Rules among `rules` that together leave no place for every wish; None if they leave one."""
    week = _Model(problem, explain=True)
    for row in week.on:
        week.model.add(sum(row) == 1)
    week.model.add_assumptions([week.literals[rule] for rule in rules])
    solver = _solver()
    if solver.solve(week.model) != cp_model.INFEASIBLE:
        return None
    names = {week.literals[rule].index: rule for rule in rules}
    return tuple(names[i] for i in solver.sufficient_assumptions_for_infeasibility() if i in names) or rules


def _solver() -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = _DETERMINISTIC_SECONDS
    solver.parameters.symmetry_level = 0
    solver.parameters.cp_model_probing_level = 0
    return solver


def _day(solver: cp_model.CpSolver, row: Sequence[cp_model.IntVar]) -> int | None:
    return next((day for day, variable in enumerate(row) if solver.boolean_value(variable)), None)


def share_minutes(wishes: Sequence[Wish], caps: Sequence[int], budget: float, step: int = 5) -> list[int]:
    """Minutes of each placed session: from the least upwards, evenly, while the budget of load lasts.

    Parameters
    ----------
    caps
        Available minutes on the day of each session.
    """
    minutes = [min(wish.least, cap) for wish, cap in zip(wishes, caps, strict=True)]
    most = [min(wish.most, cap) // step * step for wish, cap in zip(wishes, caps, strict=True)]
    left = budget - sum(m * w.effort for m, w in zip(minutes, wishes, strict=True))
    while True:
        grow = [i for i, w in enumerate(wishes) if minutes[i] + step <= most[i] and step * w.effort <= left]
        if not grow:
            return minutes
        i = min(grow, key=lambda j: ((minutes[j] - wishes[j].least) / (wishes[j].most - wishes[j].least), j))
        minutes[i] += step
        left -= step * wishes[i].effort
