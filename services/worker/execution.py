"""One job's notebook from its parameters to its files, on a warm kernel and within limits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import nbformat
import papermill
from nbformat.v4 import new_code_cell, new_notebook
from papermill.engines import NotebookExecutionManager
from papermill.exceptions import PapermillExecutionError

from ascension_core.platform.jobs import Failure, Kind
from services.worker.engine import ENGINE, CellRunner, note
from services.worker.failures import failure_of
from services.worker.forking import ForkServer, KernelDied
from services.worker.kernels import Overtaken, before
from services.worker.limits import Limits, Watch
from services.worker.page import page
from services.worker.warm import WarmKernels, imports_of

__all__ = ["Limits", "Outcome", "Runner"]

WARM_KINDS = 2
NOTEBOOK, PAGE, LOG = "notebook.ipynb", "notebook.html", "log.txt"
_INJECTED = "injected-parameters"
_NAMES = {"kernel_name": "python3", "language": "python", "engine_name": ENGINE}
_T = TypeVar("_T")
Tell = Callable[[str, float, str], None]


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes
    ----------
    failure
        Why it did not succeed; None if it did. Beside the classes of the notebook's own errors: ``MemoryLimit``, ``TimeLimit``,
        ``Stopped`` (by `Runner.stop`) and ``KernelDied``, which alone of these may pass.
    first_cell_s
        From the call of `Runner.run` to the start of the first cell; None if it did not come that far.
    memory_bytes
        The most memory that its kernel was seen to use, with all that it had started.
    """

    failure: Failure | None
    first_cell_s: float | None
    memory_bytes: int


