"""Around every request: its id, one line in the log, figures, limits of its body, and an answer even to what went wrong.

Plain ASGI, so that streams pass through piece by piece.
"""

from __future__ import annotations

import logging
import re
import time
from typing import Any
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import problems
from services.api.figures import Figures
from services.api.problems import Refusal

_LOG = logging.getLogger("ascension.api")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}


class Around:
    """Gives each request its id, and tells of it when it is done.

    Parameters
    ----------
    app
        What answers.
    figures
        Where requests are counted.
    largest_body
        Bytes; larger ones are refused before they are read.
    media
        Kinds of bodies that are taken; one that ends in a slash stands for all of its kind.
    """

    def __init__(
        self, app: ASGIApp, figures: Figures, largest_body: int, media: tuple[str, ...] = ("application/json",)
    ) -> None:
        self._app = app
        self._figures = figures
        self._largest_body = largest_body
        self._media = media

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or one WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        _Request(scope)
        exchange = _Exchange(scope, send, self._figures)
        try:
            await self._answer(scope, receive, exchange)
        finally:
            exchange.tell()

    async def _answer(self, scope: Scope, receive: Receive, exchange: _Exchange) -> None:
        try:
            if scope["type"] == "http":
                _check_headers(scope, self._largest_body, self._media)
                receive = _limited(receive, self._largest_body)
            await self._app(scope, receive, exchange.send)
        except Refusal as refusal:
            await exchange.refuse(refusal, scope, receive)
        except Exception:
            _LOG.exception("unexpected", extra={"request_id": scope["state"]["request_id"]})
            if exchange.status is not None:
                raise  # half an answer is out: the connection has to break, or it would be taken for a whole one
            await exchange.refuse(Refusal(500, "something went wrong here; the request's id leads to it"), scope, receive)


class _Request:
    """Puts the id of a request into its state."""

    def __init__(self, scope: Scope) -> None:
        given = Headers(scope=scope).get("x-request-id", "")
        state = scope.setdefault("state", {})
        state["request_id"] = given if _REQUEST_ID.fullmatch(given) else uuid4().hex


class _Exchange:
    """One request and what is answered."""

    def __init__(self, scope: Scope, send: Send, figures: Figures) -> None:
        self.status: int | None = None
        self._scope = scope
        self._send = send
        self._figures = figures
        self._start = time.perf_counter()

    async def send(self, message: Message) -> None:
        if message["type"] in {"http.response.start", "websocket.http.response.start"}:
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-Id"] = self._scope["state"]["request_id"]
            for name, value in _SAFE.items():
                headers.setdefault(name, value)
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self._send(message)

    async def refuse(self, refusal: Refusal, scope: Scope, receive: Receive) -> None:
        answer = problems.response(refusal, scope["state"]["request_id"])
        await answer(scope, receive, self.send)

    def tell(self) -> None:
        """One line in the log, and the figures."""
        seconds = time.perf_counter() - self._start
        method = self._scope.get("method", "WEBSOCKET")
        route = self._scope.get("route")
        pattern = "none" if route is None or isinstance(route, Mount) else route.path  # refused before it was routed
        status = self.status or 499  # the client went before there was an answer
        self._figures.count(method, pattern, status, seconds)
        _LOG.info("request", extra=self._line(method, status, seconds))

    def _line(self, method: str, status: int, seconds: float) -> dict[str, Any]:
        state, client = self._scope["state"], self._scope.get("client")
        return {
            "request_id": state["request_id"],
            "method": method,
            "path": self._scope["path"][:300],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "key": state.get("key"),
            "client": client[0] if client else None,
        }


def _check_headers(scope: Scope, largest: int, media: tuple[str, ...]) -> None:
    """Refuse what cannot be answered, before the body is read."""
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if not length.isascii() or not length.isdigit():
        raise Refusal(400, "the header Content-Length is no number")
    if int(length) > largest:
        raise _too_large(largest)
    if int(length) or "transfer-encoding" in headers:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if not _is_among(kind, media) and scope["method"] in {"POST", "PUT", "PATCH"}:
            raise Refusal(415, f"the Content-Type {kind[:80]!r} is not taken here; send {' or '.join(media)}")


def _is_among(kind: str, media: tuple[str, ...]) -> bool:
    return any(kind.startswith(known) if known.endswith("/") else kind == known for known in media)


def _limited(receive: Receive, largest: int) -> Receive:
    """`receive`, until a body that does not tell its length proves too large."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > largest:
            raise _too_large(largest)
        return message

    return counted


def _too_large(largest: int) -> Refusal:
    return Refusal(413, f"the body is larger than {largest} bytes (ASCENSION_API_BODY_BYTES)")
