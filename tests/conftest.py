"""Fixtures that every test module shares."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import hypothesis
import pytest

from ascension_core import cli
from ascension_core.platform.tracking import QUIET
from ascension_core.pose import models as pose_models
from ascension_core.results import Program
from ascension_core.settings import settings

pytest_plugins = ["tests.servers"]

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

# As in the Makefile, for those who call pytest themselves: in CI the evaluation data lie beside the clone.
if SHARED_DATA.is_dir():
    os.environ.setdefault("ASCENSION_DATA", str(SHARED_DATA))


THOROUGH = os.environ.get("ASCENSION_THOROUGH", "0") not in {"", "0"}

# The same examples every time, so that a change is to blame for what fails; others at night. Speed is for benchmarks.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=not THOROUGH)
hypothesis.settings.load_profile("suite")

SLOW_WEIGHT = 1000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that several processes end at nearly the same time."""
    weights: Counter[Path] = Counter()
    for item in items:
        weights[item.path] += SLOW_WEIGHT if item.get_closest_marker("slow") else 1
    items.sort(key=lambda item: -weights[item.path])


@pytest.fixture(autouse=True)
def environment_is_left_alone() -> Iterator[None]:
    """Programs that run within this process set variables for libraries; the next test shall not know."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


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
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(path: Path, make: Callable[[Path], None]) -> Path:
    """A file of the shared folder, made by the process that needs it first; the others wait for it."""
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_name(f"unfinished-{path.name}")
            make(unfinished)
            unfinished.rename(path)
    return path


@pytest.fixture(scope="session")
def thorough() -> bool:
    """Whether numbers are to be as large as at night: ``ASCENSION_THOROUGH=1 make test``."""
    return THOROUGH


@pytest.fixture(scope="session")
def synthetic_clip() -> Path:
    """The repository's own clip."""
    return ROOT / "experiments" / "synthetic" / "clip" / "climb.mp4"


@pytest.fixture(scope="session")
def synthetic_truth() -> Path:
    """What is true of the repository's own clip, frame by frame."""
    return ROOT / "experiments" / "synthetic" / "clip" / "truth.json.gz"


SHORT_FRAMES = 40


@pytest.fixture(scope="session")
def short_clip(synthetic_clip: Path, shared: Path) -> Path:
    """The first frames of the repository's clip."""
    from ascension_core.video import VideoWriter, open_video

    def write(path: Path) -> None:
        with open_video(synthetic_clip) as video, VideoWriter(path, (video.info.width, video.info.height)) as writer:
            for frame in video.frames():
                if frame.index == SHORT_FRAMES:
                    break
                writer.write(frame.image, frame.time)

    return once(shared / "short.mp4", write)


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
def eventually() -> Callable[..., bool]:
    """Whether something comes true: ``assert eventually(lambda: queue.empty())``. What goes wrong meanwhile is raised."""

    def eventually(true: Callable[[], object], timeout_s: float = 30.0) -> bool:
        end = time.monotonic() + timeout_s
        while not true():
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        return True

    return eventually


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


@pytest.fixture
def ascension_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line within this process, which tells the same as a process of its own without the seconds of its start.

    ``ascension_here("models", "list")`` returns what `subprocess.run` would: exit code, stdout and stderr.
    """

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = ["ascension", *map(str, arguments)]
        monkeypatch.setattr("sys.argv", command)
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        code = left.value.code
        return subprocess.CompletedProcess(command, code if isinstance(code, int) else 0, said.out, said.err)

    return run


@pytest.fixture(scope="session")
def empty_tracking(shared: Path) -> Path:
    """An MLflow database without runs; to make its tables takes seconds."""

    def make(path: Path) -> None:
        os.environ.update(QUIET)
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        SqlAlchemyStore(f"sqlite:///{path}", str(path.parent)).engine.dispose()

    return once(shared / "mlflow.db", make)


@pytest.fixture
def tracking_store(tmp_path: Path, empty_tracking: Path) -> Path:
    """A folder for `tracking.use_experiment`, with an empty MLflow database."""
    store = tmp_path / "mlruns"
    store.mkdir()
    shutil.copy(empty_tracking, store / "mlflow.db")
    return store


class SquaresNetwork:
    """In place of the hold detector's network: sees holds where the picture is red, volumes where it is blue."""

    LINE: ClassVar = {"score": [0.0, 0.5, 1.0], "probability": [0.0, 0.8, 1.0]}
    CARD: ClassVar = {
        "classes": ["hold", "volume"],
        "stride": 4,
        "mean": [0, 0, 0],
        "std": [255, 255, 255],
        "long_sides": [640, 256],
        "calibration": {"hold": LINE, "volume": LINE},
        "threshold": 0.4,
    }

    def __init__(self, **changes: Any) -> None:
        self.card = self.CARD | changes
        self.inputs: list[Any] = []

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(name="image")]

    def get_modelmeta(self) -> Any:
        return SimpleNamespace(custom_metadata_map={name: json.dumps(value) for name, value in self.card.items()})

    def run(self, _outputs: Any, feed: dict[str, Any]) -> tuple[Any, Any]:
        """A peak in the middle of each square, and the exact distances of its sides."""
        import cv2
        import numpy as np

        (image,) = feed["image"]
        self.inputs.append(image)
        height, width = (length // 4 for length in image.shape[1:])
        heat, sides = np.zeros((1, 2, height, width), np.float32), np.ones((1, 4, height, width), np.float32)
        for kind, channel in ((0, 0), (1, 2)):
            strength = image[channel] * (image[1] < 0.1)
            boxes = cv2.connectedComponentsWithStats((strength > 0.3).astype(np.uint8))[2]
            for left, top, w, h, _ in boxes[1:]:
                x, y = min(width - 1, (left + w // 2) // 4), min(height - 1, (top + h // 2) // 4)
                heat[0, kind, y, x] = strength[top : top + h, left : left + w].max() * 0.5
                middle = np.array([x * 4 + 2, y * 4 + 2])
                sides[0, :, y, x] = [*(middle - (left, top)), *((left + w, top + h) - middle)]
        return heat, sides


@pytest.fixture
def squares_network(monkeypatch: pytest.MonkeyPatch) -> Callable[..., SquaresNetwork]:
    """Puts `SquaresNetwork` in the place of the hold detector's network, with a changed card where asked for."""

    def put(**changes: Any) -> SquaresNetwork:
        network = SquaresNetwork(**changes)
        monkeypatch.setattr("ascension_core.wall.detector._session", lambda path, threads: network)
        return network

    return put


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
