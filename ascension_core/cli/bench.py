"""``ascension bench``: how fast things are on this machine, beside the plain way of doing them."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ascension_core.cli.console import progress_bar
from ascension_core.cli.evaluate import ModelName

Compact = Annotated[bool, typer.Option("--json", help="The same JSON object on a single line.")]


class QueueName(StrEnum):
    """What wakes workers."""

    POSTGRES = "postgres"
    RABBITMQ = "rabbitmq"
    BOTH = "both"


app = typer.Typer(help="Measure how fast things are on this machine.", no_args_is_help=True)


@app.command()
def pose(
    clip: Annotated[Path, typer.Argument(help="The video.", show_default=False)],
    model: Annotated[ModelName, typer.Option("--model")] = ModelName.FULL,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Rounds; each runs every program once.")] = 3,
    analyze: Annotated[bool, typer.Option("--analyze", help="Time the whole `analyze`, overlay and report, as well.")] = False,
    compact: Compact = False,
) -> None:
    """Time our pipeline beside a plain MediaPipe loop with the same model; print one JSON object."""
    from experiments.bench_pose import bench_pose
    from experiments.documents import to_json

    with progress_bar() as progress:
        result = bench_pose(clip, model.value, runs=runs, analyze=analyze, progress=progress)
    typer.echo(to_json(result, compact=compact))


@app.command()
def jobs(
    queue: Annotated[
        QueueName | None, typer.Option("--queue", help="Which queue to measure.", show_default="those that are installed")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=10_000, help="Jobs to submit.")] = 500,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Runs of a notebook, in every way to run it.")] = 5,
    compact: Compact = False,
) -> None:
    """Time jobs from submit to success on servers started for this, beside plain papermill; print one JSON object."""
    from experiments.documents import to_json
    from services.benchmark import QUEUES, Amount, bench_jobs

    chosen = None if queue is None else QUEUES if queue is QueueName.BOTH else [queue.value]
    with progress_bar() as progress:
        result = bench_jobs(chosen, Amount(jobs, runs), progress)
    typer.echo(to_json(result, compact=compact))


@app.command()
def serving(
    clip: Annotated[Path, typer.Argument(help="A video; its middle frame is the picture.", show_default=False)],
    requests: Annotated[int, typer.Option("--requests", min=10, help="Requests, one at a time and with 16 clients.")] = 100,
    compact: Compact = False,
) -> None:
    """Time the Bento service `vision` beside its pipeline; print one JSON object."""
    from experiments.documents import to_json
    from services.inference.benchmark import bench_serving

    with progress_bar() as progress:
        result = bench_serving(clip, requests, progress)
    typer.echo(to_json(asdict(result), compact=compact))
