"""papermill on a kernel that is there already: its engine, and what we do with each message of the kernel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from nbformat.v4 import new_output
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines

from ascension_core.notebook import MIME
from ascension_core.platform.jobs import Failure
from services.worker.kernels import Kernel

ENGINE = "ascension"
LARGEST_CELL, LARGEST_NOTEBOOK = 10 << 20, 50 << 20
"""Bytes of output that are kept of one cell, and of all."""
_LONGEST_ERROR = 20_000
_EACH = 300  # what an output takes beside its text
_OUTPUTS = frozenset({"stream", "display_data", "execute_result", "update_display_data"})
_IOPUB_TIMEOUT_S = 10
_CUT = "\n… cut: more output than a notebook may hold\n"


class KernelEngine(Engine):  # type: ignore[misc]
    """Has a notebook executed by whoever asked for it: ``execute_notebook(…, engine_name=ENGINE, execute=…)``."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        execute: Callable[[NotebookExecutionManager], None],
        **_options: Any,
    ) -> None:
        """Hand the notebook over."""
        execute(nb_man)


papermill_engines.register(ENGINE, KernelEngine)


class CellRunner(PapermillNotebookClient):  # type: ignore[misc]
    """Runs the cells of one notebook on one kernel.

    Parameters
    ----------
    manager
        papermill's book on the notebook.
    kernel
        Where to run them.
    on_start
        Called when the first cell starts.
    on_progress
        Called with stage, fraction and message.
    """

    def __init__(
        self,
        manager: NotebookExecutionManager,
        kernel: Kernel,
        *,
        on_start: Callable[[], None],
        on_progress: Callable[[str, float, str], None],
    ) -> None:
        super().__init__(manager, raise_on_iopub_timeout=False, iopub_timeout=_IOPUB_TIMEOUT_S)
        self.kc = kernel.client
        self._log = kernel.log
        self._on_start, self._on_progress = on_start, on_progress
        self._started = False
        self._kept: dict[int, int] = {}
        self._cut: set[int] = set()

    async def run(self) -> None:
        """Run all cells, up to the first that fails."""
        for index, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, index)
            failed = await self._fails(cell, index)
            _heed_cancellation()
            self.nb_man.cell_complete(cell, cell_index=index)
            if failed:
                return

    async def _fails(self, cell: NotebookNode, index: int) -> bool:
        try:
            await self.async_execute_cell(cell, index)
        except CellExecutionError as error:
            self.nb_man.cell_exception(cell, cell_index=index, exception=error)
            return True
        return False

    async def _async_poll_kernel_alive(self) -> None:
        """Leave it to `Kernel.unless_it_ends`, which hears of the kernel's end at once."""

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message of the kernel: progress is passed on, text is logged, and what is too much is left out."""
        kind, content = msg["msg_type"], msg["content"]
        if kind == "execute_input" and not self._started:
            self._started = True
            self._on_start()
        if kind == "stream":
            self._log.write(content["name"], content["text"])
        if kind == "error":
            _shorten(content)
            self._log.write("error", f"{content['ename']}: {content['evalue']}\n")
        if kind == "clear_output":
            self._kept[cell_index] = 0
        if kind not in _OUTPUTS:
            return self._take(msg, cell, cell_index)
        self._pass_on(content)
        whole = self._fit(kind, content, cell_index)
        output = self._take(msg, cell, cell_index) if whole or content.get("text") else None
        if not whole:
            self._say_cut(cell, cell_index)
        return output

    def _take(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        output: NotebookNode | None = super().process_message(msg, cell, cell_index)
        return output

    def _pass_on(self, content: Mapping[str, Any]) -> None:
        match content.get("data", {}).get(MIME):
            case {"stage": str(stage), "fraction": int() | float() as fraction, **rest}:
                self._on_progress(stage, float(fraction), str(rest.get("message", "")))

    def _fit(self, kind: str, content: dict[str, Any], index: int) -> bool:
        """Whether an output may be kept whole; of text, what there is room for remains."""
        size = _size(content)
        if kind == "update_display_data":  # takes the place of one that was counted
            return size <= LARGEST_CELL
        kept = self._kept.get(index, 0)
        room = min(LARGEST_CELL - kept, LARGEST_NOTEBOOK - sum(self._kept.values()))
        self._kept[index] = kept + min(size, room)
        if size > room and kind == "stream":
            content["text"] = content["text"][:room]
        return size <= room

    def _say_cut(self, cell: NotebookNode, index: int) -> None:
        if index not in self._cut:
            self._cut.add(index)
            output = new_output("stream", name="stderr", text=_CUT)  # type: ignore[no-untyped-call]
            cell.outputs.append(output)


def _heed_cancellation() -> None:
    """End this task if it was cancelled: before Python 3.12 `asyncio.wait_for`, used by nbclient, may forget it (gh-86296)."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def note(manager: NotebookExecutionManager, failure: Failure) -> None:
    """Write into a notebook why it was stopped, where it was."""
    for index, cell in enumerate(manager.nb.cells):
        if cell.cell_type == "code" and cell.metadata.papermill["status"] in {manager.RUNNING, manager.PENDING}:
            said = {"ename": failure.kind, "evalue": failure.message, "traceback": [f"{failure.kind}: {failure.message}"]}
            cell.outputs.append(new_output("error", **said))  # type: ignore[no-untyped-call]
            manager.cell_exception(cell, cell_index=index)
            manager.cell_complete(cell, cell_index=index)
            return


def _size(content: Mapping[str, Any]) -> int:
    data = content.get("data", {})
    texts = (value if isinstance(value, str) else json.dumps(value) for value in data.values())
    return _EACH + len(content.get("text", "")) + sum(map(len, texts))


def _shorten(content: dict[str, Any]) -> None:
    """Keep an error readable."""
    content["evalue"] = content["evalue"][:_LONGEST_ERROR]
    content["traceback"] = [line[:_LONGEST_ERROR] for line in content["traceback"]]
