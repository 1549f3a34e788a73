"""From what a client asks for to a job: whose it is, and which files it reads.

A client never names an object: it names a video or a file of a job, which must be of the same athlete as the job to be. Raw
keys are for admins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow

from ascension_core.platform.database import Database
from ascension_core.platform.jobs import Job, Kind, Wish
from ascension_core.platform.jobs.rows import job_of
from ascension_core.platform.keys import Key
from ascension_core.platform.listing import Reach, find
from ascension_core.platform.queue import Priority
from services.api import models
from services.api.callers import reach
from services.api.models import JobNew
from services.api.problems import Refusal

VIDEO, ATHLETE = "video", "athlete"
"""Parameters that are filled in from `video_id` and from the athlete."""
_WANTED = {VIDEO: "a video_id", ATHLETE: "an athlete_id"}
REFERENCE: Mapping[str, Any] = {
    "oneOf": [
        {"type": "object", "required": ["video"], "properties": {"video": {"type": "string", "format": "uuid"}}},
        {
            "type": "object",
            "required": ["job", "file"],
            "properties": {"job": {"type": "string", "format": "uuid"}, "file": {"type": "string"}},
        },
    ]
}


def is_open(kind: Kind, key: Key) -> bool:
    """Whether a caller may ask for this kind: one whose result has a place in the contract; an admin, any."""
    return kind.stores is not None or key.allows("admin")


def wish_of(asked: JobNew, kind: Kind, key: Key, database: Database, idempotency_key: str | None) -> Wish:
    """The job that a client asks for.

    Raises
    ------
    Refusal
        If it names something that is not there, not the athlete's, or not enough.
    """
    whose = _whose(asked, key, database)
    athlete_id = whose.athlete["id"] if whose.athlete else None
    return Wish(
        kind.name,
        {**asked.parameters, **_inputs(asked, kind, key, whose, database)},
        idempotency_key=f"api:{athlete_id or 'none'}:{idempotency_key}" if idempotency_key else None,
        priority=Priority[asked.priority.upper()],
        deadline=asked.deadline,
        athlete_id=athlete_id,
        video_id=asked.video_id,
    )


@dataclass(frozen=True)
class _Whose:
    """Whose job it is, what it is about, and what it may read."""

    athlete: DictRow | None
    video: DictRow | None
    reach: Reach


def _whose(asked: JobNew, key: Key, database: Database) -> _Whose:
    seen = reach(key)
    video = _video(database, seen, asked.video_id) if asked.video_id else None
    named: tuple[UUID | None, ...] = (asked.athlete_id, video["athlete_id"] if video else None, key.athlete_id)
    said = {athlete_id for athlete_id in named if athlete_id is not None}
    if len(said) > 1:
        raise Refusal(404, "there is no such athlete, or the video is another's")
    if not said:
        if not key.allows("admin"):
            raise Refusal(422, "say whose job it is: give a video_id or an athlete_id")
        return _Whose(None, video, seen)
    athlete_id = said.pop()
    athlete = find(database, "athletes", athlete_id, seen)
    if athlete is None:
        raise Refusal(404, f"there is no athlete {athlete_id}")
    return _Whose(athlete, video, Reach(athlete_id))


def _video(database: Database, seen: Reach, video_id: UUID) -> DictRow:
    """The video, if it can be worked with."""
    row = find(database, "videos", video_id, seen)
    if row is None:
        raise Refusal(404, f"there is no video {video_id}")
    if row["status"] != "stored":
        raise Refusal(409, f"video {video_id} has not been uploaded yet: complete its upload first", code="not-uploaded")
    return row


def _inputs(asked: JobNew, kind: Kind, key: Key, whose: _Whose, database: Database) -> dict[str, Any]:
    """What the job reads, by parameter: keys of objects, and the athlete's document."""
    names = kind.named("input") | (kind.schema["properties"].keys() & {ATHLETE})
    given = {name: asked.parameters.get(name) for name in names}
    found = {name: _input(name, value, key, whose, database) for name, value in given.items()}
    for name in sorted(names - asked.parameters.keys()):
        if found[name] is None and kind.defaults[name] is not None and not key.allows("admin"):
            raise Refusal(422, f"this kind of job needs {_WANTED.get(name, f'the parameter {name}')}")
    return {name: value for name, value in found.items() if value is not None}


def _input(name: str, given: Any, key: Key, whose: _Whose, database: Database) -> Any:
    if isinstance(given, dict) and given.keys() in ({"video"}, {"job", "file"}):
        return _referred(given, whose.reach, database)
    if isinstance(given, str) and not key.allows("admin"):
        raise Refusal(422, f'parameters: {name}: name a file as {{"video": ID}} or as {{"job": ID, "file": NAME}}')
    if given is None and name == VIDEO and whose.video is not None:
        return whose.video["object_key"]
    if given is None and name == ATHLETE and whose.athlete is not None:
        return _document(whose.athlete)
    return given


def _referred(reference: Mapping[str, Any], own: Reach, database: Database) -> str:
    """The key of what a reference means."""
    if VIDEO in reference:
        return str(_video(database, own, _uuid(reference[VIDEO]))["object_key"])
    row = find(database, "jobs", _uuid(reference["job"]), own)
    if row is None:
        raise Refusal(404, f"there is no job {reference['job']}")
    return str(file_of(job_of(row), str(reference["file"]))["key"])


def _document(athlete: DictRow) -> dict[str, Any]:
    """What training programs are made from."""
    if not athlete["document"]:
        raise Refusal(422, f"athlete {athlete['id']} has no document: PUT /v1/athletes/{athlete['id']} stores one")
    return {"id": str(athlete["id"]), "name": athlete["name"], **athlete["document"]}


def files_of(job: Job) -> dict[str, dict[str, Any]]:
    """What a job left in the object store, by name: key, bytes and type."""
    files: dict[str, dict[str, Any]] = (job.result or {}).get("files", {}) if isinstance(job.result, dict) else {}
    return {name: file for name, file in files.items() if file["key"].startswith(f"jobs/{job.id}/")}


def file_of(job: Job, name: str) -> dict[str, Any]:
    """One of them.

    Raises
    ------
    Refusal
        404 if there is none of that name.
    """
    file = files_of(job).get(name)
    if file is None:
        raise Refusal(404, f"job {job.id} has no file {name[:80]!r}")
    return file


def offer(kind: Kind) -> models.Kind:
    """A kind as clients see it: files by reference, nothing about folders of workers."""
    inputs, hidden = kind.named("input"), kind.named("output")
    rules = {name: REFERENCE if name in inputs else rule for name, rule in kind.schema["properties"].items()}
    schema = {**kind.schema, "properties": {name: rule for name, rule in rules.items() if name not in hidden}}
    defaults = {name: value for name, value in kind.defaults.items() if name not in inputs | hidden}
    return models.Kind(name=kind.name, parameters=schema, defaults=defaults, result=kind.result)


def _uuid(text: Any) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise Refusal(422, f"{str(text)[:80]!r} is no id") from None
