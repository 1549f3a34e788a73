"""Fires what is due, then sleeps until the next slot, or until a schedule is added or moved.

Any number of these may run. It also calls `reconcile`, so that jobs go on where no worker is there to do so.
"""

from __future__ import annotations

import logging
import time
from threading import Event

from psycopg import Connection

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.jobs import Jobs, open_jobs, reconcile
from ascension_core.platform.schedules import fire_due, seconds_to_next
from services.worker.backoff import Backoff

SHORTEST_SLEEP_S, LONGEST_SLEEP_S = 0.1, 10.0
_GLANCE_S = 0.5  # so often it looks whether it is to stop
_LOG = logging.getLogger(__name__)


class Scheduler:
    """One scheduler."""

    def __init__(self) -> None:
        self._stop = Event()
        self._complaint = ""

    def stop(self) -> None:
        """Have `run` return soon; from a signal handler or another thread."""
        self._stop.set()

    def run(self) -> None:
        """Work until told to stop; servers may come and go."""
        backoff = Backoff()
        while not self._stop.is_set():
            try:
                with open_jobs() as jobs, jobs.database.listener() as listener:
                    listener.execute("listen ascension_schedules")
                    _LOG.info("ready")
                    backoff = Backoff()
                    self._serve(jobs, listener)
            except ServerUnavailable as error:
                self._complain(error)
                backoff.pause(self._stop)
        _LOG.info("stopped")

    def _serve(self, jobs: Jobs, listener: Connection[dict[str, object]]) -> None:
        while not self._stop.is_set():
            for job in fire_due(jobs):
                _LOG.info("%s: submitted job %s (%s)", job.name, job.id, job.kind)
            self._mend(jobs)
            self._sleep(jobs, listener)

    def _mend(self, jobs: Jobs) -> None:
        """Jobs are owed their messages while the broker is away; schedules go on meanwhile."""
        try:
            mended = reconcile(jobs)
        except ServerUnavailable as error:
            self._complain(error)
            return
        self._complaint = ""
        if mended.lost or mended.late or mended.announced:
            _LOG.info("mended: %d lost, %d late, %d announced", mended.lost, mended.late, mended.announced)

    def _sleep(self, jobs: Jobs, listener: Connection[dict[str, object]]) -> None:
        left_s = seconds_to_next(jobs.database)
        left_s = LONGEST_SLEEP_S if left_s is None else min(max(left_s, SHORTEST_SLEEP_S), LONGEST_SLEEP_S)
        end = time.monotonic() + left_s
        while not self._stop.is_set() and (left_s := end - time.monotonic()) > 0:
            if any(listener.notifies(timeout=min(left_s, _GLANCE_S), stop_after=1)):
                return

    def _complain(self, error: ServerUnavailable) -> None:
        """Say it once, not every time."""
        if str(error) != self._complaint:
            self._complaint = str(error)
            _LOG.warning("waiting: %s", error)
