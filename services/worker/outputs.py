"""What a notebook left in its folder for results: looked at with suspicion, then stored."""

from __future__ import annotations

import json
import mimetypes
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ascension_core.errors import InvalidResult
from ascension_core.platform.jobs import Kind
from ascension_core.platform.objects import ObjectStore
from ascension_core.platform.plain import check_plain
from ascension_core.settings import settings

MOST_FILES = 1000
DEEPEST = 5
LARGEST_RESULT = 16 * 1024**2
"""Bytes of the JSON that goes into the database."""
FILES = "files"
"""Key of a job's result under which its files are."""
_DEFAULT_TYPE = "application/octet-stream"
_ENCODINGS = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_TYPES = mimetypes.MimeTypes()  # without the files of this machine, so that types are the same everywhere
for _end, _type in {
    ".ics": "text/calendar",
    ".ipynb": "application/x-ipynb+json",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".onnx": "application/octet-stream",
    ".parquet": "application/vnd.apache.parquet",
    ".webp": "image/webp",
}.items():
    _TYPES.add_type(_type, _end)


@dataclass(frozen=True)
class Output:
    """One file.

    Attributes
    ----------
    name
        Its path in the folder for results.
    path
        Where it is.
    bytes
        Its size.
    content_type
        By its name.
    """

    name: str
    path: Path
    bytes: int
    content_type: str

    def key(self, prefix: str) -> str:
        """Its key in object storage."""
        return prefix + "/".join(_UNSAFE.sub("_", part) for part in self.name.split("/"))

    def document(self, prefix: str) -> dict[str, Any]:
        """How a job's result speaks of it."""
        return {"key": self.key(prefix), "bytes": self.bytes, "type": self.content_type}


def find_outputs(folder: Path) -> list[Output]:
    """The files of a folder for results, by name; links and hidden files are left out.

    Raises
    ------
    InvalidResult
        If there are too many, they are too large or too deep, or two would have the same key.
    """
    found: list[Output] = []
    for name, path, size in _walk(folder):
        found.append(Output(name, path, size, content_type(name)))
        if len(found) > MOST_FILES:
            raise InvalidResult(f"the notebook left more than {MOST_FILES} files")
    total, most = sum(output.bytes for output in found), settings().max_video_bytes
    if total > most:
        raise InvalidResult(f"the notebook left {total} bytes; {most} are allowed (ASCENSION_MAX_VIDEO_BYTES)")
    if len({output.key("") for output in found}) < len(found):
        raise InvalidResult("the notebook left files whose names differ only in characters that are not stored")
    return sorted(found, key=lambda output: output.name)


def read_result(kind: Kind, folder: Path) -> dict[str, Any]:
    """The document that becomes the job's result; an empty one where the notebook promises none.

    Raises
    ------
    InvalidResult
        If it is missing, or no JSON object that the database can hold.
    """
    if kind.result is None:
        return {}
    file = folder / kind.result
    try:
        if not stat.S_ISREG(file.lstat().st_mode):
            raise InvalidResult(f"{kind.result} is no plain file")
        if file.stat().st_size > LARGEST_RESULT:
            raise InvalidResult(f"{kind.result} has {file.stat().st_size} bytes; at most {LARGEST_RESULT} are allowed")
        document = json.loads(file.read_text("utf-8"), parse_constant=_refuse)
    except FileNotFoundError:
        raise InvalidResult(f"the notebook left no {kind.result} in its folder for results") from None
    except (ValueError, RecursionError) as cause:
        raise InvalidResult(f"{kind.result} holds no JSON: {str(cause)[:200]}") from cause
    return _storable(kind.result, document)


def store(outputs: list[Output], objects: ObjectStore, prefix: str, check: Callable[[], None]) -> None:
    """Upload files under a prefix that ends in a slash; `check` is called between them, and raises to stop.

    Raises
    ------
    ServerUnavailable
        If the object store is away.
    """
    for output in outputs:
        check()
        objects.upload(output.key(prefix), output.path, output.content_type)


def described(outputs: list[Output], prefix: str) -> dict[str, Mapping[str, Any]]:
    """Key, size and type of each file, by name: how a client finds them."""
    return {output.name: output.document(prefix) for output in outputs}


def content_type(name: str) -> str:
    """The content type of a file by its name; of a compressed one, that of the compression."""
    kind, encoding = _TYPES.guess_type(name)
    return _ENCODINGS.get(encoding, _DEFAULT_TYPE) if encoding else kind or _DEFAULT_TYPE


def _walk(folder: Path, depth: int = 1, above: str = "") -> Iterator[tuple[str, Path, int]]:
    """Name, place and size of each file, without following links."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            name = above + entry.name.encode(errors="replace").decode()
            if entry.is_dir(follow_symlinks=False):
                if depth == DEEPEST:
                    raise InvalidResult(f"the notebook left folders more than {DEEPEST} deep")
                yield from _walk(Path(entry.path), depth + 1, f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name, Path(entry.path), entry.stat(follow_symlinks=False).st_size


def _storable(name: str, document: Any) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise InvalidResult(f"{name} holds no JSON object")
    if FILES in document:
        raise InvalidResult(f"{name} has a key {FILES!r}: there the worker says where the job's files are")
    try:
        check_plain(document, LARGEST_RESULT)
    except ValueError as cause:
        raise InvalidResult(f"{name} cannot be stored: {cause}") from cause
    return document


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
