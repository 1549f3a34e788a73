"""A job's log: what its notebook and the libraries under it write, each line with its time, up to a size."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import IO

LARGEST_LOG = 5 << 20
"""Bytes."""
LARGEST_LINE = 10_000
_CUT = f"… cut: the log holds {LARGEST_LOG >> 20} MB at most"


class JobLog:
    """Takes text from the start of a kernel on; has a file as soon as there is a job."""

    def __init__(self) -> None:
        self._room = LARGEST_LOG
        self._early: list[str] = []
        self._started: dict[str, str] = {}
        self._file: IO[str] | None = None

    def open(self, file: Path) -> None:
        """Write to a file from now on, first what there has been."""
        self._file = file.open("w", encoding="utf-8", errors="replace")
        self._file.writelines(self._early)
        self._early.clear()

    def close(self) -> None:
        """Write what has no line end yet, and no more."""
        for source in list(self._started):
            self.write(source, "\n")
        if self._file:
            self._file.close()
        self._file, self._room = None, 0

    def write(self, source: str, text: str) -> None:
        """Add text of a source; a line is written when it is whole, or long."""
        if self._room <= 0:
            return
        *lines, rest = (self._started.pop(source, "") + text).split("\n")
        if len(rest) >= LARGEST_LINE:
            lines, rest = [*lines, rest], ""
        if rest:
            self._started[source] = rest
        for line in lines:
            self._add(line)

    def _add(self, line: str) -> None:
        if self._room <= 0:
            return
        stamped = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z {line[:LARGEST_LINE]}\n"
        self._room -= len(stamped.encode("utf-8", "replace"))
        if self._room <= 0:
            stamped = f"{_CUT}\n"
        if self._file:
            self._file.write(stamped)
            self._file.flush()
        else:
            self._early.append(stamped)
