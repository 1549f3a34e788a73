"""``ascension analyze``: one video, from the clip to the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascension_core.cli.console import print_json, progress_bar

if TYPE_CHECKING:
    from ascension_core.results import Analysis, Wall


def analyze(  # noqa: PLR0917
    video: Annotated[Path, typer.Argument(help="The video of one attempt.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder for the results.", show_default="VIDEO-analysis")] = None,
    model: Annotated[str, typer.Option(help="Landmark network: lite, full or heavy.")] = "full",
    climber: Annotated[
        str | None, typer.Option(help="Whom to follow: left, right, N from the left, or x,y as shares of the picture.")
    ] = None,
    every: Annotated[int, typer.Option(help="Measure only every N-th frame.")] = 1,
    fast: Annotated[bool, typer.Option("--fast", help="Measure fewer frames where the climber moves slowly.")] = False,
    height: Annotated[float | None, typer.Option(help="The climber's height in metres; lengths are then in metres.")] = None,
    wall: Annotated[bool, typer.Option(help="Find the wall, its holds, and what hands and feet held.")] = True,
    overlay: Annotated[bool, typer.Option(help="Write the video with skeleton and holds drawn over it.")] = True,
    json: Annotated[bool, typer.Option("--json", help="Print the analysis as one JSON object, for machines.")] = False,
) -> None:
    """Analyse one climbing video: skeleton, holds, moves, measures, overlay video and report."""
    from ascension_core.pipelines.vision import VisionOptions
    from ascension_core.pipelines.vision import analyze as run

    options = VisionOptions(
        model=model,  # type: ignore[arg-type]  # checked there
        climber=climber,
        every=every,
        fast=fast,
        wall=wall,
        height_m=height,
        overlay=overlay,
    )
    folder = out or Path(f"{video.stem}-analysis")
    with progress_bar(quiet=json) as progress:
        analysis = run(video, folder, options, progress)
    if json:
        print_json(analysis.model_dump(mode="json"))
    else:
        _tell(analysis, folder)


def _tell(analysis: Analysis, folder: Path) -> None:
    """A few lines for a person."""
    from ascension_core.pipelines.vision import OVERLAY_FILE, REPORT_FILE
    from ascension_core.report.climb import climb_sentence

    summary = analysis.summary
    people = "1 person" if summary.people == 1 else f"{summary.people} people"
    typer.echo(f"{summary.frames_observed} of {summary.frames} frames measured, {people} seen.")
    if analysis.wall is not None:
        typer.echo(_wall(analysis.wall))
    if (sentence := climb_sentence(analysis)) is not None:
        typer.echo(sentence)
    for warning in summary.warnings:
        typer.echo(f"Note: {warning.message}")
    shown = [REPORT_FILE, OVERLAY_FILE] if analysis.options["overlay"] else [REPORT_FILE]
    for name in shown:
        typer.echo(f"  {folder / name}")


def _wall(wall: Wall) -> str:
    from ascension_core.wall.routes import MIXED

    found = sum(not hold.inferred for hold in wall.holds)
    climbed = next(
        (f", the {route.colour} route was climbed" for route in wall.routes if route.climbed and route.colour != MIXED), ""
    )
    return f"{found} holds found{climbed}."
