"""So many at a time, so many in line, and no more: whoever comes then is told when to come again."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread

from services.api.problems import Refusal

T = TypeVar("T")
_MEMORY = 0.8  # how much of the mean time stays when another request ends


class Slots:
    """Places at a model that works on one request after the other.

    Parameters
    ----------
    waiting
        How many may stand in line.
    seconds
        How long a request is thought to take before there has been one.
    """

    def __init__(self, waiting: int, seconds: float) -> None:
        self._waiting = waiting
        self._seconds = seconds
        self._inside = 0
        self._turn = anyio.Semaphore(1)
        self._threads = anyio.CapacityLimiter(1)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """The model to oneself.

        Raises
        ------
        Refusal
            429, with an estimate of when there will be a place.
        """
        if self._inside > self._waiting:
            wait_s = max(1, math.ceil(self._seconds * self._inside / 2))
            raise Refusal(429, f"{self._inside} requests are in line already: come again in {wait_s} s", retry_after_s=wait_s)
        self._inside += 1
        try:
            async with self._turn:
                start = time.monotonic()
                yield
                self._seconds = _MEMORY * self._seconds + (1 - _MEMORY) * (time.monotonic() - start)
        finally:
            self._inside -= 1

    async def run(self, work: Callable[[], T]) -> T:
        """Do something with the model in a thread; the place is kept until it is done, even if the client has gone."""
        async with self.place():
            return await self.thread(work)

    async def thread(self, work: Callable[[], T]) -> T:
        """Run something in the model's thread. For those who have the place."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads)
