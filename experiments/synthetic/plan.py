"""The sequence: which limb goes to which hold, when; and from it the contacts that are the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from experiments.synthetic.body import STATURE_M
from experiments.synthetic.geometry import Array, X
from experiments.synthetic.scene import LIMBS, Limb, Options, Stream, Wall
from experiments.synthetic.wall import LONG_STEP_M, hand_moves, purchase

Style = Literal["static", "dynamic", "shake"]

GROUND, FREE = "ground", "free"
"""Names for standing on the mat, and for a limb that touches nothing."""

MATCH_OFFSET_M = 0.075
"""How far from the middle each hand holds when both share a hold."""

STAND_Y_M = 0.47
"""Distance from the wall at which the climber starts on the mat."""

STRETCH = 1.09
"""From toes to fingertips, as a share of the stature, what a climber reaches without strain."""

TOP_HOLD_S, AFTER_FALL_S = 0.9, 2.0
"""Time at the end with both hands on top; or from the slip to the last frame."""


@dataclass(frozen=True)
class Move:
    """One limb leaves `source` at `start` and arrives at `target` at `end` (seconds); both are hold ids, GROUND or FREE.

    `point` (3,) m is where it arrives; `via` where a hand that is shaken out hangs in between (else as `point`).
    """

    limb: Limb
    start: float
    end: float
    source: str
    target: str
    point: Array
    via: Array
    style: Style = "static"


@dataclass(frozen=True)
class Plan:
    """All moves in order of time; `slip` is when everything comes off (None where the climb is topped)."""

    moves: tuple[Move, ...]
    rest_points: dict[Limb, Array]
    seconds: float
    slip: float | None

    def of(self, limb: Limb) -> list[Move]:
        """The moves of one limb."""
        return [m for m in self.moves if m.limb == limb]

    @property
    def start(self) -> float:
        """When the last foot leaves the mat."""
        return max(m.start for m in self.moves if m.source == GROUND)

    @property
    def end(self) -> float:
        """When the climb ends: off the wall, or the last frame."""
        return self.seconds if self.slip is None else self.slip


@dataclass(frozen=True)
class Contact:
    """A limb holds something from `start` to `end` (seconds); open ends lie outside the clip."""

    limb: Limb
    hold: str
    start: float
    end: float
    point: Array
    start_open: bool
    end_open: bool


class _Clock:
    """Writes the moves down one after the other while it keeps the time and where each limb is."""

    def __init__(self, wall: Wall, random: np.random.Generator, options: Options) -> None:
        self.stature = STATURE_M[options.body]
        self.wall, self.random, self.attempt = wall, random, options.attempt
        self.now = 0.3
        self.moves: list[Move] = []
        self.at: dict[Limb, str] = {"left_hand": FREE, "right_hand": FREE, "left_foot": GROUND, "right_foot": GROUND}
        middle = float(np.mean([wall.holds[i].x for i in wall.route.start.values()]))
        self.points: dict[Limb, Array] = {
            "left_hand": np.array([middle + 0.3, STAND_Y_M, 0.72]),
            "right_hand": np.array([middle - 0.3, STAND_Y_M, 0.72]),
            "left_foot": np.array([middle + 0.14, STAND_Y_M - 0.14, 0.0]),
            "right_foot": np.array([middle - 0.14, STAND_Y_M - 0.14, 0.0]),
        }
        self.rest_points = dict(self.points)

    def go(self, limb: Limb, hold: int, duration: float, settle: float, *, style: Style = "static", shift: float = 0.0) -> None:
        """Move a limb to a hold, `shift` metres beside its middle, and wait."""
        duration *= self.random.uniform(0.9, 1.1)
        target = self.wall.holds[hold]
        point = purchase(target) + shift * X
        self._add(Move(limb, self.now, self.now + duration, self.at[limb], target.id, point, point, style))
        self.now += duration + settle * self.random.uniform(0.8, 1.25)

    def shake(self, limb: Limb) -> None:
        """Take a hand off, shake it out below, and put it back."""
        side = 1 if limb == "left_hand" else -1
        middle = float(np.mean([p[0] for p in self.points.values()]))
        hanging = np.array([middle + side * 0.4, 0.34, self.points[limb][2] - 0.8])
        self._add(Move(limb, self.now, self.now + 1.7, self.at[limb], self.at[limb], self.points[limb], hanging, "shake"))
        self.now += 1.9

    def _add(self, move: Move) -> None:
        self.moves.append(move)
        self.at[move.limb], self.points[move.limb] = move.target, move.point

    def raise_feet(self, target: Array) -> None:
        """Bring feet up, the farther one first, while a hand hold at `target` (3,) m would overstretch the body."""
        reach = STRETCH * self.stature
        for _ in range(4):
            far = sorted(LIMBS[2:], key=lambda f: -float(np.linalg.norm(target - self.points[f])))
            if np.linalg.norm(target - self.points[far[0]]) < reach:
                return
            choices = [(limb, hold) for limb in far if (hold := self._foothold(limb, float(target[2]))) is not None]
            if not choices:
                return
            self.go(*choices[0], 0.42, 0.12)

    def _foothold(self, limb: Limb, target: float) -> int | None:
        """The free hold of the problem that suits a foot best before a hand goes up to `target` m; attempts differ."""
        side = 1 if limb == "left_foot" else -1
        hands = float(np.mean([self.points[h][2] for h in LIMBS[:2]]))
        centre = float(np.mean([p[0] for p in self.points.values()]))
        height = max(hands - (1.58 if self.attempt % 2 else 1.45), target - 0.96 * STRETCH * self.stature)
        other = self.points["right_foot" if side > 0 else "left_foot"][0]
        holds = self.wall.holds
        choices = [
            i for i in [*self.wall.route.feet, *(h for _, h in self.wall.route.hands)] if holds[i].id not in self.at.values()
        ]

        def cost(i: int) -> float:
            crossed = max(0.0, 0.1 - side * (holds[i].x - other))
            low = max(0.0, float(self.points[limb][2]) + 0.12 - holds[i].z)
            high = max(0.0, holds[i].z - hands + 1.05)
            return float(
                np.hypot((holds[i].x - centre - side * 0.2) * 1.3, holds[i].z - height) + 2 * crossed + 5 * low + 5 * high
            )

        best = min(choices, key=cost)
        return best if cost(best) < 1.2 else None


def make_plan(options: Options, wall: Wall) -> Plan:
    """From the mat onto the start holds, up the problem, to the top or off it; fitted to the clip's length."""
    clock = _Clock(wall, options.random(Stream.PLAN), options)
    _get_on(clock)
    hands = wall.route.hands[: hand_moves(options.seconds)]
    rest_before = len(hands) // 2 + (1 if options.attempt % 2 else -1)
    for number, (limb, hold) in enumerate(hands[:-1]):
        clock.raise_feet(purchase(wall.holds[hold]))
        if number == rest_before and options.seconds >= 11:
            clock.shake("left_hand" if limb == "right_hand" else "right_hand")
        if options.attempt % 2 == 0 and number in (1, len(hands) - 2):
            _match(clock, limb)
        long = float(purchase(wall.holds[hold])[2] - clock.points[hands[number - 1][0]][2]) > 0.9 * LONG_STEP_M
        clock.go(limb, hold, 0.38 if long else 0.52, 0.36 if long else 0.28, style="dynamic" if long else "static")
    clock.raise_feet(purchase(wall.holds[hands[-1][1]]))
    _finish(clock, hands[-1], options)
    return _fit(clock, options)


