"""What the parts of a worker know of the servers and of themselves, for whoever asks whether it is ready."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from threading import Lock

STALE_S = 90.0
"""A part that has said nothing for so long is stuck: the longest wait for a server is 30 s."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Note:
    trouble: str | None
    at: float


class Board:
    """One line per part, written by any thread; a change of state is logged, once.

    Parameters
    ----------
    parts
        Names of the parts that must be well for the worker to be ready.
    """

    def __init__(self, *parts: str) -> None:
        self._notes = {part: _Note("starting", time.monotonic()) for part in parts}
        self._lock = Lock()

    def well(self, *parts: str) -> None:
        """Say that these parts are as they should be."""
        for part in parts:
            self._write(part, None)

    def trouble(self, part: str, why: object) -> None:
        """Say what is wrong with a part."""
        self._write(part, " ".join(str(why).split()))

    def troubles(self) -> dict[str, str]:
        """What is wrong, by part; empty when the worker is ready."""
        with self._lock:
            notes = dict(self._notes)
        return self.stale() | {part: note.trouble for part, note in notes.items() if note.trouble is not None}

    def stale(self) -> dict[str, str]:
        """The parts that are stuck."""
        now = time.monotonic()
        with self._lock:
            return {part: "silent for too long" for part, note in self._notes.items() if now - note.at > STALE_S}

    def _write(self, part: str, trouble: str | None) -> None:
        with self._lock:
            before = self._notes[part].trouble
            self._notes[part] = _Note(trouble, time.monotonic())
        if trouble is not None and before != trouble:
            _LOG.warning("%s: %s", part, trouble)
        elif trouble is None and before is not None:
            _LOG.info("%s: ready", part)
