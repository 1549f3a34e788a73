"""``ascension holds``: the holds and routes of a wall, from a picture or a video."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ascension_core.cli.console import print_json, progress_bar

if TYPE_CHECKING:
    from ascension_core.results import HoldMap


def holds(
    file: Annotated[Path, typer.Argument(help="A picture or a video of the wall.", show_default=False)],
    out: Annotated[Path | None, typer.Option(help="Folder for the results.", show_default="FILE-holds")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON object, for machines.")] = False,
) -> None:
    """Find the holds of a wall, their colours and the routes that they make."""
    from ascension_core.pipelines.holds import map_holds

    folder = out or Path(f"{file.stem}-holds")
    with progress_bar(quiet=json) as progress:
        found = map_holds(file, folder, progress)
    if json:
        print_json(found.model_dump(mode="json"))
    else:
        _tell(found, folder)


def _tell(found: HoldMap, folder: Path) -> None:
    """A few lines for a person."""
    from ascension_core.pipelines.holds import HOLDS_FILE, PICTURE_FILE

    kinds = Counter(hold.kind for hold in found.holds)
    typer.echo(f"{_counted(kinds['hold'], 'hold')}, {_counted(kinds['volume'], 'volume')}.")
    if found.routes:
        typer.echo("By colour: " + ", ".join(f"{route.colour} {len(route.holds)}" for route in found.routes) + ".")
    for warning in found.warnings:
        typer.echo(f"Note: {warning.message}")
    for name in (PICTURE_FILE, HOLDS_FILE):
        typer.echo(f"  {folder / name}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
