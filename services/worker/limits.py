"""How much a notebook may use, and who sees to it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

import psutil

from ascension_core.platform.jobs import Failure
from ascension_core.settings import settings

GLANCE_S = 0.2


@dataclass(frozen=True)
class Limits:
    """What one job may use.

    Attributes
    ----------
    memory_bytes
        Of its kernel and all that the kernel has started, together; what they share is counted once.
    time_s
        From its start to its end.
    """

    memory_bytes: int
    time_s: float

    @classmethod
    def of_settings(cls) -> Limits:
        """Those that are set for this worker."""
        return cls(settings().worker_memory_bytes, settings().worker_time_s)


class Watch:
    """Looks after one job: why it is to be stopped, once there is a reason.

    Memory is measured rather than limited by the operating system: RLIMIT_AS counts addresses, of which every library that
    maps files or makes room for threads takes gigabytes it never uses, and a control group needs rights a worker may not have.

    Attributes
    ----------
    verdict
        Done as soon as there is a reason.
    peak_bytes
        The most memory that was seen.
    """

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self._limits = limits
        self._end = time.monotonic() + limits.time_s
        self.verdict: asyncio.Future[Failure] = loop.create_future()
        self.peak_bytes = 0

    def decide(self, failure: Failure) -> None:
        """Have the job stopped; the first reason counts."""
        if not self.verdict.done():
            self.verdict.set_result(failure)

    async def keep_time(self) -> None:
        """Stop the job when its time is up."""
        await asyncio.sleep(self._end - time.monotonic())
        self.decide(Failure("TimeLimit", f"the notebook took longer than {self._limits.time_s:g} s"))

    async def keep_memory(self, process: int) -> None:
        """Stop the job when its kernel uses too much memory."""
        most = self._limits.memory_bytes
        while not self.verdict.done():
            used = await asyncio.to_thread(memory_bytes, process, most)
            self.peak_bytes = max(self.peak_bytes, used)
            if used > most:
                self.decide(Failure("MemoryLimit", f"the notebook used more than {most / 1e9:.3g} GB of memory"))
            await asyncio.sleep(GLANCE_S)


def memory_bytes(process: int, enough: int = 0) -> int:
    """Memory of a process and all its descendants; exact only where it may exceed `enough`, as that takes long to find out."""
    try:
        family = [psutil.Process(process), *psutil.Process(process).children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    resident = sum(_resident(member) for member in family)
    return resident if resident <= enough else sum(_proportional(member) for member in family)


def _resident(process: psutil.Process) -> int:
    """Pages in memory, those shared with others included."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has just ended
        return 0


def _proportional(process: psutil.Process) -> int:
    """Pages in memory, and its share of those that it shares; and what was swapped out."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(memory.pss + memory.swap)
