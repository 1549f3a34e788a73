"""Starting a server's program: as whom, and tied to the life of its keeper."""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any

from ascension_core.errors import ServerUnavailable

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_CLONE_NEWUSER = 0x10000000  # linux/sched.h


@dataclass(frozen=True)
class Identity:
    """As whom a program runs, for those that refuse to run as root.

    Attributes
    ----------
    uid, gid
        What the program sees.
    namespace
        In a user namespace of its own, in which our own files are `uid`'s. Otherwise the program really switches to `uid`,
        which must then own its data and reach it.
    """

    uid: int
    gid: int
    namespace: bool

    @property
    def owner(self) -> tuple[int, int]:
        """Who must own the files of the program, seen from outside."""
        return (os.geteuid(), os.getegid()) if self.namespace else (self.uid, self.gid)

    def take(self) -> None:
        """Become this identity. For the child between fork and exec."""
        if self.namespace:
            self._enter_namespace()
        else:
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)

    def _enter_namespace(self) -> None:
        outer_uid, outer_gid = os.geteuid(), os.getegid()
        if _libc().unshare(_CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "unshare")
        for file, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{self.uid} {outer_uid} 1"),
            ("gid_map", f"{self.gid} {outer_gid} 1"),
        ):
            Path("/proc/self", file).write_text(text)


@dataclass(frozen=True)
class Program:
    """A program to be run.

    Attributes
    ----------
    command
        What to execute.
    folder
        Its working folder.
    stop
        The signal at which it stops cleanly.
    environment
        Its environment variables beside the few that every program of ours gets; ours are not passed on.
    identity
        As whom; None for ourselves.
    """

    command: Sequence[str | Path]
    folder: Path
    stop: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: Identity | None = None


def start(program: Program, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a program that stops when this process ends, however it ends."""
    return subprocess.Popen(program.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **_circumstances(program))


def run(program: Program, log: IO[bytes]) -> None:
    """Run a program to its end.

    Raises
    ------
    ServerUnavailable
        If it fails.
    """
    done = subprocess.run(
        program.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, **_circumstances(program)
    )
    if done.returncode:
        raise ServerUnavailable(f"{Path(program.command[0]).name} ended with {done.returncode}")


def _circumstances(program: Program) -> dict[str, Any]:
    return {
        "cwd": program.folder,
        "env": {"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", "HOME": str(program.folder), **program.environment},
        "preexec_fn": before_exec(program.identity, program.stop),
        "start_new_session": True,
    }


def before_exec(identity: Identity | None, stop: signal.Signals) -> Callable[[], None]:
    """What the child does before it becomes the program: takes its identity, and asks for `stop` when this *thread* ends.

    The identity comes first, as a change of it would undo the rest.
    """
    libc, parent = _libc(), os.getpid()

    def prepare() -> None:
        if identity is not None:
            identity.take()
        if sys.platform == "linux":
            libc.prctl(_PR_SET_PDEATHSIG, int(stop))
            if os.getppid() != parent:  # it died before we could ask to be told
                os._exit(1)

    return prepare


def unprivileged(*needed: Path) -> Identity | None:
    """As whom to run a program that refuses root: None unless we are root.

    A user namespace changes nothing on disk and reaches whatever we reach. Where the kernel or a container forbids it, the
    program runs as ``nobody``, and every folder above `needed` must let others pass.

    Raises
    ------
    ServerUnavailable
        If neither way is open.
    """
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    separate = Identity(nobody.pw_uid, nobody.pw_gid, namespace=True)
    if _works(separate):
        return separate
    barred = [folder for path in needed for folder in path.parents if not folder.stat().st_mode & 0o001]
    if barred:
        raise ServerUnavailable(
            f"it refuses to run as root, and nobody else may enter {barred[0]}. Set ASCENSION_HOME to a folder that others can "
            "reach, run as an ordinary user, or set ASCENSION_DATABASE_URL"
        )
    return Identity(nobody.pw_uid, nobody.pw_gid, namespace=False)


def hand_over(folder: Path, identity: Identity | None) -> None:
    """Make `identity` the owner of a folder and all that is in it."""
    if identity is None or (folder.stat().st_uid, folder.stat().st_gid) == identity.owner:
        return
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, *identity.owner, follow_symlinks=False)


def _works(identity: Identity) -> bool:
    try:
        done = subprocess.run(["true"], preexec_fn=identity.take, check=False, capture_output=True)
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
