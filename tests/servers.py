"""Fixtures: real servers, started once for all tests of a run; every test gets an empty database and an empty bucket."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pika
import pytest

from ascension_core.platform.database import Database
from ascension_core.platform.embedded import Server, attach
from ascension_core.platform.embedded.rabbitmq import installed
from ascension_core.platform.jobs import Jobs, Lease, Worksheet
from ascension_core.platform.objects import Endpoint, ObjectStore
from ascension_core.platform.queue import Priority, Queue
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.platform.queue.rabbitmq import DELAYS_S, RabbitQueue

LINGER_S = 1.0
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture(scope="session")
def servers(shared: Path) -> Path:
    """The data folder of the servers, the same for all processes of this run."""
    return shared / "servers-home"


@pytest.fixture(scope="session")
def own_database(servers: Path) -> Iterator[Database]:
    """A database for this process, with our schema."""
    server = attach("postgres", servers, linger_s=LINGER_S)
    with Database(server.url).listener() as connection:
        connection.execute(f"create database {WORKER}")  # type: ignore[call-overload]
    with Database(lambda: server.url().removesuffix("postgres") + WORKER, server=server) as database:
        yield database


@pytest.fixture
def database(own_database: Database) -> Database:
    """A database with our schema and nothing in it."""
    tables = "athletes, videos, jobs, job_events, analyses, comparisons, programs, schedules, deletions"
    own_database.execute(f"truncate {tables} cascade")  # type: ignore[arg-type]
    return own_database


@pytest.fixture(scope="session")
def own_bucket(servers: Path) -> Iterator[ObjectStore]:
    """A bucket for this process."""
    with ExitStack() as stack:
        server = attach("seaweed", servers, linger_s=LINGER_S)
        store = ObjectStore(lambda: Endpoint.from_url(server.url()), bucket=f"test-{WORKER}", server=server)
        yield stack.enter_context(store)


@pytest.fixture
def objects(own_bucket: ObjectStore) -> ObjectStore:
    """A bucket with nothing in it."""
    for key in own_bucket.keys("test/"):
        own_bucket.delete(key)
    return own_bucket


KINDS = ("vision", "training")


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two kinds of jobs, and a notebook that is none."""
    folder = tmp_path_factory.mktemp("notebooks")
    rules = {"video": {"type": ["string", "null"], "format": "input"}, "out": {"type": "string", "format": "output"}}
    rules |= {"model": {"enum": ["lite", "full"]}}
    cell = 'video = None\nout = "out"\nmodel = "full"  # which\nevery: int = 1\nfast = False\n'
    _write_notebook(folder / "vision.ipynb", cell, rules)
    _write_notebook(folder / "training.ipynb", "athlete = {}\nseed = None\nrate = 1.5\n")
    _write_notebook(folder / "reading.ipynb", None)
    return folder


def _write_notebook(file: Path, parameters: str | None, rules: dict[str, Any] | None = None, **said: Any) -> None:
    tags = ["parameters"] if parameters is not None else []
    cell = {"cell_type": "code", "metadata": {"tags": tags}, "source": parameters or "", "outputs": [], "execution_count": None}
    metadata = {"ascension": {"parameters": rules or {}, **said}} if rules or said else {}
    file.write_text(json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture(scope="session")
def write_notebook() -> Callable[..., None]:
    """Writes a notebook: ``write_notebook(file, "n = 1", {"n": {…}}, result="r.json")``, its parameters cell and metadata."""
    return _write_notebook


@pytest.fixture(scope="session")
def broker(servers: Path) -> Iterator[Server]:
    """A private RabbitMQ node."""
    if not installed():
        reason = "needs RabbitMQ: install the package rabbitmq-server"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    server = attach("rabbitmq", servers, linger_s=LINGER_S)
    server.url()
    yield server
    server.close()


@pytest.fixture(scope="session")
def prefix() -> str:
    """First word of the names of all queues of this process."""
    return f"test-{WORKER}"


@pytest.fixture
def make_rabbit_queue(broker: Server, prefix: str) -> Iterator[Callable[..., RabbitQueue]]:
    """Makes queues on the private node, or at another address; they are closed and emptied after the test."""
    with ExitStack() as stack:
        _purge(broker.url, prefix)  # messages that a test left unanswered come back a moment after its end
        stack.callback(_purge, broker.url, prefix)

        def make(url: Callable[[], str] = broker.url) -> RabbitQueue:
            patience_s = 60.0 if url == broker.url else 0.0
            return stack.enter_context(closing(RabbitQueue(url, prefix=prefix, patience_s=patience_s)))

        yield make


@pytest.fixture(params=["postgres", "rabbitmq"])
def make_queue(request: pytest.FixtureRequest, database: Database) -> Iterator[Callable[[], Queue]]:
    """Makes queues of one kind, one for each worker of a test."""
    if request.param == "rabbitmq":
        yield request.getfixturevalue("make_rabbit_queue")
        return
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(PostgresQueue(database)))


def _purge(url: Callable[[], str], prefix: str) -> None:
    names = [f"{kind}.{priority.name.lower()}" for kind in KINDS for priority in Priority]
    names += ["dead", *(f"delay.{seconds}" for seconds in DELAYS_S)]
    with closing(_connection(url)) as connection:
        for name in names:
            with suppress(pika.exceptions.ChannelClosedByBroker):  # not every test declares all
                connection.channel().queue_purge(f"{prefix}.{name}")


def _connection(url: Callable[[], str], timeout_s: float = 120.0) -> pika.BlockingConnection:
    """A connection to the node, which may be just coming back from what a test did to it."""
    end = time.monotonic() + timeout_s
    while True:
        try:
            return pika.BlockingConnection(pika.URLParameters(url()))
        except pika.exceptions.AMQPConnectionError:
            if time.monotonic() >= end:
                raise
        time.sleep(0.2)


@pytest.fixture
def take() -> Callable[..., Lease | None]:
    """Takes the next job, though the worker may be woken for nothing before: ``take(worksheet)``."""

    def take(sheet: Worksheet, timeout_s: float = 60.0) -> Lease | None:
        end = time.monotonic() + timeout_s
        while True:
            lease = sheet.take(max(end - time.monotonic(), 0.0))
            if lease is not None or time.monotonic() >= end:
                return lease

    return take


@pytest.fixture
def jobs(make_queue: Callable[[], Queue], database: Database, notebooks: Path) -> Jobs:
    """All jobs, for a client."""
    return Jobs(database, make_queue(), notebooks)


@pytest.fixture
def worksheet(make_queue: Callable[[], Queue], database: Database, notebooks: Path) -> Callable[..., Worksheet]:
    """Makes workers' sides: ``worksheet("name", lease_s=0.1)``."""

    def make(name: str = "worker", *, kinds: Sequence[str] = KINDS, lease_s: float = 60.0) -> Worksheet:
        return Worksheet(Jobs(database, make_queue(), notebooks), name, kinds, lease_s)

    return make
