"""A real Jupyter server on loopback with our queue behind its list of jobs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from ascension_core.platform.database import Database
from ascension_core.platform.embedded import attach
from ascension_core.platform.jobs import Jobs, Worksheet
from ascension_core.platform.objects import Endpoint, ObjectStore
from ascension_core.platform.queue.postgres import PostgresQueue
from services.lab.arguments import lab_arguments

TOKEN = "only-for-tests"
NOT_NEEDED = ("jupyter_lsp", "jupyter_server_terminals", "jupyterlab", "notebook_shim")


@pytest.fixture(scope="module")
def workspace(notebooks: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows, with the notebooks that workers run in it."""
    folder = tmp_path_factory.mktemp("workspace")
    shutil.copytree(notebooks, folder / "notebooks")
    shutil.copy(notebooks / "vision.ipynb", folder / "vision.ipynb")
    return folder


@pytest.fixture(scope="module")
def jupyter(
    servers: Path,
    own_database: Database,
    own_bucket: ObjectStore,
    workspace: Path,
    eventually: Callable[..., bool],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """Address of the server."""
    own = tmp_path_factory.mktemp("jupyter")
    with closing(attach("seaweed", servers)) as server:
        endpoint = Endpoint.from_url(server.url())
    environment = {
        "ASCENSION_DATABASE_URL": own_database.url(),
        "ASCENSION_S3_ENDPOINT": endpoint.address,
        "ASCENSION_S3_ACCESS_KEY": endpoint.access_key,
        "ASCENSION_S3_SECRET_KEY": endpoint.secret_key,
        "ASCENSION_S3_BUCKET": own_bucket.bucket,
        "ASCENSION_NOTEBOOKS": str(workspace / "notebooks"),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "run"),
        "JUPYTER_TOKEN": TOKEN,
    }
    config = {"ServerApp": {"jpserver_extensions": dict.fromkeys(NOT_NEEDED, False)}}
    (own / "config").mkdir()
    (own / "config" / "jupyter_server_config.json").write_text(json.dumps(config))
    options = ["--ip=127.0.0.1", "--port=0", "--no-browser", "--allow-root", f"--ServerApp.root_dir={workspace}"]
    with (own / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "server", *options, *lab_arguments()],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
    try:
        assert eventually(lambda: _address(own / "run") or process.poll() is not None, 120), (own / "log").read_text()
        address = _address(own / "run")
        assert address, (own / "log").read_text()
        yield address
    finally:
        process.terminate()
        process.wait(60)


def _address(folder: Path) -> str | None:
    """Where the server says that it listens, once it does."""
    for file in folder.glob("jpserver-*.json"):
        try:
            return str(json.loads(file.read_text())["url"])
        except ValueError:
            return None
    return None


@pytest.fixture
def ask(jupyter: str, database: Database) -> Callable[..., Any]:
    """Asks the extension: ``ask("GET", "jobs")``; what it refuses is raised with its message."""
    http = urllib3.PoolManager(headers={"Authorization": f"token {TOKEN}"}, timeout=120.0)

    def ask(method: str, path: str, document: Any = None, **query: str) -> Any:
        body = {} if document is None else {"body": json.dumps(document)}
        url = f"{jupyter}scheduler/{path}?{urlencode(query)}"
        answer = http.request(method, url, **body)  # type: ignore[arg-type]
        found = json.loads(answer.data) if answer.data else None
        if answer.status >= 400:
            raise RefusedError(found["message"])
        return found

    return ask


class RefusedError(Exception):
    """What the dialog shows."""


@pytest.fixture
def refused() -> type[Exception]:
    """What `ask` raises."""
    return RefusedError


@pytest.fixture
def jobs(database: Database, workspace: Path) -> Iterator[Jobs]:
    """All jobs, as others see them."""
    with closing(PostgresQueue(database)) as queue:
        yield Jobs(database, queue, workspace / "notebooks")


@pytest.fixture
def sheet(jobs: Jobs) -> Worksheet:
    """A worker's side."""
    return Worksheet(jobs, "worker", ["vision", "training"], 60.0)