def _get_on(clock: _Clock) -> None:
    start = clock.wall.route.start
    order: tuple[Limb, Limb] = ("left_hand", "right_hand") if clock.attempt % 2 else ("right_hand", "left_hand")
    for limb in order:
        clock.go(limb, start[limb], 0.75, -0.45)
    clock.now += 0.6
    feet = list(clock.wall.route.feet)
    for limb, side in (("left_foot", 1), ("right_foot", -1)) if clock.attempt % 2 else (("right_foot", -1), ("left_foot", 1)):
        free = [i for i in feet if clock.wall.holds[i].id not in clock.at.values()]
        own = [i for i in free if side * (clock.wall.holds[i].x - clock.points[order[0]][0] - clock.points[order[1]][0]) > -9]
        lowest = min(own, key=lambda i: clock.wall.holds[i].z + 2 * max(0.0, -side * _aside(clock, i)))
        clock.go(limb, lowest, 0.45, 0.15)
    clock.now += 0.15


def _aside(clock: _Clock, hold: int) -> float:
    """How far left of the middle of the body a hold is."""
    return clock.wall.holds[hold].x - float(np.mean([clock.points[h][0] for h in LIMBS[:2]]))


def _match(clock: _Clock, limb: Limb) -> None:
    """Bring a hand to the hold of the other one before it goes on."""
    other: Limb = "right_hand" if limb == "left_hand" else "left_hand"
    number = next(i for i, h in enumerate(clock.wall.holds) if h.id == clock.at[other])
    clock.go(limb, number, 0.42, 0.2, shift=MATCH_OFFSET_M * (1 if limb == "left_hand" else -1))


def _finish(clock: _Clock, last: tuple[Limb, int], options: Options) -> None:
    limb, hold = last
    side = 1 if limb == "left_hand" else -1
    if options.ending == "fall":
        clock.go(limb, hold, 0.4, 0.0, style="dynamic", shift=side * MATCH_OFFSET_M)
        clock.now = clock.moves[-1].end + 0.14
        return
    clock.go(limb, hold, 0.55, 0.3, shift=side * MATCH_OFFSET_M)
    other: Limb = "right_hand" if limb == "left_hand" else "left_hand"
    clock.go(other, hold, 0.55, 0.0, shift=-side * MATCH_OFFSET_M)


def _fit(clock: _Clock, options: Options) -> Plan:
    """Scale the tempo so that the sequence fills the clip up to its ending."""
    fall = options.ending == "fall"
    tail = min(AFTER_FALL_S if fall else TOP_HOLD_S, options.seconds * 0.3)
    scale = (options.seconds - tail) / clock.now
    moves = tuple(replace(m, start=m.start * scale, end=m.end * scale) for m in clock.moves)
    return Plan(moves, clock.rest_points, options.seconds, options.seconds - tail if fall else None)


def contacts(plan: Plan, landing: dict[Limb, tuple[float, Array]]) -> list[Contact]:
    """Every stretch of time in which a limb holds or stands; `landing` tells when and where feet come back to the mat."""
    found = []
    for limb in LIMBS:
        hold, since, point, opened = GROUND if "foot" in limb else FREE, 0.0, plan.rest_points[limb], True
        for move in plan.of(limb):
            if hold != FREE:
                found.append(Contact(limb, hold, since, move.start, point, opened, end_open=False))
            hold, since, point, opened = move.target, move.end, move.point, False
        if plan.slip is None:
            found.append(Contact(limb, hold, since, plan.seconds, point, opened, end_open=True))
        else:
            found.append(Contact(limb, hold, since, plan.slip, point, opened, end_open=False))
            if limb in landing:
                when, where = landing[limb]
                found.append(Contact(limb, GROUND, when, plan.seconds, where, start_open=False, end_open=True))
    return sorted((c for c in found if c.end > c.start), key=lambda c: c.start)
