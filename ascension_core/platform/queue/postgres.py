"""The queue that needs no broker: the table of jobs, LISTEN and NOTIFY.

Triggers notify in the transaction that makes a job or lets it wait again, so nothing has to be announced. A worker that was
woken takes the next job that no other worker has locked (``for update skip locked``, `platform.jobs.lease`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.queue.contract import Delivery, Priority, Wake

_CHANNEL = "ascension_work"
_DUE_IN_S = b"""select extract(epoch from min(next.not_before) - clock_timestamp())::float as due_in_s
    from unnest(%(kinds)s::text[]) as asked, unnest(%(priorities)s::smallint[]) as rank
    cross join lateral (select not_before from jobs where status = 'queued' and kind = asked and priority = rank
        and (deadline is null or deadline > now()) order by not_before limit 1) as next"""
_LONGEST_WAIT_S = 5.0  # a look at the table now and then, for what no notification was heard of


class Nudge:
    """There is work; which, the table knows."""

    job_id = None

    def acknowledge(self) -> None:
        """Nothing to do: the row says it."""

    give_back = bury = acknowledge


class PostgresQueue:
    """Wakes by NOTIFY."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stack = ExitStack()
        self._listening: Connection[Any] | None = None

    def announce(self, wakes: Sequence[Wake]) -> list[UUID]:
        """Nothing to do: triggers have done it."""
        return [wake.job_id for wake in wakes]

    def receive(self, kinds: Sequence[str], timeout_s: float) -> Delivery | None:
        """Wait until a job of these kinds is due."""
        end = time.monotonic() + timeout_s
        while True:
            connection = self._listener()  # before the look: what comes after it is heard
            due_in_s = self._due_in_s(kinds)
            if due_in_s is not None and due_in_s <= 0:
                return Nudge()
            left_s = end - time.monotonic()
            if left_s <= 0:
                return None
            waits = (left_s, _LONGEST_WAIT_S, *(() if due_in_s is None else (due_in_s,)))
            self._wait(connection, min(waits))

    def heartbeat(self) -> None:
        """Nothing to do: the server keeps idle connections."""

    def waiting(self, kinds: Sequence[str]) -> Mapping[tuple[str, Priority], int]:
        """Jobs that are due."""
        query = """select kind, priority, count(*) as n from jobs
            where status = 'queued' and not_before <= now() and kind = any (%s) group by kind, priority"""
        found = {(row["kind"], Priority(row["priority"])): row["n"] for row in self._database.rows(query, [list(kinds)])}
        return {(kind, priority): found.get((kind, priority), 0) for kind in kinds for priority in Priority}

    def exhume(self, job_id: UUID) -> bool:
        """Nothing to do: the dead are the rows that have failed, and rows are for `platform.jobs` to change."""
        return self._database.row("select 1 from jobs where id = %s and status = 'failed'", [job_id]) is not None

    def close(self) -> None:
        """Stop listening."""
        self._stack.close()
        self._listening = None

    def _due_in_s(self, kinds: Sequence[str]) -> float | None:
        """Seconds until the next job is due; None where none waits."""
        row = self._database.row(_DUE_IN_S, {"kinds": list(kinds), "priorities": list(Priority)})
        return row["due_in_s"] if row else None

    def _listener(self) -> Connection[Any]:
        if self._listening is None or self._listening.closed:
            self.close()
            self._listening = self._stack.enter_context(self._database.listener())
            self._listening.execute(f"listen {_CHANNEL}")
        return self._listening

    def _wait(self, connection: Connection[Any], timeout_s: float) -> None:
        try:
            for _ in connection.notifies(timeout=timeout_s, stop_after=1):
                pass
        except psycopg.OperationalError as cause:
            self.close()
            raise ServerUnavailable("the connection to the database was lost while waiting for jobs") from cause
