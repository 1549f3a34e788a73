"""Mends what was torn: workers that died with a job, messages that got lost, deadlines that nobody was there to see.

Any number of processes may call this every few seconds; one at a time does it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb

from ascension_core.platform.jobs.client import FURTHEST_ANNOUNCED_S, Jobs
from ascension_core.platform.jobs.events import write_event
from ascension_core.platform.jobs.lease import FIRST_PAUSE_S, Failure
from ascension_core.platform.jobs.rows import Job, job_of

PATIENCE_S = 20.0
"""So long after its message was sent a job may still wait although its queue is empty: a worker may just be taking it."""
_LOCK = 0x61736365
_BATCH = 1000
_FREE = "lease_token = null, lease_until = null, worker = null"
_LOST = Failure("WorkerLost", "the worker stopped without a word, each time", passing=True)
_LATE = Failure("DeadlineExceeded", "the deadline passed before the job had ended")


@dataclass(frozen=True)
class Mended:
    """How many jobs were let wait again (`lost`), failed because of their deadline, or announced (again)."""

    lost: int = 0
    late: int = 0
    announced: int = 0


def reconcile(jobs: Jobs, patience_s: float = PATIENCE_S) -> Mended:
    """Put right what is wrong; does nothing while another process is at it.

    Parameters
    ----------
    jobs
        All jobs.
    patience_s
        After how long a message is thought lost.
    """
    with jobs.database.transaction() as connection:
        if not _ours(connection):
            return Mended()
        lost = _take_from_dead_workers(connection)
        late = _fail_the_late(connection)
    return Mended(lost, late, _announce_the_silent(jobs, patience_s))


def _ours(connection: Connection[Any]) -> bool:
    row = connection.execute("select pg_try_advisory_xact_lock(%s) as ours", [_LOCK]).fetchone()
    return bool(row and row["ours"])


def _take_from_dead_workers(connection: Connection[Any]) -> int:
    """Jobs whose lease has run out wait again after a pause; not those that were to be cancelled, or have no attempt left."""
    rows = connection.execute(
        f"""update jobs set {_FREE}, announced_at = null,
                status = case when cancel_requested then 'cancelled'
                    when attempts >= max_attempts then 'failed' else 'queued' end,
                finished_at = case when cancel_requested or attempts >= max_attempts then now() end,
                error = case when cancel_requested then error else %s end,
                not_before = now() + make_interval(secs => %s)
            where status = 'running' and lease_until < now() returning id, status""".encode(),
        [Jsonb(_LOST.document()), FIRST_PAUSE_S],
    ).fetchall()
    for row in rows:
        write_event(connection, row["id"], "lost", "its worker stopped without a word")
        if row["status"] != "queued":
            write_event(connection, row["id"], row["status"], _LOST.message if row["status"] == "failed" else None)
    return len(rows)


def _fail_the_late(connection: Connection[Any]) -> int:
    """Jobs that wait beyond their deadline; those that run are stopped by their worker."""
    rows = connection.execute(
        """update jobs set status = 'failed', finished_at = now(), error = %s
           where status = 'queued' and deadline <= now() returning id""",
        [Jsonb(_LATE.document())],
    ).fetchall()
    for row in rows:
        write_event(connection, row["id"], "failed", _LATE.message)
    return len(rows)


def _announce_the_silent(jobs: Jobs, patience_s: float) -> int:
    """Announce jobs that never were, and those whose queue is empty although they wait."""
    owed = jobs.database.rows(
        """select * from jobs where status = 'queued' and announced_at is null
           and not_before <= now() + make_interval(secs => %s) order by not_before limit %s""",
        [FURTHEST_ANNOUNCED_S, _BATCH],
    )
    return jobs.announce([*map(job_of, owed), *_forgotten(jobs, patience_s)])


def _forgotten(jobs: Jobs, patience_s: float) -> list[Job]:
    """Jobs that have waited for long although no message is left in their queue."""
    silent = """status = 'queued' and announced_at is not null and not_before <= now()
        and greatest(announced_at, not_before) < now() - make_interval(secs => %s)"""
    found = jobs.database.rows(f"select distinct kind from jobs where {silent}".encode(), [patience_s])
    waiting = jobs.queue.waiting([row["kind"] for row in found]) if found else {}
    query = f"select * from jobs where {silent} and kind = %s and priority = %s order by not_before limit %s".encode()
    empty = [queue for queue, count in waiting.items() if not count]
    return [job_of(row) for queue in empty for row in jobs.database.rows(query, [patience_s, *queue, _BATCH])]
