"""One attempt at a job, in a thread of its own: fetch, run, look at what came out, store."""

from __future__ import annotations

import errno
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from threading import Event, Thread
from typing import Any

from ascension_core.errors import AscensionError, ServerUnavailable
from ascension_core.platform.jobs import Failure, Kind, Lease, find_kind
from ascension_core.platform.objects import ObjectStore
from services.worker.backoff import patiently
from services.worker.execution import NOTEBOOK, Outcome, Runner
from services.worker.inputs import fetch_inputs
from services.worker.limits import Limits
from services.worker.outputs import FILES, described, find_outputs, read_result, store
from services.worker.results import Store, row_of
from services.worker.workroom import Workroom

PATIENCE_S = 60.0
"""So long the object store may be away before an attempt is given up: to wait is cheaper than to run again."""
STOPPED = "Stopped"
_LOG = logging.getLogger(__name__)


class Why(Enum):
    """Why an attempt was halted."""

    CANCELLED = "cancelled"
    LATE = "its deadline has passed"
    LOST = "it is somebody else's now"
    LEAVING = "the worker stops"


@dataclass(frozen=True)
class Means:
    """What a worker does its jobs with."""

    objects: ObjectStore
    runner: Runner
    workroom: Workroom
    limits: Limits
    notebooks: Path | None = None


@dataclass(frozen=True)
class Told:
    """The latest word of the notebook."""

    stage: str
    fraction: float
    message: str


@dataclass(frozen=True)
class Done:
    """What came of an attempt.

    Attributes
    ----------
    failure
        Why it did not succeed.
    result
        What the job's row gets.
    also
        Writes the row that belongs to the result.
    outcome
        What the runner says of the run; None where it did not come to that.
    kind
        The notebook as it was when it ran.
    notebook_key
        Where the executed notebook is.
    """

    failure: Failure | None = None
    result: Mapping[str, Any] | None = None
    also: Store | None = None
    outcome: Outcome | None = None
    kind: Kind | None = None
    notebook_key: str | None = None


class Attempt(Thread):
    """Does a leased job; whoever started it looks at `told` and `done` whenever `stirred` is set.

    Parameters
    ----------
    lease
        The job.
    means
        What to do it with.
    """

    def __init__(self, lease: Lease, means: Means) -> None:
        super().__init__(name="attempt", daemon=True)
        self.lease = lease
        self.prefix = prefix_of(lease)
        self.stirred = Event()
        self.told: Told | None = None
        self.done: Done | None = None
        self.why: Why | None = None
        self._means = means
        self._halted = Event()

    def halt(self, why: Why) -> None:
        """Stop soon; may be called again, as a kernel may only just have started."""
        self.why = self.why or why
        self._halted.set()
        self._means.runner.stop()

    def run(self) -> None:
        """Do it all; the folder is cleared when others know the end already."""
        try:
            with self._means.workroom.job(str(self.lease.token)) as folder:
                self._finish(self._work(folder))
        except Exception as error:
            self._finish(Done(failure_of(error)))

    def _finish(self, done: Done) -> None:
        self.done = self.done or done
        self.stirred.set()

    def _work(self, folder: Path) -> Done:
        """The steps of an attempt; what the notebook left to read is kept also when it failed."""
        out, record = folder / "out", folder / "record"
        out.mkdir()
        record.mkdir()
        try:
            done = self._make(folder, out, record)
        except Exception as error:
            done = Done(failure_of(error))
        if done.failure is None:
            return replace(done, notebook_key=self._keep(record))
        if self.why in {Why.LOST, Why.LEAVING}:
            return done
        with suppress(ServerUnavailable):
            done = replace(done, notebook_key=self._keep(record))
        return done

    def _make(self, folder: Path, out: Path, record: Path) -> Done:
        means, job = self._means, self.lease.job
        kind = find_kind(job.kind, means.notebooks)
        parameters = self._patiently(lambda: fetch_inputs(job, kind, means.objects, folder, self._check))
        self._check()
        outcome = means.runner.run(kind, parameters, record, means.limits, self._tell)
        if outcome.failure is not None:
            return Done(outcome.failure, outcome=outcome)
        document, outputs = read_result(kind, out), find_outputs(out)
        files = described(outputs, f"{self.prefix}out/")
        row = row_of(kind, job, document, files)
        self._patiently(lambda: store(outputs, means.objects, f"{self.prefix}out/", self._check))
        return Done(result=document | {FILES: files}, also=row, outcome=outcome, kind=kind)

    def _keep(self, record: Path) -> str | None:
        """Store the executed notebook, its page and its log."""
        outputs = find_outputs(record)
        self._patiently(lambda: store(outputs, self._means.objects, self.prefix, lambda: None))
        return next((output.key(self.prefix) for output in outputs if output.name == NOTEBOOK), None)

    def _patiently(self, action: Callable[[], Any]) -> Any:
        return patiently(action, PATIENCE_S, self._halted)

    def _check(self) -> None:
        if self._halted.is_set():
            raise _StoppedError

    def _tell(self, stage: str, fraction: float, message: str) -> None:
        self.told = Told(stage, fraction, message)
        self.stirred.set()


class _StoppedError(Exception):
    """The attempt was halted between two steps."""


def prefix_of(lease: Lease) -> str:
    """Where the objects of an attempt are; no two attempts share one, so that none overwrites another's."""
    return f"jobs/{lease.job.id}/{lease.job.attempts}-{lease.token.hex[:8]}/"


def failure_of(error: Exception) -> Failure:
    """What an error outside of the notebook means for the job."""
    match error:
        case _StoppedError():
            return Failure(STOPPED, "stopped", passing=True)
        case AscensionError():
            return Failure(type(error).__name__.lstrip("_"), str(error), passing=isinstance(error, ServerUnavailable))
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return Failure("DiskFull", "the disk of the worker is full", passing=True)
    _LOG.error("a fault of the worker", exc_info=error)
    return Failure("WorkerFault", f"a fault of the worker, not of the job: {type(error).__name__}", passing=True)
