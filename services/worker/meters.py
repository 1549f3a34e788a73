"""What Prometheus may know of a worker and of its queue."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ascension_core import errors
from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.queue import Priority
from services.worker.attempt import Done

_JOB_S = (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1800, 3600)
_FIRST_CELL_S = (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 30)
_OURS = frozenset({"MemoryLimit", "TimeLimit", "KernelDied", "DeadlineExceeded", "DiskFull", "WorkerFault"})


class Meters:
    """Counts what one worker does.

    Parameters
    ----------
    database
        Asked for the state of the queue whenever somebody reads.
    kernel_bytes
        Memory of the worker's kernels now.
    """

    def __init__(self, database: Database, kernel_bytes: Callable[[], float]) -> None:
        self.registry = CollectorRegistry()
        self._jobs = Counter("ascension_jobs", "Attempts by how they ended", ["kind", "outcome"], registry=self.registry)
        self._failures = Counter("ascension_failures", "Failed attempts by error", ["kind", "error"], registry=self.registry)
        self._running = Gauge("ascension_running", "Jobs that run now", ["kind"], registry=self.registry)
        self._seconds = Histogram(
            "ascension_job_seconds", "From lease to end", ["kind"], buckets=_JOB_S, registry=self.registry
        )
        self._first_cell = Histogram(
            "ascension_first_cell_seconds",
            "From having a kernel run the notebook to its first cell",
            ["kind"],
            buckets=_FIRST_CELL_S,
            registry=self.registry,
        )
        Gauge("ascension_kernel_bytes", "Memory of kernels", registry=self.registry).set_function(kernel_bytes)
        self.registry.register(_QueueCollector(database))

    @contextmanager
    def running(self, kind: str) -> Iterator[None]:
        """A job of that kind runs during the block."""
        with self._running.labels(kind).track_inprogress():
            yield

    def ended(self, kind: str, outcome: str, seconds: float, done: Done) -> None:
        """An attempt has ended."""
        self._jobs.labels(kind, outcome.replace(" ", "_")).inc()
        self._seconds.labels(kind).observe(seconds)
        if done.failure is not None:
            self._failures.labels(kind, _label(done.failure.kind)).inc()
        if done.outcome is not None and done.outcome.first_cell_s is not None:
            self._first_cell.labels(kind).observe(done.outcome.first_cell_s)


class _QueueCollector(Collector):
    """The queue as it stands in the database, read when somebody asks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterable[Metric]:
        """Nothing, so that registering does not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Jobs that are due, and how long the oldest of them has been."""
        depth = GaugeMetricFamily("ascension_queue_depth", "Jobs that are due", labels=["kind", "priority"])
        age = GaugeMetricFamily("ascension_queue_oldest_seconds", "Wait of the oldest one", labels=["kind", "priority"])
        try:
            rows = self._database.rows(
                """select kind, priority, count(*) as n, extract(epoch from now() - min(not_before))::float as age from jobs
                   where status = 'queued' and not_before <= now() group by kind, priority"""
            )
        except ServerUnavailable:  # the rest can be told all the same
            return
        for row in rows:
            labels = [row["kind"], Priority(row["priority"]).name.lower()]
            depth.add_metric(labels, row["n"])
            age.add_metric(labels, row["age"])
        yield from (depth, age)


def _label(error: str) -> str:
    """The class of an error, if it is a known one: a notebook can invent any number of them."""
    return error if error in _OURS or hasattr(errors, error) or hasattr(builtins, error) else "other"
