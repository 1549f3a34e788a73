"""Who follows which job: one connection to the database listens for all of them.

PostgreSQL notifies a channel per job (``platform/migrations/0002_notify.sql``). A thread holds the connection, listens to the
channels that somebody wants, and rings for those who wait in the event loop; they read the events themselves, so a notification
that gets lost costs a pause and no event.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
from anyio import to_thread
from psycopg import Connection

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Event
from ascension_core.platform.jobs.events import events, has_ended

GLANCE_S = 5.0
"""A look at the table now and then, for what no notification was heard of."""
_PAUSE_S = 1.0
_LOG = logging.getLogger("ascension.api")


class Hub:
    """Wakes those who follow jobs; to be made in the event loop in which they wait.

    Parameters
    ----------
    database
        Open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._nudged, self._nudge = os.pipe()
        self._thread = threading.Thread(target=self._run, name="job-events", daemon=True)
        self._thread.start()

    @property
    def followers(self) -> int:
        """How many follow a job now."""
        with self._lock:
            return sum(map(len, self._bells.values()))

    async def follow(self, job_id: UUID, after: int, longest_s: float) -> AsyncIterator[Event]:
        """What happened to a job after an event and what happens, until it has ended, is gone, or the time is up."""
        end = time.monotonic() + longest_s
        with self._bell(job_id) as bell:
            while not self._closing:
                bell.clear()
                found = await to_thread.run_sync(events, self._database, job_id, after)
                for event in found:
                    after = event.id
                    yield event
                left_s = end - time.monotonic()
                over = not found or found[-1].last
                if left_s <= 0 or (over and await to_thread.run_sync(has_ended, self._database, job_id, after)):
                    return
                with suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), min(left_s, GLANCE_S))

    def dismiss(self) -> None:
        """Let all who follow go: the process is about to end. To be called in the event loop."""
        self._closing = True
        for bell in self._all_bells():
            bell.set()

    def close(self) -> None:
        """Stop listening."""
        self._closing = True
        os.write(self._nudge, b".")
        self._thread.join()
        os.close(self._nudge)
        os.close(self._nudged)

    @contextmanager
    def _bell(self, job_id: UUID) -> Iterator[asyncio.Event]:
        """Rings once the job's channel is listened to, and at each event from then on."""
        channel, bell = f"ascension_job_{job_id.hex}", asyncio.Event()
        with self._lock:
            others = self._bells.setdefault(channel, set())
            others.add(bell)
        try:
            os.write(self._nudge, b".")
            yield bell
        finally:
            with self._lock:
                others.discard(bell)
                if not others:
                    self._bells.pop(channel, None)

    def _all_bells(self) -> list[asyncio.Event]:
        with self._lock:
            return [bell for bells in self._bells.values() for bell in bells]

    def _run(self) -> None:
        """The thread: listen, and listen again when the connection was lost."""
        while not self._closing:
            try:
                with self._database.listener() as connection:
                    self._listen(connection)
            except (ServerUnavailable, psycopg.Error) as error:
                _LOG.warning("job events are read every %.0f s only: %s", GLANCE_S, error)
                select.select([self._nudged], [], [], _PAUSE_S)

    def _listen(self, connection: Connection[Any]) -> None:
        heard: set[str] = set()
        while not self._closing:
            heard = self._tune(connection, heard)
            for notification in connection.notifies(timeout=0):
                self._ring(notification.channel)
            ready, _, _ = select.select([connection.fileno(), self._nudged], [], [], GLANCE_S)
            if self._nudged in ready:
                os.read(self._nudged, 4096)

    def _tune(self, connection: Connection[Any], heard: set[str]) -> set[str]:
        """Listen to what is wanted, and to nothing else; names are made of an id's digits."""
        with self._lock:
            wanted = set(self._bells)
        for channel in heard - wanted:
            connection.execute(f"unlisten {channel}".encode())
        for channel in wanted - heard:
            connection.execute(f"listen {channel}".encode())
        for channel in wanted:
            if channel not in heard:
                self._ring(channel)
        return wanted

    def _ring(self, channel: str) -> None:
        with self._lock:
            bells = tuple(self._bells.get(channel, ()))
        for bell in bells:
            self._loop.call_soon_threadsafe(bell.set)
