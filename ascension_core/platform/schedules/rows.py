"""Schedules as they stand in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ascension_core.platform.jobs.rows import Status, plain
from ascension_core.platform.queue import Priority

Missed = Literal["last", "all", "skip"]


@dataclass(frozen=True)
class Plan:
    """What is to be scheduled.

    Attributes
    ----------
    name
        For people; up to 100 characters, and no other schedule has it.
    cron
        Five fields (minute, hour, day of the month, month, day of the week), or ``@daily`` and its like.
    kind, parameters
        Which notebook, and those of its parameters that differ from its own.
    zone
        IANA name of the time zone in which the expression is meant.
    priority
        Of its jobs in the queue.
    missed
        What becomes of slots that went by while no scheduler ran: one job for the ``last`` of them, one for ``all`` of them
        each, or none (``skip``).
    """

    name: str
    cron: str
    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    zone: str = "UTC"
    priority: Priority = Priority.NORMAL
    missed: Missed = "last"


@dataclass(frozen=True)
class Schedule(Plan):
    """A schedule.

    Attributes
    ----------
    id
        Its name for ever.
    paused
        Whether it lets its slots go by.
    next_slot, last_slot
        When it fires next, and the last slot that it fired for (UTC).
    last_job, last_status
        The last job that came from it, and how that stands.
    trouble
        Why the last slot went by without a job.
    created_at, updated_at
        When it was made and last edited (UTC).
    """

    id: UUID = field(kw_only=True)
    paused: bool = field(kw_only=True)
    next_slot: datetime = field(kw_only=True)
    last_slot: datetime | None = field(kw_only=True)
    last_job: UUID | None = field(kw_only=True)
    last_status: Status | None = field(kw_only=True)
    trouble: str | None = field(kw_only=True)
    created_at: datetime = field(kw_only=True)
    updated_at: datetime = field(kw_only=True)

    @property
    def plan(self) -> Plan:
        """What it was made from."""
        return Plan(**{field.name: getattr(self, field.name) for field in fields(Plan)})

    def document(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def schedule_of(row: Mapping[str, Any]) -> Schedule:
    """The schedule in a row of `schedules` with ``last_status``."""
    renamed = {**row, "zone": row["time_zone"], "priority": Priority(row["priority"])}
    return Schedule(**{field.name: renamed[field.name] for field in fields(Schedule)})
