"""Videos that are stored from this machine: all of one, or nothing."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import BinaryIO

from psycopg.rows import DictRow

from ascension_core.errors import InvalidObject, InvalidOption
from ascension_core.platform import uploads
from ascension_core.platform.database import Database
from ascension_core.platform.deletion import erase
from ascension_core.platform.objects import ObjectStore
from ascension_core.progress import Progress, silent


def store(
    database: Database, objects: ObjectStore, file: Path, expected: uploads.Expected, progress: Progress = silent
) -> DictRow:
    """Store a video's file and its row; the row comes first, so that no object is ever without one.

    What is left by a process that is killed in between goes after a day (`deletion.sweep_orphans`).

    Raises
    ------
    InvalidObject
        If such a file may not be stored, or changed while it was read.
    InvalidOption
        If there is no such athlete, or the video is deleted meanwhile.
    ServerUnavailable
        If a server is away.
    """
    row = uploads.expect(database, expected)
    try:
        stored = uploads.arrived(database, row["id"], _transfer(objects, row, file, progress))
    except BaseException:  # a Ctrl-C too
        erase(database, objects, "videos", row["id"])
        raise
    if stored is None:
        objects.delete(row["object_key"])
        raise InvalidOption("the video was deleted meanwhile")
    return stored


def _transfer(objects: ObjectStore, row: DictRow, file: Path, progress: Progress) -> str:
    """Store the file's bytes; returns their sha256."""
    with file.open("rb") as opened:
        stream = _Reading(opened, row["bytes"], progress)
        objects.upload_stream(row["object_key"], io.BufferedReader(stream, 1024**2), row["content_type"])
    uploads.check_arrived(objects, row)
    return stream.sha256()


class _Reading(io.RawIOBase):
    """A file that is hashed while it is read, by whoever reads it."""

    def __init__(self, file: BinaryIO, size: int, progress: Progress) -> None:
        self._file = file
        self._size = size
        self._progress = progress
        self._hash = hashlib.sha256()
        self._done = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._file.read(len(buffer))
        buffer[: len(chunk)] = chunk
        self._hash.update(chunk)
        self._done += len(chunk)
        if self._done > self._size:
            raise InvalidObject("the file grows while it is read")
        self._progress("store", self._done / self._size)
        return len(chunk)

    def sha256(self) -> str:
        return self._hash.hexdigest()
