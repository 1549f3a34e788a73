"""For those who operate the API: is it alive, is it ready, what does it do."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from ascension_core.errors import AscensionError
from services.api.backend import Back
from services.api.callers import identify, is_loopback
from services.api.models import Alive, Ready
from services.api.problems import Refusal, documented

router = APIRouter(tags=["operations"])


@router.get("/livez", operation_id="isAlive")
async def livez() -> Alive:
    """Whether the process answers."""
    return Alive()


@router.get(
    "/readyz",
    operation_id="isReady",
    response_model=Ready,
    responses={503: {"description": "A server is away", "model": Ready}},
)
def readyz(back: Back) -> Response:
    """Whether requests can be answered: database and object store are there."""
    found = {
        "database": _works(lambda: back.database.row("select 1")),
        "objects": _works(lambda: back.objects.stat("readyz")),
    }
    ready = Ready(ready=all(found.values()), **found)
    return JSONResponse(ready.model_dump(), 200 if ready.ready else 503)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    response_class=Response,
    responses={
        200: {"description": "Figures in Prometheus' text format", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **documented(401, 403, 429, 503),
    },
)
def metrics(request: Request, back: Back) -> Response:
    """Figures for Prometheus: for callers on this machine, and for API keys with the scope admin."""
    here = request.client is not None and is_loopback(request.client.host) and "x-forwarded-for" not in request.headers
    if not here and not identify(request).allows("admin"):
        raise Refusal(403, "this API key has no scope 'admin'")
    return Response(back.figures.text(), media_type=CONTENT_TYPE_LATEST)


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except AscensionError:
        return False
    return True
