"""A notebook of which a sum is known to be least at x = 2, and a worker who does it in his head."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Failure, Job, Jobs, Worksheet
from ascension_core.platform.queue.postgres import PostgresQueue
from experiments.sweep.plan import Plan

CELL = 'options = {}\nmode = "a"\nout = "out"'
RULES: dict[str, Any] = {
    "options": {
        "type": "object",
        "properties": {"x": {"type": "number", "minimum": -10, "maximum": 10}, "size": {"type": "integer", "minimum": 1}},
        "additionalProperties": False,
    },
    "mode": {"enum": ["a", "b"]},
    "out": {"type": "string", "format": "output"},
}
SPACE: dict[str, Any] = {
    "options/x": {"type": "float", "low": -5, "high": 5},
    "mode": {"type": "categorical", "choices": ["a", "b"]},
}


@pytest.fixture(scope="session")
def sums(tmp_path_factory: pytest.TempPathFactory, write_notebook: Callable[..., None]) -> Path:
    """A folder with the kind ``sum``."""
    folder = tmp_path_factory.mktemp("sums")
    write_notebook(folder / "sum.ipynb", CELL, RULES)
    return folder


@pytest.fixture
def make_plan() -> Callable[..., Plan]:
    """Makes plans whose study no other test knows: ``make_plan(trials=4)``."""

    def make(**changes: Any) -> Plan:
        document = {
            "name": f"test-{uuid4().hex[:12]}",
            "kind": "sum",
            "space": SPACE,
            "objectives": [{"path": "summary/loss", "direction": "minimize"}],
            "trials": 6,
        }
        return Plan.model_validate(document | changes)

    return make


@pytest.fixture
def queue_of_sums(database: Database, sums: Path) -> Iterator[Jobs]:
    """The jobs of an empty database, whose only kind is ``sum``."""
    with closing(PostgresQueue(database)) as queue:
        yield Jobs(database, queue, sums)


def summed(job: Job) -> Any:
    x = job.parameters["options"]["x"]
    loss = (x - 2) ** 2 + (job.parameters.get("mode") == "b")
    return {"summary": {"loss": loss, "cost": abs(x), "word": "none"}}


@pytest.fixture
def worker(queue_of_sums: Jobs, database: Database, sums: Path) -> Iterator[Callable[..., None]]:
    """Starts a worker: ``worker()``; what it makes of a job, a result or a failure, may be another function."""
    stop, threads = threading.Event(), []

    def work(outcome: Callable[[Job], Any]) -> None:
        with closing(PostgresQueue(database)) as queue:
            sheet = Worksheet(Jobs(database, queue, sums), "worker", ["sum"])
            while not stop.is_set():
                if lease := sheet.take(0.1):
                    result = outcome(lease.job)
                    sheet.fail(lease, result) if isinstance(result, Failure) else sheet.succeed(lease, result)

    def start(outcome: Callable[[Job], Any] = summed) -> None:
        threads.append(threading.Thread(target=work, args=[outcome]))
        threads[-1].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join()


@pytest.fixture
def kept(tracking_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs are kept in a folder of the test."""
    monkeypatch.chdir(tracking_store.parent)
    return tracking_store