class Runner:
    """Runs notebooks, one at a time, each in a kernel process of its own that has been prepared.

    Parameters
    ----------
    kinds
        The kinds of jobs that will be run; the fork server imports what their warm cells import.
    warm
        For how many kinds a kernel waits. At first those of the first kinds, then of those that ran last.
    variables
        Of the kernels' environment, beside what `kernel_environment` lets through.
    """

    def __init__(
        self, kinds: Mapping[str, Kind], *, warm: int = WARM_KINDS, variables: Mapping[str, str] | None = None
    ) -> None:
        self._server = ForkServer(imports_of(kinds.values()), variables)
        self._kernels = WarmKernels(self._server, warm)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="kernels")
        self._thread.start()
        self._busy = threading.Lock()
        self._watch: Watch | None = None
        self._loop.call_soon_threadsafe(self._loop.run_in_executor, None, _rehearse)
        for kind in list(kinds.values())[:warm]:
            self._loop.call_soon_threadsafe(self._kernels.refill, kind)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def warm_kinds(self) -> frozenset[str]:
        """Names of the kinds for whose next job a kernel waits."""
        return self._kernels.ready

    @property
    def fork_server(self) -> int | None:
        """Number of the process that kernels are forked from; None until the first is wanted."""
        return self._server.process

    def run(self, kind: Kind, parameters: Mapping[str, Any], folder: Path, limits: Limits, tell: Tell) -> Outcome:
        """Run a notebook to its end, whatever that is.

        Writes `NOTEBOOK` (executed, as far as it came), `PAGE` and `LOG` into `folder`.

        Parameters
        ----------
        kind, parameters
            What to run. The parameters are final: inputs are files.
        folder
            Exists.
        limits
            Beyond which the kernel is killed.
        tell
            Called in this thread with the stage, fraction and message of the notebook's progress, and only with the newest if
            it is slow. What it raises ends the run, and is raised.

        Raises
        ------
        OSError
            If the notebook cannot be read or the folder cannot be written to.
        """
        with self._busy:
            watch = self._watch = Watch(limits, self._loop)
            execution = _Execution(self._loop, self._kernels, kind, watch=watch, log=folder / LOG, tell=tell)
            try:
                failure = _run(execution, kind, parameters, folder)
            finally:
                self._watch = None
        _store(execution.notebook, kind, folder)
        return Outcome(failure, execution.first_cell_s, watch.peak_bytes)

    def stop(self) -> None:
        """Kill the kernel of the run that is under way, at once, from any thread; it ends with a failure ``Stopped``.

        A run that begins later is not stopped, so whoever wants a run to end calls this until it has ended.
        """
        watch = self._watch
        if watch is not None:
            self._loop.call_soon_threadsafe(watch.decide, Failure("Stopped", "the notebook was stopped"))

    def mend(self) -> None:
        """Start kernels anew that died while they waited for a job; from any thread."""
        self._loop.call_soon_threadsafe(self._kernels.mend)

    def close(self) -> None:
        """Stop what runs, and end all processes."""
        self.stop()
        with self._busy:
            self._server.close()
            self._call(self._kernels.close())
            self._call(self._loop.shutdown_default_executor())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _call(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class _Execution:
    """What papermill calls to have the cells of one notebook executed."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, kernels: WarmKernels, kind: Kind, *, watch: Watch, log: Path, tell: Tell
    ) -> None:
        self._loop, self._kernels, self._kind = loop, kernels, kind
        self._watch, self._log = watch, log
        self._reports = _Reports(tell)
        self._began = time.monotonic()
        self.notebook = nbformat.from_dict({})  # type: ignore[no-untyped-call]
        self.failure: Failure | None = None
        self.first_cell_s: float | None = None
        self._injected: list[bool] = []

    def authors_index(self, index: int) -> int | None:
        """Place of a cell in the notebook as it was written; None for the parameters that papermill has put in."""
        return None if self._injected[index] else index - sum(self._injected[:index])

    def __call__(self, manager: NotebookExecutionManager) -> None:
        """Execute; in the thread of the run."""
        self.notebook = manager.nb
        self._injected = [_INJECTED in cell.metadata.tags for cell in manager.nb.cells]
        done = asyncio.run_coroutine_threadsafe(self._execute(manager), self._loop)
        try:
            self._reports.pass_on(done)
        except BaseException:
            self._loop.call_soon_threadsafe(self._watch.decide, Failure("Stopped", "its progress could not be told"))
            raise
        finally:
            done.result()

    async def _execute(self, manager: NotebookExecutionManager) -> None:
        """Execute; in the event loop. Why the cells were not run to their end is noted in the notebook."""
        clock = asyncio.create_task(self._watch.keep_time())
        try:
            await self._unless_stopped(self._run_cells(manager))
        except Overtaken:
            self.failure = self._watch.verdict.result()
        except KernelDied as error:
            self.failure = Failure(type(error).__name__, str(error), passing=True)
        finally:
            clock.cancel()
            self._kernels.refill(self._kind)
        if self.failure:
            note(manager, self.failure)

    async def _run_cells(self, manager: NotebookExecutionManager) -> None:
        kernel = await self._kernels.take(self._kind)
        kernel.log.open(self._log)
        memory = asyncio.create_task(self._watch.keep_memory(kernel.process))
        try:
            cells = CellRunner(manager, kernel, on_start=self._on_start, on_progress=self._reports)
            await kernel.unless_it_ends(cells.run())
        finally:
            memory.cancel()
            await asyncio.shield(kernel.close())  # whole, even if the job is stopped just now

    async def _unless_stopped(self, work: Awaitable[_T]) -> _T:
        return await before(self._watch.verdict, work)

    def _on_start(self) -> None:
        self.first_cell_s = time.monotonic() - self._began
        self._kernels.refill(self._kind)


class _Reports:
    """Carries progress from the event loop to the thread of the run; only the newest waits."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._newest: tuple[str, float, str] | None = None
        self._news = threading.Event()

    def __call__(self, stage: str, fraction: float, message: str) -> None:
        self._newest = stage, fraction, message
        self._news.set()

    def pass_on(self, work: Future[None]) -> None:
        """Tell what there is to tell, until the work is done."""
        work.add_done_callback(lambda _: self._news.set())
        ended = False
        while not ended:
            self._news.wait()
            self._news.clear()
            ended = work.done()
            newest, self._newest = self._newest, None
            if newest is not None:
                self._tell(*newest)


def _rehearse() -> None:
    """Do once, and for nothing, what takes long the first time: schemas and templates are compiled."""
    cell = new_code_cell("n = 1", metadata={"tags": ["parameters"]})  # type: ignore[no-untyped-call]
    notebook = new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    prepared = papermill.execute_notebook(notebook, None, {"n": 1}, prepare_only=True, **_NAMES)
    nbformat.writes(prepared)  # type: ignore[no-untyped-call]
    page(prepared, "rehearsal")


def _run(execution: _Execution, kind: Kind, parameters: Mapping[str, Any], folder: Path) -> Failure | None:
    notebook = nbformat.read(kind.notebook, as_version=4)  # type: ignore[no-untyped-call]
    try:
        papermill.execute_notebook(notebook, None, dict(parameters), progress_bar=False, execute=execution, **_NAMES)
    except PapermillExecutionError as error:
        failure = execution.failure or failure_of(error.ename, error.evalue, folders=(str(folder), str(kind.notebook.parent)))
        return replace(failure, cell=execution.authors_index(error.cell_index))
    return execution.failure


def _store(notebook: nbformat.NotebookNode, kind: Kind, folder: Path) -> None:
    notebook.metadata.papermill.update(input_path=kind.notebook.name, output_path=NOTEBOOK)
    nbformat.write(notebook, folder / NOTEBOOK)  # type: ignore[no-untyped-call]
    (folder / PAGE).write_text(page(notebook, kind.name), "utf-8")
    (folder / LOG).touch()  # where no kernel could be had, nothing was said
