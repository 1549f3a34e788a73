"""The API by name: ``client.videos.upload(athlete.id, file)``."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from uuid import UUID

import httpx
from pydantic import BaseModel

from ascension_core.errors import VideoNotFound
from services.api.models import (
    Athlete,
    AthleteNew,
    Deleted,
    Job,
    JobEvent,
    JobNew,
    Kind,
    Page,
    Playback,
    Priority,
    Result,
    Upload,
    Video,
    VideoCreated,
    VideoNew,
)
from services.client.errors import ApiError, JobFailed
from services.client.events import read_events
from services.client.transport import Transport

Item = TypeVar("Item", bound=BaseModel)
_PAGE = 100


class Client:
    """The API with one key; close it, or use it as a context manager.

    Parameters
    ----------
    url
        Of the API, with ``/v1``: ``http://127.0.0.1:8000/v1``.
    key
        The API key; None for an API on this machine that asks for none.
    timeout_s
        For one request.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout_s: float = 60.0) -> None:
        self._transport = Transport(url, key, timeout_s)
        self.athletes = Athletes(self._transport)
        self.videos = Videos(self._transport)
        self.jobs = Jobs(self._transport)
        self.results = Results(self._transport)

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Athletes:
    """Those who climb."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, document: Mapping[str, Any] | None = None, *, once: str | None = None) -> Athlete:
        """Make an athlete; `once` is an idempotency key that outlives this process."""
        body = AthleteNew(name=name, document=dict(document or {}))
        return _one(Athlete, self._transport.request("POST", "/athletes", json=_json(body), once=once))

    def get(self, athlete_id: UUID) -> Athlete:
        """One athlete."""
        return _one(Athlete, self._transport.request("GET", f"/athletes/{athlete_id}"))

    def replace(self, athlete_id: UUID, name: str, document: Mapping[str, Any]) -> Athlete:
        """Give an athlete another name and document."""
        body = AthleteNew(name=name, document=dict(document))
        return _one(Athlete, self._transport.request("PUT", f"/athletes/{athlete_id}", json=_json(body)))

    def list(self) -> Iterator[Athlete]:
        """All athletes, the newest first; pages are fetched as they are needed."""
        return _all(Athlete, self._transport, "/athletes", {})

    def delete(self, athlete_id: UUID) -> Deleted:
        """Delete an athlete and all that came from them."""
        return _one(Deleted, self._transport.request("DELETE", f"/athletes/{athlete_id}"))

    def export(self, athlete_id: UUID, file: Path) -> None:
        """Write all that is kept of an athlete into a ZIP file, which appears when it is complete."""
        _download(self._transport, f"/athletes/{athlete_id}/export", file)


class Videos:
    """What they filmed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def upload(self, athlete_id: UUID, file: Path, *, content_type: str | None = None, once: str | None = None) -> Video:
        """Store a video: announce it, send it to the object store, and have it looked at.

        Raises
        ------
        VideoNotFound
            If there is no such file.
        ApiError
            If it is refused: no video, too large, of no kind that is known.
        """
        if not file.is_file():
            raise VideoNotFound(f"there is no file {file}")
        kind = content_type or mimetypes.guess_type(file.name)[0] or "video/mp4"
        asked = VideoNew(athlete_id=athlete_id, file_name=file.name, content_type=kind, bytes=file.stat().st_size)
        made = self.create(asked, once=once)
        if made.video.status == "stored":  # an earlier request with the same key went through to its end
            return made.video
        self.send(made.upload, file)
        return self.complete(made.video.id)

    def create(self, video: VideoNew, *, once: str | None = None) -> VideoCreated:
        """Announce a video; `upload` does this and the rest."""
        return _one(VideoCreated, self._transport.request("POST", "/videos", json=_json(video), once=once))

    def send(self, upload: Upload, file: Path) -> None:
        """Send the file to the object store, by PUT."""
        with file.open("rb") as content:
            answer = self._transport.objects.request(upload.method, upload.url, content=content, headers=upload.headers)
        if not answer.is_success:
            raise ApiError(f"the object store answered {answer.status_code}")

    def complete(self, video_id: UUID) -> Video:
        """Have what was sent looked at."""
        return _one(Video, self._transport.request("POST", f"/videos/{video_id}/complete"))

    def get(self, video_id: UUID) -> Video:
        """One video."""
        return _one(Video, self._transport.request("GET", f"/videos/{video_id}"))

    def list(self, *, athlete_id: UUID | None = None, status: Literal["expected", "stored"] | None = None) -> Iterator[Video]:
        """Videos, the newest first."""
        return _all(Video, self._transport, "/videos", {"athlete_id": athlete_id, "status": status})

    def playback(self, video_id: UUID) -> Playback:
        """Where it can be played for ten minutes."""
        return _one(Playback, self._transport.request("GET", f"/videos/{video_id}/playback"))

    def delete(self, video_id: UUID) -> Deleted:
        """Delete a video and all that came from it."""
        return _one(Deleted, self._transport.request("DELETE", f"/videos/{video_id}"))


