"""What a worker makes of a job, on real kernels."""

import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import uuid4

import pytest
from prometheus_client import generate_latest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.jobs import Jobs, Wish, Worksheet, kinds
from ascension_core.platform.queue.postgres import PostgresQueue
from services.worker import attempt as attempts
from services.worker import worker as workers
from services.worker.attempt import Means
from services.worker.board import Board
from services.worker.execution import Runner
from services.worker.leaving import Leaving
from services.worker.leavings import discard, sweep
from services.worker.limits import Limits
from services.worker.meters import Meters
from services.worker.worker import Worker
from services.worker.workroom import Workroom

WAIT_S = 120.0
HOUR = timedelta(hours=1)


class Diary:
    """In place of the tracker: remembers what it was to write."""

    def __init__(self):
        self.tracked = []

    def track(self, job, kind, result, prefix):
        self.tracked.append((job.id, kind.name, result, prefix))


@pytest.fixture(scope="module")
def runner(runnable):
    with Runner(kinds(runnable), warm=1) as runner:
        yield runner


@pytest.fixture
def jobs(database, runnable):
    with closing(PostgresQueue(database)) as queue:
        yield Jobs(database, queue, runnable)


class Shift:
    """A worker at work in a thread."""

    def __init__(self, database, objects, runner, notebooks, work, *, grace_s=WAIT_S, lease_s=3.0, **changes):
        self.over = False
        self.queue = PostgresQueue(database)
        self.board, self.diary = Board("queue"), Diary()
        self.meters = Meters(database, lambda: 0.0)
        self.leaving = Leaving(grace_s)
        self.workroom = Workroom(work)
        sheet = Worksheet(Jobs(database, self.queue, notebooks), "worker", list(kinds(notebooks)), lease_s)
        means = Means(objects, runner, self.workroom, Limits(1 << 30, WAIT_S), notebooks)
        parts = {"board": self.board, "meters": self.meters, "tracker": self.diary, "leaving": self.leaving}
        self.worker = Worker(sheet, database, means, **parts)
        self.thread = threading.Thread(target=self.worker.run, kwargs=changes)
        self.thread.start()

    def end(self):
        if not self.over:
            self.over = True
            self.leaving.ask()
            self.thread.join(WAIT_S)
            self.queue.close()
            self.workroom.close()


@pytest.fixture
def shift(database, objects, runner, runnable, tmp_path, monkeypatch):
    """Starts workers: ``shift(grace_s=0.0)``; they stop with the test."""
    monkeypatch.setattr(workers, "TAKE_S", 0.2)
    started = []

    def start(**options):
        started.append(Shift(database, objects, runner, runnable, tmp_path / "work", **options))
        return started[-1]

    yield start
    for one in started:
        one.end()


@pytest.fixture
def started(tmp_path, eventually):
    """A file that a nap makes, and a way to wait for it."""
    file = tmp_path / "started"
    return str(file), lambda: eventually(file.exists, WAIT_S)


def stored(objects, job):
    """Names of a job's objects, without what all of them begin with."""
    return sorted(key.split("/", 3)[3] for key in objects.keys(f"jobs/{job.id}/"))


def test_job_is_done_from_end_to_end(jobs, objects, shift, tmp_path):
    one = shift()
    done = jobs.wait(jobs.submit(Wish("add", {"n": 41})).id, WAIT_S)
    assert (done.status, done.result["n"], done.attempts) == ("succeeded", 42, 1)
    file = done.result["files"]["result.json"]
    assert (objects.stat(file["key"]).bytes, objects.stat(file["key"]).content_type) == (file["bytes"], "application/json")
    assert stored(objects, done) == ["log.txt", "notebook.html", "notebook.ipynb", "out/result.json"]
    assert objects.stat(done.notebook_key).content_type == "application/x-ipynb+json"
    one.end()
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["lock"]
    assert [entry[:2] for entry in one.diary.tracked] == [(done.id, "add")]
    assert 'ascension_jobs_total{kind="add",outcome="succeeded"} 1.0' in generate_latest(one.meters.registry).decode()


def test_inputs_arrive_and_outputs_are_described(jobs, objects, shift):
    objects.upload_stream("test/a/source.txt", BytesIO(b"text"), "text/plain")
    shift()
    done = jobs.wait(jobs.submit(Wish("copy", {"source": "test/a/source.txt"})).id, WAIT_S)
    file = done.result["files"]["copies/copy.txt"]
    assert (file["bytes"], file["type"], objects.read(file["key"])) == (4, "text/plain", b"text")
    assert b"copied source.txt" in objects.read(done.notebook_key.replace("notebook.ipynb", "log.txt"))


def test_progress_is_told_while_the_job_runs(jobs, shift):
    shift()
    job = jobs.submit(Wish("nap", {"seconds": 0.5}))
    jobs.wait(job.id, WAIT_S)
    told = [event for event in jobs.events(job.id) if event.kind == "progress"]
    assert [(event.stage, event.fraction, event.message) for event in told] == [("nap", 0.5, "half")]


