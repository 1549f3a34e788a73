"""A worker from its start to its end: servers, kernels, threads, signals."""

from __future__ import annotations

import logging
import os
import re
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import TypeVar

from ascension_core.errors import InvalidJob, InvalidOption, ServerUnavailable
from ascension_core.platform.database import Database, database
from ascension_core.platform.jobs import Jobs, Kind, Worksheet, kinds
from ascension_core.platform.objects import ObjectStore, object_store
from ascension_core.platform.queue import job_queue
from ascension_core.settings import settings
from services.worker import champions
from services.worker.attempt import Means
from services.worker.backoff import Backoff
from services.worker.board import Board
from services.worker.execution import WARM_KINDS, Runner
from services.worker.health import HOST, Health, serve
from services.worker.janitor import Janitor
from services.worker.leaving import Leaving, exit_on_signals
from services.worker.limits import Limits, memory_bytes
from services.worker.meters import Meters
from services.worker.tracking import Tracker
from services.worker.worker import Worker
from services.worker.workroom import Workroom

_NAME = re.compile(r"\w[\w.-]{0,99}")
_LOG = logging.getLogger(__name__)
D = TypeVar("D", Database, ObjectStore)


@dataclass(frozen=True)
class WorkerOptions:
    """How a worker works.

    Attributes
    ----------
    kinds
        Kinds of jobs that it does; all by default.
    name
        Its name in the jobs' rows; host and process id by default.
    warm
        For how many kinds it keeps a kernel warm.
    metrics_port
        Port for health and metrics; 0 takes any that is free, None none.
    metrics_host
        Address of this machine on which they are; whoever reaches it may read them.
    once
        Do one job, and go.
    notebooks
        Folder of the notebooks; the one of the settings by default.
    """

    kinds: Sequence[str] | None = None
    name: str | None = None
    warm: int = WARM_KINDS
    metrics_port: int | None = None
    metrics_host: str = HOST
    once: bool = False
    notebooks: Path | None = None


def run_worker(options: WorkerOptions, say: Callable[[str], None] = print) -> None:
    """Do jobs until a signal says to stop.

    Parameters
    ----------
    options
        How.
    say
        Told once where health and metrics are.

    Raises
    ------
    InvalidJob, InvalidOption, OutputNotWritable, ModelError
        If the options, settings or champions cannot be used. Servers that are away are waited for.
    """
    name, known = worker_name(options.name), chosen_kinds(options)
    exit_on_signals()
    pipelines = champions.wanted(known)
    board = Board("queue", "jobs", "objects", "kernel", *([champions.PART] if pipelines else []))
    with ExitStack() as stack:
        workroom = stack.enter_context(closing(Workroom(settings().work)))
        workroom.sweep()
        opened, objects = _open(stack, database(), board, "jobs"), _open(stack, object_store(), board, "objects")
        followed = stack.enter_context(closing(champions.Champions(pipelines, workroom.folder / champions.PART, board)))
        runner = stack.enter_context(Runner(known, warm=options.warm, variables=followed.variables))
        meters = Meters(opened, partial(_kernel_bytes, runner))
        if options.metrics_port is not None:
            port = stack.enter_context(serve(Health(board, meters.registry, name), options.metrics_port, options.metrics_host))
            say(f"http://{options.metrics_host}:{port}/metrics")
        tracker = stack.enter_context(closing(Tracker(opened, objects, eager=any(kind.experiment for kind in known.values()))))
        janitor = Janitor(opened, objects, board, partial(_is_kernel_ready, runner, options), options.notebooks)
        stack.enter_context(closing(janitor)).start()
        queue = stack.enter_context(closing(job_queue(opened)))
        sheet = Worksheet(Jobs(opened, queue, options.notebooks), name, list(known), settings().worker_lease_s)
        means = Means(objects, runner, workroom, Limits.of_settings(), options.notebooks)
        followed.start()
        leaving = Leaving(settings().worker_grace_s)
        leaving.listen()
        _LOG.info("worker %s takes jobs of kind %s", name, ", ".join(known))
        Worker(sheet, opened, means, board=board, meters=meters, tracker=tracker, leaving=leaving).run(once=options.once)
        _LOG.info("worker %s stops", name)


def worker_name(name: str | None) -> str:
    """The name, if it is one; host and process id where none is given.

    Raises
    ------
    InvalidOption
        If it is none.
    """
    if name is None:
        host = re.sub(r"[^\w.-]", "_", socket.gethostname()) or "worker"
        return f"{host[:80]}-{os.getpid()}"
    if not _NAME.fullmatch(name):
        raise InvalidOption(f"a worker's name has up to 100 letters, digits, '-', '_' and '.': {name[:40]!r}")
    return name


def chosen_kinds(options: WorkerOptions) -> dict[str, Kind]:
    """The kinds that a worker does, by name; first those that somebody waits for, whose kernels are warm first.

    Raises
    ------
    InvalidJob
        If there is no such kind, or none at all.
    """
    known = kinds(options.notebooks)
    unknown = set(options.kinds or ()) - known.keys()
    if unknown or not known:
        asked = ", ".join(sorted(unknown))[:80] or "any"
        raise InvalidJob(f"no kind of job is called {asked}; there are {', '.join(known) or 'none'}")
    chosen = [kind for name, kind in known.items() if options.kinds is None or name in options.kinds]
    return {kind.name: kind for kind in sorted(chosen, key=lambda kind: kind.pipeline is None)}


def _open(stack: ExitStack, door: D, board: Board, part: str) -> D:
    """Open the database or the object store, however long that takes."""
    stack.callback(door.close)
    backoff = Backoff()
    while True:
        try:
            door.open()
        except ServerUnavailable as error:
            board.trouble(part, error)
            backoff.pause(Event())
        else:
            return door


def _kernel_bytes(runner: Runner) -> int:
    """Memory of the fork server and all kernels."""
    process = runner.fork_server
    return memory_bytes(process) if process is not None else 0


def _is_kernel_ready(runner: Runner, options: WorkerOptions) -> bool:
    runner.mend()
    return options.warm == 0 or bool(runner.warm_kinds)
