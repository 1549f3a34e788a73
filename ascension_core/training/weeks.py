"""Puts sessions into weeks: wishes of the phase, days from the solver, minutes from the load, exercises from the library."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from ascension_core.results import PlannedSession, Relaxation, Substitution, Week
from ascension_core.training.athlete import Athlete, Weekday
from ascension_core.training.exercises import Quality
from ascension_core.training.load import ceilings, other_load, session_load, sessions_now
from ascension_core.training.periodisation import PHASES, Line, WeekFrame, wishes
from ascension_core.training.prescription import SessionPlan, Trainee, prescribe
from ascension_core.training.rules import (
    GOAL_EVE_DAYS,
    GOAL_REST_DAYS,
    IN_WORDS,
    Rule,
    most_hard_days,
    sport_days,
)
from ascension_core.training.scheduling import WEEK_DAYS, Placement, WeekProblem, Wish, clash, place, share_minutes
from ascension_core.training.sessions import SessionKind, obstacle, possible_kind, session_kinds

GROWTH: Final = 1.07
"""A loading week's target over the one before it: below the ceiling, so that there is room for a good day."""

MOST_GROWTH: Final = 1.5
"""Load of a program's largest week over the habitual one."""

_Kinds = Sequence[SessionKind]

_PULLING: Final = frozenset({Quality.FINGER_STRENGTH, Quality.FINGER_ENDURANCE, Quality.PULLING_STRENGTH})

_EASY: Final = ("technique", "endurance", "strength", "prehab")


@dataclass
class Diary:
    """What had to be changed on the way, each once."""

    relaxed: dict[str, Relaxation] = field(default_factory=dict)
    swaps: dict[tuple[str, str | None], Substitution] = field(default_factory=dict)

    def relax(self, wish: str, clashes_with: Iterable[str], instead: str) -> None:
        """Note a wish that could not be met."""
        self.relaxed.setdefault(wish, Relaxation(wish=wish, clashes_with=list(clashes_with), instead=instead))

    def swap(self, swaps: Iterable[Substitution]) -> None:
        """Note exercises that were replaced."""
        for swap in swaps:
            self.swaps.setdefault((swap.exercise_id, swap.replaced_by), swap)


@dataclass(frozen=True)
class Planner:
    """Everything that filling a week depends on.

    Attributes
    ----------
    today
        No session lies before it.
    last_day
        The last day with a session.
    goal_day
        The day of performance, if there is one.
    habit
        Weekly load before the program.
    growth
        Target of a loading week over the one before.
    """

    trainee: Trainee
    line: Line
    weakest: Quality | None
    today: dt.date
    last_day: dt.date
    goal_day: dt.date | None
    habit: float
    growth: float = GROWTH
    diary: Diary = field(default_factory=Diary)

    @property
    def athlete(self) -> Athlete:
        """The athlete of the program."""
        return self.trainee.athlete

    @cached_property
    def sport_load(self) -> float:
        """Weekly load of other sports."""
        return other_load(self.athlete.other_sports)

    @cached_property
    def sport_days(self) -> frozenset[int]:
        """Weekdays of other sports that tire."""
        return frozenset(d for d, load in sport_days(self.athlete).items() if load != "low")

    @cached_property
    def training_days(self) -> int:
        """Days of a week on which a session can lie."""
        who = self.trainee.limits
        return min(sum(m > 0 for m in who.minutes), 7 - who.free_days)

    @cached_property
    def technique(self) -> bool:
        """Whether the video analysis asks for technique sessions."""
        return bool(self.athlete.vision_findings)


def fill(planner: Planner, frames: Sequence[WeekFrame], before: Sequence[Week] = (), *, first: float) -> list[Week]:
    """Fill weeks one after the other.

    Parameters
    ----------
    frames
        The weeks to fill.
    before
        The weeks of the program that come before them and stay as they are.
    first
        The first week's ceiling.
    """
    weeks = list(before)
    for frame in frames:
        total = len(before) + len(frames)
        empty = empty_week(frame, planner)
        ceiling = week_ceiling(weeks, empty, total, first)
        target = min(ceiling, _target(planner, weeks, frame, ceiling, first))
        sessions = _sessions(planner, frame, weeks, target)
        weeks.append(with_sessions(empty, sessions, ceiling))
    return weeks


