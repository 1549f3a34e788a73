"""Session-RPE load: minutes times effort (Foster et al. 2001). Information about training, never a forecast of injury."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final

from ascension_core.results import Week
from ascension_core.training.athlete import Athlete, LoggedSession, OtherSport
from ascension_core.training.rules import SHORTEST_SESSION, carried_load, limits, load_ceiling

USUAL_EFFORT: Final = 5.5
"""Session RPE of a climbing session of which nothing more is known."""

USUAL_MINUTES: Final = 100
"""Minutes of a climbing session of which nothing more is known; less where the athlete has less time."""

LEAST_HABIT: Final = 300.0
"""Load of a first week for somebody who does nothing yet: an hour of easy climbing and some strength."""

SPORT_EFFORT: Final = {"low": 3, "medium": 5, "high": 7}
"""Session RPE behind the three words for other sports."""

_LOOK_BACK: Final = dt.timedelta(days=28)


def session_load(minutes: float, effort: float) -> float:
    """Load of one session."""
    return float(minutes * effort)


def logged_load(entry: LoggedSession, planned_minutes: float, planned_effort: float) -> float:
    """Load of a logged session; what was not written down counts as planned."""
    if entry.status == "skipped":
        return 0.0
    minutes = planned_minutes if entry.minutes is None else entry.minutes
    effort = planned_effort if entry.effort is None else entry.effort
    return session_load(minutes, effort)


def other_load(sports: Iterable[OtherSport]) -> float:
    """Weekly load of other sports."""
    return float(sum(len(set(s.days)) * s.minutes * SPORT_EFFORT[s.load] for s in sports))


def sessions_now(athlete: Athlete) -> int:
    """Sessions a week that the athlete is used to."""
    if athlete.sessions_per_week is not None:
        return athlete.sessions_per_week
    return min(3, sum(m >= SHORTEST_SESSION for m in athlete.availability.values()))


def habitual_load(athlete: Athlete, today: dt.date) -> float:
    """Weekly load that the athlete is used to before a program starts.

    From the log of the last four weeks where it reaches back over at least two of them, else from the sessions a week and
    the minutes of a usual day.
    """
    entries = [e for e in athlete.log if today - _LOOK_BACK <= e.date < today]
    if entries and today - min(e.date for e in entries) >= dt.timedelta(days=14):
        days = (today - min(e.date for e in entries)).days
        total = sum(logged_load(e, USUAL_MINUTES, USUAL_EFFORT) for e in entries)
        return max(LEAST_HABIT, total * 7 / days)
    available = [m for m in limits(athlete, today).minutes if m]
    minutes = min(USUAL_MINUTES, median(available)) if available else 0
    return max(LEAST_HABIT, min(sessions_now(athlete), 7) * minutes * USUAL_EFFORT)


def ceilings(weeks: Sequence[Week], first: float) -> list[float]:
    """The most that each week's planned load may be, from the weeks before it; `first` is the first week's."""
    found, carried = [], first
    for position, week in enumerate(weeks):
        to_end = len(weeks) - 1 - position
        found.append(_ceiling(week, carried, to_end, is_first=position == 0))
        carried = carried_load(carried, week.planned_load, week.done_load, is_light=week.is_deload or week.is_taper)
    return found


def _ceiling(week: Week, carried: float, weeks_to_end: int, *, is_first: bool) -> float:
    if is_first and not week.is_taper:
        return carried
    return load_ceiling(carried, is_deload=week.is_deload, is_taper=week.is_taper, weeks_to_end=weeks_to_end)
