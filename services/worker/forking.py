"""The fork server as its owner sees it: asked for a process, it gives one that is there at once with everything imported."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo

from ascension_core.errors import AscensionError
from services.worker.environment import kernel_environment
from services.worker.zygote import PACKET

_END_S = 10.0
_PREFIX = "ascension-kernels-"
_LONGEST_BASE = 107 - len(f"/{_PREFIX}12345678/1234567/socket-5")
"""Bytes: a socket's path has at most 107, see unix(7)."""
_LOG = logging.getLogger(__name__)


class KernelDied(AscensionError):
    """A kernel ended although nobody of ours had ended it, or none could be started; the same may work later."""


@dataclass(frozen=True)
class Fork:
    """A process that has been forked.

    Attributes
    ----------
    process
        Its number.
    folder
        Of its connection, nobody else's.
    connection
        What a Jupyter connection file holds.
    status
        Pipe that tells how it ended, as text: the exit code, or minus the signal; or nothing, if the fork server died first.
    output
        Pipe of what it writes to standard output and error.
    """

    process: int
    folder: Path
    connection: KernelConnectionInfo
    status: int
    output: int


class ForkServer:
    """A process that forks kernels; started when it is needed, and again when it has died. For any thread.

    Parameters
    ----------
    imports
        Import statements that are run in it, as far as that is safe.
    variables
        Of its environment, beside what `kernel_environment` lets through.
    """

    def __init__(self, imports: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        self._imports = list(imports)
        self._environment = kernel_environment() | dict(variables or {})
        self._lock = threading.Lock()
        self._server: _Server | None = None
        self._starting: _Server | None = None
        self._closed = False

    @property
    def process(self) -> int | None:
        """Number of the fork server's process, where there is one."""
        return self._server.process.pid if self._server else None

    def fork(self, place: Path) -> Fork:
        """A new kernel, in a working folder.

        Raises
        ------
        KernelDied
            If no fork server can be started.
        """
        with self._lock:
            for _ in range(2):  # the first may just have died
                server = self._running()
                with suppress(OSError, EOFError):
                    return server.fork(place)
                self._end()
        raise KernelDied("no kernel can be started: the fork server dies at once; see the log of the worker")

    def kill(self, process: int) -> None:
        """End a kernel and all that it has started; nothing happens if it has ended."""
        server = self._server
        if server is not None:
            with suppress(OSError):  # it is dead, and so are its kernels
                server.order({"kill": process})

    def close(self) -> None:
        """End the fork server and all its kernels, for good."""
        self._closed = True
        starting = self._starting
        if starting is not None:
            starting.process.kill()
        with self._lock:
            self._end()

    def _running(self) -> _Server:
        while self._server is None:
            if self._closed:
                raise KernelDied("no kernel can be started any more")
            server = self._starting = _Server(self._environment)
            unsafe = server.prepare(self._imports)
            self._starting = None
            if unsafe is None:
                self._server = server
            else:
                _LOG.info("not imported ahead of notebooks, because it starts threads: %s", unsafe)
                self._imports.remove(unsafe)
                server.end()
        return self._server

    def _end(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.end()


class _Server:
    """One fork server's process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        _sweep()
        self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=_base()))
        self._held = _hold(self._folder)
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "services.worker.zygote", str(self._folder)],
                stdin=theirs.fileno(),
                env={**environment, "IPYTHONDIR": str(self._folder / "ipython")},
                start_new_session=True,  # Ctrl-C is for the worker
            )
        self._numbers = count()

    def prepare(self, imports: Sequence[str]) -> str | None:
        """Import; returns a statement after which no fork is safe, if there is one.

        Raises
        ------
        KernelDied
            If the process ends meanwhile.
        """
        try:
            answer = self._ask({"import": list(imports)})
        except (OSError, EOFError) as cause:
            self.end()
            raise KernelDied("the fork server ended while it imported; see the log of the worker") from cause
        for statement, why in answer.get("failed", {}).items():
            _LOG.warning("`%s` fails ahead of notebooks: %s", statement, why)
        return answer.get("unsafe")

    def fork(self, place: Path) -> Fork:
        folder = self._folder / str(next(self._numbers))
        folder.mkdir(mode=0o700)
        connection, file = _connection(folder), folder / "connection.json"
        file.write_text(json.dumps(connection))
        (status, told), (output, said) = os.pipe(), os.pipe()
        try:
            answer = self._ask({"fork": {"folder": str(place), "connection": str(file)}}, [told, said])
        except (OSError, EOFError):
            os.close(status)
            os.close(output)
            raise
        finally:
            os.close(told)
            os.close(said)
        return Fork(answer["process"], folder, connection, status, output)

    def order(self, order: Mapping[str, Any], pipes: Sequence[int] = ()) -> None:
        socket.send_fds(self._socket, [json.dumps(order).encode()], pipes)

    def end(self) -> None:
        self._socket.close()  # at which it kills its kernels and ends
        try:
            self.process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def _ask(self, order: Mapping[str, Any], pipes: Sequence[int] = ()) -> dict[str, Any]:
        self.order(order, pipes)
        answer = self._socket.recv(PACKET)
        if not answer:
            raise EOFError
        decoded: dict[str, Any] = json.loads(answer)
        return decoded


def _hold(folder: Path) -> int | None:
    """Claim a folder for as long as this process lives; None if somebody else has."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _sweep() -> None:
    """Remove folders whose owner and fork server were both killed before one of them could."""
    for folder in Path(_base()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is another user's, or has just been removed
            held = _hold(folder)
            if held is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(held)


def _base() -> str:
    """The system's folder for temporary files, or, where its name is too long for sockets, the one that every Unix has."""
    usual = tempfile.gettempdir()
    return usual if len(os.fsencode(usual)) <= _LONGEST_BASE else "/tmp"  # the folder made in it is private


def _connection(folder: Path) -> KernelConnectionInfo:
    """Sockets in a folder that nobody else may enter; the ports are ends of their names."""
    return {
        "transport": "ipc",
        "ip": str(folder / "socket"),
        "shell_port": 1,
        "iopub_port": 2,
        "stdin_port": 3,
        "control_port": 4,
        "hb_port": 5,
        "key": secrets.token_hex(),
        "signature_scheme": "hmac-sha256",
    }