def empty_week(frame: WeekFrame, planner: Planner) -> Week:
    """A week without sessions."""
    return Week(
        index=frame.index,
        start_date=frame.start,
        mesocycle=mesocycle_name(frame),
        focus=_focus(frame),
        is_baseline=frame.is_baseline,
        is_deload=frame.is_deload,
        is_taper=frame.is_taper,
        planned_load=0,
        load_ceiling=0,
        other_load=planner.sport_load,
        done_load=None,
        sessions=[],
    )


def with_sessions(week: Week, sessions: Sequence[PlannedSession], ceiling: float) -> Week:
    """The week with its sessions and the load that they sum up to."""
    load = sum(s.planned_load for s in sessions)
    return week.model_copy(
        update={"sessions": list(sessions), "planned_load": round(load, 1), "load_ceiling": round(ceiling, 1)}
    )


def mesocycle_name(frame: WeekFrame) -> str:
    """Name of the mesocycle of a week, unique within a program."""
    return f"{frame.block + 1}-{frame.phase}"


def week_ceiling(before: Sequence[Week], week: Week, total: int, first: float) -> float:
    """The most that a week's load may be, from the weeks before it."""
    to_come = [week] * (total - len(before))
    return ceilings([*before, *to_come], first)[len(before)]


def _target(planner: Planner, before: Sequence[Week], frame: WeekFrame, ceiling: float, first: float) -> float:
    """The load that a week aims at, under its ceiling."""
    loading = [w for w in before if not (w.is_deload or w.is_taper)]
    if frame.is_light or not loading:
        return ceiling
    carried = week_ceiling(before, empty_week(replace(frame, is_deload=False), planner), len(before) + 1, first) / 1.1
    last_phase = loading[-1].mesocycle.split("-", 1)[1]
    is_new = loading[-1].mesocycle != mesocycle_name(frame)
    volume = PHASES[frame.phase].volume / PHASES[last_phase].volume if is_new else 1.0
    growth = min(planner.growth, 1.0) if is_new and carried >= planner.habit else planner.growth
    return min(carried * growth * volume, MOST_GROWTH * planner.habit)


def _focus(frame: WeekFrame) -> str:
    title = PHASES[frame.phase].title
    if frame.is_taper:
        return "Taper: less volume, fresh for the goal"
    if frame.is_deload:
        return f"Light week after '{title.lower()}': rest is when strength arrives"
    if frame.is_baseline:
        return f"{title}: find the rhythm and the starting loads"
    return title


# --- sessions ---------------------------------------------------------------------------------------------------------


def _sessions(planner: Planner, frame: WeekFrame, before: Sequence[Week], target: float) -> list[PlannedSession]:
    days = _usable(planner, frame)
    pattern = _rhythm(planner, frame, before, days, target) or _placed(planner, frame, before, days, target)
    return write_sessions(planner, frame, pattern, [days[day] for _, day in pattern], target)


def write_sessions(
    planner: Planner,
    frame: WeekFrame,
    pattern: Sequence[tuple[SessionKind, int]],
    caps: Sequence[int],
    target: float,
    *,
    done: Sequence[str] = (),
) -> list[PlannedSession]:
    """Sessions on their days, with minutes that share the load, and with their exercises.

    `done` names the kinds of sessions that the week holds already.
    """
    wanted = [wish_for(kind, frame) for kind, _ in pattern]
    minutes = share_minutes(wanted, caps, target)
    written, seen = [], Counter(done)
    for (kind, day), time in sorted(zip(pattern, minutes, strict=True), key=lambda pair: pair[0][1]):
        plan = prescribe(planner.trainee, kind, frame, ordinal=seen[kind.id], minutes=time)
        planner.diary.swap(plan.substitutions)
        seen[kind.id] += 1
        written.append(_session(frame, kind, day, plan))
    return written


