"""Fixtures that every test module shares."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ascension_core.pose import models as pose_models
from ascension_core.results import Program
from ascension_core.settings import settings

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

# As in the Makefile, for those who call pytest themselves: in CI the evaluation data lie beside the clone.
if SHARED_DATA.is_dir():
    os.environ.setdefault("ASCENSION_DATA", str(SHARED_DATA))


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def tracked() -> list[str]:
    """Names of the files that are in git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of evaluation data that ASCENSION_DATA names."""
    folder = settings().data
    if folder is None or not folder.is_dir():
        _unavailable("needs the evaluation data: set ASCENSION_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def synthetic_clip() -> Path:
    """The repository's own clip."""
    return ROOT / "experiments" / "synthetic" / "clip" / "climb.mp4"


@pytest.fixture(scope="session")
def synthetic_truth() -> Path:
    """What is true of the repository's own clip, frame by frame."""
    return ROOT / "experiments" / "synthetic" / "clip" / "truth.json.gz"


@pytest.fixture(scope="session")
def personas() -> Path:
    """The folder of written-out athletes."""
    return ROOT / "tests" / "training" / "personas"


@pytest.fixture(scope="session")
def planned(personas: Path) -> Callable[[str], Program]:
    """The program of a persona, planned once from the Monday that all personas start on."""
    from ascension_core.training.athlete import Athlete
    from ascension_core.training.program import plan

    return cache(lambda name: plan(Athlete.load(personas / f"{name}.json"), today=date(2026, 11, 23)))


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of models, all of them there."""
    pose_models.pull()
    return settings().models


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty data folder of Ascension's own for one test."""
    folder = tmp_path / "home"
    monkeypatch.setenv("ASCENSION_HOME", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture(scope="session")
def ascension() -> tuple[str, ...]:
    """The command line, to be run as a process: ``[*ascension, "models", "list"]``."""
    return (sys.executable, "-c", "from ascension_core.cli import main; main()")


class NetworkUsedError(AssertionError):
    """Something opened a connection or looked up a name."""


class _Guard:
    """An audit hook, because Python reports every use of a socket to it, and which can be switched."""

    ON_SOCKETS = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"})
    LOOKUPS = frozenset({"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"})

    def __init__(self) -> None:
        self.active = False
        sys.addaudithook(self)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if self.active and (event in self.LOOKUPS or (event in self.ON_SOCKETS and args[0].family.name != "AF_UNIX")):
            raise NetworkUsedError(f"{event}{args[1:] if event in self.ON_SOCKETS else args}")


_guard = _Guard()


@pytest.fixture
def no_network() -> Iterator[None]:
    """Any use of the network by Python code of this process raises, on loopback too."""
    _guard.active = True
    yield
    _guard.active = False


# What a process does to reach another machine, or to find out where it is.
_TRACED = "connect,sendto,sendmsg,sendmmsg,openat,open"
_CONNECTION = re.compile(r"sa_family=AF_INET6?\b.*")
_LOOKUP = re.compile(r'open(?:at)?\(.*"/etc/(?:hosts|resolv\.conf)"')


@pytest.fixture
def assert_no_network(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command and all its children under strace; fail if any connects, sends or looks up a name.

    ``assert_no_network([*ascension, "models", "list"])`` returns the finished process with its output; keyword arguments
    go to `subprocess.run`.
    """
    if shutil.which("strace") is None:
        _unavailable("needs strace: install the package strace")

    def run(command: Sequence[str | Path], **options: Any) -> subprocess.CompletedProcess[str]:
        trace = tmp_path / "trace"
        tracer = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", f"trace={_TRACED}", "-e", "signal=none", "-o", trace]
        done = subprocess.run([*tracer, *command], check=False, **{"capture_output": True, "text": True} | options)
        used = [
            line for line in trace.read_text(errors="replace").splitlines() if _CONNECTION.search(line) or _LOOKUP.search(line)
        ]
        if used:
            raise NetworkUsedError("\n".join(used[:10]))
        return done

    return run


def _unavailable(reason: str) -> None:
    """Skip, but not in CI: there everything that a test needs must be present."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
