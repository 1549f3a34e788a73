"""What came out of a job: the document, the track, every file."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Response
from fastapi.responses import StreamingResponse

from ascension_core.platform.jobs import Job
from ascension_core.platform.jobs.rows import job_of
from ascension_core.platform.keys import Key
from services.api.backend import Back, Backend
from services.api.callers import Reader
from services.api.models import Result, StoredFile
from services.api.problems import Refusal, documented
from services.api.requests import file_of, files_of
from services.api.routes.common import one
from services.api.serving import Representation, serve

router = APIRouter(prefix="/jobs/{job_id}", tags=["results"])
IfNoneMatch = Annotated[str | None, Header(max_length=1000, description="ETags that the client has: 304 if it is one of them")]
Range = Annotated[str | None, Header(max_length=100, description="`bytes=FIRST-LAST`: a part, answered with 206")]
IfRange = Annotated[str | None, Header(max_length=200, description="the part only if this is still the ETag, else all")]
_UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "The client has it already"}}
_PARTIAL: dict[int | str, dict[str, Any]] = {
    206: {"description": "The part that was asked for", "content": {"application/octet-stream": {}}}
}


@router.get("/result", operation_id="getResult", response_model=Result, responses={**_UNCHANGED, **documented(404, 409)})
def result(job_id: UUID, key: Reader, back: Back, if_none_match: IfNoneMatch = None) -> Response:
    """The document that came out (an Analysis, a Program), and what files there are."""
    job = _succeeded(back, job_id, key)
    document = {name: value for name, value in job.result.items() if name != "files"}
    files = [StoredFile(name=name, bytes=file["bytes"], content_type=file["type"]) for name, file in files_of(job).items()]
    content = Result(job_id=job.id, kind=job.kind, document=document, files=files).model_dump_json().encode()
    return serve(Representation.of_bytes(content, "application/json", sha256(content).hexdigest()[:32]), if_none_match)


@router.get(
    "/track",
    operation_id="getTrack",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The track, see track.md", "content": {"application/json": {"schema": {"type": "object"}}}},
        **_UNCHANGED,
        **_PARTIAL,
        **documented(404, 409, 416),
    },
)
def track(
    *,
    job_id: UUID,
    key: Reader,
    back: Back,
    if_none_match: IfNoneMatch = None,
    range_: Annotated[Range, Header(alias="Range")] = None,
    if_range: IfRange = None,
    accept_encoding: Annotated[str, Header(max_length=200, description="with `gzip`, it comes as it is stored")] = "",
) -> Response:
    """Where the climber's body was in every frame. It is stored with gzip and sent so to clients that accept it."""
    job = _succeeded(back, job_id, key)
    name = job.result.get("track", {}).get("file") if isinstance(job.result.get("track"), dict) else None
    if name is None:
        raise Refusal(404, f"job {job_id} made no track")
    stored = _stored(back, file_of(job, str(name)), "application/json")
    if _accepts_gzip(accept_encoding):
        zipped = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        return serve(stored.with_headers(zipped), if_none_match, range_, if_range)
    return serve(_unzipped(stored), if_none_match)


@router.get(
    "/files/{name:path}",
    operation_id="getFile",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The file", "content": {"application/octet-stream": {}}},
        **_UNCHANGED,
        **_PARTIAL,
        **documented(404, 409, 416),
    },
)
def file(
    *,
    job_id: UUID,
    name: str,
    key: Reader,
    back: Back,
    if_none_match: IfNoneMatch = None,
    range_: Annotated[Range, Header(alias="Range")] = None,
    if_range: IfRange = None,
) -> Response:
    """A file that the job left: the page, the overlay video, the executed notebook."""
    known = file_of(_succeeded(back, job_id, key), name)
    last = known["key"].rpartition("/")[2]
    attached = {"Content-Disposition": f'attachment; filename="{last}"'}
    return serve(_stored(back, known, known["type"]).with_headers(attached), if_none_match, range_, if_range)


def _succeeded(back: Backend, job_id: UUID, key: Key) -> Job:
    job = job_of(one(back.database, "jobs", job_id, key))
    if job.status != "succeeded":
        raise Refusal(409, f"the job is {job.status}: only one that has succeeded has a result", code="no-result")
    return job


def _stored(back: Backend, known: dict[str, Any], content_type: str) -> Representation:
    """A file in the object store."""
    found = back.objects.stat(known["key"])
    if found is None:
        raise Refusal(404, "the file is not there any more")

    def read(start: int, length: int) -> Iterator[bytes]:
        return back.objects.stream(known["key"], start, length)

    return Representation(read, found.bytes, content_type, found.etag)


def _unzipped(stored: Representation) -> Representation:
    """The same without gzip, for clients that cannot undo it; not in parts."""

    def read(_start: int, _length: int) -> Iterator[bytes]:
        undo = zlib.decompressobj(wbits=31)
        for chunk in stored.read(0, 0):
            yield undo.decompress(chunk)
        yield undo.flush()

    return Representation(read, None, stored.content_type, f"{stored.etag}-plain", {"Vary": "Accept-Encoding"})


def _accepts_gzip(header: str) -> bool:
    for part in header.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
