"""How a worker is asked to go."""

from __future__ import annotations

import os
import signal
import sys
import time
from queue import SimpleQueue
from threading import Event, Thread
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Leaving:
    """Whether and how soon a worker is to go.

    At the first signal no more jobs are taken, and the one that runs has `grace_s` to end. At the second it has no more time.
    The third ends the process without a word.

    Parameters
    ----------
    grace_s
        Seconds.
    """

    def __init__(self, grace_s: float) -> None:
        self.asked = Event()
        self._grace_s = grace_s
        self._until = float("inf")
        self._signals: SimpleQueue[int] = SimpleQueue()

    @property
    def overdue(self) -> bool:
        """Whether even a job that runs must stop now."""
        return time.monotonic() >= self._until

    def ask(self) -> None:
        """Do as a signal does."""
        self._until = time.monotonic() + (0.0 if self.asked.is_set() else self._grace_s)
        self.asked.set()

    def listen(self) -> None:
        """Take signals from now on."""
        Thread(target=self._obey, name="signals", daemon=True).start()
        for number in SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._signals.put(number)  # which a handler may do at any moment; to set an event, it may not

    def _obey(self) -> None:
        for _ in range(2):
            self._signals.get()
            self.ask()
        self._signals.get()
        os._exit(1)


def exit_on_signals() -> None:
    """While starting: end at once, clearing up."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: sys.exit(0))
