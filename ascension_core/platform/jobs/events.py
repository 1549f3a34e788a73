"""What happened to a job: written in the transaction of what happened, read live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from psycopg import Connection

from ascension_core.platform.database import Database
from ascension_core.platform.jobs.rows import Event, event_of
from ascension_core.platform.plain import as_storable

LONGEST_MESSAGE = 4000
_GLANCE_S = 5.0


def write_event(
    connection: Connection[Any],
    job_id: UUID,
    kind: str,
    message: str | None = None,
    *,
    stage: str | None = None,
    fraction: float | None = None,
) -> None:
    """Say that something happened; whoever follows the job hears of it when the transaction commits."""
    connection.execute(
        """insert into job_events (job_id, kind, stage, fraction, message, attempt)
           select id, %s, %s, %s, %s, attempts from jobs where id = %s""",
        [kind, _text(stage), fraction, _text(message), job_id],
    )


def _text(said: str | None) -> str | None:
    """What a notebook or a library said, as the database can hold it."""
    return as_storable(said[:LONGEST_MESSAGE]) if said else said


def events(database: Database, job_id: UUID, after: int = 0) -> list[Event]:
    """What happened to a job after an event, in order."""
    query = "select * from job_events where job_id = %s and id > %s order by id"
    return [event_of(row) for row in database.rows(query, [job_id, after])]


def follow(database: Database, job_id: UUID, timeout_s: float | None = None, after: int = 0) -> Iterator[Event]:
    """What happened and what happens, until the job has ended (or is gone), or the time is up."""
    end = time.monotonic() + timeout_s if timeout_s is not None else float("inf")
    with database.listener() as connection:
        connection.execute(f"listen ascension_job_{job_id.hex}".encode())
        while True:
            for event in events(database, job_id, after):
                after = event.id
                yield event
            left_s = min(end - time.monotonic(), _GLANCE_S)
            if left_s <= 0 or has_ended(database, job_id, after):
                return
            for _ in connection.notifies(timeout=left_s, stop_after=1):
                pass


def has_ended(database: Database, job_id: UUID, after: int) -> bool:
    """Whether the job has finished, and all of it has been told."""
    query = """select finished_at is not null and not exists (select from job_events where job_id = %(id)s and id > %(after)s)
        as ended from jobs where id = %(id)s"""
    row = database.row(query, {"id": job_id, "after": after})
    return row is None or bool(row["ended"])
