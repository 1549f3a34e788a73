"""``ascension athletes``: people, and the deletion of all that came from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from ascension_core.cli.console import print_json
from ascension_core.errors import InvalidOption

if TYPE_CHECKING:
    from ascension_core.platform.database import Database
    from ascension_core.platform.deletion import Erased

app = typer.Typer(help="Add and delete athletes.", no_args_is_help=True)

EXIT_INCOMPLETE = 1
LONGEST_NAME = 200

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="As people know them.", show_default=False)],
    document: Annotated[
        Path | None, typer.Option(help="JSON file that says more (docs/athlete.md).", exists=True, dir_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Add an athlete; prints the id."""
    from ascension_core.platform import athletes
    from ascension_core.platform.database import database

    known = _document(document)
    with database() as opened:
        row = athletes.add(opened, _checked(name), known)
    print_json(row_document(row)) if as_json else typer.echo(str(row["id"]))


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50, as_json: AsJson = False
) -> None:
    """List athletes, the newest first, with the number of their videos."""
    from ascension_core.platform.database import database

    query = """select id, name, created_at, (select count(*) from videos where athlete_id = athletes.id) as videos
        from athletes order by created_at desc, id limit %s"""
    with database() as opened:
        rows = opened.rows(query, [limit])
    if as_json:
        print_json({"athletes": [row_document(row) for row in rows]})
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['created_at']:%Y-%m-%d}  {row['videos']:>4} videos  {row['name']}")


@app.command()
def rm(
    athlete: Annotated[str, typer.Argument(help="Id or name.", show_default=False)],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete an athlete for good, with all that came from them: videos, jobs, results, notebooks, MLflow runs."""
    from ascension_core.platform.database import database
    from ascension_core.platform.deletion import erase
    from ascension_core.platform.objects import object_store

    with database() as opened, object_store() as objects:
        found = find_athlete(opened, athlete)
        if not yes:
            typer.confirm("Delete this athlete and all that came from them, for good?", abort=True, err=True)
        report_erased("athlete", erase(opened, objects, "athletes", found), as_json)


def find_athlete(database: Database, wanted: str) -> UUID:
    """The athlete with that id or exactly that name.

    Raises
    ------
    InvalidOption
        If there is none, or there are several.
    """
    rows = database.rows("select id from athletes where id::text = %(it)s or name = %(it)s limit 2", {"it": _checked(wanted)})
    if len(rows) > 1:
        raise InvalidOption(f"there are several athletes called {wanted!r}: give the id (`ascension athletes list`)")
    if not rows:
        raise InvalidOption(f"there is no athlete {wanted!r}: see `ascension athletes list`, or add one")
    return UUID(str(rows[0]["id"]))


def report_erased(what: str, erased: Erased | None, as_json: bool) -> None:
    """Say what a deletion took along; exits with 1 while something is left of it.

    Raises
    ------
    InvalidOption
        If there was nothing to delete.
    """
    if erased is None:
        raise InvalidOption(f"there is no such {what}")
    if as_json:
        print_json({**erased.counts, "complete": erased.complete})
    else:
        gone = ", ".join(f"{count} {name}" for name, count in erased.counts.items() if count)
        typer.echo(f"deleted the {what}" + (f" with {gone}" if gone else ""))
    if not erased.complete:
        typer.echo("its files and runs go as soon as their servers are back", err=True)
        raise typer.Exit(EXIT_INCOMPLETE)


def row_document(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the database, for JSON."""
    return dict(
        json.loads(json.dumps(row, default=lambda value: value.isoformat() if hasattr(value, "isoformat") else str(value)))
    )


def _checked(name: str) -> str:
    from ascension_core.platform.plain import storable

    if not 0 < len(name) <= LONGEST_NAME or not storable(name) or not name.isprintable():
        raise InvalidOption(f"a name has 1 to {LONGEST_NAME} characters that can be printed")
    return name


def _document(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    from ascension_core.training.athlete import Athlete

    return Athlete.load(file).to_document()
