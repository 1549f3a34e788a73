"""The ASGI application: mounted at ``/v1``, by itself (`ascension serve`) or in a Bento service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any
from uuid import uuid4

from fastapi import Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.applications import Starlette
from starlette.routing import Mount

from ascension_core.settings import Settings, settings
from services.api import problems
from services.api.backend import OpenDoors, open_backend, open_doors
from services.api.callers import bearer
from services.api.figures import Figures
from services.api.middleware import Around
from services.api.models import Problem
from services.api.problems import Refusal, documented
from services.api.routes import athletes, jobs, live, operations, results, videos

PREFIX = "/v1"
_DESCRIPTION = """What a mobile backend calls. Everything that was answered stands in the database or the object store.

- Send `Authorization: Bearer asc_…`. A key of one athlete sees that athlete's things; all others are 404.
- Errors are problem details (RFC 9457). `X-Request-Id`, given or made, comes back and stands in the logs.
- Send an `Idempotency-Key` when something is to be made: a request whose answer got lost can then be repeated.
- `429` and `503` say in `Retry-After` how many seconds to wait.
- Lists come in pages, the newest first: ask with `cursor` set to `next` of the page before.
"""


def create_app(doors: OpenDoors = open_doors, known: Settings | None = None) -> FastAPI:
    """The API; servers are opened when it starts (its lifespan), not before.

    Parameters
    ----------
    doors
        Opens the servers; those of the settings by default.
    known
        Limits; the settings of this process by default.
    """
    known = known or settings()
    figures = Figures()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_backend(doors, known, figures) as backend:
            app.state.backend = backend
            yield

    app = _Api(
        title="Ascension",
        version=version("ascension"),
        summary="Video analysis and training programs for climbers",
        description=_DESCRIPTION,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        docs_url=None,  # these pages load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    problems.install(app)
    _include(app)
    if origins := [origin.strip() for origin in known.api_cors_origins.split(",") if origin.strip()]:
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])
    app.add_middleware(Around, figures=figures, largest_body=known.api_body_bytes)
    return app


def create_server(doors: OpenDoors = open_doors, known: Settings | None = None) -> Starlette:
    """The API under ``/v1``, as a program of its own."""
    app = create_app(doors, known)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with app.router.lifespan_context(app):  # a mounted application is not started by the one around it
            yield

    server = Starlette(routes=[Mount(PREFIX, app)], lifespan=lifespan, exception_handlers={404: _nothing_here})
    server.state.api = app
    return server


async def _nothing_here(request: Request, _error: Exception) -> Response:
    request_id = uuid4().hex
    answer = problems.response(Refusal(404, f"there is nothing at this address: the API is under {PREFIX}"), request_id)
    answer.headers["X-Request-Id"] = request_id
    return answer


def openapi() -> dict[str, Any]:
    """The OpenAPI document; needs no server, and does not depend on the settings."""
    return create_app(known=Settings.model_construct()).openapi()


class _Api(FastAPI):
    """FastAPI, whose OpenAPI document knows what our problems look like."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schema = super().openapi()
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            components = schema["components"]["schemas"]
            components |= {**problem.pop("$defs"), "Problem": problem}
        return super().openapi()


def _include(app: FastAPI) -> None:
    always = documented(401, 403, 422, 429, 503)
    for router in (athletes.router, videos.router, jobs.router, live.router, results.router):
        app.include_router(router, dependencies=[Depends(bearer)], responses=always)
    app.include_router(live.sockets)
    app.include_router(operations.router)
