"""A job's events as they happen: server-sent events, or a WebSocket. Both can be resumed after any event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.sse import EventSourceResponse, ServerSentEvent

from ascension_core.errors import AscensionError
from ascension_core.platform.jobs import Event
from services.api.backend import Back, Backend, backend_of
from services.api.callers import Reader, require
from services.api.models import JobEvent
from services.api.problems import Refusal, documented, refusal_of
from services.api.routes.common import one

LONGEST_S = 900.0
"""Streams end after that and are to be resumed: so a revoked key does not listen for ever."""
_GOING_AWAY, _TRY_AGAIN = 1001, 1013
_FURTHEST = 2**63 - 1
After = Annotated[int, Query(ge=0, le=_FURTHEST, description="only events after this one")]
router = APIRouter(tags=["jobs"])
sockets = APIRouter()


def _followable(job_id: UUID, key: Reader, back: Back) -> UUID:
    """The job, if the caller may follow it: known before the stream begins."""
    one(back.database, "jobs", job_id, key)
    _check_followers(back)
    return job_id


@router.get(
    "/jobs/{job_id}/events",
    operation_id="followJob",
    response_class=EventSourceResponse,
    responses=documented(404),
)
async def events(
    job: Annotated[UUID, Depends(_followable)],
    back: Back,
    after: After = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=_FURTHEST, description="as browsers send it to resume")] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happened to a job and what happens, as server-sent events, until it has ended.

    The stream also ends after 15 minutes: follow again with the id of the last event. The same events come over the WebSocket
    ``/v1/jobs/{job_id}/live?after=…``, one JSON text each.
    """
    async for event in back.hub.follow(job, last_event_id or after, LONGEST_S):
        shown = _shown(event)
        yield ServerSentEvent(raw_data=shown.model_dump_json(), id=str(event.id), event=event.kind)


@sockets.websocket("/jobs/{job_id}/live")
async def live(websocket: WebSocket, job_id: str) -> None:
    """The same over a WebSocket: one JSON text for each event; closed with 1000 when the job has ended."""
    back = backend_of(websocket)
    job, after = await to_thread.run_sync(_admitted, websocket, job_id, back)
    await websocket.accept()
    telling = asyncio.create_task(_tell(websocket, back, job, after))
    hanging_up = asyncio.create_task(_wait_for_end(websocket))
    done, pending = await asyncio.wait({telling, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    with suppress(WebSocketDisconnect, RuntimeError):  # the client may have gone meanwhile
        if telling in done:
            await websocket.close(telling.result())


def _admitted(websocket: WebSocket, job_id: str, back: Backend) -> tuple[UUID, int]:
    """Which job to follow after which event, if the caller may."""
    key = require("read")(websocket)
    try:
        job, after = UUID(job_id), int(websocket.query_params.get("after", "0"))
    except ValueError:
        raise Refusal(404, f"there is no job {job_id[:80]!r}, or `after` is no number") from None
    if not 0 <= after <= _FURTHEST:
        raise Refusal(422, "`after` is the id of an event")
    try:
        return _followable(job, key, back), after
    except AscensionError as error:
        raise refusal_of(error) from error


async def _tell(websocket: WebSocket, back: Backend, job: UUID, after: int) -> int:
    """Send events; returns the code to close with."""
    ended = False
    try:
        async for event in back.hub.follow(job, after, LONGEST_S):
            await websocket.send_text(_shown(event).model_dump_json())
            ended = event.last
    except AscensionError:
        return _TRY_AGAIN
    except WebSocketDisconnect:
        return _GOING_AWAY
    return 1000 if ended else _GOING_AWAY


async def _wait_for_end(websocket: WebSocket) -> None:
    """Until the client hangs up; what it says meanwhile is for nobody."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


def _shown(event: Event) -> JobEvent:
    return JobEvent(**{name: getattr(event, name) for name in JobEvent.model_fields})


def _check_followers(back: Backend) -> None:
    if back.hub.followers >= back.settings.api_followers:
        raise Refusal(503, "too many clients follow jobs now; ask for the job itself instead", retry_after_s=10)
