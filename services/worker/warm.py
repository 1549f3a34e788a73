"""Kernels that wait for jobs: one per kind, for the kinds that were asked for last."""

from __future__ import annotations

import ast
import asyncio
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from ascension_core.platform.jobs import Kind
from services.worker.forking import ForkServer, KernelDied
from services.worker.kernels import Kernel, start

_LOG = logging.getLogger(__name__)
WARM = "warm"
"""Tag of cells that a kernel runs before there is a job, and again with it."""


@dataclass(frozen=True)
class Preparation:
    """What is run ahead of the jobs of a kind.

    Attributes
    ----------
    notebook
        Which notebook, and when it was written (ns).
    cells
        Its cells tagged ``parameters`` and ``warm``, if any is warm.
    imports
        Import statements of its warm cells.
    """

    notebook: tuple[Path, int]
    cells: tuple[str, ...]
    imports: tuple[str, ...]


def preparation(kind: Kind) -> Preparation:
    """What a notebook wants to be run ahead."""
    return _read(kind.notebook, kind.notebook.stat().st_mtime_ns)


class WarmKernels:
    """Kernels that wait. Belongs to an event loop.

    Parameters
    ----------
    server
        Forks them.
    most
        How many kinds have a kernel waiting.
    """

    def __init__(self, server: ForkServer, most: int) -> None:
        self._server = server
        self._most = most
        self._waiting: dict[str, tuple[Preparation, asyncio.Task[Kernel]]] = {}  # the last one was asked for last
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def ready(self) -> frozenset[str]:
        """Names of the kinds whose next job need not wait for a kernel; for any thread."""
        return frozenset(name for name, (_, task) in list(self._waiting.items()) if _lives(task))

    async def take(self, kind: Kind) -> Kernel:
        """A kernel for one job of a kind.

        Raises
        ------
        KernelDied
            If none can be started.
        """
        wanted = preparation(kind)
        known, task = self._waiting.pop(kind.name, (wanted, None))
        if task is not None and known != wanted:  # the notebook has been changed
            self._dismiss(task)
        elif task is not None:
            with suppress(KernelDied):
                return await self._living(task)
        return await self._living(self._start(wanted))

    def refill(self, kind: Kind) -> None:
        """See to it that a kernel waits for the next job of a kind; where there are too many, the one longest unused goes."""
        waiting = self._waiting.pop(kind.name, None)
        if waiting is None and self._most:
            wanted = preparation(kind)
            waiting = wanted, self._start(wanted)
        if waiting is not None:
            self._waiting[kind.name] = waiting
        while len(self._waiting) > self._most:
            self._dismiss(self._waiting.pop(next(iter(self._waiting)))[1])

    def mend(self) -> None:
        """Start anew what died while it waited, or did not start."""
        for name, (wanted, task) in list(self._waiting.items()):
            if task.done() and not _lives(task):
                _LOG.warning("no kernel waits for %s any more: %s", name, task.exception() or "it died")
                self._dismiss(task)
                self._waiting[name] = wanted, self._start(wanted)

    async def close(self) -> None:
        """End all that wait."""
        for _, task in self._waiting.values():
            self._dismiss(task)
        self._waiting.clear()
        await asyncio.gather(*self._leaving)

    def _start(self, prepared: Preparation) -> asyncio.Task[Kernel]:
        return asyncio.create_task(start(self._server, prepared.notebook[0].parent, prepared.cells))

    async def _living(self, task: asyncio.Task[Kernel]) -> Kernel:
        """The kernel that a task starts; ended if it is of no use, or if nobody waits for it any more."""
        try:
            kernel = await asyncio.shield(task)
        except asyncio.CancelledError:
            self._dismiss(task)
            raise
        if not kernel.alive:
            await kernel.close()
            raise KernelDied("a kernel died while it waited for a job")
        return kernel

    def _dismiss(self, task: asyncio.Task[Kernel]) -> None:
        leaving = asyncio.create_task(_end(task))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


def imports_of(kinds: Iterable[Kind]) -> list[str]:
    """Import statements of the warm cells of several kinds, each once."""
    return list(dict.fromkeys(statement for kind in kinds for statement in preparation(kind).imports))


async def _end(task: asyncio.Task[Kernel]) -> None:
    with suppress(KernelDied):
        await (await task).close()


def _lives(task: asyncio.Task[Kernel]) -> bool:
    return task.done() and task.exception() is None and task.result().alive


@lru_cache(maxsize=256)
def _read(file: Path, written: int) -> Preparation:
    notebook = json.loads(file.read_text("utf-8"))
    cells = list(_tagged(notebook["cells"]))
    warm = [source for tag, source in cells if tag == WARM]
    return Preparation(
        (file, written),
        tuple(source for _, source in cells) if warm else (),
        tuple(statement for source in warm for statement in _imports(source)),
    )


def _tagged(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Tag and code of the cells that are run ahead."""
    for cell in cells:
        for tag in cell.get("metadata", {}).get("tags", ()):
            if cell["cell_type"] == "code" and tag in {"parameters", WARM}:
                yield tag, "".join(cell["source"])


def _imports(source: str) -> Iterator[str]:
    """Import statements at the top of a cell's code, magics beside them left aside; a cell with a mistake has none."""
    try:
        body = ast.parse(TransformerManager().transform_cell(source)).body  # type: ignore[no-untyped-call]
    except SyntaxError:
        return
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield ast.unparse(node)
