"""Waiting for a server that is away: longer each time, and never in step with others."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

from ascension_core.errors import ServerUnavailable

SHORTEST_S, LONGEST_S = 0.2, 10.0
T = TypeVar("T")


class Backoff:
    """Pauses that double from 0.2 s on, each shortened by up to a half at random.

    Parameters
    ----------
    longest_s
        Where they stop growing.
    """

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._next_s = SHORTEST_S
        self._longest_s = longest_s

    def pause(self, stop: Event) -> bool:
        """Wait; whether `stop` was set meanwhile."""
        pause_s, self._next_s = self._next_s, min(self._next_s * 2, self._longest_s)
        return stop.wait(pause_s * random.uniform(0.5, 1.0))


def patiently(action: Callable[[], T], patience_s: float, stop: Event) -> T:
    """Do something that a server may be away for; try again for so long, or until `stop` is set.

    Raises
    ------
    ServerUnavailable
        If it still is.
    """
    backoff, end = Backoff(), time.monotonic() + patience_s
    while True:
        try:
            return action()
        except ServerUnavailable:
            if time.monotonic() > end or backoff.pause(stop):
                raise
