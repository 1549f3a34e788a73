"""The side of those who use a private server."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import psutil

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.files import Place, State, open_lock

Name = Literal["postgres", "seaweed", "rabbitmq"]
NAMES: tuple[Name, ...] = ("postgres", "seaweed", "rabbitmq")

START_TIMEOUT_S = 240.0
STOP_TIMEOUT_S = 60.0
_GLANCE_S = 0.02


class Server:
    """One use of a private server; it lives at least until `close`, or until this process ends.

    Parameters
    ----------
    name
        Which server.
    home
        The data folder.
    linger_s
        How long the server stays when its last user has left.
    """

    def __init__(self, name: Name, home: Path, *, linger_s: float) -> None:
        self._name = name
        self._linger_s = linger_s
        self._place = Place(home / "servers" / name)
        self._place.make()
        self._lease: int | None = open_lock(self._place.users)
        fcntl.flock(self._lease, fcntl.LOCK_SH)  # waits while a keeper is stopping the server

    def url(self) -> str:
        """Where the server is; starts it, or its keeper, where one of them is gone.

        Raises
        ------
        ServerUnavailable
            If it does not start.
        """
        if self._lease is None:
            raise ServerUnavailable(f"the private {self._name} server was closed in this process")
        token = secrets.token_hex(8)
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end:
            kept, state = self._place.kept(), self._place.state()
            if kept and state is not None and state.url is not None and psutil.pid_exists(state.keeper):
                return state.url  # not one that a keeper left when it was killed
            self._give_up_if_refused(state, token)
            if not kept:
                self._start_keeper(token)
            time.sleep(_GLANCE_S)
        raise ServerUnavailable(
            f"the private {self._name} server did not start in {START_TIMEOUT_S:.0f} s; see {self._place.log}"
        )

    def close(self) -> None:
        """Leave; the server stops when nobody is left."""
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def _give_up_if_refused(self, state: State | None, token: str) -> None:
        if state is not None and state.error is not None and state.token == token:
            raise ServerUnavailable(f"the private {self._name} server did not start: {state.error}; see {self._place.log}")

    def _start_keeper(self, token: str) -> None:
        """Start a keeper, which detaches itself; one too many notices and goes."""
        keeper = (sys.executable, "-P", "-m", "ascension_core.platform.embedded.keeper")
        options = (self._name, str(self._place.folder), str(self._linger_s), token)
        with self._place.log.open("ab") as log:
            subprocess.run(
                (*keeper, *options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
            )


def attach(name: Name, home: Path, *, linger_s: float = 5.0) -> Server:
    """Use a private server of the data folder `home`; `Server.url` starts it where it is not running."""
    return Server(name, home.absolute(), linger_s=linger_s)


def running(home: Path) -> dict[str, State]:
    """State of every private server of a data folder that has a keeper, by name."""
    places = {name: Place(home / "servers" / name) for name in NAMES}
    states = {name: place.state() for name, place in places.items() if place.folder.is_dir() and place.kept()}
    return {name: state for name, state in states.items() if state is not None}


def down(home: Path) -> list[str]:
    """Stop every private server of a data folder, whoever uses it; returns the names of those that ran.

    Raises
    ------
    ServerUnavailable
        If one does not stop in a minute.
    """
    found = running(home)
    for state in found.values():
        os.kill(state.keeper, signal.SIGTERM)
    end = time.monotonic() + STOP_TIMEOUT_S
    while left := [name for name in found if Place(home / "servers" / name).kept()]:
        if time.monotonic() > end:
            raise ServerUnavailable(f"still running: {', '.join(left)}; see {home / 'servers'}")
        time.sleep(_GLANCE_S)
    return list(found)
