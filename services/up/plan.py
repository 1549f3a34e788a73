"""What runs on one machine: the table of parts. To add a process, add a `Program`."""

from __future__ import annotations

import os
import secrets
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from ascension_core.errors import InvalidOption, ServerUnavailable
from ascension_core.platform import local
from ascension_core.platform.database import Database, database
from ascension_core.platform.embedded import attach
from ascension_core.platform.embedded.client import Name
from ascension_core.platform.embedded.ports import can_listen, choose_ports
from ascension_core.platform.objects import object_store
from ascension_core.platform.queue import PRIVATE, job_queue
from ascension_core.platform.tracking import QUIET, sqlalchemy_url
from ascension_core.settings import Settings, settings
from services.up import champions
from services.up.service import Door, Part, Program
from services.up.workbench import VARIABLES, arguments

HOST = "127.0.0.1"
SERVICE_PORTS = {"vision": 3000, "training": 3001}
LAB_PORT, MLFLOW_PORT, API_PORT = 8888, 5000, 8000
LINGER_S = 0.5
"""Private servers that were started here go with us, unless somebody else uses them too."""
_STOP_MARGIN_S = 10.0


@dataclass(frozen=True)
class Wanted:
    """What is to run.

    Attributes
    ----------
    workers
        How many; without any there are neither scheduler, nor API, nor services.
    lab, mlflow, api, services
        Whether JupyterLab, the MLflow server, the API and the pipelines' own services run.
    lab_port, mlflow_port, api_port
        Their ports; None takes the usual one, or any that is free.
    """

    workers: int = 1
    lab: bool = True
    mlflow: bool = True
    lab_port: int | None = None
    mlflow_port: int | None = None
    api: bool = True
    api_port: int | None = None
    services: bool = True


def plan(wanted: Wanted) -> list[Part]:
    """All parts, each after those it needs.

    Raises
    ------
    InvalidOption
        If a port that was asked for is taken.
    """
    known = settings()
    servers = _Servers(known)
    doors = list(servers.doors())
    needs = [door.name for door in doors]
    parts: list[Part] = [*doors]
    tracker: dict[str, str] = {}
    if wanted.mlflow and known.mlflow_uri is None:
        port = free_port(wanted.mlflow_port, MLFLOW_PORT, "--mlflow-port")
        parts.append(_mlflow(servers, port))
        tracker = {"ASCENSION_MLFLOW_URI": f"http://{HOST}:{port}", "ASCENSION_MLFLOW_DATABASE": local.MLFLOW}
    uses = [local.MLFLOW] if tracker else []
    parts += _workers(wanted.workers, needs, uses, tracker)
    if wanted.workers:
        parts.append(Program("scheduler", _ascension("scheduler"), "ready", needs))
    if wanted.workers and wanted.api:
        parts.append(_api(free_port(wanted.api_port, API_PORT, "--api-port"), needs, uses, tracker))
    if wanted.workers and wanted.services:
        parts += [_bento(name, free_port(None, port, ""), uses, tracker) for name, port in SERVICE_PORTS.items()]
    if wanted.lab:
        port = free_port(wanted.lab_port, LAB_PORT, "--lab-port")
        parts.append(_lab(port, secrets.token_urlsafe(16), needs, uses, tracker))
    return parts


def free_port(asked: int | None, usual: int, option: str) -> int:
    """The port that was asked for, or the usual one, or another where that one is taken.

    Raises
    ------
    InvalidOption
        If the port that was asked for is taken.
    """
    port = usual if asked is None else asked
    if can_listen(port):
        return port
    if asked is not None:
        raise InvalidOption(f"port {asked} is taken: choose another one with {option}, or leave the option out")
    return choose_ports(1)[0]


