"""For those who do the work: take a job, keep it while it runs, and end it, once.

Whoever leases a job gets a token, and everything written about the job afterwards asks for it. A worker that was believed dead
finds that its token is no longer good, so a job has one result whatever happens. All times are the database's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.types.json import Jsonb

from ascension_core.errors import AscensionError, InvalidOption, ServerUnavailable
from ascension_core.platform.jobs.client import LONGEST_NAME, Jobs
from ascension_core.platform.jobs.events import LONGEST_MESSAGE, write_event
from ascension_core.platform.jobs.rows import Job, Status, job_of
from ascension_core.platform.plain import as_storable
from ascension_core.platform.queue import Delivery, Priority

LEASE_S = 30.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 600.0


class LeaseLost(AscensionError):
    """The job is no longer ours: it was given to another worker, or deleted."""


@dataclass(frozen=True)
class Failure:
    """Why a job did not succeed.

    Attributes
    ----------
    kind
        Class of the error.
    message
        One clear line.
    cell
        The notebook's cell, counted from 0.
    passing
        Whether the same may succeed later: storage away, kernel killed.
    """

    kind: str
    message: str
    cell: int | None = None
    passing: bool = False

    def document(self) -> dict[str, Any]:
        """As it stands in the row."""
        said = as_storable(self.message[:LONGEST_MESSAGE])
        return {"class": as_storable(self.kind), "message": said, "cell": self.cell, "passing": self.passing}


@dataclass(frozen=True)
class Lease:
    """The right to run a job."""

    job: Job
    token: UUID
    delivery: Delivery

    def ends_with(self, failure: Failure) -> bool:
        """Whether the job is not tried again after this."""
        return not failure.passing or self.job.attempts >= self.job.max_attempts


@dataclass(frozen=True)
class Pulse:
    """What a worker hears when it says that it lives.

    Attributes
    ----------
    cancelled
        Somebody wants the job stopped.
    late
        Its deadline has passed.
    """

    cancelled: bool
    late: bool


class Worksheet:
    """The jobs as one worker sees them.

    Parameters
    ----------
    jobs
        All jobs.
    worker
        Name of the worker.
    kinds
        Which kinds it can do.
    lease_s
        How long it is believed to live after it last said so.

    Raises
    ------
    InvalidOption
        If the name is none.
    """

    def __init__(self, jobs: Jobs, worker: str, kinds: Sequence[str], lease_s: float = LEASE_S) -> None:
        if not 0 < len(worker) <= LONGEST_NAME or not worker.isprintable():
            raise InvalidOption(f"a worker's name has 1 to {LONGEST_NAME} printable characters, not {worker[:80]!r}")
        self._jobs = jobs
        self._database = jobs.database
        self._worker = worker
        self._kinds = list(kinds)
        self.lease_s = lease_s

    def take(self, timeout_s: float) -> Lease | None:
        """Wait for a job and lease it; None when none came in time, or somebody else was quicker."""
        delivery = self._jobs.queue.receive(self._kinds, timeout_s)
        if delivery is None:
            return None
        token = uuid4()
        try:
            job = self._lease(token, delivery.job_id)
            if job is None:
                self._announce_again_if_early(delivery)
        except ServerUnavailable:
            delivery.give_back()
            raise
        if job is None:
            delivery.acknowledge()
            return None
        return Lease(job, token, delivery)

    def pulse(self, lease: Lease) -> Pulse:
        """Say that the job still runs.

        Raises
        ------
        LeaseLost
            If it is not ours any more.
        """
        self._jobs.queue.heartbeat()
        row = self._database.row(
            """update jobs set lease_until = now() + make_interval(secs => %s) where id = %s and lease_token = %s
               returning cancel_requested, coalesce(deadline <= now(), false) as late""",
            [self.lease_s, lease.job.id, lease.token],
        )
        if row is None:
            raise LeaseLost(f"job {lease.job.id} is not ours any more")
        return Pulse(row["cancel_requested"], row["late"])

    def progress(self, lease: Lease, stage: str, fraction: float, message: str = "") -> None:
        """Say how far the job is; `fraction` of the stage, 0 to 1."""
        fraction = min(max(0.0, fraction), 1.0)  # in this order: what is no number becomes 0
        stage, message = as_storable(stage[:1000]), as_storable(message[:1000])
        with self._database.transaction() as connection:
            _change(connection, lease, "stage = %s, fraction = %s, message = %s", [stage, fraction, message])
            write_event(connection, lease.job.id, "progress", message, stage=stage, fraction=fraction)

    def succeed(
        self,
        lease: Lease,
        result: Any,
        *,
        notebook_key: str | None = None,
        mlflow_run: str | None = None,
        also: Callable[[Connection[Any]], None] | None = None,
    ) -> None:
        """Store the job's one result.

        Parameters
        ----------
        lease
            The right to do so.
        result
            Any JSON.
        notebook_key, mlflow_run
            Where the executed notebook and the run are.
        also
            Writes what must be there together with the result, once: it gets the connection of the transaction.

        Raises
        ------
        LeaseLost
            If the job is not ours any more; nothing is stored then.
        """
        with self._database.transaction() as connection:
            values = [Jsonb(result), notebook_key, mlflow_run]
            _end(connection, lease, "succeeded", "result = %s, notebook_key = %s, mlflow_run = %s, fraction = 1", values)
            if also is not None:
                also(connection)
        lease.delivery.acknowledge()

    def fail(self, lease: Lease, failure: Failure, *, notebook_key: str | None = None) -> None:
        """End the job without a result: to be tried again after a pause if that may help, otherwise for good.

        Raises
        ------
        LeaseLost
            If the job is not ours any more.
        """
        if not lease.ends_with(failure):
            self._try_later(lease, failure, notebook_key)
            return
        with self._database.transaction() as connection:
            values = [Jsonb(failure.document()), notebook_key]
            _end(connection, lease, "failed", "error = %s, notebook_key = %s", values, why=failure.message)
        lease.delivery.bury()

    def cancel(self, lease: Lease, *, notebook_key: str | None = None) -> None:
        """End the job because somebody wanted that."""
        with self._database.transaction() as connection:
            _end(connection, lease, "cancelled", "notebook_key = %s", [notebook_key])
        lease.delivery.acknowledge()

    def hand_back(self, lease: Lease) -> None:
        """Let another worker do the job, as if this one had never taken it: it was not the job's fault."""
        with self._database.transaction() as connection:
            _requeue(connection, lease, 0.0, "attempts = attempts - 1", [])
            write_event(connection, lease.job.id, "retry", "handed back by its worker")
        self._after_requeue(lease)

    def _lease(self, token: UUID, job_id: UUID | None) -> Job | None:
        """Make a job ours: the one named, or the next in line that no other worker is just taking."""
        with self._database.transaction() as connection:
            row = connection.execute(
                _LEASE_NEXT if job_id is None else _LEASE_ONE,
                {
                    "worker": self._worker,
                    "token": token,
                    "lease_s": self.lease_s,
                    "kinds": self._kinds,
                    "priorities": list(Priority),
                    "job": job_id,
                },
            ).fetchone()
            if row is None:
                return None
            write_event(connection, row["id"], "started", self._worker)
        return job_of(row)

    def _announce_again_if_early(self, delivery: Delivery) -> None:
        """Wake somebody again for a job that was not due: delays are made of steps, and clocks differ. It may be due by now."""
        if delivery.job_id is None:
            return
        row = self._database.row(
            "select * from jobs where id = %s and status = 'queued' and (deadline is null or deadline > now())",
            [delivery.job_id],
        )
        if row is not None:
            self._jobs.announce([job_of(row)])

    def _try_later(self, lease: Lease, failure: Failure, notebook_key: str | None) -> None:
        pause_s = pause_after(lease.job.attempts)
        with self._database.transaction() as connection:
            values = [Jsonb(failure.document()), notebook_key]
            _requeue(connection, lease, pause_s, "error = %s, notebook_key = %s", values)
            write_event(connection, lease.job.id, "retry", f"in {pause_s:.0f} s: {failure.message}")
        self._after_requeue(lease)

    def _after_requeue(self, lease: Lease) -> None:
        self._jobs.announce([self._jobs.get(lease.job.id)])
        lease.delivery.acknowledge()