def test_flood_of_progress_is_told_a_few_times_and_at_the_end(jobs, shift):
    shift()
    job = jobs.submit(Wish("chatter", {"times": 300}))
    jobs.wait(job.id, WAIT_S)
    told = [event for event in jobs.events(job.id) if event.kind == "progress"]
    seconds = (told[-1].at - told[0].at).total_seconds()
    assert len(told) <= 2 + seconds / workers.TICK_S
    assert told[-1].message == "299"


def test_failure_is_final_and_leaves_its_notebook(jobs, objects, shift):
    one = shift()
    done = jobs.wait(jobs.submit(Wish("fail")).id, WAIT_S)
    assert (done.status, done.error["class"], done.error["message"]) == ("failed", "ValueError", "no such thing")
    assert done.error["cell"] == 2
    assert b"no such thing" in objects.read(done.notebook_key.replace(".ipynb", ".html"))
    one.end()
    assert 'ascension_failures_total{error="ValueError",kind="fail"} 1.0' in generate_latest(one.meters.registry).decode()


def test_failure_that_passes_is_tried_again_and_its_leavings_are_swept(jobs, database, objects, shift, tmp_path):
    shift()
    job = jobs.submit(Wish("flaky", {"folder": str(tmp_path), "name": "mark"}))
    done = jobs.wait(job.id, WAIT_S)
    assert (done.status, done.attempts) == ("succeeded", 2)
    assert len(stored(objects, done)) == 6
    assert sweep(database, objects, HOUR) == 3
    assert {key.rpartition("/")[0] for key in objects.keys(f"jobs/{job.id}/")} == {done.notebook_key.rpartition("/")[0]}


def test_missing_input_is_final_without_a_notebook(jobs, objects, shift):
    shift()
    done = jobs.wait(jobs.submit(Wish("copy", {"source": "test/none.txt"})).id, WAIT_S)
    assert (done.status, done.error["class"], done.notebook_key) == ("failed", "InvalidObject", None)
    assert stored(objects, done) == []


def test_notebook_that_keeps_no_promise_fails_and_is_kept(jobs, objects, shift):
    shift()
    done = jobs.wait(jobs.submit(Wish("nothing")).id, WAIT_S)
    assert (done.status, done.error["class"]) == ("failed", "InvalidResult")
    assert stored(objects, done) == ["log.txt", "notebook.html", "notebook.ipynb"]


def test_object_store_that_is_away_may_pass(jobs, database, shift, monkeypatch):
    def away(*_):
        raise ServerUnavailable("the object store cannot be used")

    monkeypatch.setattr(attempts, "store", away)
    monkeypatch.setattr(attempts, "PATIENCE_S", 0.5)
    shift()
    done = jobs.wait(jobs.submit(Wish("add", max_attempts=1)).id, WAIT_S)
    assert (done.status, done.error["class"], done.error["passing"]) == ("failed", "ServerUnavailable", True)