class _Servers:
    """The servers behind the doors, ours or those of the settings."""

    def __init__(self, known: Settings) -> None:
        self._known = known
        self._database: Database | None = None

    def doors(self) -> Iterator[Door]:
        """Database (with the schema up to date), object store, and the broker where there is one."""
        yield Door("database", self._enter_database)
        yield Door("objects", self._enter_objects)
        if self._known.amqp_url is not None:
            yield Door("broker", self._enter_broker, ["database"])

    def database(self) -> Database:
        """The open database."""
        if self._database is None:
            raise ServerUnavailable("the database is not open yet")
        return self._database

    def mlflow_url(self) -> str:
        """Address of MLflow's own database on the same server, which is made where it is missing."""
        ours = self.database()
        try:
            with ours.listener() as connection, suppress(psycopg.errors.DuplicateDatabase):
                connection.execute(f"create database {local.MLFLOW}".encode())
        except psycopg.errors.InsufficientPrivilege as cause:
            raise ServerUnavailable(
                f"MLflow needs a database called {local.MLFLOW}, and ours may not be made there: "
                "make it, set ASCENSION_MLFLOW_URI, or use --no-mlflow"
            ) from cause
        return sqlalchemy_url(ours.url(), local.MLFLOW)

    def _enter_database(self, stack: ExitStack) -> str:
        self._attach("postgres", stack, private=self._known.database_url is None)
        self._database = stack.enter_context(database())
        return _shown(self._database.url())

    def _enter_objects(self, stack: ExitStack) -> str:
        url = self._attach("seaweed", stack, private=self._known.s3_endpoint is None)
        stack.enter_context(object_store())
        return _shown(url or self._known.s3_endpoint or "")

    def _enter_broker(self, stack: ExitStack) -> str:
        given = self._known.amqp_url.get_secret_value() if self._known.amqp_url is not None else ""
        url = self._attach("rabbitmq", stack, private=given == PRIVATE)
        stack.callback(job_queue(self.database()).close)
        return _shown(url or given)

    def _attach(self, name: Name, stack: ExitStack, *, private: bool) -> str | None:
        if not private:
            return None
        server = attach(name, self._known.home, linger_s=min(LINGER_S, self._known.linger_s))
        stack.callback(server.close)
        return server.url()


def _mlflow(servers: _Servers, port: int) -> Program:
    artifacts = settings().home / local.MLFLOW / "artifacts"

    def environment() -> Mapping[str, str]:
        return {**QUIET, "MLFLOW_BACKEND_STORE_URI": servers.mlflow_url()}  # not an argument: those can be read by everybody

    options = ("--artifacts-destination", str(artifacts), "--host", HOST, "--port", str(port), "--workers", "1")
    command = (sys.executable, "-m", "mlflow", "server", *options, "--uvicorn-opts", "--log-level warning")
    url = f"http://{HOST}:{port}"
    return Program(local.MLFLOW, command, answers(f"{url}/health"), ["database"], environment=environment, url=url)


def _workers(count: int, needs: list[str], uses: list[str], tracker: Mapping[str, str]) -> Iterator[Program]:
    stop_s = settings().worker_grace_s + _STOP_MARGIN_S
    for number, port in enumerate(choose_ports(count), start=1):
        name, url = f"worker-{number}", f"http://{HOST}:{port}"
        command = _ascension("worker", "--metrics-port", str(port))
        ready = answers(f"{url}/readyz")
        yield Program(name, command, ready, needs, uses, lambda: tracker, url=f"{url}/metrics", stop_s=stop_s)


def _api(port: int, needs: list[str], uses: list[str], tracker: Mapping[str, str]) -> Program:
    url = f"http://{HOST}:{port}/v1"
    command = _ascension("serve", "--port", str(port))
    return Program("api", command, answers(f"{url}/readyz"), needs, uses, lambda: tracker, url=url, stop_s=_STOP_MARGIN_S + 5)


def _bento(name: str, port: int, needs: list[str], tracker: Mapping[str, str]) -> Program:
    """One of the pipelines' services, which keep nothing and need nobody but the registry, once, for the champion."""
    url = f"http://{HOST}:{port}"
    service = f"services.{name}.service:{name.capitalize()}"
    command = (sys.executable, "-m", "bentoml", "serve", service, "--host", HOST, "--port", str(port))
    home = {**QUIET, "BENTOML_HOME": str(settings().home / "bentoml"), "BENTOML_DO_NOT_TRACK": "True"}
    registry = tracker.get("ASCENSION_MLFLOW_URI") or (known.get_secret_value() if (known := settings().mlflow_uri) else None)

    def environment() -> Mapping[str, str]:
        known = {**os.environ, **tracker}
        return home | (champions.variables(registry, _ascension(), known) if registry else {})

    return Program(name, command, answers(f"{url}/readyz"), needs, environment=environment, url=url)


def _lab(port: int, token: str, needs: list[str], uses: list[str], tracker: Mapping[str, str]) -> Program:
    command = (sys.executable, "-m", "jupyterlab", *arguments(settings().notebooks), "--ip", HOST, "--port", str(port))
    environment = {**VARIABLES, **tracker, "JUPYTER_TOKEN": token}
    url = f"http://{HOST}:{port}"
    return Program("lab", command, answers(f"{url}/api"), needs, uses, lambda: environment, url=f"{url}/lab?token={token}")


def answers(url: str) -> Callable[[], bool]:
    """Whether a page on this machine is there."""

    def ask() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    return ask


def _ascension(*arguments: str) -> tuple[str, ...]:
    return (str(Path(sysconfig.get_path("scripts"), "ascension")), *arguments)


def _shown(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
