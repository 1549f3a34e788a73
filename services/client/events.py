"""Server-sent events of a job, taken up again where they broke off."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from uuid import UUID

import httpx

from services.api.models import Job, JobEvent
from services.client.errors import ApiError
from services.client.transport import Transport

_ENDS = frozenset({"succeeded", "failed", "cancelled"})
_PAUSE_S = 1.0
_MOST_SILENT = 30


def read_events(transport: Transport, job_id: UUID, after: int) -> Iterator[JobEvent]:
    """Events after one, until the job has ended.

    Raises
    ------
    ApiError
        If there is no such job, or nobody has answered for half a minute.
    """
    silent = 0
    while True:
        ended = False
        try:
            for event in _stream(transport, job_id, after):
                after, ended, silent = event.id, event.kind in _ENDS, 0
                yield event
        except (httpx.TransportError, ApiError) as error:
            silent += 1
            if silent > _MOST_SILENT or (isinstance(error, ApiError) and error.status not in {429, 502, 503, 504}):
                raise _said(error) from error
            time.sleep(_PAUSE_S)
            continue
        if ended or _is_over(transport, job_id):
            return


def _is_over(transport: Transport, job_id: UUID) -> bool:
    """Whether the job has ended: streams end by themselves too, after a while or with their server."""
    return Job.model_validate_json(transport.request("GET", f"/jobs/{job_id}").content).finished


def _stream(transport: Transport, job_id: UUID, after: int) -> Iterator[JobEvent]:
    with transport.stream(f"/jobs/{job_id}/events", {"Last-Event-ID": str(after)}) as answer:
        yield from map(JobEvent.model_validate_json, _data(answer.iter_lines()))


def _data(lines: Iterable[str]) -> Iterator[str]:
    """The content of each event; ours is one line of JSON, and lines that begin with a colon only say that the server lives."""
    return (line.removeprefix("data:").strip() for line in lines if line.startswith("data:"))


def _said(error: Exception) -> ApiError:
    return error if isinstance(error, ApiError) else ApiError(f"the API cannot be reached: {type(error).__name__}")
