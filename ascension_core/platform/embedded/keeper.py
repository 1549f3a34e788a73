"""The process that looks after one private server: ``python -m … ENGINE FOLDER LINGER_S TOKEN``.

It detaches itself, holds ``keeper.lock``, starts the server's programs, starts them again when one dies, and stops them when
nobody has held ``users.lock`` for a while, or on SIGTERM. If it is killed itself, the kernel tells its programs to stop
(`processes.start`), and the next user starts another keeper.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.engines import ENGINES, Engine
from ascension_core.platform.embedded.files import Place, State, open_lock, try_lock
from ascension_core.platform.embedded.ports import choose_ports
from ascension_core.platform.embedded.processes import Program, start

ATTEMPTS = 5
READY_TIMEOUT_S = 180.0  # a busy machine: RabbitMQ takes 7 s on an idle one
STOP_TIMEOUT_S = 20.0
LOCK_TIMEOUT_S = 2.0  # a user who looks whether there is a keeper holds the lock for an instant
GLANCE_S = 0.02
PATROL_S = 0.25


class Keeper:
    """Looks after one server until nobody needs it."""

    def __init__(self, engine: Engine, place: Place, linger_s: float, token: str) -> None:
        self._engine = engine
        self._place = place
        self._linger_s = linger_s
        self._state = State(os.getpid(), token, ports=self._ports_of_last_time())
        self._stopping = False
        self._programs: list[tuple[Program, subprocess.Popen[bytes]]] = []
        self._users = open_lock(place.users)
        self._alone_since: float | None = None

    def run(self) -> None:
        """Keep the server running while it is wanted."""
        signal.signal(signal.SIGTERM, self._on_term)
        try:
            while not self._stopping:
                self._start()
                self._tell(url=self._engine.url(self._state.ports, self._place.secret()))
                self._patrol()
                self._tell(url=None)
                self._stop()
        except ServerUnavailable as error:
            self._tell(url=None, error=str(error))
        finally:
            self._stop()

    def _on_term(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _ports_of_last_time(self) -> tuple[int, ...]:
        known = self._place.state()
        return known.ports if known else ()

    def _tell(self, *, url: str | None, error: str | None = None) -> None:
        self._state = replace(self._state, url=url, error=error)
        self._place.write_state(self._state)

    def _start(self) -> None:
        """Start the programs and wait until the server answers; other ports, and a pause, after a failure."""
        for attempt in range(ATTEMPTS):
            ports = choose_ports(self._engine.ports, wanted=() if attempt else self._state.ports)
            self._state = replace(self._state, ports=ports)
            self._tell(url=None)
            self._engine.prepare(self._place, ports)
            self._start_programs()
            if self._becomes_ready():
                return
            self._stop()
            if self._stopping:
                return
            time.sleep(0.5 * attempt)
        raise ServerUnavailable(f"it ended {ATTEMPTS} times before it was ready")

    def _start_programs(self) -> None:
        with self._place.log.open("ab") as log:
            for program in self._engine.programs(self._place, self._state.ports):
                self._programs.append((program, start(program, log)))

    def _becomes_ready(self) -> bool:
        end = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < end and not self._stopping and self._alive():
            if self._engine.is_ready(self._place, self._state.ports):
                return True
            time.sleep(GLANCE_S)
        return False

    def _alive(self) -> bool:
        return all(process.poll() is None for _, process in self._programs)

    def _patrol(self) -> None:
        """Return when a program died, or when it is time to go."""
        while not self._stopping and self._alive():
            self._stopping = self._is_deserted()
            time.sleep(PATROL_S)

    def _is_deserted(self) -> bool:
        """Whether nobody has used the server for the linger time; users who come from now on wait for the lock."""
        if not try_lock(self._users, fcntl.LOCK_EX):
            self._alone_since = None
            return False
        now = time.monotonic()
        self._alone_since = now if self._alone_since is None else self._alone_since
        if now - self._alone_since >= self._linger_s:
            return True
        fcntl.flock(self._users, fcntl.LOCK_UN)
        return False

    def _stop(self) -> None:
        """Ask each program to stop, the last one first, and kill those that do not."""
        while self._programs:
            program, process = self._programs.pop()
            if process.poll() is None:
                process.send_signal(program.stop)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _detach() -> None:
    """Leave the caller's session, so that its end or its Ctrl-C does not reach us."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")


def _be_the_only_one(place: Place) -> bool:
    """Hold the keeper's lock until this process ends."""
    descriptor = open_lock(place.keeper)
    end = time.monotonic() + LOCK_TIMEOUT_S
    while not try_lock(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > end:
            return False
        time.sleep(GLANCE_S)
    return True


def main() -> None:
    """Detach, and keep the server unless somebody else does."""
    name, folder, linger_s, token = sys.argv[1:]
    place = Place(Path(folder))
    _detach()
    if _be_the_only_one(place):
        Keeper(ENGINES[name], place, float(linger_s), token).run()


if __name__ == "__main__":
    main()
