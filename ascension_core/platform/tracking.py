"""MLflow: where runs are kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit
from uuid import UUID

from ascension_core.errors import ServerUnavailable
from ascension_core.platform import local
from ascension_core.settings import settings

if TYPE_CHECKING:
    from mlflow import MlflowClient

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Variables under which MLflow does not report home, starts no jobs of its own, and prints no addresses."""
_DATABASE = "mlflow.db"


_importing = Lock()


def load_mlflow() -> None:
    """Import MLflow's client, which takes seconds; to be called first wherever several threads may want it.

    Its modules import each other in circles: two threads that import them at once lock each other out.
    """
    os.environ.update(QUIET)
    with _importing:
        import_module("mlflow.tracking")


def local_store() -> Path:
    """The nearest folder ``mlruns``, here or above: a notebook in its folder finds the one of the project; or one here."""
    here = Path.cwd()
    return next((folder / "mlruns" for folder in (here, *here.parents) if (folder / "mlruns").is_dir()), here / "mlruns")


def tracking_uri(store: Path | None = None) -> str:
    """Address for ``mlflow.set_tracking_uri``: the server, or a database in the folder `store`."""
    server = _server(store)
    if server is not None:
        return server
    store = store or local_store()
    store.mkdir(parents=True, exist_ok=True)
    return f"sqlite:///{(store / _DATABASE).resolve()}"


def is_kept() -> bool:
    """Whether there is a tracker at all: a server, or a local store that somebody has made."""
    return _server() is not None or (local_store() / _DATABASE).exists()


def use_experiment(name: str, store: Path | None = None) -> None:
    """Have the next MLflow runs of this process belong to an experiment, made where it is missing."""
    store = store or local_store()
    load_mlflow()
    import mlflow

    mlflow.set_tracking_uri(tracking_uri(store))
    mlflow.set_experiment(experiment_id=experiment_id(mlflow.MlflowClient(), name, store))


def experiment_id(client: MlflowClient, name: str, store: Path | None = None) -> str:
    """Id of an experiment, made where it is missing."""
    from mlflow.exceptions import MlflowException

    place = None if _server(store) else ((store or local_store()) / "artifacts").resolve().as_uri()
    for _ in range(2):
        found = client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        with suppress(MlflowException):  # somebody else has just made it
            return client.create_experiment(name, artifact_location=place)
    raise ServerUnavailable(f"MLflow does not make the experiment {name!r}")


def delete_runs(runs: Sequence[str], *, beside: Callable[[], str] | None = None) -> None:
    """Delete runs for good, with their artifacts; those that are gone already are fine.

    Through an MLflow server a run can only be marked as deleted. Its rows go too where the settings say in which database they
    lie (``ASCENSION_MLFLOW_DATABASE``); otherwise that takes ``mlflow gc`` on the server.

    Parameters
    ----------
    runs
        Ids.
    beside
        Gives the address of a database on the server that also holds MLflow's.

    Raises
    ------
    ServerUnavailable
        If the tracker cannot be reached.
    """
    if not runs:
        return
    os.environ.update({"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"})
    load_mlflow()
    from mlflow.exceptions import MlflowException

    try:
        for client, tables in _trackers(beside):
            for run in runs:
                _delete_run(client, tables, run)
    except (MlflowException, OSError) as cause:
        raise ServerUnavailable(f"MLflow runs cannot be deleted: {type(cause).__name__}") from cause


def runs_of(jobs: Iterable[UUID]) -> list[str]:
    """Ids of the runs that were kept of jobs, those that are only marked as deleted too."""
    if not is_kept():
        return []
    load_mlflow()
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient(tracking_uri())
    experiments = [found.experiment_id for found in client.search_experiments(view_type=ViewType.ALL)]
    queries = [f"tags.job = '{job}'" for job in jobs]
    return [run.info.run_id for query in queries for run in client.search_runs(experiments, query, ViewType.ALL)]


def sqlalchemy_url(url: str, database: str) -> str:
    """Address of another database on the same PostgreSQL server, as SQLAlchemy takes it."""
    return urlsplit(url)._replace(scheme="postgresql+psycopg", path=f"/{database}").geturl()


def _server(store: Path | None = None) -> str | None:
    """The server of the settings; or the one that `ascension up` runs, unless a folder was asked for."""
    known = settings().mlflow_uri
    if known is not None:
        return known.get_secret_value()
    running = local.parts(settings().home) if store is None else None
    return running.get(local.MLFLOW) if running else None


def _delete_run(client: MlflowClient, tables: Any, run: str) -> None:
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    try:
        found = client.get_run(run)
    except MlflowException as error:
        if error.error_code == ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            return
        raise
    artifacts: Any = get_artifact_repository(found.info.artifact_uri, tracking_uri=client.tracking_uri)
    artifacts.delete_artifacts()
    client.delete_run(run)
    if tables is not None:
        tables._hard_delete_run(run)  # what ``mlflow gc`` does; there is no public way


def _trackers(beside: Callable[[], str] | None) -> Iterator[tuple[MlflowClient, Any]]:
    """All that may hold runs of ours, and the tables of each where we reach them.

    Raises
    ------
    ServerUnavailable
        If `ascension up` has had an MLflow server on this data folder, and does not run.
    """
    from mlflow import MlflowClient
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    known, open_tables, server = settings(), cast("Any", SqlAlchemyStore), _server()
    database = known.mlflow_database if known.mlflow_uri else local.MLFLOW
    if server is not None:
        url = sqlalchemy_url(beside(), database) if beside is not None and database is not None else None
        yield MlflowClient(server), open_tables(url, "mlruns/artifacts") if url else None
    elif (known.home / local.MLFLOW).exists():
        raise ServerUnavailable("MLflow does not run, which `ascension up` starts")
    if known.mlflow_uri is None and (local_store() / "mlflow.db").exists():
        uri = tracking_uri(local_store())
        yield MlflowClient(uri), open_tables(uri, "mlruns/artifacts")
