"""A pipeline version as a Bento: its code, its weights and what was measured, in one file that starts without a network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from ascension_core.errors import AscensionError, InvalidOption, OutputNotWritable
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.pipelines.versions.bundle import OVERRIDES_FILE, REQUIREMENTS_FILE, unpack_code
from ascension_core.pipelines.versions.using import BESIDE
from ascension_core.platform.tracking import QUIET
from ascension_core.progress import Progress, silent
from ascension_core.settings import settings

SERVICES: Final[Mapping[str, str]] = {
    "vision": "services.vision.service:Vision",
    "training": "services.training.service:Training",
}
SUFFIX: Final = ".bento"

_PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
_SYSTEM: Final = ("libegl1", "libgles2")  # MediaPipe's library asks for them
_OVERRIDES: Final = f"/home/bentoml/bento/env/python/{OVERRIDES_FILE}"
"""Where uv finds them in an image; without them one package would bring a second OpenCV into the same folder."""
_SILENT: Final = {**QUIET, "BENTOML_DO_NOT_TRACK": "True"}


@dataclass(frozen=True)
class Package:
    """A Bento in a file."""

    file: Path
    tag: str
    version: PipelineVersion


def package(version: PipelineVersion, out: Path, progress: Progress = silent) -> Package:
    """Build a Bento of a version and export it to a file, which appears when it is complete.

    Nothing stays in a Bento store: the file is all there is, and the registry can make it again.

    Raises
    ------
    InvalidOption
        The pipeline has no service, or the file does not end in ``.bento``.
    OutputNotWritable
        The file cannot be written.
    AscensionError
        BentoML cannot build it; what it said is in the message.
    """
    if version.pipeline not in SERVICES:
        raise InvalidOption(f"{version.pipeline} has no service of its own; there are {', '.join(SERVICES)}")
    if out.suffix != SUFFIX:
        raise InvalidOption(f"the file must end in {SUFFIX}, got {out.name!r}")
    with _scratch(out) as folder:
        progress("package", 0.0, "gathering code and weights")
        context = _context(version, folder / "context")
        progress("package", 0.2, "building")
        tag = f"ascension_{version.pipeline}:{version.version or 'unregistered'}"
        _bentoml(folder, "build", "--version", tag.partition(":")[2], str(context))
        built = folder / "store" / "bentos" / tag.replace(":", "/")
        shutil.copy(version.folder / OVERRIDES_FILE, built / "env" / "python")
        progress("package", 0.7, "exporting")
        _bentoml(folder, "export", tag, str(folder / "whole.bento"))
        (folder / "whole.bento").replace(out)
    progress("package", 1.0, tag)
    return Package(out, tag, version)


def _context(version: PipelineVersion, context: Path) -> Path:
    """What goes into the Bento: the version's own code, and the version itself where that code looks for it."""
    unpack_code(version, context)
    shutil.copytree(version.folder, context / BESIDE / version.pipeline)
    shutil.copy(version.folder / REQUIREMENTS_FILE, context)
    (context / "bentofile.yaml").write_text(yaml.safe_dump(_bentofile(version), sort_keys=False), "utf-8")
    return context


def _bentofile(version: PipelineVersion) -> dict[str, Any]:
    labels = {
        "pipeline": version.pipeline,
        "version": str(version.version),
        "commit": version.code.commit or "unknown",
        **{f"metric.{name}": f"{value:.6g}" for name, value in version.metrics.items()},
    }
    return {
        "service": SERVICES[version.pipeline],
        "name": f"ascension_{version.pipeline}",
        "description": _description(version),
        "labels": labels,
        "include": ["*"],
        "python": {"requirements_txt": REQUIREMENTS_FILE, "lock_packages": False},
        "docker": {"python_version": _PYTHON, "system_packages": list(_SYSTEM)},
        "envs": [{"name": name, "value": value} for name, value in {**_SILENT, "UV_OVERRIDE": _OVERRIDES}.items()],
    }


def _description(version: PipelineVersion) -> str:
    rows = "".join(f"| {name} | {value:.6g} |\n" for name, value in version.metrics.items())
    measured = f"\n| measured | |\n|---|---|\n{rows}" if rows else ""
    return f"# Ascension: {version}\n\nCode {version.code.package}, commit {version.code.commit or 'unknown'}.\n{measured}"


def _bentoml(folder: Path, *arguments: str) -> None:
    """Run BentoML's own program on a store that is thrown away, with the version's code before what is installed."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ASCENSION_PIPELINE_", "BENTOML_"))
    } | {**_SILENT, "BENTOML_HOME": str(folder / "store"), "PYTHONPATH": str(folder / "context")}
    command = [sys.executable, "-m", "bentoml", *arguments]
    done = subprocess.run(command, env=environment, cwd=folder / "context", capture_output=True, text=True, check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise AscensionError(f"bentoml {arguments[0]} ended with exit code {done.returncode}: {' '.join(lines[-3:])}")


@contextmanager
def _scratch(out: Path) -> Iterator[Path]:
    """A folder under the data folder for the build; both it and the place of the file must be writable."""
    home = settings().home / "bentoml"
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home) as folder:
            yield Path(folder)
    except OSError as cause:
        raise OutputNotWritable(f"{out} cannot be written: {cause.strerror or cause}") from cause
