"""Fills one session with exercises, sets, repetitions, loads and rests, within its minutes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from ascension_core.results import PlannedExercise, Substitution
from ascension_core.training.athlete import Athlete, Equipment, Finding, FindingCode, Site, Style
from ascension_core.training.exercises import Dose, Exercise, Quality, library
from ascension_core.training.intensity import intensity, maximum_kg, reference
from ascension_core.training.periodisation import PHASES, WeekFrame
from ascension_core.training.rules import Exclusion, Limits, Rule, exclusion
from ascension_core.training.sessions import Condition, SessionKind, Slot

SECONDS_A_REPETITION: Final = 4.0
"""Of a repetition whose time is not prescribed."""

NEW_ON_ROPES_YEARS: Final = 5.0
"""Years of climbing in which falling is practised in technique sessions."""

SHARE_OF_BEST: Final = 0.6
"""Of the best set in a test: what several sets can repeat with repetitions in reserve (a coach's rule)."""

CHANGE_S: Final = 60.0
"""Between two exercises: walking over, setting up, drinking."""


@dataclass(frozen=True)
class Trainee:
    """An athlete as the choice of exercises sees them."""

    athlete: Athlete
    limits: Limits
    style: Style | None
    seed: int

    @cached_property
    def maxima(self) -> dict[tuple[str, float | None], float | None]:
        """Loads already worked out, by test and seconds."""
        return {}

    def maximum(self, test: str, duration_s: float | None) -> float | None:
        """See `ascension_core.training.intensity.maximum_kg`."""
        key = (test, duration_s)
        if key not in self.maxima:
            self.maxima[key] = maximum_kg(self.athlete, test, duration_s)
        return self.maxima[key]

    @cached_property
    def findings(self) -> Mapping[FindingCode, Finding]:
        """What the video analysis found, the most severe of each kind, the most severe first."""
        ordered = sorted(self.athlete.vision_findings, key=lambda f: (-f.severity, f.code))
        return {f.code: f for f in _first_of_each(ordered)}

    @cached_property
    def allowed(self) -> Mapping[str, Exclusion | None]:
        """For each exercise of the library why it is excluded, or None."""
        return {e.id: exclusion(e, self.limits) for e in library().exercises}

    @cached_property
    def tested(self) -> frozenset[str]:
        """Tests that intensities can refer to."""
        return frozenset(reference(self.athlete).done)


def _first_of_each(findings: Sequence[Finding]) -> Iterator[Finding]:
    seen: set[FindingCode] = set()
    for finding in findings:
        if finding.code not in seen:
            seen.add(finding.code)
            yield finding


@dataclass
class _Item:
    """An exercise on its way into a session."""

    slot: Slot
    exercise: Exercise
    dose: Dose
    sets: int
    reps: int | None
    duration_s: float | None

    @property
    def seconds(self) -> float:
        work = item_seconds(self.sets, self.reps, self.duration_s, self.dose)
        return work + (0.5 * CHANGE_S if self.slot.part == "warm_up" else CHANGE_S)

    @property
    def minutes(self) -> float:
        return math.ceil(self.seconds / 30) / 2


def item_seconds(sets: int, reps: int | None, duration_s: float | None, dose: Dose) -> float:
    """Time of the sets of an exercise with their pauses and rests, s."""
    one = SECONDS_A_REPETITION if duration_s is None else duration_s
    count = 1 if reps is None else reps
    return sets * (count * one + (count - 1) * dose.between_s) + (sets - 1) * dose.rest_s


@dataclass(frozen=True)
class SessionPlan:
    """What a session holds.

    Attributes
    ----------
    minutes
        Sum over its exercises, rounded up to five; never over what was given.
    """

    exercises: tuple[PlannedExercise, ...]
    minutes: int
    loads_fingers_maximally: bool
    substitutions: tuple[Substitution, ...]


@dataclass
class _Draft:
    trainee: Trainee
    kind: SessionKind
    frame: WeekFrame
    ordinal: int
    minutes: int
    items: list[_Item] = field(default_factory=list)
    swaps: list[Substitution] = field(default_factory=list)

    @property
    def used(self) -> float:
        return sum(item.minutes for item in self.items)

    @property
    def left(self) -> float:
        return self.minutes - self.used


def prescribe(trainee: Trainee, kind: SessionKind, frame: WeekFrame, *, ordinal: int, minutes: int) -> SessionPlan:
    """Choose the exercises of a session and how much of each.

    Parameters
    ----------
    ordinal
        Which session of this kind it is in its week, from 0: drills take turns.
    minutes
        Time for the session.
    """
    draft = _Draft(trainee, kind, frame, ordinal, minutes)
    _take_needed(draft)
    _grow(draft, [i for i in draft.items if i.slot.key], share=0.5)
    _take_optional(draft)
    if not (frame.is_deload and kind.hard):
        _grow(draft, [i for i in draft.items if i.slot.key], share=1.0)
        _grow(draft, [i for i in draft.items if not i.slot.key and i.slot.part != "warm_up"], share=1.0)
    _lengthen(draft)
    return _finished(draft)


# --- choosing ---------------------------------------------------------------------------------------------------------


def _take_needed(draft: _Draft) -> None:
    for slot in draft.kind.slots:
        if slot.rank == 1 and _holds(slot, draft):
            _add(draft, slot)
    _shrink(draft)


def _take_optional(draft: _Draft) -> None:
    most = 3 if draft.frame.is_deload else 9
    optional = [slot for slot in draft.kind.slots if 1 < slot.rank <= most and _holds(slot, draft)]
    for slot in sorted(optional, key=lambda s: s.rank):
        _add(draft, slot, only_if_it_fits=True)
    order = {id(slot): position for position, slot in enumerate(draft.kind.slots)}
    draft.items.sort(key=lambda item: order[id(item.slot)])


def _add(draft: _Draft, slot: Slot, *, only_if_it_fits: bool = False) -> None:
    exercise = _choose(draft, slot)
    if exercise is None:
        return
    item = _least(slot, exercise, draft)
    if not only_if_it_fits or item.minutes <= draft.left:
        draft.items.append(item)


def _holds(slot: Slot, draft: _Draft) -> bool:
    wanted = slot.only is None or _condition(slot.only, draft)
    return wanted and not (slot.unless is not None and _condition(slot.unless, draft))


def _condition(condition: Condition, draft: _Draft) -> bool:
    trainee, tests = draft.trainee, draft.trainee.athlete.tests.done
    match condition:
        case "power_phase":
            return draft.frame.phase in {"power", "performance"} and not draft.frame.is_light
        case "new_on_ropes":
            return trainee.athlete.years_climbing < NEW_ON_ROPES_YEARS
        case "fingers_due":
            return _is_due(draft, "test_max_hang", done="max_hang" in tests, known="max_hang" in trainee.tested)
        case "pulling_due":
            known = bool({"pull_ups", "weighted_pull_up"} & trainee.tested)
            return _is_due(draft, "test_pull_ups", done="pull_ups" in tests, known=known)


def _is_due(draft: _Draft, test: str, *, done: bool, known: bool) -> bool:
    """A first test in the first such session of the first two mesocycles, a repeated one in that of a light week."""
    if draft.trainee.allowed[test] is not None or draft.ordinal > 0:
        return False
    frame = draft.frame
    if frame.is_deload:
        return done
    return not known and frame.block <= 1 and frame.progress == 0 and not frame.is_light


def _choose(draft: _Draft, slot: Slot) -> Exercise | None:
    pool = _drills(draft, slot) if slot.drill else [library()[name] for name in slot.pool]
    pool = [e for e in pool if _fits_style(e, draft)]
    taken = {item.exercise.id for item in draft.items}
    free = [e for e in pool if _may(e, draft) and e.id not in taken]
    if slot.part == "main" and not slot.drill:
        free = _in_style(free, draft.trainee.style)
    if slot.turns and free and not slot.drill:
        turn = (draft.frame.block + draft.trainee.seed) % len(free)
        free = free[turn:] + free[:turn]
    chosen = free[0] if free else _substitute(pool, draft, taken)
    _note_swap(draft, pool, chosen)
    return chosen


def _drills(draft: _Draft, slot: Slot) -> list[Exercise]:
    """Drills for what was found first, taking turns; then the slot's own pool, rotated."""
    found = draft.trainee.findings
    fitting = [
        exercise
        for exercise in library().exercises
        if exercise.part == "main" and exercise.quality is Quality.TECHNIQUE and exercise.fixes & set(found)
    ]
    order = list(found)
    fitting.sort(key=lambda e: min(order.index(code) for code in e.fixes & set(found)))
    on_the_wall = [e for e in fitting if e.needs and _may(e, draft)] or fitting
    turn = draft.frame.index + draft.ordinal + draft.trainee.seed
    own = [library()[name] for name in slot.pool]
    return _rotated(on_the_wall, turn) + _rotated([e for e in own if e not in on_the_wall], turn)


def _rotated(exercises: list[Exercise], turn: int) -> list[Exercise]:
    if not exercises:
        return []
    start = turn % len(exercises)
    return exercises[start:] + exercises[:start]


def _in_style(exercises: list[Exercise], style: Style | None) -> list[Exercise]:
    """For route climbers, what is done on a rope, where there is any; others choose from all."""
    roped = [e for e in exercises if any(Equipment.GYM_ROPE in group and Equipment.BOARD not in group for group in e.needs)]
    return roped if roped and style is Style.SPORT else exercises


def _fits_style(exercise: Exercise, draft: _Draft) -> bool:
    return not exercise.styles or draft.trainee.style is None or draft.trainee.style in exercise.styles


def _may(exercise: Exercise, draft: _Draft) -> bool:
    too_hard_for_kind = exercise.load_at(Site.FINGER) == 3 and not draft.kind.max_fingers
    return draft.trainee.allowed[exercise.id] is None and not too_hard_for_kind


def _substitute(pool: Sequence[Exercise], draft: _Draft, taken: set[str]) -> Exercise | None:
    for exercise in pool:
        for other in library().substitutes(exercise.id):
            if other.id not in taken and other.part == exercise.part and _may(other, draft):
                return other
    return None


_TOLD: Final = frozenset({Rule.INJURY, Rule.AGE, Rule.EXPERIENCE})


def _note_swap(draft: _Draft, pool: Sequence[Exercise], chosen: Exercise | None) -> None:
    """Say which exercises injuries, age or experience keep out; lack of equipment is no news to anybody."""
    for exercise in pool[:1]:
        reason = draft.trainee.allowed[exercise.id]
        if reason is not None and reason.rule in _TOLD:
            name = None if chosen is None else chosen.id
            draft.swaps.append(Substitution(exercise_id=exercise.id, replaced_by=name, reason=reason.reason))


# --- how much ---------------------------------------------------------------------------------------------------------


def _least(slot: Slot, exercise: Exercise, draft: _Draft) -> _Item:
    frame = draft.frame
    dose = exercise.dose_in("taper" if frame.is_taper else frame.phase)
    sets = max(1, round(0.6 * dose.sets[0])) if frame.is_light else dose.sets[0]
    reps = _within_best(exercise, _reps(dose, frame), draft.trainee.athlete)
    return _Item(slot, exercise, dose, sets, reps, None if dose.duration_s is None else dose.duration_s[0])


def _within_best(exercise: Exercise, reps: int | None, athlete: Athlete) -> int | None:
    """No more repetitions a set than a share of the best set in the test of the same exercise."""
    tested = {"pull_ups": athlete.tests.pull_ups, "push_ups": athlete.tests.push_ups}.get(exercise.id)
    if reps is None or tested is None:
        return reps
    return max(1, min(reps, int(SHARE_OF_BEST * tested.reps)))


def _reps(dose: Dose, frame: WeekFrame) -> int | None:
    """From many to few where the load rises through the mesocycle, else from few to many."""
    if dose.reps is None:
        return None
    least, most = dose.reps
    progress = 1 - frame.progress if dose.percent is not None else frame.progress
    return least + round(progress * (most - least))


def _shrink(draft: _Draft) -> None:
    """Fewer sets, then fewer extras, until the needed part fits; the key stays to the last."""
    while draft.used > draft.minutes:
        big = [item for item in draft.items if item.sets > 1]
        if big:
            max(big, key=lambda item: item.minutes).sets -= 1
            continue
        extras = [item for item in draft.items if not item.slot.key]
        if not extras:
            return
        draft.items.remove(max(extras, key=lambda item: item.minutes))


def _grow(draft: _Draft, items: Sequence[_Item], *, share: float) -> None:
    """More sets for each in turn, up to that share of the way to the most."""
    grown = True
    while grown:
        grown = False
        for item in items:
            least, most = item.dose.sets
            before = item.minutes
            if item.sets < least + share * (most - least):
                item.sets += 1
                if draft.left < 0:
                    item.sets -= 1
                else:
                    grown = grown or item.minutes > before


def _lengthen(draft: _Draft) -> None:
    """Longer times where a dose allows them, while minutes last."""
    for item in draft.items:
        if item.duration_s is None or item.dose.duration_s is None:
            continue
        least, most = item.dose.duration_s
        for share in (1.0, 0.75, 0.5, 0.25):
            item.duration_s = max(least, _round_s(least + share * (most - least)))
            if draft.left >= 0:
                break
        else:
            item.duration_s = least


def _round_s(seconds: float) -> float:
    """Seconds that can be read off a clock."""
    return float(5 * round(seconds / 5) if seconds >= 15 else round(seconds))


# --- writing it down --------------------------------------------------------------------------------------------------


def _finished(draft: _Draft) -> SessionPlan:
    exercises = tuple(_written(item, draft) for item in draft.items)
    maximal = any(item.exercise.load_at(Site.FINGER) == 3 for item in draft.items)
    minutes = min(draft.minutes, math.ceil(draft.used / 5) * 5)
    return SessionPlan(exercises, minutes, maximal, tuple(draft.swaps))


def _written(item: _Item, draft: _Draft) -> PlannedExercise:
    exercise, dose, trainee = item.exercise, item.dose, draft.trainee
    effort = max(1, dose.effort - draft.frame.is_deload)
    percent = _percent(dose, draft.frame)
    maximum = None if exercise.percent_of is None else trainee.maximum(exercise.percent_of, item.duration_s)
    return PlannedExercise(
        exercise_id=exercise.id,
        name=exercise.name,
        description=exercise.about,
        quality=exercise.quality,
        part=item.slot.part,
        sets=item.sets,
        reps=item.reps,
        duration_s=item.duration_s,
        rest_s=dose.rest_s,
        minutes=item.minutes,
        intensity=intensity(
            exercise, trainee.athlete, percent=percent, duration_s=item.duration_s, effort=effort, maximum=maximum
        ),
        effort=effort,
        why=_why(item, draft),
        cues=[*exercise.cues, *_care(exercise, trainee.limits)],
    )


def _percent(dose: Dose, frame: WeekFrame) -> float | None:
    if dose.percent is None:
        return None
    least, most = dose.percent
    progress = 0.5 if frame.is_taper else 0.0 if frame.is_deload else frame.progress
    return float(round(least + progress * (most - least)))


_WHY: Final[Mapping[Quality, str]] = {
    Quality.FINGER_STRENGTH: "Stronger fingers make every hold relatively larger.",
    Quality.FINGER_ENDURANCE: "Forearms learn to deliver moderate force again and again, and tissue gets used to load.",
    Quality.POWER: "Hard moves are learned by doing few of them fresh.",
    Quality.POWER_ENDURANCE: "Trains the forearms to keep working while pumped.",
    Quality.AEROBIC_CAPACITY: "Builds the base that recovers you between hard sections and between tries.",
    Quality.PULLING_STRENGTH: "Pulling strength for steep ground and long reaches.",
    Quality.CORE: "Tension from fingers to toes keeps feet on the wall.",
    Quality.ANTAGONIST: "Balances the pulling of climbing at shoulders, elbows and wrists.",
    Quality.MOBILITY: "Range of motion for high steps, wide stems and relaxed shoulders.",
    Quality.TECHNIQUE: "Better movement pays on every climb and costs no strength.",
    Quality.TACTICS: "Choosing, reading and resting well turn fitness into ascents.",
    Quality.CONDITIONING: "General fitness carries the specific training.",
}


def _why(item: _Item, draft: _Draft) -> str:
    if item.slot.part == "warm_up":
        return "Prepares for the load to come."
    if "test" in item.exercise.tags:
        first = "Tested again, rested and with the same protocol" if draft.frame.is_deload else "Not tested yet"
        return f"{first}: the result sets the loads of the coming weeks."
    found = [draft.trainee.findings[code] for code in sorted(item.exercise.fixes & set(draft.trainee.findings))]
    if found and item.exercise.quality is Quality.TECHNIQUE:
        evidence = found[0].evidence or "seen in the analysis of your video"
        return f"Your video ({found[0].code.replace('_', ' ')}): {evidence}"
    if item.slot.key and item.slot.part == "main":
        return f"{_WHY[item.exercise.quality]} {_phase_line(draft.frame)}"
    return _WHY[item.exercise.quality]


def _phase_line(frame: WeekFrame) -> str:
    if frame.is_deload:
        return "A light week: half the sets, so that the body catches up."
    if frame.is_taper:
        return "Short and sharp before the goal."
    return f"Part of the mesocycle '{PHASES[frame.phase].title.lower()}'."


def _care(exercise: Exercise, who: Limits) -> list[str]:
    """One cue more for each injured site that the exercise touches."""
    cues = []
    for site in sorted(who.severity):
        if exercise.load_at(site) and site is Site.FINGER:
            cues.append("injured finger: open hand or half crimp, never full crimp, stop at the first pain")
        elif exercise.load_at(site):
            cues.append(f"{site}: lighter and smaller range than usual, stop at the first pain")
    return cues
