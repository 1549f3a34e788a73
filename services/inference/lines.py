"""An answer of one JSON document a line, each sent when it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

LINES = "application/x-ndjson"


class Lines(StreamingResponse):
    """Streams lines, and lets go of what they are made from when the last one is out or the client has gone.

    Parameters
    ----------
    lines
        Each with its end.
    holding
        What they are made from: a file, a place in a line.
    """

    media_type = LINES

    def __init__(self, lines: AsyncIterator[bytes], holding: AsyncExitStack) -> None:
        super().__init__(lines, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._holding = holding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        async with self._holding:
            await super().__call__(scope, receive, send)
