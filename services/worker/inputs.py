"""Objects that a job names become files before it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ascension_core.errors import InvalidObject, ServerUnavailable
from ascension_core.platform.jobs import Job, Kind
from ascension_core.platform.objects import ObjectStore
from ascension_core.settings import settings

LONGEST_NAME = 100


def fetch_inputs(job: Job, kind: Kind, objects: ObjectStore, folder: Path, check: Callable[[], None]) -> dict[str, Any]:
    """The parameters of a job as its notebook gets them: files in place of keys, and a folder for results.

    Parameters
    ----------
    job, kind
        What to run.
    objects
        Where its inputs are.
    folder
        The job's: files go into ``in``, results are expected in ``out``.
    check
        Called now and then; raises when the job is to stop.

    Raises
    ------
    InvalidJob
        If the notebook no longer takes such parameters.
    InvalidObject
        If an object is missing or too large.
    ServerUnavailable
        If the object store is away.
    """
    parameters = kind.check(job.parameters)
    for name, key in kind.inputs(parameters).items():
        parameters[name] = str(_fetch(objects, key, folder / "in" / name, check))
    return parameters | dict.fromkeys(kind.named("output"), str(folder / "out"))


def _fetch(objects: ObjectStore, key: str, folder: Path, check: Callable[[], None]) -> Path:
    """The file of an object, which keeps its name: results speak of it, and its end tells readers what it is."""
    found = objects.stat(key)
    if found is None:
        raise InvalidObject(f"there is no object {key}")
    if found.bytes > settings().max_video_bytes:
        raise InvalidObject(
            f"{key} has {found.bytes} bytes, more than {settings().max_video_bytes} (ASCENSION_MAX_VIDEO_BYTES)"
        )
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if found.bytes > free:
        raise ServerUnavailable(f"{key} has {found.bytes} bytes, and only {free} are free on this worker")
    file = folder / key.rpartition("/")[2][-LONGEST_NAME:]
    with file.open("wb") as out:
        for piece in objects.stream(key) if found.bytes else ():
            check()
            out.write(piece)
    return file
