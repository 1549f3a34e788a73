"""A pipeline version as a folder: ``version.json``, ``weights/``, ``code.zip``, ``requirements.txt`` and ``overrides.txt``."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ascension_core import __version__
from ascension_core.errors import InvalidOption, ModelError, OutputNotWritable
from ascension_core.pipelines.versions import code
from ascension_core.pipelines.versions.catalogue import find
from ascension_core.pipelines.versions.manifest import WEIGHTS_FOLDER, Code, PipelineVersion, WeightFile

VERSION_FILE = "version.json"
CODE_FILE = "code.zip"
REQUIREMENTS_FILE = "requirements.txt"
OVERRIDES_FILE = "overrides.txt"


def write(
    folder: Path,
    pipeline: str,
    options: Mapping[str, Any] | None = None,
    weights: Mapping[str, Path] | None = None,
) -> PipelineVersion:
    """Make a version of what is installed here; the folder appears when it is complete.

    Parameters
    ----------
    folder
        Where to; must not exist.
    pipeline
        ``vision``, ``hold_detector``, ``strength`` or ``training``.
    options
        That differ from the defaults, as a document.
    weights
        Files that take the place of this installation's, by name.

    Raises
    ------
    InvalidOption
        There is no such pipeline, option or weights.
    ModelError
        Weights are missing.
    OutputNotWritable
        The folder cannot be written, or is there already.
    """
    kind = find(pipeline)
    chosen = kind.from_document(options or {})
    files = _files(pipeline, kind.weights(chosen), weights or {})
    if folder.exists():
        raise OutputNotWritable(f"{folder} exists already: choose another folder")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".ascension-", dir=folder.parent) as scratch:
            staged = Path(scratch) / folder.name
            (staged / WEIGHTS_FOLDER).mkdir(parents=True)
            copied = tuple(_copy(name, file, staged, given=name in (weights or {})) for name, file in files.items())
            document = PipelineVersion(
                pipeline=kind.name,
                options=kind.to_document(chosen),
                weights=copied,
                code=_code(staged),
                created=datetime.now(UTC),
            )
            _save(document, staged)
            staged.rename(folder)
    except OSError as error:
        raise OutputNotWritable(f"{folder} cannot be written: {error.strerror or error}") from error
    return document.model_copy(update={"folder": folder})


def load(folder: Path) -> PipelineVersion:
    """Read a version and check it: every byte of its weights and code, and its options against those that we know.

    Raises
    ------
    ModelError
        It is missing, incomplete, was tampered with, or has options that this code does not know.
    """
    found = _read(folder)
    kind = find(found.pipeline)
    try:
        kind.from_document(found.options)
    except InvalidOption as cause:
        raise ModelError(f"{folder} cannot run with this code: {cause}") from cause
    if {weight.name for weight in found.weights} != set(kind.weight_names):
        raise ModelError(f"{folder} cannot run with this code: it needs the weights {', '.join(kind.weight_names)}")
    for weight in found.weights:
        _check(found.path(weight.name), weight.sha256)
    _check(folder / CODE_FILE, found.code.archive_sha256)
    return found


def number(folder: Path, version: int, metrics: Mapping[str, float]) -> PipelineVersion:
    """Write into a version what the registry says of it: its number, and what was measured."""
    found = _read(folder).model_copy(update={"version": version, "metrics": dict(metrics)})
    _save(found, folder)
    return found


def unpack_code(version: PipelineVersion, folder: Path) -> None:
    """Unpack the code of a version into a folder, to be put before what is installed on ``PYTHONPATH``."""
    with zipfile.ZipFile(version.folder / CODE_FILE) as packed:
        packed.extractall(folder)


def _read(folder: Path) -> PipelineVersion:
    path = folder / VERSION_FILE
    try:
        return PipelineVersion.model_validate_json(path.read_bytes()).model_copy(update={"folder": folder})
    except OSError as cause:
        raise ModelError(f"{path} cannot be read ({cause.strerror}): give the folder of a pipeline version") from cause
    except ValidationError as cause:
        first = cause.errors(include_url=False)[0]
        raise ModelError(f"{path} is no pipeline version: {'.'.join(map(str, first['loc']))}: {first['msg']}") from cause


def _save(version: PipelineVersion, folder: Path) -> None:
    partial = folder / f".{VERSION_FILE}.partial"
    partial.write_text(version.model_dump_json(indent=2) + "\n", "utf-8")
    partial.replace(folder / VERSION_FILE)


def _check(file: Path, sha256: str) -> None:
    try:
        intact = file.is_file() and _sha256(file) == sha256
    except OSError as cause:
        raise ModelError(f"{file} cannot be read: {cause.strerror}") from cause
    if not intact:
        raise ModelError(f"{file} is missing, damaged or was changed: fetch the version again")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _files(pipeline: str, own: Mapping[str, Path], given: Mapping[str, Path]) -> dict[str, Path]:
    unknown = sorted(given.keys() - own.keys())
    if unknown:
        raise InvalidOption(f"{pipeline} has no weights called {', '.join(unknown)}; there are {', '.join(own)}")
    missing = [str(file) for file in given.values() if not file.is_file()]
    if missing:
        raise ModelError(f"there is no file {', '.join(missing)}")
    return {**own, **given}


def _copy(name: str, file: Path, folder: Path, *, given: bool) -> WeightFile:
    target = folder / WEIGHTS_FOLDER / f"{name}{file.suffix}"
    shutil.copyfile(file, target)
    return WeightFile(
        name=name,
        file=target.name,
        sha256=_sha256(target),
        bytes=target.stat().st_size,
        source=file.name if given else "installation",
    )


def _code(folder: Path) -> Code:
    archive = folder / CODE_FILE
    code.archive(archive)
    pinned, replaced = requirements()
    _write_lines(folder / REQUIREMENTS_FILE, pinned)
    _write_lines(folder / OVERRIDES_FILE, (f"{name}; sys_platform == 'never'" for name in replaced))
    commit, dirty = code.checkout()
    return Code(
        package=__version__,
        commit=commit,
        dirty=dirty,
        sources_sha256=code.digest(),
        archive_sha256=_sha256(archive),
    )


def requirements(name: str = "ascension") -> tuple[list[str], list[str]]:
    """Every distribution that this installation runs with, pinned; and those that are asked for but were replaced here."""
    found: dict[str, str | None] = {}
    _collect([name], found)
    found.pop(name)
    pinned = [f"{needed}=={version}" for needed, version in sorted(found.items()) if version is not None]
    return pinned, sorted(needed for needed, version in found.items() if version is None)


def _write_lines(file: Path, lines: Iterable[str]) -> None:
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _collect(names: Iterable[str], found: dict[str, str | None]) -> None:
    """Versions of what is installed, None for what is not, as pyproject.toml wants it of OpenCV's other builds."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    for name in map(canonicalize_name, names):
        if name in found:
            continue
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            found[name] = None
            continue
        found[name] = installed.version
        needed = [Requirement(text) for text in installed.requires or ()]
        _collect([r.name for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})], found)
