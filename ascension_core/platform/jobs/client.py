"""For those who want something done: submit, look, wait, cancel, try again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from ascension_core.errors import InvalidJob, ServerUnavailable
from ascension_core.platform.database import Database, database
from ascension_core.platform.jobs.events import events, follow, write_event
from ascension_core.platform.jobs.kinds import find_kind
from ascension_core.platform.jobs.rows import Event, Job, Status, job_of
from ascension_core.platform.plain import storable
from ascension_core.platform.queue import Priority, Queue, job_queue

LONGEST_KEY = 200
LONGEST_NAME = 100
FURTHEST_ANNOUNCED_S = 600.0
"""Jobs that are to start later than that are announced by `reconcile` when their time is near."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What a client asks for.

    Attributes
    ----------
    kind
        Name of the notebook.
    parameters
        Those that differ from the notebook's own.
    idempotency_key
        The same key gives the same job; up to 200 characters.
    priority
        Place in the queue.
    not_before, deadline
        When it may start, and when it must have ended; with a time zone.
    max_attempts
        How often it may be started when failures seem to pass.
    athlete_id, video_id
        Whose job it is.
    name
        For people; up to 100 characters.
    schedule_id
        The schedule that it comes from.
    """

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    priority: Priority = Priority.NORMAL
    not_before: datetime | None = None
    deadline: datetime | None = None
    max_attempts: int = 5
    athlete_id: UUID | None = None
    video_id: UUID | None = None
    name: str | None = None
    schedule_id: UUID | None = None


class Jobs:
    """The jobs of a database, and the queue that wakes their workers.

    Parameters
    ----------
    database
        Open.
    queue
        How workers are woken.
    notebooks
        Folder of the notebooks; the one of the settings by default.
    """

    def __init__(self, database: Database, queue: Queue, notebooks: Path | None = None) -> None:
        self.database = database
        self.queue = queue
        self.notebooks = notebooks
        self._queue_lock = threading.Lock()

    def submit(self, wish: Wish) -> Job:
        """Have a job done; it is certain to be when this returns, even if the broker is away.

        Raises
        ------
        InvalidJob
            If there is no such kind, it does not take the parameters, or the key belongs to another job.
        ServerUnavailable
            If the database cannot be reached; to submit again with the same idempotency key is safe.
        """
        return self._submit(self._checked(wish), None)

    def enter(self, connection: Connection[Any], wish: Wish) -> tuple[Job, bool]:
        """Write a job's row in a transaction of the caller's, who has to `announce` it when that is committed.

        Returns
        -------
        Job, bool
            The job, and whether it is new: its idempotency key may have been used before.

        Raises
        ------
        InvalidJob
            As `submit` does.
        """
        with _understood():
            return _insert(connection, self._checked(wish), None)

    def rerun(self, job_id: UUID, changes: Mapping[str, Any] | None = None) -> Job:
        """A new job like another, with some parameters changed."""
        old = self.get(job_id)
        parameters = find_kind(old.kind, self.notebooks).check({**old.parameters, **(changes or {})})
        wish = Wish(old.kind, parameters, priority=old.priority, athlete_id=old.athlete_id, video_id=old.video_id)
        return self._submit(replace(wish, max_attempts=old.max_attempts, name=old.name), old.id)

    def get(self, job_id: UUID) -> Job:
        """One job.

        Raises
        ------
        InvalidJob
            If there is none.
        """
        row = self.database.row("select * from jobs where id = %s", [job_id])
        if row is None:
            raise InvalidJob(f"there is no job {job_id}")
        return job_of(row)

    def list(
        self, *, status: Status | None = None, kind: str | None = None, limit: int = 50, before: datetime | None = None
    ) -> Sequence[Job]:
        """Jobs from the newest on; for the next page, those before the time of the last one."""
        query = """select * from jobs where (%(status)s::text is null or status = %(status)s)
            and (%(kind)s::text is null or kind = %(kind)s) and (%(before)s::timestamptz is null or created_at < %(before)s)
            order by created_at desc limit %(limit)s"""
        values = {"status": status, "kind": kind, "before": before, "limit": limit}
        return [job_of(row) for row in self.database.rows(query, values)]

    def cancel(self, job_id: UUID) -> Job:
        """Stop a job: at once where it waits; where it runs, as soon as its worker hears of it.

        Raises
        ------
        InvalidJob
            If it has ended, or there is none.
        """
        with self._locked(job_id) as (connection, job):
            if job.finished:
                raise InvalidJob(f"the job has {job.status} already")
            if job.status == "queued":
                connection.execute("update jobs set status = 'cancelled', finished_at = now() where id = %s", [job_id])
                write_event(connection, job_id, "cancelled")
            else:
                connection.execute("update jobs set cancel_requested = true where id = %s", [job_id])
                write_event(connection, job_id, "cancel")
        return self.get(job_id)

    def retry(self, job_id: UUID) -> Job:
        """Let a job that failed or was cancelled wait for a worker again, with all its attempts; no longer among the dead.

        Raises
        ------
        InvalidJob
            If it waits, runs or succeeded, or there is none.
        """
        with self._locked(job_id) as (connection, job):
            if job.status not in {"failed", "cancelled"}:
                raise InvalidJob(f"the job is {job.status}: only one that failed or was cancelled can be tried again")
            connection.execute(
                """update jobs set status = 'queued', not_before = now(), announced_at = null, attempts = 0, finished_at = null,
                   error = null, cancel_requested = false, stage = null, fraction = null, message = null,
                   deadline = case when deadline > now() then deadline end where id = %s""",
                [job_id],
            )
            write_event(connection, job_id, "retry", "asked for")
        with self._queue_lock, suppress(ServerUnavailable):  # a message among the dead does no harm
            self.queue.exhume(job_id)
        job = self.get(job_id)
        self.announce([job])
        return job

    def wait(self, job_id: UUID, timeout_s: float | None = None) -> Job:
        """The job once it has ended, or as it is when the time is up."""
        for _ in self.tail(job_id, timeout_s):
            pass
        return self.get(job_id)

    def tail(self, job_id: UUID, timeout_s: float | None = None) -> Iterator[Event]:
        """What happened to a job and what happens to it, live, until it has ended or the time is up."""
        self.get(job_id)
        return follow(self.database, job_id, timeout_s)

    def events(self, job_id: UUID, after: int = 0) -> Sequence[Event]:
        """What has happened to a job, after an event."""
        return events(self.database, job_id, after)

    def announce(self, jobs: Sequence[Job]) -> int:
        """Wake workers for jobs that wait, and note it; returns for how many. What fails here, `reconcile` makes good."""
        now = time.time()
        near = [(job, job.not_before.timestamp() - now) for job in jobs]
        wakes = [job.wake(delay_s) for job, delay_s in near if delay_s <= FURTHEST_ANNOUNCED_S]
        try:
            with self._queue_lock:
                told = self.queue.announce(wakes)
        except ServerUnavailable as error:
            _LOG.warning("%d jobs are not announced yet: %s", len(wakes), error)
            return 0
        return self.database.execute("update jobs set announced_at = now() where id = any (%s)", [told])

    def _checked(self, wish: Wish) -> Wish:
        """The wish, if it can be carried out."""
        return _checked(replace(wish, parameters=find_kind(wish.kind, self.notebooks).check(wish.parameters)))

    def _submit(self, wish: Wish, rerun_of: UUID | None) -> Job:
        with _understood(), self.database.transaction() as connection:
            job, new = _insert(connection, wish, rerun_of)
        if new:
            self.announce([job])
        return job

    @contextmanager
    def _locked(self, job_id: UUID) -> Iterator[tuple[Connection[Any], Job]]:
        """A job that nobody else changes during the block."""
        with self.database.transaction() as connection:
            row = connection.execute("select * from jobs where id = %s for update", [job_id]).fetchone()
            if row is None:
                raise InvalidJob(f"there is no job {job_id}")
            yield connection, job_of(row)


@contextmanager
def open_jobs(notebooks: Path | None = None) -> Iterator[Jobs]:
    """The jobs of the database and the queue that the settings name, for the time of the block."""
    with database() as opened, closing(job_queue(opened)) as queue:
        yield Jobs(opened, queue, notebooks)


def _insert(connection: Connection[Any], wish: Wish, rerun_of: UUID | None) -> tuple[Job, bool]:
    """The job's row, and whether it is new."""
    wish = _owned(connection, wish)
    row = connection.execute(
        """insert into jobs (kind, parameters, idempotency_key, priority, not_before, deadline, max_attempts,
               athlete_id, video_id, rerun_of, name, schedule_id)
           values (%s, %s, %s, %s, coalesce(%s, now()), %s, %s, %s, %s, %s, %s, %s)
           on conflict (idempotency_key) do nothing returning *""",
        [
            *(wish.kind, Jsonb(dict(wish.parameters)), wish.idempotency_key, wish.priority, wish.not_before, wish.deadline),
            *(wish.max_attempts, wish.athlete_id, wish.video_id, rerun_of, wish.name, wish.schedule_id),
        ],
    ).fetchone()
    if row is not None:
        write_event(connection, row["id"], "submitted")
        return job_of(row), True
    # The database compares: 1e23 comes back from it as a whole number that Python takes for another one.
    query = "select *, kind = %s and parameters = %s as same from jobs where idempotency_key = %s"
    (known,) = connection.execute(query, [wish.kind, Jsonb(dict(wish.parameters)), wish.idempotency_key])
    if not known["same"]:
        raise InvalidJob(f"the idempotency key belongs to job {known['id']}, which is another one")
    return job_of(known), False


