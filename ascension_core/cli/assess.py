"""``ascension assess``: what an athlete's tests say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascension_core.cli.console import print_json, progress_bar

if TYPE_CHECKING:
    from ascension_core.results import AssessmentReport


def assess(
    athlete: Annotated[Path, typer.Argument(help="The athlete's JSON file.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder for the results.", show_default="ATHLETE-assessment")] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day of the report.", show_default="today")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the assessment as one JSON object, for machines.")] = False,
) -> None:
    """Compare an athlete's tests with other climbers: expected grades, percentiles, weakest link, real changes."""
    from ascension_core.pipelines.assessment import make_assessment

    folder = out or Path(f"{athlete.stem}-assessment")
    with progress_bar(quiet=json) as progress:
        report = make_assessment(athlete, folder, today=today.date() if today else None, progress=progress)
    if json:
        print_json(report.model_dump(mode="json"))
    else:
        _tell(report, folder)


def _tell(report: AssessmentReport, folder: Path) -> None:
    """A few lines for a person."""
    from ascension_core.pipelines.assessment import PAGE_FILE, RADAR_FILE

    for one in report.expected:
        told = f" (you say {one.current})" if one.current else ""
        typer.echo(f"{one.discipline.capitalize()}: {one.low} to {one.high} expected, {one.grade} in the middle{told}.")
    if report.weakest:
        typer.echo(f"{'Weakest link' if report.weakest.is_clear else 'Perhaps the weakest link'}: {report.weakest.reason}")
    for change in report.changes:
        typer.echo(f"{change.title}: {change.before:.4g} -> {change.after:.4g} {change.unit}: {change.verdict}.")
    for note in report.notes:
        typer.echo(f"Note: {note.message}")
    for line in report.disclaimers:
        typer.echo(line)
    for name in (PAGE_FILE, RADAR_FILE):
        typer.echo(f"  {folder / name}")