def _session(frame: WeekFrame, kind: SessionKind, day: int, plan: SessionPlan) -> PlannedSession:
    date = frame.start + dt.timedelta(days=day)
    effort = session_effort(kind, is_deload=frame.is_deload)
    return PlannedSession(
        id=f"{date.isoformat()}-{kind.id.replace('_', '-')}",
        date=date,
        weekday=list(Weekday)[day].value,
        kind=kind.id,
        title=kind.title,
        is_hard=kind.hard,
        loads_fingers_maximally=plan.loads_fingers_maximally,
        minutes=plan.minutes,
        planned_effort=effort,
        planned_load=session_load(plan.minutes, effort),
        why=kind.why,
        exercises=list(plan.exercises),
    )


def session_effort(kind: SessionKind, *, is_deload: bool) -> int:
    """Session RPE that is planned; a point less in a light week."""
    return max(2, kind.effort - is_deload)


def wish_for(kind: SessionKind, frame: WeekFrame) -> Wish:
    """A kind of session as the solver sees it; light weeks keep sessions short."""
    least, most = kind.minutes
    if frame.is_light:
        share = 0.3 if kind.hard and frame.is_deload else 0.6
        most = least + round(share * (most - least) / 5) * 5
    effort = session_effort(kind, is_deload=frame.is_deload)
    return Wish(kind.id, least, most, effort, kind.hard, kind.max_fingers, pulls=kind.quality in _PULLING)


def _usable(planner: Planner, frame: WeekFrame) -> list[int]:
    """Minutes of each day of the week; 0 before today, after the last day and on the eve of the goal."""
    dates = [frame.start + dt.timedelta(days=day) for day in WEEK_DAYS]
    minutes = planner.trainee.limits.minutes
    eve = dt.date.max if planner.goal_day is None else planner.goal_day - dt.timedelta(days=GOAL_EVE_DAYS)
    return [
        m if planner.today <= date <= planner.last_day and date < eve else 0 for m, date in zip(minutes, dates, strict=True)
    ]


def _rhythm(
    planner: Planner, frame: WeekFrame, before: Sequence[Week], days: Sequence[int], target: float
) -> list[tuple[SessionKind, int]] | None:
    """The sessions of the mesocycle's last loading week on their days, where all of them still hold."""
    same = [w for w in before if w.mesocycle == mesocycle_name(frame) and not (w.is_deload or w.is_taper)]
    if frame.is_light or not same or same[-1] is not before[-1]:
        return None
    kinds = session_kinds()
    pattern = [(kinds[s.kind], s.date.weekday()) for s in same[-1].sessions]
    fits = all(_still_fits(planner, kind, day, days) for kind, day in pattern)
    load = sum(w.least * w.effort for w in (wish_for(kind, frame) for kind, _ in pattern))
    full = len(pattern) >= min(_count(planner, frame), planner.training_days)
    return pattern if fits and full and load <= target else None


def _still_fits(planner: Planner, kind: SessionKind, day: int, days: Sequence[int]) -> bool:
    who = planner.trainee.limits
    return days[day] >= kind.minutes[0] and obstacle(kind, who) is None and not (kind.hard and day in who.no_hard)


def _placed(
    planner: Planner, frame: WeekFrame, before: Sequence[Week], days: Sequence[int], target: float
) -> list[tuple[SessionKind, int]]:
    """Kinds and days from the solver; wishes that found no day give way to easier sessions once."""
    wanted = _wanted_kinds(planner, frame)
    problem = _problem(planner, frame, before, days=days, target=target, wanted=wanted)
    placement = place(problem)
    if None in placement.days:
        _explain(planner, frame, problem, placement)
        wanted = _eased(planner, wanted, placement, longest=max(days))
        problem = _problem(planner, frame, before, days=days, target=target, wanted=wanted)
        placement = place(problem)
    return [(kind, day) for kind, day in zip(wanted, placement.days, strict=True) if day is not None]


def _wanted_kinds(planner: Planner, frame: WeekFrame) -> list[SessionKind]:
    who = planner.trainee.limits
    kinds = session_kinds()
    names = wishes(frame, planner.line, _count(planner, frame), weakest=planner.weakest, technique=planner.technique)
    found: list[SessionKind] = []
    for name in names:
        hindrance = obstacle(kinds[name], who)
        kind = possible_kind(name, who, frozenset(k.id for k in found if k.once))
        if hindrance is not None:
            why = f"{IN_WORDS[hindrance.rule]}: {hindrance.reason}"
            planner.diary.relax(kinds[name].title, [why], f"{kind.title} takes its place")
            kind = possible_kind("technique", who) if kind in found and not kind.hard else kind
        found.append(kinds["prehab"] if frame.is_deload and kind in found else kind)
    return found


