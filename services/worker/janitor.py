"""What a worker does beside its jobs: mends what was torn, deletes what is to go, and looks whether the servers are there."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.deletion import tidy
from ascension_core.platform.jobs import Jobs, reconcile
from ascension_core.platform.objects import ObjectStore
from ascension_core.platform.queue import job_queue
from services.worker.board import Board
from services.worker.leavings import sweep

EVERY_S = 5.0
SWEEP_EVERY_S = 60.0
SWEPT_FIRST, SWEPT_AGAIN = timedelta(days=1), timedelta(minutes=10)
"""Jobs that ended so lately are swept: at first those that workers of yesterday left; then again and again the latest, because
a worker that is believed dead may still be storing."""
_STOP_S = 10.0
_PROBE = "probe"
_LOG = logging.getLogger(__name__)


@dataclass
class Janitor:
    """Goes round every few seconds, in a thread of its own, with a queue of its own.

    Parameters
    ----------
    database, objects
        To look after; open.
    board
        Where it says how they are.
    is_kernel_ready
        Says whether the next job need not wait for a kernel.
    notebooks
        Folder of the notebooks.
    """

    database: Database
    objects: ObjectStore
    board: Board
    is_kernel_ready: Callable[[], bool]
    notebooks: Path | None = None

    def __post_init__(self) -> None:
        self._stop = Event()
        self._thread = Thread(target=self._run, name="janitor", daemon=True)
        self._sweep_due = time.monotonic()
        self._swept = SWEPT_FIRST

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End after the round that is being made."""
        self._stop.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        with closing(job_queue(self.database)) as queue:
            jobs = Jobs(self.database, queue, self.notebooks)
            while not self._stop.is_set():
                self._round("jobs", lambda: self._mend(jobs))
                self._round("objects", self._tidy)
                self._round("kernel", self._look_at_kernels)
                self._stop.wait(EVERY_S)

    def _round(self, part: str, duty: Callable[[], None]) -> None:
        try:
            duty()
        except ServerUnavailable as error:
            self.board.trouble(part, error)
        except Exception as error:  # the janitor must not die of a fault: all workers may have the same one
            _LOG.exception("a fault of the janitor")
            self.board.trouble(part, f"{type(error).__name__}: {error}")
        else:
            self.board.well(part)

    def _mend(self, jobs: Jobs) -> None:
        mended = reconcile(jobs)
        if mended.lost or mended.late:
            _LOG.info("%d jobs of dead workers wait again, %d were too late", mended.lost, mended.late)

    def _tidy(self) -> None:
        self.objects.stat(_PROBE)
        tidy(self.database, self.objects)
        if time.monotonic() >= self._sweep_due:
            count = sweep(self.database, self.objects, self._swept)
            self._sweep_due, self._swept = time.monotonic() + SWEEP_EVERY_S, SWEPT_AGAIN
            if count:
                _LOG.info("%d objects of attempts that were not the last are deleted", count)

    def _look_at_kernels(self) -> None:
        if not self.is_kernel_ready():
            raise ServerUnavailable("no kernel is warm yet")
