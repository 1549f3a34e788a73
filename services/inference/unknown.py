"""Addresses that nothing answers at, as problems like every other error."""

from __future__ import annotations

from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api import problems
from services.api.problems import Refusal


class Unknown:
    """Around a Bento service, whose own answer to an unknown address is a line of text.

    Parameters
    ----------
    app
        The service.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        found = True

        async def sent(message: Message) -> None:
            nonlocal found
            if message["type"] == "http.response.start":
                kind = dict(message.get("headers", ())).get(b"content-type", b"")
                found = not (message["status"] == 404 and kind.startswith(b"text/plain"))
            if found:
                await send(message)

        await self._app(scope, receive, sent)
        if not found:
            answer = problems.response(Refusal(404, "there is nothing at this address"), uuid4().hex)
            await answer(scope, receive, send)
