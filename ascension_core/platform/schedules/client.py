"""For those who want something done again and again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from ascension_core.errors import InvalidSchedule
from ascension_core.platform.jobs import Job, Jobs, Wish, find_kind
from ascension_core.platform.jobs.client import LONGEST_NAME
from ascension_core.platform.schedules.cron import next_slots, valid_cron, valid_zone
from ascension_core.platform.schedules.rows import Plan, Schedule, schedule_of


class Schedules:
    """The schedules of a database.

    Parameters
    ----------
    jobs
        Where their jobs go.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._database = jobs.database

    def add(self, plan: Plan) -> Schedule:
        """Have jobs submitted from the next slot on.

        Raises
        ------
        InvalidSchedule
            If the name is taken, or the expression or the zone is wrong.
        InvalidJob
            If there is no such kind, or it does not take the parameters.
        """
        plan = self._checked(plan)
        with _understood(plan), self._database.transaction() as connection:
            values = [*_values(plan), _next_slot(connection, plan)]
            (row,) = connection.execute(
                """insert into schedules (name, cron, kind, parameters, time_zone, priority, missed, next_slot)
                   values (%s, %s, %s, %s, %s, %s, %s, %s) returning id""",
                values,
            )
        return self.get(row["id"])

    def list(self) -> Sequence[Schedule]:
        """All schedules by name."""
        return [schedule_of(row) for row in self._database.rows(SELECT + " order by name")]

    def get(self, which: str | UUID) -> Schedule:
        """One schedule, by name or id.

        Raises
        ------
        InvalidSchedule
            If there is none.
        """
        row = self._database.row(SELECT + (" where s.id = %s" if isinstance(which, UUID) else " where s.name = %s"), [which])
        if row is None:
            raise InvalidSchedule(f"no schedule is called {str(which)[:LONGEST_NAME]!r}; see `ascension schedule list`")
        return schedule_of(row)

    def edit(self, which: str | UUID, **changes: Any) -> Schedule:
        """Change some of what a `Plan` says; for slots to come."""
        old = self.get(which)
        plan = self._checked(replace(old.plan, **changes))
        with _understood(plan), self._database.transaction() as connection:
            moved = (plan.cron, plan.zone) != (old.cron, old.zone)
            slot = _next_slot(connection, plan) if moved else old.next_slot
            connection.execute(
                """update schedules set name = %s, cron = %s, kind = %s, parameters = %s, time_zone = %s, priority = %s,
                       missed = %s, next_slot = %s, trouble = null, updated_at = now() where id = %s""",
                [*_values(plan), slot, old.id],
            )
        return self.get(old.id)

    def pause(self, which: str | UUID) -> Schedule:
        """Let slots go by."""
        known = self.get(which)
        self._database.execute("update schedules set paused = true where id = %s", [known.id])
        return self.get(known.id)

    def resume(self, which: str | UUID) -> Schedule:
        """Go on with the next slot; those that went by in the pause are not missed."""
        known = self.get(which)
        plan = self._checked(known.plan)
        with self._database.transaction() as connection:
            connection.execute(
                "update schedules set paused = false, trouble = null, next_slot = %s where id = %s and paused",
                [_next_slot(connection, plan), known.id],
            )
        return self.get(known.id)

    def remove(self, which: str | UUID) -> None:
        """Forget a schedule; its jobs stay."""
        self._database.execute("delete from schedules where id = %s", [self.get(which).id])

    def run_now(self, which: str | UUID, changes: Mapping[str, Any] | None = None) -> Job:
        """Submit a job besides those of the slots, with some parameters changed; paused or not."""
        known = self.get(which)
        wish = wish_of(replace(known, parameters={**known.parameters, **(changes or {})}))
        with self._database.transaction() as connection:
            job, _ = self._jobs.enter(connection, wish)
            connection.execute("update schedules set last_job = %s where id = %s", [job.id, known.id])
        self._jobs.announce([job])
        return job

    def _checked(self, plan: Plan) -> Plan:
        """The plan as it is stored, if it can be carried out."""
        if not 0 < len(plan.name) <= LONGEST_NAME or not plan.name.isprintable():
            raise InvalidSchedule(f"the name of a schedule has 1 to {LONGEST_NAME} characters, all of them visible")
        parameters = find_kind(plan.kind, self._jobs.notebooks).check(plan.parameters)
        return replace(plan, cron=valid_cron(plan.cron), zone=valid_zone(plan.zone), parameters=parameters)


SELECT = "select s.*, j.status as last_status from schedules s left join jobs j on j.id = s.last_job"


def wish_of(schedule: Schedule, slot: datetime | None = None) -> Wish:
    """The job of a slot, of which there is one for ever; or one that belongs to no slot."""
    key = f"schedule:{schedule.id}:{slot.isoformat()}" if slot else None
    return Wish(
        schedule.kind,
        schedule.parameters,
        idempotency_key=key,
        priority=schedule.priority,
        name=schedule.name,
        schedule_id=schedule.id,
    )


def _values(plan: Plan) -> list[Any]:
    return [plan.name, plan.cron, plan.kind, Jsonb(dict(plan.parameters)), plan.zone, plan.priority, plan.missed]


def _next_slot(connection: Connection[Any], plan: Plan) -> datetime:
    """The first slot from now on, by the database's clock."""
    (row,) = connection.execute("select now() as moment")
    return next_slots(plan.cron, plan.zone, 1, row["moment"])[0]


@contextmanager
def _understood(plan: Plan) -> Iterator[None]:
    """Say that the name is taken."""
    try:
        yield
    except psycopg.errors.UniqueViolation as cause:
        raise InvalidSchedule(f"another schedule is called {plan.name!r} already") from cause
