"""The loop of a worker: take a job, keep its lease while it runs, end it, once.

The thread that runs this owns the connection to the broker, which may not be shared; the job runs in another one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Event

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Failure, Lease, LeaseLost, Worksheet
from services.worker.attempt import STOPPED, Attempt, Done, Means, Why
from services.worker.backoff import Backoff, patiently
from services.worker.board import Board
from services.worker.leaving import Leaving
from services.worker.leavings import discard
from services.worker.logs import about
from services.worker.meters import Meters
from services.worker.tracking import Tracker

TAKE_S = 2.0
"""So long one wait for a job lasts, and so long a worker that has nothing to do may take to notice that it is to go."""
PULSES_PER_LEASE = 6
TICK_S = 0.2
_DISCARD_PATIENCE_S = 20.0
_LATE = Failure("DeadlineExceeded", "the deadline passed before the job had ended")
_LOG = logging.getLogger(__name__)


class Worker:
    """Does jobs, one after the other, until it is asked to go.

    Parameters
    ----------
    sheet
        The jobs.
    database
        Where they stand.
    means
        What to do them with.
    board, meters, tracker
        Who is told what happens.
    leaving
        Says when to go.
    """

    def __init__(
        self,
        sheet: Worksheet,
        database: Database,
        means: Means,
        *,
        board: Board,
        meters: Meters,
        tracker: Tracker,
        leaving: Leaving,
    ) -> None:
        self._sheet = sheet
        self._database = database
        self._means = means
        self._board = board
        self._meters = meters
        self._tracker = tracker
        self._leaving = leaving
        self._backoff = Backoff()

    def run(self, *, once: bool = False) -> None:
        """Work until asked to go; or until one job has been done."""
        while not self._leaving.asked.is_set():
            lease = self._take()
            if lease is not None:
                with about(lease.job.id):
                    self._do(lease)
                if once:
                    return

    def _take(self) -> Lease | None:
        try:
            lease = self._sheet.take(TAKE_S)
        except ServerUnavailable as error:
            self._board.trouble("queue", error)
            self._backoff.pause(self._leaving.asked)
            return None
        self._board.well("queue")
        self._backoff = Backoff()
        return lease

    def _do(self, lease: Lease) -> None:
        _LOG.info("%s: attempt %d of %d", lease.job.kind, lease.job.attempts, lease.job.max_attempts)
        start = time.monotonic()
        attempt = Attempt(lease, self._means)
        with self._meters.running(lease.job.kind):
            attempt.start()
            done = self._accompany(attempt)
            outcome = self._end(attempt, done)
        attempt.join()
        self._meters.ended(lease.job.kind, outcome, time.monotonic() - start, done)
        _LOG.info("%s after %.2f s%s", outcome, time.monotonic() - start, f": {done.failure.message}" if done.failure else "")

    def _accompany(self, attempt: Attempt) -> Done:
        """Keep the lease, pass on progress, and halt the attempt if there is reason to."""
        pulse, word = _Rhythm(self._sheet.lease_s / PULSES_PER_LEASE), _Rhythm(TICK_S, at_once=True)
        while attempt.done is None:
            attempt.stirred.wait(TICK_S)
            attempt.stirred.clear()
            if pulse.is_due():
                self._pulse(attempt)
            if self._leaving.overdue:
                attempt.halt(Why.LEAVING)
            if attempt.why is not None:
                attempt.halt(attempt.why)
            elif attempt.told is not None and word.is_due():
                self._pass_on(attempt)
        if attempt.why is None:  # so that one sees where it ended
            self._pass_on(attempt)
        return attempt.done

    def _pulse(self, attempt: Attempt) -> None:
        try:
            pulse = self._sheet.pulse(attempt.lease)
        except LeaseLost:
            attempt.halt(Why.LOST)
        except ServerUnavailable as error:
            self._board.trouble("queue", error)
        else:
            self._board.well("queue")
            if pulse.cancelled or pulse.late:
                attempt.halt(Why.CANCELLED if pulse.cancelled else Why.LATE)

    def _pass_on(self, attempt: Attempt) -> None:
        """Write the latest progress; what is lost is told again soon."""
        told, attempt.told = attempt.told, None
        if told is None:
            return
        try:
            self._sheet.progress(attempt.lease, told.stage, told.fraction, told.message)
        except LeaseLost:
            attempt.halt(Why.LOST)
        except ServerUnavailable as error:
            self._board.trouble("queue", error)

    def _end(self, attempt: Attempt, done: Done) -> str:
        """Write the end of the attempt; returns what it was."""
        outcome, write = self._verdict(attempt, done)
        try:
            if attempt.why is Why.LOST or not self._insist(write):
                outcome = "lost"
        except LeaseLost:
            outcome = "lost"
        if outcome in {"lost", "handed back"}:
            self._discard(attempt)
        if outcome == "succeeded" and done.kind is not None and done.result is not None:
            self._tracker.track(attempt.lease.job, done.kind, done.result, attempt.prefix)
        return outcome

    def _verdict(self, attempt: Attempt, done: Done) -> tuple[str, Callable[[], None]]:
        """What becomes of the job, and what writes it."""
        sheet, lease, key = self._sheet, attempt.lease, done.notebook_key
        if done.failure is None:
            return "succeeded", lambda: sheet.succeed(lease, done.result, notebook_key=key, also=done.also)
        if attempt.why is Why.CANCELLED:
            return "cancelled", lambda: sheet.cancel(lease, notebook_key=key)
        if attempt.why is Why.LEAVING and done.failure.kind == STOPPED:
            return "handed back", lambda: sheet.hand_back(lease)
        failure = _LATE if attempt.why is Why.LATE else done.failure
        outcome = "failed" if lease.ends_with(failure) else "failed for now"
        return outcome, lambda: sheet.fail(lease, failure, notebook_key=key)

    def _insist(self, write: Callable[[], None]) -> bool:
        """Write what must be written, however long the database is away; False if it is time to go before that.

        The lease may run out meanwhile. Then somebody else does the job again, and this attempt is lost.

        Raises
        ------
        LeaseLost
            If it is somebody else's job now, or if it was written although the database could not say so any more.
        """
        backoff, never = Backoff(longest_s=1.0), Event()
        while True:
            try:
                write()
            except ServerUnavailable as error:
                self._board.trouble("queue", error)
                if self._leaving.overdue:
                    return False
                backoff.pause(never)
            else:
                return True

    def _discard(self, attempt: Attempt) -> None:
        """Delete what the attempt stored; what cannot be deleted now is swept later."""
        try:
            patiently(
                lambda: discard(self._database, self._means.objects, attempt.lease.job.id, attempt.prefix),
                _DISCARD_PATIENCE_S,
                self._leaving.asked,
            )
        except ServerUnavailable as error:
            _LOG.warning("objects of this attempt are left to be swept: %s", error)


class _Rhythm:
    """Says when it is time again for something."""

    def __init__(self, every_s: float, *, at_once: bool = False) -> None:
        self._every_s = every_s
        self._next = time.monotonic() + (0.0 if at_once else every_s)

    def is_due(self) -> bool:
        """Whether it is time, which it is not again before so many seconds."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._every_s
        return True
