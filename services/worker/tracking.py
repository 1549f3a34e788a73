"""Runs in MLflow of jobs whose notebook names an experiment; written after the job has ended, so that nobody waits for them.

The run's id is in the job's row before anything personal is in the run, so that whoever deletes the job finds it.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from ascension_core.errors import AscensionError
from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Job, Kind
from ascension_core.platform.jobs.events import write_event
from ascension_core.platform.objects import ObjectStore
from ascension_core.platform.tracking import delete_runs, experiment_id, load_mlflow, tracking_uri
from services.worker.execution import PAGE

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_LONGEST_VALUE = 500
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Ended:
    job: Job
    kind: Kind
    result: Mapping[str, Any]
    prefix: str


class Tracker:
    """Writes runs, one after the other, in a thread of its own.

    Parameters
    ----------
    database, objects
        Where the job and its notebook are.
    eager
        Load MLflow at once, which takes seconds, rather than beside the first jobs.
    """

    def __init__(self, database: Database, objects: ObjectStore, *, eager: bool = False) -> None:
        self._database = database
        self._objects = objects
        self._waiting: SimpleQueue[_Ended | None] = SimpleQueue()
        self._thread: Thread | None = None
        if eager:
            self._start()

    def track(self, job: Job, kind: Kind, result: Mapping[str, Any], prefix: str) -> None:
        """Have a run written for a job that succeeded, if its notebook names an experiment."""
        if kind.experiment is None:
            return
        self._start()
        self._waiting.put(_Ended(job, kind, result, prefix))

    def close(self, timeout_s: float = 30.0) -> None:
        """Write what is left, if that can be done in time."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join(timeout_s)

    def _start(self) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="tracker", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        os.environ.update({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"})
        load_mlflow()
        while (ended := self._waiting.get()) is not None:
            try:
                self._write(ended)
            except Exception as error:  # MLflow's stores raise whatever their libraries raise
                self._say(ended.job, f"not tracked: {type(error).__name__}: {error}")

    def _write(self, ended: _Ended) -> None:
        from mlflow.tracking import MlflowClient

        client = MlflowClient(tracking_uri())
        tags = {"job": str(ended.job.id), "kind": ended.job.kind, "notebook": ended.kind.notebook.name}
        run = client.create_run(experiment_id(client, str(ended.kind.experiment)), tags=tags, run_name=f"job {ended.job.id}")
        run_id = run.info.run_id
        if self._claim(ended.job, run_id):
            self._fill(client, run_id, ended)
        if not self._is_there(ended.job):  # deleted meanwhile, and perhaps its run too, before that was full
            delete_runs([run_id], beside=self._database.url)

    def _claim(self, job: Job, run_id: str) -> bool:
        return self._database.execute("update jobs set mlflow_run = %s where id = %s", [run_id, job.id]) > 0

    def _is_there(self, job: Job) -> bool:
        return self._database.row("select 1 from jobs where id = %s", [job.id]) is not None

    def _fill(self, client: MlflowClient, run_id: str, ended: _Ended) -> None:
        from mlflow.entities import Metric, Param

        moment = int((ended.job.started_at or ended.job.created_at).timestamp() * 1000)
        params = [Param(name, str(value)[:_LONGEST_VALUE]) for name, value in told_parameters(ended.kind, ended.job).items()]
        metrics = [Metric(name, value, moment, 0) for name, value in metrics_of(ended.result).items()]
        client.log_batch(run_id, metrics=metrics, params=params)
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder, PAGE)
            self._objects.download(ended.prefix + PAGE, page)
            client.log_artifact(run_id, str(page))
        client.set_terminated(run_id)

    def _say(self, job: Job, message: str) -> None:
        _LOG.warning("%s", message)
        try:
            with self._database.transaction() as connection:
                write_event(connection, job.id, "log", message)
        except AscensionError as error:
            _LOG.warning("that could not be written either: %s", error)


def told_parameters(kind: Kind, job: Job) -> dict[str, Any]:
    """Parameters that may stand in MLflow: single values that say nothing of a person and of no file."""
    rules = kind.schema["properties"]
    hidden = {name for name, rule in rules.items() if rule.get("format") in {"input", "output"} or rule.get("personal")}
    values = {**kind.defaults, **job.parameters}
    return {name: value for name, value in values.items() if name not in hidden and isinstance(value, str | int | float | None)}


def metrics_of(result: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a result's summary."""
    summary = result.get("summary")
    numbers = summary.items() if isinstance(summary, Mapping) else ()
    return {name: float(value) for name, value in numbers if isinstance(value, int | float) and not isinstance(value, bool)}
