"""The endpoints of the vision pipelines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from ascension_core.errors import AscensionError
from ascension_core.pipelines.choices import Model
from ascension_core.results import Analysis, HoldMap, SkeletonFrame, Skeletons
from ascension_core.settings import settings
from services.api import problems
from services.inference.app import shown
from services.inference.lines import LINES, Lines
from services.inference.slots import Slots
from services.inference.uploads import body_of, received

if TYPE_CHECKING:
    from services.vision.engine import Vision

_LARGEST_PICTURE = 50 * 1024**2
_PICTURES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")
_VIDEOS = ("video/mp4", "video/quicktime", "video/webm", "application/octet-stream")
_FRAME = {"index": 0, "time_ms": 0.0, "keypoints": [[0.512, 0.331, 0.97]]}

router = APIRouter()


@router.post("/skeleton", operation_id="skeleton", openapi_extra=body_of(*_PICTURES))
async def skeleton(request: Request) -> Skeletons:
    """Everyone in a picture: 33 keypoints each, with a calibrated visibility."""
    vision = _vision(request)
    async with received(request, _LARGEST_PICTURE) as file:
        return await vision.pictures.run(partial(vision.skeletal.picture, file))


@router.post(
    "/skeleton_stream",
    operation_id="skeleton_stream",
    openapi_extra=body_of(*_VIDEOS),
    response_class=Lines,
    status_code=200,
    responses={
        200: {
            "description": "One `SkeletonFrame` a line, as soon as it is computed; a problem in the last line if it broke off",
            "content": {LINES: {"schema": SkeletonFrame.model_json_schema(), "example": _FRAME}},
        }
    },
)
async def skeleton_stream(request: Request) -> Response:
    """The climber in each frame of a video, while it is being worked on."""
    vision = _vision(request)
    async with AsyncExitStack() as stack:
        file = await stack.enter_async_context(received(request, settings().max_video_bytes))
        await stack.enter_async_context(vision.pictures.place())
        frames = await vision.pictures.thread(partial(vision.skeletal.frames, file))
        return Lines(_lines(frames, vision.pictures, request), stack.pop_all())
    raise AssertionError("unreachable")


@router.post("/holds", operation_id="holds", openapi_extra=body_of(*_PICTURES))
async def holds(request: Request) -> HoldMap:
    """The holds of a wall in a picture, their colours and the routes that they make.

    The file that `picture` names is not sent.
    """
    vision = _vision(request)
    async with received(request, _LARGEST_PICTURE) as file:
        return await vision.pictures.run(partial(vision.holds, file))


@router.post("/analyze", operation_id="analyze", openapi_extra=body_of(*_VIDEOS))
async def analyze(
    request: Request,
    climber: Annotated[str | None, Query(description="`left`, `right`, a number from the left, or `x,y` as shares")] = None,
    height_m: Annotated[float | None, Query(ge=0.5, le=2.6, description="gives lengths in metres")] = None,
    model: Annotated[Model | None, Query(description="landmark network; that of the version by default")] = None,
) -> Analysis:
    """What a short video shows. Long ones, and all whose track is wanted too, are jobs (`/v1`)."""
    vision = _vision(request)
    async with received(request, settings().max_video_bytes) as file:
        return await vision.videos.run(partial(vision.analyze, file, climber, height_m, model))


@router.get("/version", operation_id="version")
async def version(request: Request) -> dict[str, Any]:
    """Which version of the pipeline answers here."""
    return shown(_vision(request).version, "vision")


def _vision(request: Request) -> Vision:
    return cast("Vision", request.app.state.engine)


async def _lines(frames: Iterator[SkeletonFrame], slots: Slots, request: Request) -> AsyncIterator[bytes]:
    """A line for each frame; a problem in the last one if it breaks off, as the status is out already."""
    try:
        while (frame := await slots.thread(partial(next, frames, None))) is not None:
            yield frame.model_dump_json().encode() + b"\n"
    except AscensionError as error:
        yield bytes(problems.response(problems.refusal_of(error), request.state.request_id).body) + b"\n"
