"""A version measured in a process of its own, with its own code: ``python -m experiments.registry.child FOLDER SUITE DATA``.

Each line of standard input is a request, ``measure FILE`` or ``time``; each line of standard output a JSON object: progress,
what was asked for, or an error. Whatever libraries print goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from ascension_core.errors import AscensionError
from ascension_core.pipelines import versions
from experiments.registry import suites
from experiments.registry.data import Data

_EVERY_S = 0.2  # between reports of progress


class Child:
    """Answers requests about one version."""

    def __init__(self, folder: Path, suite: str, data: Data, answers: TextIO) -> None:
        self._version = versions.load(folder)
        self._suite = suite
        self._data = data
        self._answers = answers
        self._told_at = 0.0
        self._work: suites.Work | None = None

    def answer(self, request: str) -> dict[str, Any]:
        """What one request gives."""
        what, _, file = request.strip().partition(" ")
        return self._measured(Path(file)) if what == "measure" else self._timed()

    def tell(self, stage: str, fraction: float, message: str = "") -> None:
        """Report progress, now and then."""
        if time.monotonic() - self._told_at > _EVERY_S:
            self._told_at = time.monotonic()
            self.say({"progress": [stage, fraction, message]})

    def say(self, document: dict[str, Any]) -> None:
        """Write one line."""
        self._answers.write(json.dumps(document) + "\n")
        self._answers.flush()

    def _measured(self, file: Path) -> dict[str, Any]:
        found = suites.measure(self._version, self._suite, self._data, self.tell)
        file.write_text(json.dumps({name: samples.to_document() for name, samples in found.items()}))
        return {"measured": sorted(found)}

    def _timed(self) -> dict[str, Any]:
        if self._work is None:
            self._work = suites.work(self._version, self._data)
            self._work()  # the first time, what is loaded late is loaded
        wall, cpu = time.perf_counter(), time.process_time()
        self._work()
        return {"seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    folder, suite, data = sys.argv[1:]
    try:
        child = Child(Path(folder), suite, Data.from_document(json.loads(data)), answers)
        for request in sys.stdin:
            child.say(child.answer(request))
    except AscensionError as error:
        answers.write(json.dumps({"error": type(error).__name__, "message": str(error)}) + "\n")
        answers.flush()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
