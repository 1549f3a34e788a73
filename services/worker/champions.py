"""With which versions jobs run: a folder of links that lead to the registry's champions, kept up to date.

A notebook goes where the link leads when it runs, so that whoever is promoted answers from the next job on, and the job that
runs ends as it began. While the registry is away nothing changes; a worker that does not know yet waits for it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Event, Thread

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.jobs import Kind
from ascension_core.platform.registry import Registry
from ascension_core.platform.tracking import is_kept
from ascension_core.settings import settings
from experiments.registry.gate import CHAMPION, fetch
from services.worker.backoff import Backoff
from services.worker.board import Board

PART = "champions"
EVERY_S = 30.0
_STOP_S = 10.0
_LOG = logging.getLogger(__name__)


class Champions:
    """Looks into the registry now and then, in a thread of its own.

    Parameters
    ----------
    pipelines
        Whose champions.
    folder
        For the links; made here.
    board
        Where it says whether it knows.
    """

    def __init__(self, pipelines: Iterable[str], folder: Path, board: Board) -> None:
        self._known: dict[str, int | None] = dict.fromkeys(pipelines)
        self._folder = folder
        self._board = board
        self._stop = Event()
        self._thread = Thread(target=self._run, name=PART, daemon=True)
        folder.mkdir()

    @property
    def variables(self) -> Mapping[str, str]:
        """What tells a process to go where the links lead; nothing where nobody is followed."""
        return {"ASCENSION_PIPELINES": str(self._folder)} if self._known else {}

    def start(self) -> None:
        """Find the champions, however long the registry is away, and go on looking; until then no job may be done.

        Raises
        ------
        ModelError
            A champion cannot run with this code, or was tampered with.
        """
        backoff = Backoff()
        while self._known:
            try:
                self.look()
            except ServerUnavailable as error:
                self._board.trouble(PART, error)
                backoff.pause(self._stop)
            else:
                self._board.well(PART)
                self._thread.start()
                return

    def look(self) -> None:
        """Let each link lead to the champion of now; where there is none, to nothing: what is installed runs then."""
        registry = Registry() if is_kept() else None
        for pipeline, known in self._known.items():
            now = registry.alias(pipeline, CHAMPION) if registry else None
            if registry is None or now is None:
                (self._folder / pipeline).unlink(missing_ok=True)
            elif now != known:
                self._lead(pipeline, fetch(registry, pipeline, str(now)).folder)
            self._known[pipeline] = now

    def close(self) -> None:
        """Look no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def _lead(self, pipeline: str, version: Path) -> None:
        """Swap a link in one step: a kernel may be about to follow it."""
        new = self._folder / f".{pipeline}"
        new.symlink_to(version.absolute())
        new.replace(self._folder / pipeline)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.look()
            except Exception as error:  # jobs go on with the champions that are known
                _LOG.debug("the champions could not be found out", exc_info=True)
                self._board.trouble(PART, error)
            else:
                self._board.well(PART)


def wanted(kinds: Mapping[str, Kind]) -> list[str]:
    """Whose champions the jobs of these kinds run with; none where the settings want what is installed, or name a folder."""
    known = settings()
    if not known.worker_champions or known.pipelines is not None:
        return []
    return sorted({kind.pipeline for kind in kinds.values() if kind.pipeline})
