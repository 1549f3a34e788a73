"""A small HTTP server: alive, ready, metrics."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from ascension_core.errors import InvalidOption
from services.worker.board import Board

HOST = "127.0.0.1"
Page = Callable[[], tuple[HTTPStatus, str, bytes]]


@dataclass(frozen=True)
class Health:
    """What there is to see.

    ``/livez`` answers as long as the process does, and 503 when its main loop is stuck; ``/readyz`` says what is wrong with its
    servers and kernels, and 503 if anything is; ``/metrics`` is for Prometheus.
    """

    board: Board
    registry: CollectorRegistry
    worker: str

    def pages(self) -> dict[str, Page]:
        """What is under which path."""
        return {"/livez": self._live, "/readyz": self._ready, "/metrics": self._metrics}

    def _live(self) -> tuple[HTTPStatus, str, bytes]:
        return self._state({part: why for part, why in self.board.stale().items() if part == "queue"})

    def _ready(self) -> tuple[HTTPStatus, str, bytes]:
        return self._state(self.board.troubles())

    def _metrics(self) -> tuple[HTTPStatus, str, bytes]:
        return HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self.registry)

    def _state(self, troubles: dict[str, str]) -> tuple[HTTPStatus, str, bytes]:
        status = HTTPStatus.SERVICE_UNAVAILABLE if troubles else HTTPStatus.OK
        document = {"worker": self.worker, "ok": not troubles, "troubles": troubles}
        return status, "application/json", json.dumps(document).encode()


@contextmanager
def serve(health: Health, port: int, host: str = HOST) -> Iterator[int]:
    """Answer during the block, on a port (0: any that is free) of an address of this machine; yields which port.

    Raises
    ------
    InvalidOption
        If the port cannot be had.
    """
    try:
        server = _Server((host, port), _handler(health.pages()))
    except (OSError, OverflowError) as cause:
        raise InvalidOption(f"--metrics-port {port} of {host}: {cause}") from cause
    with server:
        Thread(target=server.serve_forever, name="health", daemon=True).start()
        yield server.server_port
        server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler(pages: dict[str, Page]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            status, kind, body = page() if page else (HTTPStatus.NOT_FOUND, "text/plain", b"/livez /readyz /metrics\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing: probes come every few seconds."""

    return Handler