def test_fault_of_the_worker_ends_the_attempt_and_not_the_worker(jobs, shift, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(attempts, "find_outputs", lambda folder: 1 / 0)
        one = shift()
        done = jobs.wait(jobs.submit(Wish("add", max_attempts=1)).id, WAIT_S)
        assert (done.status, done.error["class"]) == ("failed", "WorkerFault")
    assert jobs.wait(jobs.submit(Wish("add")).id, WAIT_S).status == "succeeded"
    assert one.thread.is_alive()


def test_job_is_cancelled_while_it_runs(jobs, objects, shift, started):
    file, runs = started
    shift(lease_s=1.2)
    job = jobs.submit(Wish("nap", {"seconds": 600, "started": file}))
    assert runs()
    jobs.cancel(job.id)
    done = jobs.wait(job.id, WAIT_S)
    assert (done.status, done.error) == ("cancelled", None)
    assert stored(objects, done) == ["log.txt", "notebook.html", "notebook.ipynb"]


def test_job_that_runs_beyond_its_deadline_is_stopped(jobs, shift, database, started):
    file, runs = started
    shift(lease_s=1.2)
    job = jobs.submit(Wish("nap", {"seconds": 600, "started": file}, deadline=datetime.now(UTC) + HOUR))
    assert runs()
    database.execute("update jobs set deadline = now() where id = %s", [job.id])
    done = jobs.wait(job.id, WAIT_S)
    assert (done.status, done.error["class"]) == ("failed", "DeadlineExceeded")


def test_job_whose_athlete_is_deleted_leaves_nothing(jobs, objects, shift, database, started, eventually):
    file, runs = started
    athlete = database.row("insert into athletes (name) values ('A') returning id")["id"]
    shift(lease_s=1.2)
    job = jobs.submit(Wish("nap", {"seconds": 600, "started": file}, athlete_id=athlete))
    assert runs()
    database.execute("delete from athletes where id = %s", [athlete])
    assert jobs.wait(jobs.submit(Wish("add")).id, WAIT_S).status == "succeeded"
    assert stored(objects, job) == []


def test_worker_that_is_to_go_lets_its_job_end(jobs, shift, started):
    file, runs = started
    one = shift()
    first = jobs.submit(Wish("nap", {"seconds": 1.0, "started": file}))
    assert runs()
    second = jobs.submit(Wish("add"))
    one.end()
    assert (jobs.get(first.id).status, jobs.get(second.id).status) == ("succeeded", "queued")


def test_worker_that_has_to_go_hands_its_job_back(jobs, objects, shift, started):
    file, runs = started
    one = shift()
    job = jobs.submit(Wish("nap", {"seconds": 600, "started": file}))
    assert runs()
    one.leaving.ask()
    one.end()
    waiting = jobs.get(job.id)
    assert (waiting.status, waiting.attempts, waiting.error) == ("queued", 0, None)
    assert stored(objects, job) == []


def test_worker_may_do_one_job_only(jobs, shift, eventually):
    one = shift(once=True)
    first, second = jobs.submit(Wish("add")), jobs.submit(Wish("add"))
    assert eventually(lambda: not one.thread.is_alive(), WAIT_S)
    assert sorted(jobs.get(job.id).status for job in (first, second)) == ["queued", "succeeded"]


def test_database_that_is_away_at_the_end_is_waited_for(jobs, shift, monkeypatch):
    succeed, refused = Worksheet.succeed, []

    def away_first(*given, **named):
        if not refused:
            refused.append(True)
            raise ServerUnavailable("the database cannot be used")
        succeed(*given, **named)

    monkeypatch.setattr(Worksheet, "succeed", away_first)
    shift()
    done = jobs.wait(jobs.submit(Wish("add")).id, WAIT_S)
    assert (done.status, done.attempts, refused) == ("succeeded", 1, [True])


def test_end_that_was_written_without_an_answer_stands(jobs, objects, shift, monkeypatch, eventually):
    succeed, written = Worksheet.succeed, []

    def answer_lost_first(*given, **named):
        succeed(*given, **named)
        if not written:
            written.append(True)
            raise ServerUnavailable("the connection was lost")

    monkeypatch.setattr(Worksheet, "succeed", answer_lost_first)
    one = shift(once=True)
    done = jobs.wait(jobs.submit(Wish("add")).id, WAIT_S)
    assert eventually(lambda: not one.thread.is_alive(), WAIT_S)
    assert (done.status, done.attempts) == ("succeeded", 1)
    assert stored(objects, done) == ["log.txt", "notebook.html", "notebook.ipynb", "out/result.json"]


def test_objects_of_an_attempt_are_discarded_unless_it_won(jobs, database, objects):
    job = jobs.submit(Wish("add"))
    lost, won = (f"jobs/{job.id}/{name}/" for name in ("1-aaaa", "2-bbbb"))
    for prefix in (lost, won):
        objects.upload_stream(f"{prefix}notebook.ipynb", BytesIO(b"{}"))
    database.execute("update jobs set notebook_key = %s where id = %s", [f"{won}notebook.ipynb", job.id])
    assert discard(database, objects, job.id, won) == 0
    assert discard(database, objects, job.id, lost) == 1
    assert stored(objects, job) == ["notebook.ipynb"]
    database.execute("delete from jobs")
    assert discard(database, objects, job.id, won) == 1


def test_sweep_leaves_jobs_alone_that_have_not_ended_or_had_no_trouble(jobs, database, objects):
    quiet, troubled = jobs.submit(Wish("add")), jobs.submit(Wish("add"))
    for job in (quiet, troubled):
        objects.upload_stream(f"jobs/{job.id}/1-aaaa/log.txt", BytesIO(b"x"))
    database.execute("insert into job_events (job_id, kind) values (%s, 'lost')", [troubled.id])
    assert sweep(database, objects, HOUR) == 0
    for job in (quiet, troubled):
        jobs.cancel(job.id)
    assert sweep(database, objects, HOUR) == 1
    assert (stored(objects, quiet), stored(objects, troubled)) == (["log.txt"], [])


def test_worker_that_is_refused_by_the_database_goes_on_when_it_is_back(jobs, shift, monkeypatch, eventually):
    take, away = Worksheet.take, threading.Event()
    away.set()

    def sometimes(sheet, timeout_s):
        if away.is_set():
            raise ServerUnavailable("the database cannot be used")
        return take(sheet, timeout_s)

    monkeypatch.setattr(Worksheet, "take", sometimes)
    one = shift()
    assert eventually(lambda: one.board.troubles() == {"queue": "the database cannot be used"})
    away.clear()
    assert jobs.wait(jobs.submit(Wish("add")).id, WAIT_S).status == "succeeded"
    assert one.board.troubles() == {}


def test_prefixes_of_attempts_differ():
    class Lease:
        def __init__(self, attempts):
            self.job, self.token = type("Job", (), {"id": "x", "attempts": attempts}), uuid4()

    assert len({attempts.prefix_of(Lease(1)), attempts.prefix_of(Lease(1)), attempts.prefix_of(Lease(2))}) == 3
