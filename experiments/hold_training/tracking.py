"""Training runs of the hold detector in MLflow."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ascension_core.platform.tracking import use_experiment
from experiments.hold_training.data import Image, digest
from experiments.provenance import git_commit

EXPERIMENT: Final = "hold-detector"


@dataclass(frozen=True)
class Run:
    """What is kept of a run.

    Attributes
    ----------
    parameters
        Options, by name.
    folders
        YOLO folders that were learned from; their hashes are kept.
    losses
        Mean losses by step; empty where nothing was trained.
    table
        `judging.table` of the weights.
    pictures
        To be looked at, by name.
    weights
        The exported file.
    """

    parameters: Mapping[str, Any]
    folders: Sequence[Path]
    losses: Sequence[tuple[int, Mapping[str, float]]]
    table: pd.DataFrame
    pictures: Mapping[str, Image]
    weights: Path


def track(run: Run, store: Path | None = None) -> str:
    """Keep a run in the MLflow store in this folder, or that of the settings; its id."""
    use_experiment(EXPERIMENT, store)
    import mlflow

    with mlflow.start_run() as tracked:
        mlflow.log_params(dict(run.parameters))
        mlflow.set_tags({"git_commit": git_commit(), **{f"sha256.{f.name}": digest(f) for f in run.folders}})
        for step, losses in run.losses:
            mlflow.log_metrics({f"loss.{name}": value for name, value in losses.items()}, step=step)
        mlflow.log_metrics(metrics(run.table))
        mlflow.log_text(run.table.to_csv(), "scores.csv")
        for name, picture in run.pictures.items():
            mlflow.log_image(picture, f"{name}.png")
        mlflow.log_artifact(str(run.weights))
        return str(tracked.info.run_id)


def metrics(table: pd.DataFrame) -> dict[str, float]:
    """Every number of the table, by names that MLflow takes; what could not be measured is left out."""
    cells = {f"{group}.{column}": float(value) for group, row in table.iterrows() for column, value in row.items()}
    return {re.sub(r"[^A-Za-z0-9_.]+", "_", name): value for name, value in cells.items() if math.isfinite(value)}
