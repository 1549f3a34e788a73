"""``ascension bench``: how fast things are on this machine, beside the plain way of doing them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ascension_core.cli.console import progress_bar
from ascension_core.cli.evaluate import ModelName

app = typer.Typer(help="Measure how fast things are on this machine.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `pose` a subcommand while it is the only one."""


@app.command()
def pose(
    clip: Annotated[Path, typer.Argument(help="The video.", show_default=False)],
    model: Annotated[ModelName, typer.Option("--model")] = ModelName.FULL,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Rounds; each runs every program once.")] = 3,
    analyze: Annotated[bool, typer.Option("--analyze", help="Time the whole `analyze`, overlay and report, as well.")] = False,
    compact: Annotated[bool, typer.Option("--json", help="The same JSON object on a single line.")] = False,
) -> None:
    """Time our pipeline beside a plain MediaPipe loop with the same model; print one JSON object."""
    from experiments.bench_pose import bench_pose
    from experiments.documents import to_json

    with progress_bar() as progress:
        result = bench_pose(clip, model.value, runs=runs, analyze=analyze, progress=progress)
    typer.echo(to_json(result, compact=compact))
