"""Videos that clients store themselves: a row that expects one, permission to store it, and a look at what came.

Storage does not tell us that something arrived: the client does, and then it is looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import DictRow

from ascension_core.errors import InvalidObject, InvalidOption
from ascension_core.platform.database import Database
from ascension_core.platform.object_rules import valid_size, valid_type
from ascension_core.platform.objects import ObjectStore, Upload

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Expected:
    """What a client says that it will store.

    Attributes
    ----------
    athlete_id
        Whose video it is, if anybody's.
    file_name
        As people know it.
    content_type, bytes
        Of the file.
    sha256
        Of the file, where the client knows it.
    """

    athlete_id: UUID | None
    file_name: str
    content_type: str
    bytes: int
    sha256: str | None = None


def expect(database: Database, video: Expected, idempotency_key: str | None = None) -> DictRow:
    """The row of a video that is to come; that of an earlier request with the same key, where there is one.

    Raises
    ------
    InvalidObject
        If no such video may be stored.
    InvalidOption
        If the key belongs to another request, or the athlete is gone.
    """
    valid_size(video.bytes)
    valid_type(video.content_type)
    video_id = uuid4()
    said: dict[str, Any] = {"athlete_id": video.athlete_id, "file_name": video.file_name, "content_type": video.content_type}
    said |= {"bytes": video.bytes, "sha256": video.sha256}
    query = """insert into videos (id, athlete_id, object_key, file_name, content_type, bytes, sha256, idempotency_key)
        values (%(id)s, %(athlete_id)s, %(key)s, %(file_name)s, %(content_type)s, %(bytes)s, %(sha256)s, %(once)s)
        on conflict (idempotency_key) do nothing returning *"""
    values = {**said, "id": video_id, "key": object_key(video_id, video.file_name), "once": idempotency_key}
    try:
        row = database.row(query, values)
    except psycopg.errors.ForeignKeyViolation as cause:
        raise InvalidOption(f"there is no athlete {video.athlete_id}") from cause
    if row is None:
        (row,) = database.rows("select * from videos where idempotency_key = %s", [idempotency_key])
        told = said if video.sha256 is not None else {**said, "sha256": row["sha256"]}  # it is filled in when the file came
        if {name: row[name] for name in told} != told:
            raise InvalidOption("the idempotency key belongs to another request")
    return row


def permission(objects: ObjectStore, video: DictRow, method: Literal["PUT", "POST"]) -> Upload:
    """How the client may store the video: that many bytes of that type under that key, for a quarter of an hour."""
    presign = objects.presign_put if method == "PUT" else objects.presign_post
    return presign(video["object_key"], video["bytes"], video["content_type"])


def check_arrived(objects: ObjectStore, video: DictRow) -> None:
    """See that what was announced is there.

    Raises
    ------
    InvalidObject
        If there is nothing, or something else; that is deleted.
    """
    found = objects.stat(video["object_key"])
    if found is None:
        raise InvalidObject("nothing has been uploaded yet")
    if (found.bytes, found.content_type) != (video["bytes"], video["content_type"]):
        objects.delete(video["object_key"])
        raise InvalidObject(
            f"{found.bytes} bytes of {found.content_type} were uploaded, {video['bytes']} of {video['content_type']} announced"
        )


def arrived(database: Database, video_id: UUID, sha256: str) -> DictRow | None:
    """Note that the video is there and is one; None where its row has been deleted meanwhile."""
    query = """update videos set status = 'stored', stored_at = coalesce(stored_at, now()), sha256 = %s
        where id = %s returning *"""
    return database.row(query, [sha256, video_id])


def object_key(video_id: UUID, file_name: str) -> str:
    """Where a video is stored; of its name only what is harmless."""
    name = _UNSAFE.sub("-", file_name).strip("-.") or "video"
    return f"videos/{video_id}/{name[-_LONGEST_NAME:].lstrip('-.')}"
