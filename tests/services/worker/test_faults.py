"""Whatever is killed, each job has exactly one end, and nothing is left over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import psutil
import pytest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.database import Database
from ascension_core.platform.embedded import attach, down, running
from ascension_core.platform.embedded.rabbitmq import installed
from ascension_core.platform.jobs import Job, Jobs, Wish, kinds
from ascension_core.platform.objects import Endpoint, ObjectStore
from ascension_core.platform.queue import Priority, Queue
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.platform.queue.rabbitmq import RabbitQueue
from services.worker.leavings import sweep
from services.worker.workroom import Workroom

MIX = {"add": 65, "copy": 35, "nap": 35, "analyse": 20, "flaky": 20, "fail": 20, "hog": 5}
WORKERS = 4
ATTEMPTS = 30
SOURCE = "test/source.txt"
DECLARED_S = 3.0
"""A quorum queue that was declared just before the broker is killed may come back empty; the rows make that good, slowly."""
APART = tuple(map(int, os.environ.get("ASCENSION_FAULT_APART", "6,16").split(",")))
"""So many jobs end between two kills: at least, at most. ``1,9`` kills twice as often, and takes as much longer."""
CHAOS_JOBS = 160
"""So many jobs have to end while things are killed; the rest ends in peace."""
END_S = 600.0
WORK = "from ascension_core.cli import main; main()"


@dataclass
class Site:
    """Servers, and workers that use them, in a data folder of their own.

    Everything that runs here has the folder in its environment, which is how it is found.
    """

    home: Path
    notebooks: Path
    broker: bool
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        known = {
            "ASCENSION_HOME": self.home,
            "ASCENSION_NOTEBOOKS": self.notebooks,
            "ASCENSION_WORK": self.home / "work",
            "ASCENSION_WORKER_LEASE_S": 6,
            "ASCENSION_WORKER_MEMORY_BYTES": 300 << 20,
            "ASCENSION_LINGER_S": 60,
        }
        return (
            os.environ
            | {key: str(value) for key, value in known.items()}
            | ({"ASCENSION_AMQP_URL": "private"} if self.broker else {})
        )

    def start_worker(self) -> None:
        with (self.home / "workers.log").open("ab") as log:
            command = [sys.executable, "-c", WORK, "worker", "--warm", "2", "--name", f"w{len(self.workers)}"]
            self.workers.append(subprocess.Popen(command, env=self.environment, stdout=log, stderr=log))

    def keep_workers(self) -> None:
        """Start a worker for each one that is gone."""
        for _ in range(WORKERS - len(self.alive())):
            self.start_worker()

    def alive(self) -> list[subprocess.Popen[bytes]]:
        return [worker for worker in self.workers if worker.poll() is None]

    def begun(self) -> list[psutil.Process]:
        """Workers that have kernels."""
        return [worker for worker in map(_process, self.alive()) if worker and len(_descendants(worker)) > 1]

    def kernels(self) -> list[psutil.Process]:
        """Kernels, and fork servers that have some."""
        return [process for worker in self.begun() for process in _descendants(worker)]

    def server(self, name: str) -> list[psutil.Process]:
        """What runs under the keeper of a server, the largest first: that is the one that matters."""
        state = running(self.home).get(name)
        if state is None:
            return []
        try:
            found = psutil.Process(state.keeper).children()
        except psutil.Error:
            return []
        return sorted(found, key=lambda process: -process.memory_info().rss)

    def strays(self) -> list[psutil.Process]:
        """Everything of ours that is not a server, nor looks after one."""
        keepers = {state.keeper for state in running(self.home).values()}
        return [process for process in psutil.process_iter() if process.pid not in keepers and self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get("ASCENSION_HOME") == str(self.home)
        except psutil.Error:
            return False


def _process(worker: subprocess.Popen[bytes]) -> psutil.Process | None:
    try:
        return psutil.Process(worker.pid)
    except psutil.Error:
        return None


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


class Chaos(threading.Thread):
    """Kills something each time that a few more jobs have ended, so that a slow machine gets on too."""

    def __init__(self, site: Site, seed: int) -> None:
        super().__init__(name="chaos")
        self._site = site
        self._random = random.Random(seed)
        self._due = 0
        self.killed: Counter[str] = Counter()
        self.ended = 0
        self.stop = threading.Event()

    def run(self) -> None:
        self.stop.wait(DECLARED_S)
        while not self.stop.is_set():
            for what in self._deck():
                while self.ended < self._due and not self.stop.wait(0.05):
                    pass
                self._due += self._random.randint(*APART)
                self._kill(what)

    def _deck(self) -> list[str]:
        deck = ["worker", "postgres", "seaweed"] + ["kernel"] * 3 + ["rabbitmq"] * self._site.broker
        self._random.shuffle(deck)
        return deck

    def _kill(self, what: str) -> None:
        victims: list[psutil.Process] = []
        while not victims:
            if self.stop.wait(0.05):
                return
            victims = self._victims(what)
        with suppress(psutil.Error):
            (self._random.choice(victims) if what in {"worker", "kernel"} else victims[0]).kill()
            self.killed[what] += 1

    def _victims(self, what: str) -> list[psutil.Process]:
        """Of workers and fork servers, those that have kernels: the others are still starting."""
        if what == "kernel":
            return self._site.kernels()
        return self._site.begun() if what == "worker" else self._site.server(what)


@pytest.fixture(params=["postgres", "rabbitmq"])
def site(request: pytest.FixtureRequest, tmp_path: Path, runnable: Path) -> Iterator[Site]:
    """A data folder with servers; whatever runs there ends with the test."""
    broker = request.param == "rabbitmq"
    if broker and not installed():
        pytest.fail("needs RabbitMQ") if os.environ.get("CI") else pytest.skip("needs RabbitMQ")
    site = Site(tmp_path / "home", runnable, broker)
    site.home.mkdir(mode=0o711)
    yield site
    for worker in site.workers:
        worker.kill()
        worker.wait()
    down(site.home)


@pytest.fixture
def doors(site: Site) -> Iterator[tuple[Jobs, ObjectStore]]:
    """The jobs and objects of the site."""
    with ExitStack() as stack:
        postgres, seaweed = (attach(name, site.home, linger_s=60) for name in ("postgres", "seaweed"))
        database = stack.enter_context(Database(postgres.url, server=postgres))
        place = ObjectStore(lambda: Endpoint.from_url(seaweed.url()), bucket="ascension", server=seaweed)
        objects = stack.enter_context(place)
        queue: Queue = PostgresQueue(database)
        if site.broker:
            rabbit = attach("rabbitmq", site.home, linger_s=60)
            queue = RabbitQueue(rabbit.url, patience_s=60, server=rabbit)
        stack.enter_context(closing(queue))
        yield Jobs(database, queue, site.notebooks), objects


@pytest.fixture
def seed() -> int:
    """Of the chaos: chosen anew for each run, and printed."""
    seed = int(os.environ.get("ASCENSION_FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print(f"ASCENSION_FAULT_SEED={seed}")
    return seed


def wishes(folder: Path, order: random.Random) -> list[Wish]:
    """All jobs of the mix, in a random order."""
    found = []
    for kind, count in MIX.items():
        for number in range(count):
            given = {
                "add": {"n": number},
                "copy": {"source": SOURCE},
                "flaky": {"folder": str(folder), "name": str(number)},
            }.get(kind, {})
            priority = order.choice(list(Priority))
            found.append(Wish(kind, given, idempotency_key=f"{kind} {number}", priority=priority, max_attempts=ATTEMPTS))
    order.shuffle(found)
    return found


def submit(jobs: Jobs, wish: Wish) -> UUID:
    """As a client does that does not give up."""
    while True:
        try:
            return jobs.submit(wish).id
        except ServerUnavailable:
            time.sleep(0.2)


def ended(jobs: Jobs) -> int:
    """How many jobs have ended, as far as anybody can say now."""
    try:
        row = jobs.database.row("select count(*) as n from jobs where finished_at is not null")
    except ServerUnavailable:
        return 0
    return row["n"] if row else 0


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_every_job_ends_once_whatever_is_killed(site, doors, seed, tmp_path, eventually):
    jobs, objects = doors
    order = random.Random(seed)
    objects.upload_stream(SOURCE, BytesIO(b"source"), "text/plain")
    jobs.queue.waiting(list(kinds(site.notebooks)))  # declares the queues
    site.keep_workers()
    chaos = Chaos(site, seed)
    chaos.start()
    (tmp_path / "marks").mkdir()
    ids = []
    for wish in wishes(tmp_path / "marks", order):
        ids.append(submit(jobs, wish))
        site.keep_workers()

    def have_ended(count: int) -> bool:
        site.keep_workers()
        chaos.ended = max(chaos.ended, ended(jobs))
        return chaos.ended >= count

    try:
        assert eventually(lambda: have_ended(CHAOS_JOBS), END_S), unfinished(jobs)
        chaos.stop.set()
        assert eventually(lambda: have_ended(len(ids)), END_S), unfinished(jobs)
    finally:
        chaos.stop.set()
        chaos.join()
        print(f"killed {dict(chaos.killed)}, attempts {Counter(job.attempts for job in jobs.list(limit=1000))}")
        print("".join((site.home / "workers.log").read_text(errors="replace").splitlines(keepends=True)[-60:]))
    assert chaos.killed.keys() >= {"worker", "kernel", "postgres", "seaweed"}
    stop_workers(site, eventually)
    done = [jobs.get(job_id) for job_id in ids]
    assert len(set(ids)) == len(jobs.list(limit=1000)) == sum(MIX.values())
    check_ends(jobs, done)
    check_rows(jobs, done)
    check_objects(jobs, objects, done)
    room = Workroom(site.home / "work")
    room.sweep()
    assert [path for path in (site.home / "work").glob("worker-*/*") if room.folder not in path.parents] == []
    room.close()


def unfinished(jobs: Jobs) -> list[tuple[object, ...]]:
    """What there is to say of jobs that have not ended."""
    return [(job.id, job.kind, job.status, job.attempts, job.error) for job in jobs.list(limit=1000) if not job.finished]


def stop_workers(site: Site, eventually: Callable[..., bool]) -> None:
    """Workers go when they are asked to, and take everything along."""
    living, begun = site.alive(), {worker.pid for worker in site.begun()}
    for worker in living:
        worker.send_signal(signal.SIGTERM)
    codes = {worker.pid: worker.wait(120) for worker in living}
    assert {codes[pid] for pid in begun} <= {0}
    assert set(codes.values()) <= {0, -signal.SIGTERM}  # one that had not even imported itself
    assert eventually(lambda: not site.strays()), [process.cmdline() for process in site.strays()]


def check_ends(jobs: Jobs, done: list[Job]) -> None:
    """Each job ended once, with what it deserves."""
    expected = {"fail": ("failed", "ValueError"), "hog": ("failed", "MemoryLimit")}
    ends = [(job.status, job.error and job.error["class"]) for job in done]
    assert Counter(ends) == Counter(expected.get(job.kind, ("succeeded", None)) for job in done)
    assert [end for job, end in zip(done, ends, strict=True) if end != expected.get(job.kind, ("succeeded", None))] == []
    assert {job.result["n"] - job.parameters["n"] for job in done if job.kind == "add"} == {1}
    last = ("succeeded", "failed", "cancelled")
    query = "select count(*) as n from job_events where kind = any (%s) group by job_id"
    assert [row["n"] for row in jobs.database.rows(query, [list(last)])] == [1] * len(done)


def check_rows(jobs: Jobs, done: list[Job]) -> None:
    """Nothing is leased, owed or waiting; results are in their tables, once."""
    assert jobs.database.rows("select id from jobs where lease_token is not null or worker is not null") == []
    stored = jobs.database.rows("select job_id from analyses")
    assert Counter(row["job_id"] for row in stored) == Counter(job.id for job in done if job.kind == "analyse")
    assert set(jobs.queue.waiting(list(MIX)).values()) == {0}


def check_objects(jobs: Jobs, objects: ObjectStore, done: list[Job]) -> None:
    """What a job's row speaks of is there, and after the janitor nothing else."""
    sweep(jobs.database, objects, timedelta(hours=1))
    kept = set(objects.keys("jobs/"))
    told = set()
    for job in done:
        folder = job.notebook_key.rpartition("/")[0]
        told |= {f"{folder}/{name}" for name in ("notebook.ipynb", "notebook.html", "log.txt")}
        files = job.result["files"] if job.result else {}
        told |= {file["key"] for file in files.values()}
    assert kept == told
    copies = [job.result["files"]["copies/copy.txt"]["key"] for job in done if job.kind == "copy"]
    assert {objects.read(key) for key in copies} == {b"source"}