def _owned(connection: Connection[Any], wish: Wish) -> Wish:
    """A job that names a stored video by its key is that video's, and its athlete's, so that it goes when they go."""
    keys = [value for value in wish.parameters.values() if isinstance(value, str)]
    query = """select id, athlete_id from videos where id = %(id)s or %(id)s::uuid is null and object_key = any (%(keys)s)
        order by array_position(%(keys)s, object_key) limit 1"""
    video = connection.execute(query, {"id": wish.video_id, "keys": keys}).fetchone()
    if video is None:
        return wish
    return replace(wish, video_id=video["id"], athlete_id=wish.athlete_id or video["athlete_id"])


def _checked(wish: Wish) -> Wish:
    for what, text, longest in (("an idempotency key", wish.idempotency_key, LONGEST_KEY), ("a name", wish.name, LONGEST_NAME)):
        if text is not None and (not 0 < len(text) <= longest or not storable(text)):
            raise InvalidJob(f"{what} has 1 to {longest} characters, and none of them is zero or half of one")
    if wish.max_attempts < 1:
        raise InvalidJob("max_attempts must be at least 1")
    for name, moment in (("not_before", wish.not_before), ("deadline", wish.deadline)):
        if moment is not None and moment.tzinfo is None:
            raise InvalidJob(f"{name} needs a time zone")
    earliest = max(filter(None, (wish.not_before, datetime.now(UTC))))
    if wish.deadline is not None and wish.deadline <= earliest:
        raise InvalidJob("the deadline is not after now and after not_before")
    return wish


@contextmanager
def _understood() -> Iterator[None]:
    """Say which row is missing."""
    try:
        yield
    except psycopg.errors.ForeignKeyViolation as cause:
        raise InvalidJob("there is no such athlete, video or schedule") from cause
