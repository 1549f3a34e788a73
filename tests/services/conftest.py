"""What tests of services share: an application as a real server on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp

_PATIENCE_S = 120.0  # a busy machine may take long for one answer


@pytest.fixture(scope="session")
def serving() -> Callable[[ASGIApp], AbstractContextManager[httpx.Client]]:
    """Serves an application and gives a client for it: ``with serving(app) as client``."""

    @contextmanager
    def serving(app: ASGIApp) -> Iterator[httpx.Client]:
        server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_config=None))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive()
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=_PATIENCE_S, trust_env=False) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join(60)
            assert not thread.is_alive()

    return serving
