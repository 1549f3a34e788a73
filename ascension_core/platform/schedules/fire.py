"""What is due becomes jobs: each slot one job, however many processes are at it.

A schedule is locked, its jobs are written and its next slot is moved in one transaction, so that none can be without the other.
Should a clock go backwards all the same, the slot's idempotency key finds the job that there is.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Any

from psycopg import Connection

from ascension_core.errors import InvalidJob, InvalidSchedule
from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Job, Jobs
from ascension_core.platform.schedules.client import SELECT, wish_of
from ascension_core.platform.schedules.cron import next_slots, slot_until, slots_after
from ascension_core.platform.schedules.rows import Schedule, schedule_of

PUNCTUAL_S = 60.0
"""A slot is missed when it is longer ago than that."""
_BATCH = 100
_LOG = logging.getLogger(__name__)
_NEXT = SELECT + " where not s.paused and s.next_slot <= now() order by s.next_slot limit 1 for update of s skip locked"


@dataclass(frozen=True)
class Turn:
    """What one look at one schedule says: the slots that fire now, and when to look again."""

    slots: Sequence[datetime]
    following: datetime


def fire_due(jobs: Jobs) -> list[Job]:
    """Submit the jobs of all slots that are due; returns those jobs.

    A schedule whose job cannot be submitted, because its notebook has gone or takes other parameters now, lets the slot go by
    and says why (`Schedule.trouble`).
    """
    fired: list[Job] = []
    while (made := _fire_one(jobs)) is not None:
        jobs.announce(made)
        fired += made
    return fired


def seconds_to_next(database: Database) -> float | None:
    """How long until the next slot of any schedule, negative when it is over; None where there is none."""
    query = "select extract(epoch from min(next_slot) - clock_timestamp())::float as left_s from schedules where not paused"
    row = database.row(query)
    return row["left_s"] if row else None


def _fire_one(jobs: Jobs) -> list[Job] | None:
    """Fire one schedule that is due and that no other process is just firing; None where there is none."""
    with jobs.database.transaction() as connection:
        row = connection.execute(_NEXT).fetchone()
        if row is None:
            return None
        (clock,) = connection.execute("select now() as moment")
        schedule = schedule_of(row)
        try:
            turn = _turn(schedule, clock["moment"])
        except InvalidSchedule as error:  # its zone is gone: there is no next slot to wait for
            connection.execute("update schedules set paused = true, trouble = %s where id = %s", [str(error), schedule.id])
            return []
        return _submit(jobs, connection, schedule, turn)


def _turn(schedule: Schedule, now: datetime) -> Turn:
    cron, zone = schedule.cron, schedule.zone
    if schedule.missed == "all":
        later = takewhile(lambda slot: slot <= now, slots_after(cron, zone, schedule.next_slot))
        slots = [schedule.next_slot, *islice(later, _BATCH - 1)]
        return Turn(slots, next_slots(cron, zone, 1, slots[-1])[0])
    newest = slot_until(cron, zone, now)
    missed = now - newest > timedelta(seconds=PUNCTUAL_S)
    return Turn([] if missed and schedule.missed == "skip" else [newest], next_slots(cron, zone, 1, now)[0])


def _submit(jobs: Jobs, connection: Connection[Any], schedule: Schedule, turn: Turn) -> list[Job]:
    """Write the jobs, and move the schedule on; returns the jobs that are new."""
    entered: list[tuple[Job, bool]] = []
    trouble = None
    try:
        with connection.transaction():  # all of the slots or none
            entered = [jobs.enter(connection, wish_of(schedule, slot)) for slot in turn.slots]
    except (InvalidJob, OSError) as error:
        entered, trouble = [], str(error)
        _LOG.warning("%s: no job at %s: %s", schedule.name, schedule.next_slot.isoformat(), error)
    last_slot, last_job = (turn.slots[-1], entered[-1][0].id) if entered else (None, None)
    connection.execute(
        """update schedules set next_slot = %s, trouble = %s, last_slot = coalesce(%s, last_slot),
               last_job = coalesce(%s, last_job) where id = %s""",
        [turn.following, trouble, last_slot, last_job, schedule.id],
    )
    return [job for job, new in entered if new]
