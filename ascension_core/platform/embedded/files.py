"""What the keeper of a server and its users share: the files of one folder."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class State:
    """What is known of a server.

    Attributes
    ----------
    keeper
        Process id of the keeper that wrote this.
    token
        Whose wish made this keeper start.
    ports
        Loopback ports that the server has, kept over restarts where they stay free.
    url
        How to reach it, password and all; None unless it is ready.
    error
        Why it could not be started.
    """

    keeper: int
    token: str
    ports: tuple[int, ...] = ()
    url: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Place:
    """The folder of one server."""

    folder: Path

    @property
    def users(self) -> Path:
        """File that every user holds a shared lock on."""
        return self.folder / "users.lock"

    @property
    def keeper(self) -> Path:
        """File that the keeper holds a lock on."""
        return self.folder / "keeper.lock"

    @property
    def log(self) -> Path:
        """What keeper and server say."""
        return self.folder / "log"

    @property
    def data(self) -> Path:
        """The server's own folder."""
        return self.folder / "data"

    def make(self) -> None:
        """Make the folder; others may pass through it (a server may run as somebody else) but not look inside."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o711, exist_ok=True)

    def state(self) -> State | None:
        """The last state written, or None where there is none that can be read."""
        try:
            known = json.loads((self.folder / "state.json").read_text())
            return State(**{**known, "ports": tuple(known["ports"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write_state(self, state: State) -> None:
        """Replace the state at once, so that no reader sees half of it."""
        write_private(self.folder / "state.json", json.dumps(asdict(state)))

    def secret(self) -> str:
        """The password of this data folder, made on first use. Only the keeper calls this, so there is no race."""
        file = self.folder / "secret"
        if not file.exists():
            write_private(file, secrets.token_urlsafe(24))
        return file.read_text()

    def kept(self) -> bool:
        """Whether a keeper is at work."""
        with locked(self.keeper, fcntl.LOCK_SH) as free:
            return not free


def write_private(file: Path, text: str) -> None:
    """Replace a file by one that only its owner may read."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)


def open_lock(file: Path) -> int:
    """Descriptor of a lock file; locks on it end with the process, however it ends."""
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, kind: int) -> bool:
    """Lock without waiting."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def locked(file: Path, kind: int = fcntl.LOCK_EX) -> Iterator[bool]:
    """Hold a lock during the block; yields whether it was to be had."""
    descriptor = open_lock(file)
    try:
        yield try_lock(descriptor, kind)
    finally:
        os.close(descriptor)
