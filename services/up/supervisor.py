"""Starts parts in the order of their needs, looks after them, and stops them in the opposite order."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import psutil

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.processes import before_exec
from services.up.output import Output
from services.up.service import Door, Part, Program, depths

READY_TIMEOUT_S = 240.0
"""A busy machine: MLflow alone imports for six seconds on an idle one."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
STEADY_S = 60.0
"""After so long alive, a program's next end counts as its first."""
MOST_FALSE_STARTS = 4
FORCED_S = 2.0
EXIT_FORCED = 130
_GLANCE_S = 0.1
_CHUNK_BYTES = 1 << 16


class Supervisor:
    """Runs parts until it is told to stop, or one of them cannot be started.

    Parameters
    ----------
    parts
        Each after those it needs.
    output
        Where what they say goes.
    on_ready
        Called with where each part is, once all are ready.
    """

    def __init__(self, parts: Sequence[Part], output: Output, on_ready: Callable[[dict[str, str]], None]) -> None:
        self._parts = parts
        self._depths = depths(parts)
        self._output = output
        self._on_ready = on_ready
        self._ready = {part.name: asyncio.Event() for part in parts}
        self._urls = {part.name: part.url for part in parts if isinstance(part, Program)}
        self._entering: list[asyncio.Future[str]] = []
        self._processes: dict[str, Process] = {}
        self._pumps: set[asyncio.Task[None]] = set()
        self._said_ready: set[str] = set()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Stop everything; a second call waits for nothing."""
        if self._stop.is_set():
            for name in self._processes:
                self._kill(name)
            asyncio.get_running_loop().call_later(FORCED_S, os._exit, EXIT_FORCED)  # a server that starts cannot be interrupted
        self._stop.set()

    async def run(self) -> None:
        """Start everything, and keep it running until `stop`.

        Raises
        ------
        ServerUnavailable
            If a part cannot be started.
        """
        with ExitStack() as doors:
            tasks = [asyncio.create_task(self._keep(part, doors)) for part in self._parts]
            tasks.append(asyncio.create_task(self._tell_when_ready()))
            try:
                await self._await_stop_or_error(tasks)
            finally:
                self._stop.set()
                await _cancel(tasks)
                await self._stop_programs()
                await asyncio.gather(*self._entering, return_exceptions=True)  # whoever is at a door still goes through it

    async def _await_stop_or_error(self, tasks: Iterable[asyncio.Task[None]]) -> None:
        stop: asyncio.Task[object] = asyncio.create_task(self._stop.wait())
        left: set[asyncio.Task[Any]] = {*tasks, stop}
        while not stop.done():
            done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()

    async def _tell_when_ready(self) -> None:
        for event in self._ready.values():
            await event.wait()
        self._on_ready({part.name: self._urls[part.name] for part in self._parts})

    async def _keep(self, part: Part, doors: ExitStack) -> None:
        for name in part.needs:
            await self._ready[name].wait()
        if isinstance(part, Door):
            entering = asyncio.ensure_future(asyncio.to_thread(part.enter, doors))
            self._entering.append(entering)
            self._urls[part.name] = await asyncio.shield(entering)
            self._ready[part.name].set()
            self._output.say(part.name, "is ready")
        else:
            await self._keep_running(part)

    async def _keep_running(self, program: Program) -> None:
        """Start a program, and again whenever it ends: sooner at first, later when it keeps ending."""
        ends = 0
        while True:
            began = time.monotonic()
            code = await self._run_once(program)
            ends = ends + 1 if time.monotonic() - began < STEADY_S else 1
            if ends > MOST_FALSE_STARTS and not self._ready[program.name].is_set():
                raise ServerUnavailable(
                    f"{program.name} ended {ends} times before it was ready, at last with {code}; "
                    f"see {self._output.path(program.name)}"
                )
            pause_s = min(FIRST_PAUSE_S * 2 ** (ends - 1), LONGEST_PAUSE_S)
            self._output.say(program.name, f"ended with {code}; starts again in {pause_s:g} s", "bold red")
            await asyncio.sleep(pause_s)

    async def _run_once(self, program: Program) -> int:
        """Run a program to its end; its exit code, negative for a signal."""
        variables = await asyncio.to_thread(program.environment)  # some ask servers
        process = await asyncio.create_subprocess_exec(
            *program.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **variables},
            start_new_session=True,  # a Ctrl-C is for us, and we stop everything in order
            preexec_fn=before_exec(None, program.stop),
        )
        self._processes[program.name] = process
        self._pump(program, process)
        ready = asyncio.create_task(self._await_readiness(program))
        try:
            return await _end(process)
        finally:
            ready.cancel()

    async def _await_readiness(self, program: Program) -> None:
        end = time.monotonic() + READY_TIMEOUT_S
        while not await self._is_ready(program):
            if time.monotonic() > end:
                self._output.say(program.name, f"is not ready after {READY_TIMEOUT_S:g} s: starting it anew", "bold red")
                self._kill(program.name)
                return
            await asyncio.sleep(_GLANCE_S)
        self._output.say(program.name, "is ready")
        self._ready[program.name].set()

    async def _is_ready(self, program: Program) -> bool:
        if isinstance(program.ready, str):
            return program.name in self._said_ready
        return await asyncio.to_thread(program.ready)

    def _pump(self, program: Program, process: Process) -> None:
        """Have all that a process says written down, however long it goes on saying something."""
        task = asyncio.create_task(self._read(program, process))
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)

    async def _read(self, program: Program, process: Process) -> None:
        rest = b""
        while process.stdout is not None and (chunk := await process.stdout.read(_CHUNK_BYTES)):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _CHUNK_BYTES:  # one endless line
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._hear(program, line.decode(errors="replace"))
        self._hear(program, rest.decode(errors="replace"))

    def _hear(self, program: Program, line: str) -> None:
        self._output.line(program.name, line)
        if isinstance(program.ready, str) and line.rstrip().endswith(program.ready):
            self._said_ready.add(program.name)

    async def _stop_programs(self) -> None:
        """Stop what stands on others first."""
        programs = [part for part in self._parts if isinstance(part, Program) and part.name in self._processes]
        for depth in sorted({self._depths[program.name] for program in programs}, reverse=True):
            level = [program for program in programs if self._depths[program.name] == depth]
            await asyncio.gather(*map(self._stop_program, level))
        if self._pumps:
            await asyncio.wait(self._pumps, timeout=1.0)

    async def _stop_program(self, program: Program) -> None:
        process = self._processes[program.name]
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(program.stop)
            try:
                await asyncio.wait_for(_end(process), program.stop_s)
            except TimeoutError:
                self._output.say(program.name, f"has not stopped in {program.stop_s:g} s: killing it", "bold red")
                self._kill(program.name)
                await _end(process)
        self._output.say(program.name, "stopped", "dim")

    def _kill(self, name: str) -> None:
        """Kill a program and all that it started, whatever session that went to."""
        process = self._processes[name]
        if process.returncode is not None:
            return
        with suppress(psutil.NoSuchProcess):
            family = psutil.Process(process.pid)
            for one in [*family.children(recursive=True), family]:
                with suppress(psutil.NoSuchProcess):
                    one.send_signal(signal.SIGKILL)


async def _end(process: Process) -> int:
    """Wait for a process, and end what it leaves behind in its group, such as a server that would keep its port.

    `Process.wait` also waits for whoever else holds the pipe of its output.
    """
    while process.returncode is None:
        await asyncio.sleep(_GLANCE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.returncode


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
