"""Whether the servers and the machine are fit: the checks of the platform."""

from __future__ import annotations

import ctypes
import shutil
import urllib.error
import urllib.request
from contextlib import closing
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from io import BytesIO
from pathlib import Path
from tempfile import gettempdir
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
from packaging.requirements import Requirement
from pydantic import SecretStr

from ascension_core.errors import AscensionError, InvalidObject, ServerUnavailable
from ascension_core.platform import local
from ascension_core.platform.database import database, migrations
from ascension_core.platform.examination import Check
from ascension_core.platform.jobs import kinds
from ascension_core.platform.objects import object_store
from ascension_core.platform.queue import job_queue
from ascension_core.platform.tracking import local_store, tracking_uri
from ascension_core.settings import settings

LEAST_FREE_BYTES = 2 * 1024**3
LIBRARIES = {"libEGL.so.1": "libegl1", "libGLESv2.so.2": "libgles2"}
"""What MediaPipe loads, and Debian's package of it."""
_PROBE = b"ascension doctor"
_HTTP_TIMEOUT_S = 10.0


def platform_checks() -> list[Check]:
    """The checks of servers and machine."""
    servers = "see docs/platform.md, and `servers/*/log` in the data folder where the server is a private one"
    return [
        Check("database", database_state, f"ASCENSION_DATABASE_URL: {servers}"),
        Check("objects", objects_state, f"ASCENSION_S3_ENDPOINT, _S3_ACCESS_KEY, _S3_SECRET_KEY: {servers}"),
        Check("queue", queue_state, f"ASCENSION_AMQP_URL: {servers}"),
        Check("mlflow", mlflow_state, "start it (`ascension up`), or set ASCENSION_MLFLOW_URI to a server that runs"),
        Check("notebooks", notebooks_state, "set ASCENSION_NOTEBOOKS to the folder of the notebooks that jobs run"),
        Check("disk", disk_state, "make room, or set ASCENSION_HOME to a folder on another disk"),
        Check("packages", packages_state, "run `make setup`, which installs what requirements.txt says"),
        Check("libraries", libraries_state, f"Debian: apt-get install {' '.join(LIBRARIES.values())}"),
    ]


def configuration() -> dict[str, str | int | float | bool | None]:
    """Every setting with its value; secrets without what is secret."""
    return {f"ASCENSION_{name.upper()}": _shown(value) for name, value in settings()}


def database_state() -> str:
    """Version and schema of the database."""
    with database() as opened:
        row = opened.row("select current_setting('server_version') as version, (select max(number) from migrations) as schema")
    known = row or {}
    return f"{_whose(settings().database_url)} PostgreSQL {known['version']}, schema {known['schema']} of {len(migrations())}"


def objects_state() -> str:
    """Whether an object can be stored, read and deleted."""
    key = f"doctor/{uuid4()}"
    with object_store() as store:
        store.upload_stream(key, BytesIO(_PROBE), "text/plain")
        try:
            if store.read(key) != _PROBE:
                raise InvalidObject("what is read is not what was stored")
        finally:
            store.delete(key)
    return f"{_whose(settings().s3_endpoint)} S3 server, bucket {store.bucket}: stored, read and deleted an object"


def queue_state() -> str:
    """Whether jobs can be announced, and how many wait."""
    with database() as opened, closing(job_queue(opened)) as queue:
        queue.waiting([])  # reaches the broker
        row = opened.row(
            """select count(*) filter (where status = 'queued' and not_before <= now()) as waiting,
                   count(*) filter (where status = 'running') as running,
                   extract(epoch from now() - min(not_before) filter (where status = 'queued' and not_before <= now())) as age_s
               from jobs"""
        )
    known: dict[str, Any] = row or {}
    oldest = f", the oldest for {known['age_s']:.0f} s" if known["waiting"] else ""
    return f"{type(queue).__name__}: {known['waiting']} jobs wait{oldest}, {known['running']} run"


def mlflow_state() -> str:
    """Whether the tracker answers, or where runs are kept without one."""
    if settings().mlflow_uri is None and not local.parts(settings().home):
        return f"no server: runs are kept in {local_store()}"
    url = tracking_uri()
    if urlsplit(url).scheme not in {"http", "https"}:
        return "runs are kept in a database"
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/version", timeout=_HTTP_TIMEOUT_S) as answer:
            return f"MLflow {answer.read().decode()} at {_shown(SecretStr(url))}"
    except (urllib.error.URLError, OSError) as cause:
        raise ServerUnavailable(f"no MLflow server answers at {_shown(SecretStr(url))}") from cause


def notebooks_state() -> str:
    """Which kinds of jobs there are."""
    return ", ".join(kinds())


def disk_state() -> str:
    """Free space where data and work files lie."""
    places = {settings().home: "data folder", settings().work or Path(gettempdir()): "work files"}
    free = {name: shutil.disk_usage(_existing(place)).free for place, name in places.items()}
    short = [name for name, size in free.items() if size < LEAST_FREE_BYTES]
    said = ", ".join(f"{size / 1024**3:.0f} GB free for the {name}" for name, size in free.items())
    if short:
        raise AscensionError(f"{said}; at least {LEAST_FREE_BYTES / 1024**3:.0f} are needed")
    return f"{said}; {psutil.virtual_memory().total / 1024**3:.0f} GB of memory, {psutil.cpu_count()} cores, no GPU needed"


def packages_state() -> str:
    """Whether the Python packages are those that this version asks for."""
    wanted = [Requirement(text) for text in requires("ascension") or ()]
    wrong = [trouble for one in wanted if one.marker is None or one.marker.evaluate() for trouble in _trouble(one)]
    twice = {found.name for found in distributions()} & {"opencv-python", "opencv-contrib-python", "opencv-python-headless"}
    if twice:
        wrong.append(f"{', '.join(sorted(twice))} besides opencv-contrib-python-headless: two packages in one folder cv2")
    if wrong:
        raise AscensionError("; ".join(wrong))
    return f"{len(wanted)} packages in the versions that ascension {version('ascension')} asks for"


def libraries_state() -> str:
    """Whether the system's libraries can be loaded."""
    missing = []
    for library, package in LIBRARIES.items():
        try:
            ctypes.CDLL(library)
        except OSError:
            missing.append(f"{library} ({package})")
    if missing:
        raise AscensionError(f"missing: {', '.join(missing)}")
    return ", ".join(LIBRARIES)


def _trouble(wanted: Requirement) -> list[str]:
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return [f"{wanted.name} is missing"]
    if wanted.specifier.contains(found, prereleases=True):
        return []
    return [f"{wanted.name} {found} is not {wanted.specifier}"]


def _existing(place: Path) -> Path:
    """The place, or the folder in which it would be made."""
    return next(folder for folder in (place, *place.absolute().parents) if folder.exists())


def _whose(setting: object) -> str:
    return "private" if setting is None else "configured"


def _shown(value: Any) -> str | int | float | bool | None:
    """A setting as it may be seen: of an address all but its password, of other secrets only that there is one."""
    if isinstance(value, SecretStr):
        parts = urlsplit(value.get_secret_value())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}" if parts.netloc else "(set)"
    return value if value is None or isinstance(value, int | float | bool) else str(value)
