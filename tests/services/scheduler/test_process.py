import logging
import os
import signal
import subprocess
import threading
from contextlib import closing

import pytest

from ascension_core.platform.jobs import Jobs
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.platform.schedules import Plan, Schedules
from ascension_core.settings import settings
from services.scheduler import Scheduler

EACH_MINUTE = Plan("each minute", "* * * * *", "vision")


@pytest.fixture
def environment(database, notebooks, monkeypatch):
    """Settings that lead to the database of the tests."""
    changes = {"ASCENSION_DATABASE_URL": database.url(), "ASCENSION_NOTEBOOKS": str(notebooks)}
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield os.environ | changes
    settings.cache_clear()


@pytest.fixture
def jobs(database, notebooks):
    """All jobs, as others see them."""
    with closing(PostgresQueue(database)) as queue:
        yield Jobs(database, queue, notebooks)


@pytest.fixture
def start(environment):
    """Starts schedulers in this process, and stops them after the test."""
    running = []

    def start():
        scheduler = Scheduler()
        thread = threading.Thread(target=scheduler.run)
        thread.start()
        running.append((scheduler, thread))

    yield start
    for scheduler, _ in running:
        scheduler.stop()
    for _, thread in running:
        thread.join(60)
    assert not any(thread.is_alive() for _, thread in running)


def set_back(jobs):
    jobs.database.execute("update schedules set next_slot = date_trunc('minute', now()) - interval '1 minute'")


def test_schedule_that_becomes_due_fires_at_once(start, jobs, eventually, caplog):
    start()
    with caplog.at_level(logging.INFO, "services.scheduler.process"):
        assert eventually(lambda: "ready" in caplog.text)
    Schedules(jobs).add(EACH_MINUTE)
    set_back(jobs)
    assert eventually(jobs.list)
    assert {job.name for job in jobs.list()} == {"each minute"}


def test_schedulers_beside_each_other_fire_each_slot_once(start, jobs, eventually):
    for _ in range(3):
        start()
    names = [f"s{n}" for n in range(10)]
    for name in names:
        Schedules(jobs).add(Plan(name, "@daily", "vision"))
    jobs.database.execute("update schedules set next_slot = now() - interval '1 minute'")
    assert eventually(lambda: {job.name for job in jobs.list()} == set(names))
    keys = [job.idempotency_key for job in jobs.list(limit=1000)]
    assert len(keys) == len(set(keys)) == len(names)


def test_scheduler_comes_back_when_the_database_does(start, jobs, eventually, caplog):
    with caplog.at_level(logging.INFO, "services.scheduler.process"):
        start()
        assert eventually(lambda: "ready" in caplog.text)
        caplog.clear()
        with jobs.database.listener() as connection:
            connection.execute(
                """select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and pid <> pg_backend_pid()"""
            )
        assert eventually(lambda: "ready" in caplog.text)
    Schedules(jobs).add(EACH_MINUTE)
    set_back(jobs)
    assert eventually(jobs.list)


def test_jobs_of_dead_workers_are_let_wait_again(start, jobs, eventually):
    with jobs.database.transaction() as connection:
        connection.execute(
            """insert into jobs (kind, status, worker, lease_token, lease_until, attempts)
               values ('vision', 'running', 'dead', gen_random_uuid(), now() - interval '1 minute', 1)"""
        )
    start()
    assert eventually(lambda: jobs.list(status="queued"))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_ends_cleanly(environment, ascension, number):
    with subprocess.Popen([*ascension, "scheduler"], env=environment, stderr=subprocess.PIPE, text=True) as process:
        lines = iter(process.stderr)
        assert any("ready" in line for line in lines)
        process.send_signal(number)
        rest = "".join(lines)
        assert process.wait(60) == 0
    assert "stopped" in rest
    assert "Traceback" not in rest
