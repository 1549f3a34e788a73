"""Kernels: one process each, forked with everything imported, used for one job, and killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any, TypeVar

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient

from services.worker.forking import Fork, ForkServer, KernelDied
from services.worker.job_log import JobLog

LARGEST_MESSAGE = 64 << 20
"""Bytes of one message of output; what is larger is not received."""
LONGEST_START_S, LONGEST_WARM_S = 60.0, 300.0
_CHUNK = 1 << 16
_T = TypeVar("_T")


class Overtaken(Exception):
    """Something happened before the work was done."""


async def before(event: asyncio.Future[Any], work: Awaitable[_T]) -> _T:
    """What `work` gives if it is done before something happens.

    Raises
    ------
    Overtaken
        Otherwise; the work is cancelled.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait([task, event], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Overtaken
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return task.result()


class Kernel:
    """A kernel that waits for code. Made by `start`; belongs to the event loop that made it.

    Attributes
    ----------
    client
        Its channels.
    process
        Its number.
    log
        What it writes.
    ended
        Done as soon as the process has ended: its exit code, or minus the signal that ended it; None if nobody knows.
    """

    def __init__(self, server: ForkServer, fork: Fork) -> None:
        loop = asyncio.get_running_loop()
        self._server, self._fork = server, fork
        self._context = zmq.asyncio.Context()
        self.client = _client(fork, self._context)
        self.process = fork.process
        self.log = JobLog()
        self.ended: asyncio.Future[int | None] = loop.create_future()
        for pipe, heard in ((fork.status, self._on_status), (fork.output, self._on_output)):
            os.set_blocking(pipe, False)
            loop.add_reader(pipe, heard)

    @property
    def alive(self) -> bool:
        """Whether its process is there."""
        return not self.ended.done()

    def kill(self) -> None:
        """End it and all that it has started, at once and whatever it is doing."""
        if self.alive:
            self._server.kill(self.process)

    async def close(self) -> None:
        """Kill it, and return when it is gone."""
        self.kill()
        await self.ended
        while self._on_output():
            pass
        asyncio.get_running_loop().remove_reader(self._fork.output)
        os.close(self._fork.output)
        self._context.destroy(linger=0)
        shutil.rmtree(self._fork.folder, ignore_errors=True)
        self.log.close()

    async def unless_it_ends(self, work: Awaitable[_T]) -> _T:
        """What `work` gives.

        Raises
        ------
        KernelDied
            If the kernel ends first.
        """
        try:
            return await before(self.ended, work)
        except Overtaken:
            raise KernelDied(f"the notebook's kernel died ({_cause(self.ended.result())})") from None

    async def connect(self) -> None:
        """Wait until it listens and its messages reach us."""
        while (await self.client.get_iopub_msg())["msg_type"] != "iopub_welcome":
            pass

    async def run(self, code: str) -> bool:
        """Run code whose output nobody needs; whether it ran to its end."""
        request = self.client.execute(code, silent=True)
        while (reply := await self.client.get_shell_msg())["parent_header"].get("msg_id") != request:
            pass
        with suppress(Empty):  # so that the job does not have to read it
            while (await self.client.get_iopub_msg(timeout=1.0))["content"].get("execution_state") != "idle":
                pass
        return bool(reply["content"]["status"] == "ok")

    def _on_status(self) -> None:
        text = os.read(self._fork.status, _CHUNK)
        asyncio.get_running_loop().remove_reader(self._fork.status)
        os.close(self._fork.status)
        if not text:  # the fork server is dead; the kernel went with it, but not what the kernel had started
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process, signal.SIGKILL)
        self.ended.set_result(int(text) if text else None)

    def _on_output(self) -> bool:
        """Log some of what was written; whether there may be more. Not all at once: it may be endless."""
        try:
            text = os.read(self._fork.output, _CHUNK)
        except BlockingIOError:
            return False
        if not text:  # nobody is left who could write
            asyncio.get_running_loop().remove_reader(self._fork.output)
        self.log.write("process", text.decode(errors="replace"))
        return bool(text)


async def start(server: ForkServer, place: Path, cells: Sequence[str] = ()) -> Kernel:
    """A new kernel that has run some cells; if one of them fails, a new one that has run none: the job will tell why.

    Parameters
    ----------
    server
        Forks it.
    place
        Its working folder.
    cells
        Code.

    Raises
    ------
    KernelDied
        If it ends while it starts, does not answer, or cannot be started.
    """
    try:
        kernel = Kernel(server, await asyncio.to_thread(server.fork, place))
    except OSError as cause:
        raise KernelDied(f"no kernel can be started: {cause}") from cause
    try:
        await kernel.unless_it_ends(asyncio.wait_for(kernel.connect(), LONGEST_START_S))
        warm = await _run_all(kernel, cells)
    except TimeoutError as cause:
        await kernel.close()
        raise KernelDied(f"a kernel did not answer for {LONGEST_START_S:.0f} s") from cause
    except BaseException:
        await kernel.close()
        raise
    if warm:
        return kernel
    await kernel.close()
    return await start(server, place)


async def _run_all(kernel: Kernel, cells: Sequence[str]) -> bool:
    """Whether all cells ran to their end, and in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_WARM_S):
            for cell in cells:
                if not await kernel.unless_it_ends(kernel.run(cell)):
                    return False
            return True
    return False


def _client(fork: Fork, context: zmq.asyncio.Context) -> AsyncKernelClient:
    """Channels to a process that may not listen yet."""
    client = AsyncKernelClient(context=context)
    client.load_connection_info(fork.connection)
    context.reconnect_ivl = 10  # ms
    nothing = {"shell": False, "iopub": False, "stdin": False, "hb": False, "control": False}
    client.start_channels(**{**nothing, "shell": True})
    context.maxmsgsize = LARGEST_MESSAGE  # of sockets that are made from now on
    client.start_channels(**{**nothing, "iopub": True})
    return client


def _cause(code: int | None) -> str:
    if code is None:
        return "with its fork server"
    if code >= 0:
        return f"exit code {code}"
    return signal.strsignal(-code) or f"signal {-code}"
