"""``ascension program``: from an athlete's file to a training program."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascension_core.cli.console import print_json, progress_bar

if TYPE_CHECKING:
    from ascension_core.results import Program


def program(  # noqa: PLR0917
    athlete: Annotated[Path, typer.Argument(help="The athlete's JSON file.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder for the results.", show_default="ATHLETE-program")] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Plan from this day.", show_default="today")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Chooses among equally good programs.", show_default="0")] = None,
    adapt: Annotated[
        Path | None, typer.Option(help="Carry on this program.json with what the athlete has logged since.", show_default=False)
    ] = None,
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%H:%M"], help="Time at which sessions begin in the calendar.", show_default="all day"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the program as one JSON object, for machines.")] = False,
) -> None:
    """Plan an athlete's training: program, page, calendar file and load curve."""
    from ascension_core.pipelines.training import ProgramOptions, make_program

    options = ProgramOptions(today=today.date() if today else None, seed=seed, adapt=adapt, starts_at=at.time() if at else None)
    folder = out or Path(f"{athlete.stem}-program")
    with progress_bar(quiet=json) as progress:
        made = make_program(athlete, folder, options, progress)
    if json:
        print_json(made.model_dump(mode="json"))
    else:
        _tell(made, folder)


def _tell(made: Program, folder: Path) -> None:
    """A few lines for a person."""
    from ascension_core.pipelines.training import CALENDAR_FILE, PAGE_FILE

    sessions = sum(len(week.sessions) for week in made.weeks)
    typer.echo(f"{len(made.weeks)} weeks with {sessions} sessions, from {made.start} to {made.end}.")
    for note in made.warnings:
        typer.echo(f"Note: {note.message}")
    for wish in made.relaxed:
        typer.echo(f"Could not be had: {wish.wish}. Instead: {wish.instead}")
    for line in made.disclaimers:
        typer.echo(line)
    for name in (PAGE_FILE, CALENDAR_FILE):
        typer.echo(f"  {folder / name}")