def pause_after(attempts: int) -> float:
    """Seconds to wait after so many attempts: 2, 4, 8, … up to ten minutes."""
    return float(min(FIRST_PAUSE_S * 2 ** (attempts - 1), LONGEST_PAUSE_S))


_LEASE = """update jobs set status = 'running', worker = %(worker)s, lease_token = %(token)s, started_at = now(),
        lease_until = now() + make_interval(secs => %(lease_s)s), attempts = attempts + 1, error = null,
        stage = null, fraction = null, message = null
    where id = (WHICH) returning *"""
_READY = "status = 'queued' and not_before <= now() and (deadline is null or deadline > now())"
# Whoever announced the job may still be noting so in its row, for which it is worth waiting: its message comes only once.
_ONE = f"select id from jobs where id = %(job)s and kind = any (%(kinds)s) and {_READY} for update"
# The first of each kind and priority, then the first of these: one look at the index for each, however many jobs wait.
_NEXT = f"""select next.id from unnest(%(kinds)s::text[]) as asked, unnest(%(priorities)s::smallint[]) as rank
    cross join lateral (select id, not_before from jobs where kind = asked and priority = rank and {_READY}
        order by not_before limit 1 for update skip locked) as next
    order by rank, next.not_before limit 1"""
_LEASE_NEXT = _LEASE.replace("WHICH", _NEXT).encode()
_LEASE_ONE = _LEASE.replace("WHICH", _ONE).encode()
_FREE = "lease_token = null, lease_until = null, worker = null"


def _end(
    connection: Connection[Any], lease: Lease, status: Status, changes: str, values: Sequence[Any], *, why: str | None = None
) -> None:
    _change(connection, lease, f"status = %s, finished_at = now(), {_FREE}, {changes}", [status, *values])
    write_event(connection, lease.job.id, status, why)


def _requeue(connection: Connection[Any], lease: Lease, pause_s: float, changes: str, values: Sequence[Any]) -> None:
    due = "status = 'queued', announced_at = null, not_before = now() + make_interval(secs => %s)"
    _change(connection, lease, f"{due}, {_FREE}, {changes}", [pause_s, *values])


def _change(connection: Connection[Any], lease: Lease, changes: str, values: Sequence[Any]) -> None:
    """Change the row of a job that is ours."""
    query = f"update jobs set {changes} where id = %s and lease_token = %s"
    if connection.execute(query.encode(), [*values, lease.job.id, lease.token]).rowcount == 0:
        lease.delivery.acknowledge()  # the job is somebody else's, and so is the message that will end it
        raise LeaseLost(f"job {lease.job.id} is not ours any more")