def _count(planner: Planner, frame: WeekFrame) -> int:
    """Sessions wished for: what the athlete does now, one more from the second mesocycle on, fewer in light weeks."""
    now = sessions_now(planner.athlete)
    base = max(now, min(2, planner.training_days))
    if frame.is_light:
        return max(1, min(base, 4))
    grown = base + (frame.block > 0 and base < 5)
    return min(7, max(base, min(grown, planner.training_days)))


def _eased(planner: Planner, wanted: Sequence[SessionKind], placement: Placement, *, longest: int) -> list[SessionKind]:
    """Wishes without a day become easier ones: the kind of easy session that the week has least of."""
    who = planner.trainee.limits
    easy = [kind for kind in (possible_kind(name, who) for name in _EASY) if kind.minutes[0] <= longest]
    easy = easy or [session_kinds()["prehab"]]
    kept = [kind for kind, day in zip(wanted, placement.days, strict=True) if day is not None]
    eased: list[SessionKind] = []
    for kind, day in zip(wanted, placement.days, strict=True):
        if day is None:
            here = [*kept, *eased]
            kind = min(easy, key=lambda k: (here.count(k), easy.index(k))) if kind.hard else session_kinds()["prehab"]  # noqa: PLW2901
            eased.append(kind)
    return [*kept, *eased]


def _problem(
    planner: Planner, frame: WeekFrame, before: Sequence[Week], *, days: Sequence[int], target: float, wanted: _Kinds
) -> WeekProblem:
    who = planner.trainee.limits
    eve = frame.start - dt.timedelta(days=1)
    sunday = [s for s in (before[-1].sessions if before else ()) if s.date == eve]
    kinds = session_kinds()
    return WeekProblem(
        wishes=tuple(wish_for(kind, frame) for kind in wanted),
        minutes=tuple(days),
        budget=target,
        free_days=who.free_days,
        hard_days=most_hard_days(who, is_deload=frame.is_deload, is_taper=frame.is_taper),
        no_hard=who.no_hard,
        sport_days=planner.sport_days,
        no_hard_from=_no_hard_from(planner, frame),
        hard_before=any(s.is_hard for s in sunday),
        max_fingers_before=any(kinds[s.kind].max_fingers for s in sunday),
        cyclic=not frame.is_light,
        usual=frozenset((s.kind, s.date.weekday()) for s in (before[-1].sessions if before else ())),
    )


def _no_hard_from(planner: Planner, frame: WeekFrame) -> int:
    if planner.goal_day is None:
        return 7
    return max(0, min(7, (planner.goal_day - frame.start).days - GOAL_REST_DAYS + 1))


def _explain(planner: Planner, frame: WeekFrame, problem: WeekProblem, placement: Placement) -> None:
    """Say, for the first mesocycle in which a kind of session finds no day, what it clashes with."""
    if frame.is_light:
        return
    placed = [i for i, day in enumerate(placement.days) if day is not None]
    kinds = session_kinds()
    for i, day in enumerate(placement.days):
        title = kinds[problem.wishes[i].kind].title
        beside = sum(problem.wishes[j].kind == problem.wishes[i].kind for j in placed)
        wish = f"{title}, {beside + 1} times a week" if beside else title
        if day is None and wish not in planner.diary.relaxed:
            rules = clash(problem, placed, i)
            planner.diary.relax(wish, [IN_WORDS[rule] for rule in rules], _instead(frame, beside, rules))


def _instead(frame: WeekFrame, beside: int, rules: Sequence[Rule]) -> str:
    mesocycle = f"in the mesocycle '{PHASES[frame.phase].title}'"
    kept = f"{beside} a week {mesocycle}" if beside else f"left out {mesocycle}"
    longer = "; a longer or a further day would make room" if {Rule.AVAILABILITY, Rule.ONE_SESSION_A_DAY} & set(rules) else ""
    return f"{kept}, an easier session where the week has room{longer}"
