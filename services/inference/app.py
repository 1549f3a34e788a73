"""The application around the endpoints of a pipeline, which a Bento service mounts.

FastAPI rather than Bento's own endpoints: those answer errors in another form than the rest of the house, do not say so in
their OpenAPI, and hold a stream back until it has begun well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.settings import settings
from services.api import problems
from services.api.figures import Figures
from services.api.middleware import Around
from services.api.problems import documented
from services.inference.access import admitted

Engine = Callable[[], AbstractAsyncContextManager[Any]]
_DESCRIPTION = """One request, one answer; nothing is kept. `/v1` is the API that stores videos and results.

Errors are problem details (RFC 9457). `X-Request-Id`, given or made, comes back and stands in the log. `429` says in
`Retry-After` how many seconds to wait. Callers on other machines send `Authorization: Bearer KEY`.
"""


def inference_app(title: str, router: APIRouter, engine: Engine, largest_body: int, media: tuple[str, ...]) -> FastAPI:
    """An application that loads its models when it starts.

    Parameters
    ----------
    title
        Of the OpenAPI document.
    router
        The endpoints; they find what `engine` gives in ``request.app.state.engine``.
    engine
        Loads the models, and lets them go.
    largest_body
        Bytes.
    media
        Kinds of bodies that are taken, ``image/`` for all pictures.
    """
    figures = Figures()  # Bento's `/metrics` tells those of the whole process, these too

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with engine() as ready:
            app.state.engine = ready
            yield

    app = FastAPI(
        title=title,
        version=version("ascension"),
        description=_DESCRIPTION,
        docs_url=None,  # these pages load their scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    problems.install(app)
    app.include_router(router, dependencies=[Depends(admitted)], responses=documented(400, 401, 403, 413, 415, 422, 429))
    app.add_middleware(Around, figures=figures, largest_body=largest_body, media=media)
    return app


def largest_video() -> int:
    """Bytes of a video, and a little for the form around it."""
    return settings().max_video_bytes + 64 * 1024


def shown(run: PipelineVersion | None, pipeline: str) -> dict[str, Any]:
    """Which version answers, for ``/version``."""
    if run is None:
        return {"pipeline": pipeline, "version": None, "commit": None}
    return {"pipeline": run.pipeline, "version": run.version, "commit": run.code.commit}
