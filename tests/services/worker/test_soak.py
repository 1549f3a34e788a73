"""One worker, many jobs: nothing grows."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
from dataclasses import dataclass

import psutil
import pytest

from ascension_core.platform.jobs import Jobs, Wish
from ascension_core.platform.objects import Endpoint
from ascension_core.platform.queue.postgres import PostgresQueue

JOBS = int(os.environ.get("ASCENSION_SOAK_JOBS", "60"))
"""1,000 is what the worker promises to bear; every run of the tests bears a few."""
SETTLED = JOBS // 5
END_S = 1200.0
MOST_BYTES, MOST_DESCRIPTORS, MOST_THREADS = 24 << 20, 6, 2
"""By so much a process may differ between two moments in which it does the same."""


@dataclass(frozen=True)
class Burden:
    """What a process holds: the median of some looks at it."""

    bytes: float
    descriptors: float
    threads: float


class Scales:
    """Weighs a process while it works."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._seen: list[tuple[int, int, int]] = []

    def look(self) -> None:
        process = self._process
        self._seen.append((process.memory_info().rss, process.num_fds(), process.num_threads()))

    def burden(self) -> Burden:
        seen, self._seen = self._seen, []
        return Burden(*map(statistics.median, zip(*seen, strict=True)))


@pytest.fixture
def environment(own_database, own_bucket, runnable, tmp_path):
    endpoint: Endpoint = own_bucket._endpoint()
    known = {
        "HOME": tmp_path / "home",
        "WORK": tmp_path / "work",
        "NOTEBOOKS": runnable,
        "DATABASE_URL": own_database.url(),
        "S3_ENDPOINT": endpoint.address,
        "S3_ACCESS_KEY": endpoint.access_key,
        "S3_SECRET_KEY": endpoint.secret_key,
        "S3_BUCKET": own_bucket.bucket,
    }
    return os.environ | {f"ASCENSION_{name}": str(value) for name, value in known.items()}


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_worker_holds_no_more_after_many_jobs(database, environment, runnable, eventually, tmp_path):
    jobs = Jobs(database, PostgresQueue(database), runnable)
    for number in range(JOBS):
        jobs.submit(Wish("add", {"n": number}))
    command = [sys.executable, "-c", "from ascension_core.cli import main; main()", "worker", "--kinds", "add"]
    with (tmp_path / "log").open("wb") as log, subprocess.Popen(command, env=environment, stdout=log, stderr=log) as worker:
        try:
            weigh(worker, database, eventually)
        finally:
            worker.send_signal(signal.SIGTERM)
    assert worker.returncode == 0
    assert database.rows("select status, attempts, count(*) as n from jobs group by 1, 2") == [
        {"status": "succeeded", "attempts": 1, "n": JOBS}
    ]


def weigh(worker, database, eventually):
    """Compare what the worker and its fork server hold after a fifth of the jobs with what they hold at the end."""

    def done():
        return database.row("select count(*) as n from jobs where finished_at is not null")["n"]

    assert eventually(lambda: done() >= SETTLED, END_S)
    process = psutil.Process(worker.pid)
    (fork_server,) = process.children()
    scales = [Scales(process), Scales(fork_server)]

    def looked_until(count):
        for one in scales:
            one.look()
        return done() >= count

    assert eventually(lambda: looked_until(2 * SETTLED), END_S)
    before = [one.burden() for one in scales]
    assert eventually(lambda: done() >= JOBS - SETTLED, END_S)
    assert eventually(lambda: looked_until(JOBS), END_S)
    after = [one.burden() for one in scales]
    print(before, after)
    for early, late in zip(before, after, strict=True):
        assert late.bytes - early.bytes < MOST_BYTES
        assert late.descriptors - early.descriptors < MOST_DESCRIPTORS
        assert late.threads - early.threads < MOST_THREADS
