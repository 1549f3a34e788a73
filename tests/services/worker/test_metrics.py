"""Health and metrics over HTTP, and what a worker says."""

import json
import logging
import urllib.error
import urllib.request

import pytest
from prometheus_client import CollectorRegistry

from ascension_core.errors import InvalidOption
from ascension_core.platform.jobs import Failure, Jobs, Wish
from ascension_core.platform.queue import Priority
from ascension_core.platform.queue.postgres import PostgresQueue
from services.worker import board as boards
from services.worker import logs
from services.worker.attempt import Done
from services.worker.board import Board
from services.worker.execution import Outcome
from services.worker.health import Health, serve
from services.worker.meters import Meters


@pytest.fixture
def board():
    return Board("queue", "objects")


@pytest.fixture
def ask(board):
    """Asks a worker for a page: status and text."""
    with serve(Health(board, CollectorRegistry(), "w1"), 0) as port:

        def ask(path):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                    return answer.status, answer.read().decode()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read().decode()

        yield ask


def test_readiness_says_what_is_wrong(ask, board):
    board.well("queue")
    status, text = ask("/readyz")
    assert (status, json.loads(text)) == (503, {"worker": "w1", "ok": False, "troubles": {"objects": "starting"}})
    board.well("objects")
    assert ask("/readyz")[0] == 200


def test_worker_lives_unless_its_loop_is_stuck(ask, board, monkeypatch):
    board.trouble("queue", "the database cannot be used")
    assert ask("/livez")[0] == 200
    monkeypatch.setattr(boards, "STALE_S", -1.0)
    status, text = ask("/livez")
    assert (status, json.loads(text)["troubles"]) == (503, {"queue": "silent for too long"})


def test_other_pages_are_not_there(ask):
    assert ask("/metrics")[0] == 200
    assert ask("/../etc/passwd")[0] == 404


def test_port_that_is_taken_is_said(board):
    with serve(Health(board, CollectorRegistry(), "w1"), 0) as port, pytest.raises(InvalidOption, match="--metrics-port"):
        serve(Health(board, CollectorRegistry(), "w1"), port).__enter__()


@pytest.fixture
def meters(database):
    return Meters(database, lambda: 123.0)


def value(meters, name, **labels):
    return meters.registry.get_sample_value(name, labels)


def test_attempts_are_counted_by_how_they_ended(meters):
    with meters.running("vision"):
        assert value(meters, "ascension_running", kind="vision") == 1
    assert value(meters, "ascension_running", kind="vision") == 0
    meters.ended("vision", "succeeded", 2.0, Done(outcome=Outcome(None, 0.05, 1)))
    meters.ended("vision", "failed for now", 1.0, Done(Failure("ServerUnavailable", "away", passing=True)))
    assert value(meters, "ascension_jobs_total", kind="vision", outcome="succeeded") == 1
    assert value(meters, "ascension_jobs_total", kind="vision", outcome="failed_for_now") == 1
    assert value(meters, "ascension_job_seconds_sum", kind="vision") == 3.0
    assert value(meters, "ascension_first_cell_seconds_count", kind="vision") == 1
    assert value(meters, "ascension_kernel_bytes") == 123.0


def test_errors_that_nobody_knows_share_a_label(meters):
    for name in ("UnreadableVideo", "ValueError", "MemoryLimit", "Invented1", "Invented2"):
        meters.ended("vision", "failed", 1.0, Done(Failure(name, "why")))
    labels = {"UnreadableVideo": 1, "ValueError": 1, "MemoryLimit": 1, "other": 2, "Invented1": None}
    assert {name: value(meters, "ascension_failures_total", kind="vision", error=name) for name in labels} == labels


def test_queue_is_read_from_the_database(meters, database, notebooks):
    jobs = Jobs(database, PostgresQueue(database), notebooks)
    for priority in (Priority.HIGH, Priority.HIGH, Priority.LOW):
        jobs.submit(Wish("vision", priority=priority))
    database.execute("update jobs set not_before = now() - interval '1 minute' where priority = 2")
    assert value(meters, "ascension_queue_depth", kind="vision", priority="high") == 2
    assert value(meters, "ascension_queue_oldest_seconds", kind="vision", priority="low") >= 60
    assert value(meters, "ascension_queue_depth", kind="vision", priority="normal") is None


def record(message, *arguments, **options):
    return logging.LogRecord("services.worker", logging.WARNING, "", 0, message, arguments, None, **options)


def test_lines_hold_one_line_and_the_job():
    with logs.about("3f"):
        text = logs.FORMATS["text"].format(record("broken\nin %s", "two"))
        document = json.loads(logs.FORMATS["json"].format(record("broken\nin two")))
    assert text.endswith("Z warning job 3f: broken | in two")
    assert (document["job"], document["level"], document["message"]) == ("3f", "warning", "broken\nin two")
    assert "job" not in json.loads(logs.FORMATS["json"].format(record("idle")))
