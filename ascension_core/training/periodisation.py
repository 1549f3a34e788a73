"""Pure rules that cut the time to a goal into mesocycles and weeks, and say what each is for.

Linear periodisation as climbing coaches teach it (Anderson & Anderson; Hörst; Bompa & Buzzichelli): a foundation, then
finger strength, then power, then power endurance where the goal is a route, then performance and a taper. Each mesocycle
is two or three loading weeks and a light one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from ascension_core.training.exercises import Quality

Line = Literal["boulder", "route", "speed", "novice"]

MOST_WEEKS: Final = 26
"""Longer plans are guesses: goals farther away get the first half year."""

DEFAULT_WEEKS: Final = 12
"""Weeks of a program without a goal date."""

WEEK: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Phase:
    """What a mesocycle is for, and the sessions it wishes for, the most important first.

    Attributes
    ----------
    about
        Kinds of session that `why` speaks of: it is true of weeks that hold one of them. Empty: of all weeks.
    """

    name: str
    title: str
    why: str
    about: frozenset[str]
    volume: float
    wishes: Mapping[Line, tuple[str, ...]]


def _phase(
    name: str, title: str, why: str, about: str, volume: float, *, boulder: str, route: str, speed: str, novice: str
) -> Phase:
    wishes: Mapping[Line, tuple[str, ...]] = {
        "boulder": tuple(boulder.split()),
        "route": tuple(route.split()),
        "speed": tuple(speed.split()),
        "novice": tuple(novice.split()),
    }
    return Phase(name, title, why, frozenset(about.split()), volume, wishes)


PHASES: Final[Mapping[str, Phase]] = {
    phase.name: phase
    for phase in (
        _phase(
            "foundation",
            "Foundation",
            "Wide base: movement skill, easy volume and general strength prepare tissue for the heavy weeks that follow.",
            "technique endurance strength",
            1.0,
            boulder="technique limit strength endurance technique prehab",
            route="endurance technique strength limit endurance prehab",
            speed="technique speed strength endurance technique prehab",
            novice="technique athletic technique strength endurance prehab",
        ),
        _phase(
            "strength",
            "Strength",
            "Finger and pulling strength grow slowest and carry everything else, so they come before power and endurance.",
            "finger_strength",
            1.0,
            boulder="finger_strength limit technique finger_strength strength endurance",
            route="finger_strength endurance limit technique strength endurance",
            speed="strength speed finger_strength technique strength prehab",
            novice="technique athletic strength technique endurance prehab",
        ),
        _phase(
            "power",
            "Power",
            "The new strength is taught to arrive fast: few, very hard, fresh moves; less volume.",
            "limit speed",
            0.92,
            boulder="limit finger_strength technique limit endurance prehab",
            route="limit power_endurance finger_strength endurance technique prehab",
            speed="speed limit strength speed technique prehab",
            novice="athletic technique strength technique endurance prehab",
        ),
        _phase(
            "power_endurance",
            "Power endurance",
            "Strength becomes many hard moves in a row; this quality comes and goes in weeks, so it stands late in the plan.",
            "power_endurance",
            1.0,
            boulder="power_endurance limit technique finger_strength endurance prehab",
            route="power_endurance projecting_route endurance finger_strength technique prehab",
            speed="speed power_endurance strength technique speed prehab",
            novice="technique intervals strength athletic endurance prehab",
        ),
        _phase(
            "performance",
            "Performance",
            "Everything serves the goal now: tries in its style, full rests, just enough strength work to keep what was built.",
            "projecting_boulder youth_projecting projecting_route speed",
            0.88,
            boulder="projecting_boulder limit technique finger_strength projecting_boulder prehab",
            route="projecting_route power_endurance endurance finger_strength technique prehab",
            speed="speed speed technique strength prehab",
            novice="athletic technique endurance strength technique prehab",
        ),
        _phase(
            "taper",
            "Taper",
            "Volume falls, intensity stays: fatigue goes faster than fitness (Bosquet et al. 2007).",
            "",
            1.0,
            boulder="projecting_boulder technique limit prehab",
            route="projecting_route endurance technique prehab",
            speed="speed technique speed prehab",
            novice="technique athletic endurance prehab",
        ),
    )
}

ORDER: Final[Mapping[Line, Mapping[int, tuple[str, ...]]]] = {
    "boulder": {
        1: ("strength",),
        2: ("strength", "power"),
        3: ("foundation", "strength", "power"),
        4: ("foundation", "strength", "power", "performance"),
        5: ("foundation", "strength", "strength", "power", "performance"),
        6: ("foundation", "strength", "power", "strength", "power", "performance"),
        7: ("foundation", "strength", "power", "foundation", "strength", "power", "performance"),
        8: ("foundation", "strength", "strength", "power", "foundation", "strength", "power", "performance"),
    },
    "route": {
        1: ("power_endurance",),
        2: ("strength", "power_endurance"),
        3: ("foundation", "strength", "power_endurance"),
        4: ("foundation", "strength", "power_endurance", "performance"),
        5: ("foundation", "strength", "power", "power_endurance", "performance"),
        6: ("foundation", "strength", "power", "strength", "power_endurance", "performance"),
        7: ("foundation", "strength", "power", "foundation", "strength", "power_endurance", "performance"),
        8: ("foundation", "strength", "power", "power_endurance", "foundation", "strength", "power_endurance", "performance"),
    },
    "speed": {
        1: ("power",),
        2: ("strength", "power"),
        3: ("foundation", "strength", "power"),
        4: ("foundation", "strength", "power", "performance"),
        5: ("foundation", "strength", "power", "power", "performance"),
        6: ("foundation", "strength", "power", "strength", "power", "performance"),
        7: ("foundation", "strength", "power", "foundation", "strength", "power", "performance"),
        8: ("foundation", "strength", "strength", "power", "foundation", "strength", "power", "performance"),
    },
    "novice": {
        1: ("foundation",),
        2: ("foundation", "strength"),
        3: ("foundation", "strength", "performance"),
        4: ("foundation", "strength", "strength", "performance"),
        5: ("foundation", "strength", "foundation", "strength", "performance"),
        6: ("foundation", "strength", "foundation", "strength", "power_endurance", "performance"),
        7: ("foundation", "strength", "foundation", "strength", "power_endurance", "strength", "performance"),
        8: ("foundation", "strength", "foundation", "strength", "foundation", "strength", "power_endurance", "performance"),
    },
}
"""Phases by the number of mesocycles before the taper; climbers in their first two years learn movement all the time."""

KIND_FOR: Final[Mapping[Quality, str]] = {
    Quality.FINGER_STRENGTH: "finger_strength",
    Quality.FINGER_ENDURANCE: "finger_capacity",
    Quality.POWER: "limit",
    Quality.POWER_ENDURANCE: "power_endurance",
    Quality.AEROBIC_CAPACITY: "endurance",
    Quality.PULLING_STRENGTH: "strength",
    Quality.CORE: "strength",
    Quality.ANTAGONIST: "strength",
    Quality.MOBILITY: "prehab",
    Quality.TECHNIQUE: "technique",
    Quality.TACTICS: "technique",
    Quality.CONDITIONING: "aerobic",
}
"""The session that works on a weakest link."""


@dataclass(frozen=True, slots=True)
class WeekFrame:
    """A week before sessions are put into it.

    Attributes
    ----------
    progress
        0 in the first loading week of the mesocycle, 1 in its last.
    block
        Number of the mesocycle, from 0.
    """

    index: int
    start: dt.date
    block: int
    phase: str
    progress: float
    is_baseline: bool = False
    is_deload: bool = False
    is_taper: bool = False

    @property
    def is_light(self) -> bool:
        """Whether it carries load on rather than adding to it."""
        return self.is_deload or self.is_taper


def weeks_of(start: dt.date, end: dt.date) -> int:
    """Calendar weeks from the Monday `start` to the one that holds `end`."""
    return (end - start).days // 7 + 1


def frames(start: dt.date, end: dt.date, line: Line, *, has_date: bool, short_blocks: bool) -> tuple[WeekFrame, ...]:
    """The macrocycle: every week from the Monday `start` to the one that holds `end`, with its purpose.

    Parameters
    ----------
    has_date
        Whether `end` leads to a day of performance; without one, the last week is a light week instead of a taper.
    short_blocks
        Prefer two loading weeks and a light one (young, new and older athletes) to three and one.
    """
    total = weeks_of(start, end)
    taper = _taper_weeks(total, last_days=end.weekday() + 1) if has_date else 1
    blocks = block_lengths(total - taper, short=short_blocks)
    phases = ORDER[line][min(len(blocks), max(ORDER[line]))] if blocks else ()
    found: list[WeekFrame] = []
    for block, (length, before) in enumerate(zip(blocks, accumulate((0, *blocks)), strict=False)):
        is_last = block == len(blocks) - 1
        loading = length if is_last else length - 1
        for i in range(length):
            found.append(
                WeekFrame(
                    index=before + i + 1,
                    start=start + (before + i) * WEEK,
                    block=block,
                    phase=phases[block],
                    progress=min(1.0, i / max(1, loading - 1)),
                    is_baseline=before + i == 0,
                    is_deload=not is_last and i == length - 1,
                )
            )
    found.extend(_taper(len(found), taper, start, len(blocks), has_date=has_date, phase=phases[-1] if phases else "taper"))
    return tuple(found)


def _taper(before: int, weeks: int, start: dt.date, block: int, *, has_date: bool, phase: str) -> Sequence[WeekFrame]:
    if not has_date:
        last = max(0, block - 1)
        return [WeekFrame(before + 1, start + before * WEEK, last, phase, 1.0, is_baseline=before == 0, is_deload=True)]
    return [
        WeekFrame(before + i + 1, start + (before + i) * WEEK, block, "taper", 0.0, is_baseline=before + i == 0, is_taper=True)
        for i in range(weeks)
    ]


def _taper_weeks(total: int, last_days: int) -> int:
    """One week; two where the last one is a stump of under four days, or where a long plan has made much fatigue."""
    stump = last_days < 4
    return min(total, 1 + (stump or total >= 14))


def block_lengths(weeks: int, *, short: bool) -> tuple[int, ...]:
    """Cut the weeks before the taper into mesocycles.

    All but the last end with a light week; the taper follows the last one. No run of loading weeks is longer than three.
    """
    if weeks <= 0:
        return ()
    preferred = (2, 3, 1) if short else (3, 2, 1)
    cuts = ((last, _cut(weeks - last, short=short)) for last in preferred)
    return next((*middle, last) for last, middle in cuts if middle is not None)


def _cut(weeks: int, *, short: bool) -> tuple[int, ...] | None:
    """`weeks` as a sum of threes and fours, as many as possible of the preferred length, long ones first."""
    if weeks < 0:
        return None
    counts = [(fours, (weeks - 4 * fours) // 3) for fours in range(weeks // 4 + 1) if (weeks - 4 * fours) % 3 == 0]
    if not counts:
        return None
    fours, threes = min(counts) if short else max(counts)
    return (4,) * fours + (3,) * threes


def wishes(frame: WeekFrame, line: Line, count: int, *, weakest: Quality | None, technique: bool) -> tuple[str, ...]:
    """The sessions wished for in a week, the most important first.

    Parameters
    ----------
    count
        Number of sessions.
    weakest
        The quality that limits the athlete: gets a session early in the list.
    technique
        The video analysis found something to work on: one session a week is for it.
    """
    listed = list(PHASES[frame.phase].wishes[line])
    if frame.is_deload:
        listed = [*listed[:1], *(k for k in ("technique", "endurance", "strength", "prehab") if k != listed[0])]
    elif not frame.is_taper and weakest is not None:
        listed = _promoted(listed, KIND_FOR[weakest])
    if technique and count >= 3:
        listed = _among(listed, "technique", count)
    while len(listed) < count:
        listed += ["technique", "prehab"]
    return tuple(listed[:count])


def _promoted(listed: list[str], kind: str) -> list[str]:
    """The list with a kind among its first two, without making it longer where it was there already."""
    if kind in listed[:2]:
        return listed
    rest = list(listed)
    if kind in rest:
        rest.remove(kind)
    return [rest[0], kind, *rest[1:]]


def _among(listed: list[str], kind: str, count: int) -> list[str]:
    return listed if kind in listed[:count] else [*listed[: count - 1], kind, *listed[count - 1 :]]
