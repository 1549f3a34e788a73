"""Runs in MLflow of jobs that succeeded."""

from io import BytesIO
from uuid import uuid4

import pytest

from ascension_core.platform.jobs import Jobs, Wish, find_kind
from ascension_core.platform.jobs.kinds import Kind
from ascension_core.platform.queue.postgres import PostgresQueue
from services.worker import tracking
from services.worker.tracking import Tracker, metrics_of, told_parameters

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own

PREFIX = "jobs/x/1-aaaa/"
WAIT_S = 120.0


@pytest.fixture
def jobs(database, runnable):
    return Jobs(database, PostgresQueue(database), runnable)


@pytest.fixture
def store(tracking_store, monkeypatch):
    """An MLflow of this test's own."""
    monkeypatch.setattr(tracking, "tracking_uri", lambda: f"sqlite:///{tracking_store / 'mlflow.db'}")
    monkeypatch.setattr("ascension_core.platform.tracking.local_store", lambda: tracking_store)
    return tracking_store


@pytest.fixture
def track(jobs, database, objects, store):
    """Has a job tracked, as a worker does after its end."""
    from mlflow import MlflowClient

    objects.upload_stream(f"{PREFIX}notebook.html", BytesIO(b"<p>page</p>"), "text/html")

    def track(job, result):
        tracker = Tracker(database, objects)
        tracker.track(job, find_kind(job.kind, jobs.notebooks), result, PREFIX)
        tracker.close(WAIT_S)
        return MlflowClient(f"sqlite:///{store / 'mlflow.db'}")

    return track


def test_run_has_parameters_numbers_and_the_page(jobs, track):
    job = jobs.submit(Wish("tracked", {"n": 7}))
    client = track(job, {"summary": {"n": 8, "words": "some", "good": True}})
    run = client.get_run(jobs.get(job.id).mlflow_run)
    assert (run.data.params, run.data.metrics, run.info.status) == ({"n": "7"}, {"n": 8.0}, "FINISHED")
    assert (run.data.tags["job"], run.data.tags["kind"]) == (str(job.id), "tracked")
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["notebook.html"]


def test_job_of_another_kind_has_no_run(jobs, track):
    job = jobs.submit(Wish("add"))
    track(job, {})
    assert jobs.get(job.id).mlflow_run is None


def test_run_of_a_job_that_was_deleted_goes_too(jobs, track, database):
    job = jobs.submit(Wish("tracked"))
    database.execute("delete from jobs")
    client = track(job, {})
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    assert client.search_runs(experiments) == []


def test_tracker_that_is_away_is_an_event_of_the_job(jobs, track, monkeypatch):
    monkeypatch.setattr(tracking, "tracking_uri", lambda: "http://127.0.0.1:9")
    job = jobs.submit(Wish("tracked"))
    track(job, {})
    (said,) = [event.message for event in jobs.events(job.id) if event.kind == "log"]
    assert said.startswith("not tracked: ")
    assert jobs.get(job.id).mlflow_run is None


def test_what_is_personal_or_no_single_value_is_not_told():
    rules = {"video": {"format": "input"}, "out": {"format": "output"}, "height_m": {"personal": True}, "model": {}}
    defaults = {"video": None, "out": "out", "height_m": None, "model": "full", "options": {}, "every": 1}
    kind = Kind("vision", None, defaults, {"properties": rules | {"options": {}, "every": {}}})
    job = type(
        "Job", (), {"id": uuid4(), "parameters": {"video": "videos/x/a.mp4", "height_m": 1.8, "every": 2, "options": {"a": 1}}}
    )
    assert told_parameters(kind, job) == {"model": "full", "every": 2}


@pytest.mark.parametrize("result", [{}, {"summary": None}, {"summary": [1]}, {"summary": {"text": "a", "none": None}}])
def test_result_without_numbers_has_no_metrics(result):
    assert metrics_of(result) == {}