class Jobs:
    """What is to be done."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def kinds(self) -> list[Kind]:
        """What can be asked for."""
        return [Kind.model_validate(one) for one in self._transport.request("GET", "/kinds").json()]

    def submit(
        self,
        kind: str,
        *,
        video_id: UUID | None = None,
        athlete_id: UUID | None = None,
        parameters: Mapping[str, Any] | None = None,
        priority: Priority = "normal",
        deadline: datetime | None = None,
        once: str | None = None,
    ) -> Job:
        """Have something done; `once` is an idempotency key that outlives this process."""
        body = JobNew(
            kind=kind,
            video_id=video_id,
            athlete_id=athlete_id,
            parameters=dict(parameters or {}),
            priority=priority,
            deadline=deadline,
        )
        return _one(Job, self._transport.request("POST", "/jobs", json=_json(body), once=once))

    def get(self, job_id: UUID) -> Job:
        """How far it is."""
        return _one(Job, self._transport.request("GET", f"/jobs/{job_id}"))

    def list(self, **wanted: Any) -> Iterator[Job]:
        """Jobs, the newest first; `athlete_id`, `video_id`, `kind` and `status` choose."""
        return _all(Job, self._transport, "/jobs", wanted)

    def cancel(self, job_id: UUID) -> Job:
        """Stop it."""
        return _one(Job, self._transport.request("POST", f"/jobs/{job_id}/cancel"))

    def retry(self, job_id: UUID) -> Job:
        """Try it again."""
        return _one(Job, self._transport.request("POST", f"/jobs/{job_id}/retry"))

    def follow(self, job_id: UUID, after: int = 0) -> Iterator[JobEvent]:
        """What happened and what happens, until the job has ended; goes on by itself when a connection is lost."""
        return read_events(self._transport, job_id, after)

    def wait(self, job_id: UUID) -> Job:
        """The job once it has succeeded.

        Raises
        ------
        JobFailed
            If it ends otherwise.
        """
        for _ in self.follow(job_id):
            pass
        job = self.get(job_id)
        if job.status != "succeeded":
            raise JobFailed(job)
        return job


class Results:
    """What came out."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, job_id: UUID) -> Result:
        """The document, and what files there are."""
        return _one(Result, self._transport.request("GET", f"/jobs/{job_id}/result"))

    def track(self, job_id: UUID) -> dict[str, Any]:
        """Where the climber's body was in every frame, see track.md."""
        found: dict[str, Any] = self._transport.request("GET", f"/jobs/{job_id}/track").json()
        return found

    def download(self, job_id: UUID, name: str, file: Path) -> None:
        """Write one of the files that the job left, which appears when it is complete."""
        _download(self._transport, f"/jobs/{job_id}/files/{name}", file)


def _one(model: type[Item], answer: httpx.Response) -> Item:
    return model.model_validate_json(answer.content)


def _all(model: type[Item], transport: Transport, path: str, wanted: Mapping[str, Any]) -> Iterator[Item]:
    cursor: str | None = None
    while True:
        page = _one(Page[model], transport.request("GET", path, params={**wanted, "limit": _PAGE, "cursor": cursor}))  # type: ignore[valid-type]
        yield from page.items
        cursor = page.next
        if cursor is None:
            return


def _download(transport: Transport, path: str, file: Path) -> None:
    part = file.with_name(f"{file.name}.part")
    try:
        with transport.stream(path, {"Accept-Encoding": "identity"}) as answer, part.open("wb") as target:
            for chunk in answer.iter_bytes():
                target.write(chunk)
        part.replace(file)
    except httpx.TransportError as cause:
        raise ApiError(f"the connection was lost: {type(cause).__name__}") from cause
    finally:
        part.unlink(missing_ok=True)


def _json(body: BaseModel) -> Any:
    return body.model_dump(mode="json", exclude_none=True)
