"""The process that kernels are forked from: ``python -m services.worker.zygote FOLDER`` with a socket as its standard input.

It imports what notebooks need, once, and then forks: a kernel starts with all of it in memory, in the time of a fork. A fork
copies one thread only, so nothing may be here that holds a lock in another. After each import a child is forked for trial:
OpenBLAS ends its threads at a fork, and starts them again when they are needed; if any other thread is left over, the import is
unsafe, and the owner is told.

It is the parent of all kernels and of what they leave behind: it kills and buries them, and if its owner goes, all of them, and
the folder. The standard library's fork server is of no use here: it hands on its owner's environment, and its children outlive
it.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import json
import os
import resource
import selectors
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import psutil

PACKET = 1 << 17
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
_OOM_SCORE = "800"
# What a kernel imports while it starts.
_OWN_IMPORTS = (
    "import ipykernel.kernelapp, ipykernel.ipkernel, ipykernel.debugger, tornado.platform.asyncio",
    "import IPython.display, IPython.core.completerlib, IPython.core.debugger, IPython.extensions.storemagic",
    "import ascension_core.notebook",
)


class Zygote:
    """Forks kernels for one owner, at the other end of a socket."""

    def __init__(self, owner: socket.socket) -> None:
        self._owner = owner
        self._kernels: dict[int, int] = {}  # process -> pipe on which its end is told
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = os.pipe()

    def serve(self) -> None:
        """Do what the owner says, until it is gone."""
        _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what a kernel leaves behind becomes ours, whatever session it went to
        self._hear_of_children()
        self._selector.register(self._owner, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in self._selector.select()}
            if self._wake in ready:
                os.read(self._wake, PACKET)
                self._bury()
            if self._owner in ready and not self._obey():
                return

    def _hear_of_children(self) -> None:
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)

    def _obey(self) -> bool:
        """Carry out one order; False when there is no owner any more."""
        packet, pipes, _, _ = socket.recv_fds(self._owner, PACKET, 2)
        match json.loads(packet) if packet else None:
            case {"import": statements}:
                self._tell(_import(statements))
            case {"fork": place}:
                self._fork(place, *pipes)
            case {"kill": process} if process in self._kernels:
                os.kill(process, signal.SIGKILL)
        return bool(packet)

    def _tell(self, answer: Mapping[str, Any]) -> None:
        self._owner.send(json.dumps(answer).encode())

    def _fork(self, place: Mapping[str, str], status: int, output: int) -> None:
        zygote = os.getpid()
        process = os.fork()
        if process == 0:
            _become_kernel(zygote, place, output, partial(self._leave, status))
        os.close(output)
        self._kernels[process] = status
        self._tell({"process": process})

    def _leave(self, status: int) -> None:
        """In the child: have nothing of the zygote's any more."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._selector.close()
        self._owner.detach()  # descriptor 0, which is about to be replaced
        for descriptor in (status, self._wake, self._waker, *self._kernels.values()):
            os.close(descriptor)

    def _bury(self) -> None:
        """End what dead kernels left behind, and say how they ended."""
        while (dead := _next_dead()) is not None:
            kernel = self._kernels.pop(dead, None)
            if kernel is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(dead, signal.SIGKILL)  # nobody else can have this number before we have waited for it
            _, status = os.waitpid(dead, 0)
            self._kill_orphans()
            if kernel is not None:
                with suppress(BrokenPipeError):
                    os.write(kernel, str(os.waitstatus_to_exitcode(status)).encode())
                os.close(kernel)

    def _kill_orphans(self) -> None:
        """Kill what a kernel started and did not take with it."""
        for child in psutil.Process().children():
            if child.pid not in self._kernels:
                _kill(child)


def _next_dead() -> int | None:
    """A child that has ended and still has its number."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found else None


def _import(statements: Sequence[str]) -> dict[str, Any]:
    """Import what kernels will need; an import that fails is left to the notebook, which says it better."""
    failed = {}
    for statement in (*_OWN_IMPORTS, *statements):
        try:
            exec(statement, {})
        except Exception as error:
            failed[statement] = f"{type(error).__name__}: {error}"
        if not _may_fork():
            return {"unsafe": statement}
    gc.collect()
    gc.freeze()  # the collector writes to what it visits, and would copy shared pages
    return {"failed": failed}


def _may_fork() -> bool:
    """Whether no thread would be lost by a fork."""
    trial = os.fork()
    if trial == 0:
        os._exit(0)
    alone = len(list(Path("/proc/self/task").iterdir())) == 1
    os.waitpid(trial, 0)
    return alone


def _become_kernel(zygote: int, place: Mapping[str, str], output: int, leave: Callable[[], None]) -> NoReturn:
    """In the child: be a kernel, until killed."""
    code = 1
    try:
        leave()
        _settle(zygote, output)
        os.chdir(place["folder"])
        _run_kernel(place["connection"])
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _settle(zygote: int, output: int) -> None:
    os.setsid()
    _libc().prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))
    if os.getppid() != zygote:  # it died before we could ask to die with it
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for descriptor, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(descriptor, target)
    os.close(nothing)
    os.close(output)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold a person's video
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)  # where memory runs out, a notebook goes before a database
    faulthandler.enable(2)
    if "numpy" in sys.modules:  # all forks would draw the same random numbers; the standard library takes care of its own
        sys.modules["numpy"].random.seed()


def _run_kernel(connection: str) -> None:
    from ipykernel.kernelapp import IPKernelApp

    kernel = IPKernelApp.instance()
    kernel.initialize(  # type: ignore[no-untyped-call]
        [
            *("-f", connection),
            "--HistoryManager.enabled=False",
            "--InteractiveShellApp.exec_PYTHONSTARTUP=False",
            "--IPKernelApp.capture_fd_output=False",  # what libraries write goes to the log, not into the notebook
            "--IPKernelApp.parent_handle=1",  # no advice on how to connect
        ]
    )
    kernel.start()  # type: ignore[no-untyped-call]


def _end_all() -> None:
    """Kill and bury all that we have started, and all that these have."""
    while family := psutil.Process().children(recursive=True):
        for process in family:
            _kill(process)
        with suppress(ChildProcessError):
            os.wait()


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Serve the owner; when it is gone, leave nothing of it."""
    sys.modules["debugpy"] = None  # type: ignore[assignment]  # a job has no debugger, whose import takes longer than all the rest
    try:
        Zygote(socket.socket(fileno=0)).serve()
    finally:
        _end_all()
        shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
