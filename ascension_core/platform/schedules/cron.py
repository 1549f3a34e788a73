"""Slots: the moments that a cron expression means in a time zone.

Cron speaks of what a clock on the wall shows. Where clocks are put forward, a time that they skip is taken for the moment right
after the gap; where they are put back, a time that they show twice is taken for the first of the two. So each slot comes once
a day, every day.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from croniter import CroniterBadDateError, croniter

from ascension_core.errors import InvalidSchedule

LONGEST_CRON = 200
SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = ("minute (0-59)", "hour (0-23)", "day of the month (1-31)", "month (1-12, jan-dec)", "day of the week (0-7, sun-sat)")
# Long numbers would be counted out by croniter; H and R mean a time by chance, which is no slot that schedulers agree on.
_FIELD = re.compile(r"(?!.*[0-9]{3})(?![hHrR])[0-9A-Za-z*,/#-]+")
_LARGEST_SHIFT = timedelta(hours=3)


def valid_cron(text: str) -> str:
    """The expression in five fields.

    Raises
    ------
    InvalidSchedule
        If it is none; the message names the field. If no day ever fits it.
    """
    cron = " ".join(SHORTHANDS.get(text.strip().lower(), text).split())
    fields = cron.split(" ")
    if len(cron) > LONGEST_CRON or len(fields) != len(_FIELDS):
        order = "minute, hour, day of the month, month, day of the week"
        raise InvalidSchedule(
            f"a cron expression has five fields ({order}), not {text[:80]!r}; or it is {', '.join(SHORTHANDS)}"
        )
    for n, field in enumerate(fields):
        if not _usable(n, field):
            raise InvalidSchedule(f"{field[:40]!r} is no {_FIELDS[n]} in the cron expression {cron!r}")
    next_slots(cron, "UTC", 1)
    return cron


def valid_zone(name: str) -> str:
    """The name of an IANA time zone, as that is written.

    Raises
    ------
    InvalidSchedule
        If there is none of that name; the message names those that are near.
    """
    known = {zone.lower(): zone for zone in _zones()}
    if name.lower() in known:
        return known[name.lower()]
    cities = {zone.rpartition("/")[2]: zone for zone in known}
    near = get_close_matches(name.lower(), [*cities, *known], n=5, cutoff=0.75)
    meant = dict.fromkeys(known[cities.get(match, match)] for match in near)
    hint = f"do you mean {' or '.join(list(meant)[:3])}?" if meant else "it is to be one like Europe/Vienna, or UTC"
    raise InvalidSchedule(f"no time zone is called {name[:60]!r}; {hint}")


def next_slots(cron: str, zone: str, count: int, after: datetime | None = None) -> list[datetime]:
    """The next slots after a moment (now by default), in UTC."""
    return list(islice(slots_after(cron, zone, after or datetime.now(UTC)), count))


def slots_after(cron: str, zone: str, moment: datetime) -> Iterator[datetime]:
    """All slots after a moment, in UTC.

    Raises
    ------
    InvalidSchedule
        If there is no such zone (any more), or no slot in the next 50 years.
    """
    place = ZoneInfo(valid_zone(zone))
    walls = croniter(cron, _wall(moment, place))
    while True:
        slot = _instant(_step(walls), place)
        if slot > moment:
            yield slot
            moment = slot


def slot_until(cron: str, zone: str, moment: datetime) -> datetime:
    """The last slot that is not after a moment, in UTC."""
    place = ZoneInfo(valid_zone(zone))
    walls = croniter(cron, _wall(moment, place) + _LARGEST_SHIFT)  # a clock that was put back has shown later times before
    while True:
        slot = _instant(_step(walls, back=True), place)
        if slot <= moment:
            return slot


def _usable(n: int, field: str) -> bool:
    """Whether a text can be the field in place `n`."""
    if not _FIELD.fullmatch(field):
        return False
    try:
        croniter.expand(" ".join(field if k == n else "*" for k in range(len(_FIELDS))))
    except (ValueError, KeyError, TypeError, IndexError):  # croniter's own errors are ValueErrors; it lets others slip
        return False
    return True


def _step(walls: croniter, *, back: bool = False) -> datetime:
    try:
        found = walls.get_prev(datetime) if back else walls.get_next(datetime)
    except CroniterBadDateError as cause:
        raise InvalidSchedule("no day fits this cron expression: look at its day of the month and its month") from cause
    return datetime.fromisoformat(found.isoformat())


def _wall(moment: datetime, place: ZoneInfo) -> datetime:
    """What a clock shows."""
    return moment.astimezone(place).replace(tzinfo=None)


def _instant(wall: datetime, place: ZoneInfo) -> datetime:
    """When a clock shows that for the first time, or first shows a later time."""
    moment = wall.replace(tzinfo=place).astimezone(UTC)
    if _wall(moment, place) == wall:
        return moment
    # Taken with the offset from before the gap, the time lies after it, and with the offset from behind it, before.
    ends = (int(wall.replace(tzinfo=place, fold=fold).timestamp()) for fold in (1, 0))
    seconds = range(*ends)
    gap_end = bisect_left(seconds, wall, key=lambda second: _wall(datetime.fromtimestamp(second, UTC), place))
    return datetime.fromtimestamp(seconds[0] + gap_end, UTC)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
