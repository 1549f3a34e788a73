"""What endpoints share: documented headers, pages, one row or 404."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from fastapi import Header, Query
from psycopg.rows import DictRow
from pydantic import BaseModel

from ascension_core.platform.database import Database
from ascension_core.platform.deletion import erase
from ascension_core.platform.keys import Key
from ascension_core.platform.listing import Page as Rows
from ascension_core.platform.listing import Table, find
from services.api.backend import Backend
from services.api.callers import reach
from services.api.models import Deleted
from services.api.problems import Refusal

Model = TypeVar("Model", bound=BaseModel)

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,128}$",
        description="the same key gives the same thing again: with one, a request whose answer got lost can be repeated",
        examples=["5c3c1f0e-upload-1"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="at most so many")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]
_ONE = {"athletes": "athlete", "videos": "video", "jobs": "job"}


def links(pointer: str, parameter: str, operations: Sequence[str]) -> dict[str, Any]:
    """Where the id in an answer leads to, for OpenAPI."""
    leads = {"parameters": {parameter: f"$response.body#{pointer}"}}
    return {"links": {operation: {"operationId": operation, **leads} for operation in operations}}


def one(database: Database, table: Table, row_id: UUID, key: Key) -> DictRow:
    """A row that the caller may see.

    Raises
    ------
    Refusal
        404 where there is none, and just so where it is another athlete's.
    """
    row = find(database, table, row_id, reach(key))
    if row is None:
        raise Refusal(404, f"there is no {_ONE[table]} {row_id}")
    return row


def deleted(back: Backend, table: Literal["athletes", "videos"], row_id: UUID) -> Deleted:
    """Delete a row and all that came from it, and say what is gone.

    Raises
    ------
    Refusal
        404 if somebody else was quicker.
    """
    erased = erase(back.database, back.objects, table, row_id)
    if erased is None:
        raise Refusal(404, f"there is no {_ONE[table]} {row_id}")
    counts = {name: erased.counts[name] for name in ("videos", "jobs", "analyses")}
    return Deleted(**counts, complete=erased.complete)


def shown(model: type[Model], row: DictRow) -> Model:
    """A row as the API shows it: the model's fields, no other."""
    return model.model_validate({name: row[name] for name in model.model_fields})


def paged(rows: Rows, show: Callable[[DictRow], Any]) -> dict[str, Any]:
    """A page as the API shows it."""
    return {"items": [show(row) for row in rows.rows], "next": rows.next}
