"""Runs of the workbench in MLflow: enough to say later what was done, with which code, on which data."""

from __future__ import annotations

import hashlib
import platform
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pandas as pd
from matplotlib.figure import Figure

from ascension_core.pipelines.versions.code import checkout, digest
from ascension_core.platform.tracking import use_experiment
from experiments.workbench.poses import flat

_LIBRARIES: Final = ("ascension", "mediapipe", "numpy", "onnxruntime", "opencv-contrib-python-headless", "scikit-learn")


@dataclass(frozen=True, eq=False)
class Run:
    """What is kept of a run. Make it before the work: it takes the time.

    Attributes
    ----------
    experiment
        Under which MLflow keeps it.
    options
        What was chosen, however deep.
    """

    experiment: str
    options: Mapping[str, Any]
    begun: float = field(default_factory=time.monotonic)

    def log(
        self,
        metrics: Mapping[str, float],
        *,
        data: Mapping[str, str],
        artifacts: Mapping[str, pd.DataFrame | Figure | Path],
        store: Path | None = None,
    ) -> str:
        """Keep the run.

        Parameters
        ----------
        metrics
            Numbers by name, their intervals among them.
        data
            SHA-256 of the data, by name.
        artifacts
            Tables, figures and files by name.
        store
            Folder of the MLflow database; by default that of the settings.

        Returns
        -------
        The id of the run.
        """
        seconds = time.monotonic() - self.begun
        use_experiment(self.experiment, store)
        import mlflow

        with mlflow.start_run() as run, tempfile.TemporaryDirectory() as scratch:
            mlflow.log_params(flat(self.options))
            mlflow.set_tags(_code() | versions_used() | {f"sha256.{name}": digest for name, digest in data.items()})
            mlflow.log_metrics({_plain(name): value for name, value in metrics.items()} | {"duration_s": seconds})
            for name, artifact in artifacts.items():
                _write(artifact, Path(scratch) / name)
            mlflow.log_artifacts(scratch)
            return str(run.info.run_id)


def versions_used() -> dict[str, str]:
    """Versions of Python and of the libraries on which numbers depend."""
    return {"version.python": platform.python_version(), **{f"version.{name}": version(name) for name in _LIBRARIES}}


def sha256(path: Path) -> str:
    """Of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _code() -> dict[str, str]:
    commit, dirty = checkout()
    return {"git_commit": commit or "unknown", "git_dirty": str(dirty).lower(), "sources_sha256": digest()}


def _plain(name: str) -> str:
    """A name that MLflow takes."""
    return re.sub(r"[^\w./ -]+", "_", name)


def _write(artifact: pd.DataFrame | Figure | Path, path: Path) -> None:
    if isinstance(artifact, pd.DataFrame):
        artifact.to_csv(path.with_suffix(".csv"))
    elif isinstance(artifact, Figure):
        artifact.savefig(path.with_suffix(".png"), dpi=110)
    else:
        path.with_suffix(artifact.suffix).write_bytes(artifact.read_bytes())
