"""All that is kept of an athlete as one ZIP file, written as it is sent: nothing of it lies on a disk or in memory whole."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, LiteralString
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from ascension_core.platform.database import Database
from ascension_core.platform.jobs.rows import plain
from ascension_core.platform.objects import ObjectStore

_TABLES: dict[str, LiteralString] = {
    "athlete.json": "select id, name, document, created_at, updated_at from athletes where id = %s",
    "videos.json": """select id, file_name, content_type, bytes, sha256, status, object_key, created_at, stored_at
        from videos where athlete_id = %s order by created_at""",
    "jobs.json": """select id, kind, parameters, status, video_id, created_at, started_at, finished_at, attempts, result, error
        from jobs where athlete_id = %s order by created_at""",
    "analyses.json": """select id, job_id, video_id, document, created_at from analyses
        where athlete_id = %s order by created_at""",
    "programs.json": "select id, job_id, document, created_at from programs where athlete_id = %s order by created_at",
}


def archive(database: Database, objects: ObjectStore, athlete_id: UUID) -> Iterator[bytes]:
    """The bytes of the archive: rows as JSON, then every object under its key.

    Raises
    ------
    ServerUnavailable
        If a server goes away; the archive is then cut short.
    """
    pipe = _Pipe()
    with ZipFile(pipe, "w") as file:
        for name, query in _TABLES.items():
            rows = [_document(row) for row in database.rows(query, [athlete_id])]
            content = rows[0] if name == "athlete.json" and rows else rows
            yield from _write(file, pipe, name, [json.dumps(content, indent=1, ensure_ascii=False).encode()], ZIP_DEFLATED)
        for key in _keys(database, objects, athlete_id):
            yield from _write(file, pipe, key, objects.stream(key), ZIP_STORED)
    yield pipe.take()


def _keys(database: Database, objects: ObjectStore, athlete_id: UUID) -> Iterator[str]:
    """Keys of all objects of an athlete."""
    for row in database.rows("select object_key from videos where athlete_id = %s and status = 'stored'", [athlete_id]):
        yield row["object_key"]
    for row in database.rows("select id from jobs where athlete_id = %s", [athlete_id]):
        yield from objects.keys(f"jobs/{row['id']}/")


def _write(file: ZipFile, pipe: _Pipe, name: str, chunks: Iterable[bytes], method: int) -> Iterator[bytes]:
    entry = ZipInfo(name, time.gmtime()[:6])
    entry.compress_type = method
    with file.open(entry, "w", force_zip64=True) as member:
        for chunk in chunks:
            member.write(chunk)
            yield pipe.take()


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {name: plain(value) for name, value in row.items()}


class _Pipe(io.RawIOBase):
    """A file that cannot be sought in; what was written is taken out piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
