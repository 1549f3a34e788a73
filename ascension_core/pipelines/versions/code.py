"""The code of a version: an archive of the installed packages, a digest, and the commit of the checkout."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import ascension_core

PACKAGES = ("ascension_core", "experiments", "services")
ROOT = Path(ascension_core.__file__).parent.parent

_LEFT_OUT = frozenset({"__pycache__", "weights", "clip"})
"""Folders that are no code: a version carries its weights beside it, and clips are data."""
_NOT_ASKED = ("ascension_core/cli/", "ascension_core/platform/")
_OLDEST = (1980, 1, 1, 0, 0, 0)  # what a zip can say; the same code then makes the same archive


@cache
def digest(root: Path = ROOT) -> str:
    """SHA-256 of all sources that an answer depends on: the library without its command line and its servers."""
    total = hashlib.sha256()
    for name, file in sources(root, ("ascension_core",)):
        if not name.startswith(_NOT_ASKED):
            total.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def archive(path: Path, root: Path = ROOT) -> None:
    """Write all packages into a zip file, the same bytes for the same code."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, file in sources(root):
            _add(packed, name, file.read_bytes())
        _add(packed, f"ascension-{ascension_core.__version__}.dist-info/METADATA", _metadata())


def _add(packed: zipfile.ZipFile, name: str, content: bytes) -> None:
    packed.writestr(zipfile.ZipInfo(name, _OLDEST), content, zipfile.ZIP_DEFLATED)


def _metadata() -> bytes:
    """What the code says of itself, so that it knows its version wherever it is unpacked."""
    return (distribution("ascension").read_text("METADATA") or "").encode()


def sources(root: Path = ROOT, packages: tuple[str, ...] = PACKAGES) -> Iterator[tuple[str, Path]]:
    """Name below the root, and path, of each file of code, in order."""
    for package in packages:
        for file in sorted((root / package).rglob("*")):
            name = file.relative_to(root)
            if file.is_file() and not _LEFT_OUT & set(name.parts) and not file.name.startswith("."):
                yield name.as_posix(), file


def checkout(root: Path = ROOT) -> tuple[str | None, bool | None]:
    """The commit that the code belongs to, and whether the packages hold changes since; None twice outside of a checkout."""
    if not (root / ".git").exists():
        return None, None
    commit = _git(root, "rev-parse", "HEAD")
    if commit is None:
        return None, None
    changes = _git(root, "status", "--porcelain", "--", *PACKAGES)
    return commit, bool(changes)


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # no git here, or not a checkout that it trusts
        return None
    return done.stdout.strip()
