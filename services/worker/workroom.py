"""Folders for the files of running jobs: private, and gone with the job or with the worker."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ascension_core.errors import OutputNotWritable
from ascension_core.platform.embedded.files import locked, open_lock, try_lock

_LOCK = "lock"


class Workroom:
    """One worker's folder, held by a lock for as long as the worker lives, however it ends.

    Parameters
    ----------
    base
        Folder that all workers of this user share; one of our own in the system's folder for temporary files by default.

    Raises
    ------
    OutputNotWritable
        If the folder cannot be made, or is not ours alone.
    """

    def __init__(self, base: Path | None = None) -> None:
        self._base = base or Path(tempfile.gettempdir(), f"ascension-{os.getuid()}")
        _make_private(self._base)
        with _alone(self._base):  # nobody sweeps between the making of a folder and its lock
            self.folder = Path(tempfile.mkdtemp(prefix="worker-", dir=self._base))
            self._held = open_lock(self.folder / _LOCK)
            try_lock(self._held, fcntl.LOCK_EX)

    def sweep(self) -> int:
        """Remove what dead workers left; returns for how many."""
        with _alone(self._base):
            dead = [folder for folder in self._base.glob("worker-*") if folder != self.folder and _is_free(folder / _LOCK)]
            for folder in dead:
                shutil.rmtree(folder, ignore_errors=True)
        return len(dead)

    @contextmanager
    def job(self, name: str) -> Iterator[Path]:
        """An empty folder for one job, gone at the end of the block."""
        folder = self.folder / name
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove the worker's folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._held)


@contextmanager
def _alone(base: Path) -> Iterator[None]:
    """Wait until no other worker makes or sweeps folders."""
    descriptor = open_lock(base / _LOCK)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_private(folder: Path) -> None:
    """Make a folder that only we may enter; in a folder that everybody may write, it could be somebody else's trap."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as cause:
        raise OutputNotWritable(f"{folder} cannot be made: {cause.strerror}; set ASCENSION_WORK to a folder") from cause
    if folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OutputNotWritable(f"{folder} is not private: set ASCENSION_WORK to a folder of your own with mode 0700")


def _is_free(lock: Path) -> bool:
    try:
        with locked(lock) as free:
            return free
    except FileNotFoundError:
        return True
