"""``ascension keys``: who may call the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast
from uuid import UUID

import typer

from ascension_core.cli.console import print_json

if TYPE_CHECKING:
    from ascension_core.platform.keys import Key, Scope

app = typer.Typer(help="Make and revoke keys of the API.", no_args_is_help=True)


class Right(StrEnum):
    """A scope as typer takes it: it knows no lists of literals."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Who uses it, for people.", show_default=False)],
    scope: Annotated[
        list[Right] | None,
        typer.Option(help="What for; may be repeated. Without it: read and write.", show_default=False),
    ] = None,
    athlete: Annotated[UUID | None, typer.Option(help="Whose things alone it reaches.", show_default=False)] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Good for so many days.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it: this once, for only its hash is kept."""
    from ascension_core.platform.database import database
    from ascension_core.platform.keys import Keys

    expires_at = datetime.now(UTC) + timedelta(days=days) if days is not None else None
    scopes = cast("list[Scope]", [right.value for right in scope or (Right.READ, Right.WRITE)])
    with database() as opened:
        key, token = Keys(opened).create(name, scopes, athlete_id=athlete, expires_at=expires_at)
    print_json({**key.document(), "token": token}) if as_json else typer.echo(token)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List all keys, without their secrets."""
    from ascension_core.platform.database import database
    from ascension_core.platform.keys import Keys

    with database() as opened:
        keys = Keys(opened).list()
    if as_json:
        print_json({"keys": [key.document() for key in keys]})
        return
    for key in keys:
        typer.echo(_line(key))


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Its id, the word after asc_.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Make a key useless, at once."""
    from ascension_core.platform.database import database
    from ascension_core.platform.keys import Keys

    with database() as opened:
        key = Keys(opened).revoke(key_id)
    print_json(key.document()) if as_json else typer.echo(_line(key))


def _line(key: Key) -> str:
    state = "revoked" if key.revoked_at else "valid" if key.valid else "expired"
    until = f" until {key.expires_at:%Y-%m-%d}" if key.expires_at and key.valid else ""
    whose = f"athlete {key.athlete_id}" if key.athlete_id else "all athletes"
    return f"{key.id}  {key.created_at:%Y-%m-%d}  {state}{until}  {','.join(sorted(key.scopes))}  {whose}  {key.name}"
