"""What the API stands on, opened with the application and closed with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from typing import Annotated

from anyio import to_thread
from fastapi import Depends
from starlette.requests import HTTPConnection

from ascension_core.platform.database import Database, database
from ascension_core.platform.jobs import Jobs
from ascension_core.platform.keys import Keys
from ascension_core.platform.objects import ObjectStore, object_store
from ascension_core.platform.queue import job_queue
from ascension_core.settings import Settings
from services.api.figures import Figures
from services.api.hub import Hub
from services.api.receiving import Reception
from services.api.throttle import Throttle


@dataclass(frozen=True)
class Doors:
    """The servers behind the API."""

    database: Database
    objects: ObjectStore
    jobs: Jobs


OpenDoors = Callable[[], AbstractContextManager[Doors]]


@dataclass(frozen=True)
class Backend:
    """All that endpoints work with.

    Attributes
    ----------
    database, objects, jobs
        The servers.
    keys
        Who may call.
    hub
        Who follows which job.
    reception
        Looks at what was uploaded.
    figures
        For Prometheus.
    throttle
        How often who may call.
    settings
        Limits of this installation.
    """

    database: Database
    objects: ObjectStore
    jobs: Jobs
    keys: Keys
    hub: Hub
    reception: Reception
    figures: Figures
    throttle: Throttle
    settings: Settings


@contextmanager
def open_doors() -> Iterator[Doors]:
    """The servers that the settings name, or private ones, for the time of the block."""
    with database() as opened, object_store() as objects, closing(job_queue(opened)) as queue:
        yield Doors(opened, objects, Jobs(opened, queue))


@asynccontextmanager
async def open_backend(open_doors: OpenDoors, known: Settings, figures: Figures) -> AsyncIterator[Backend]:
    """The backend, for as long as the application runs."""
    manager = open_doors()
    doors = await to_thread.run_sync(manager.__enter__)
    try:
        hub = Hub(doors.database)
        figures.follow(lambda: hub.followers)
        try:
            yield Backend(
                doors.database,
                doors.objects,
                doors.jobs,
                Keys(doors.database),
                hub,
                Reception(doors.database, doors.objects, known.work),
                figures,
                Throttle(known.api_rate),
                known,
            )
        finally:
            await to_thread.run_sync(hub.close)
    finally:
        await to_thread.run_sync(manager.__exit__, None, None, None)


def backend_of(connection: HTTPConnection) -> Backend:
    """The backend of the application that was called."""
    backend: Backend = connection.app.state.backend
    return backend


Back = Annotated[Backend, Depends(backend_of)]
