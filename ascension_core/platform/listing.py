"""Rows that somebody may see, one by one or page by page.

Pages are found by the place of their last row (keyset), not by counting: a page costs the same however far it is, and rows that
come or go meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import DictRow

from ascension_core.errors import InvalidOption
from ascension_core.platform.database import Database

Table = Literal["athletes", "videos", "jobs"]
_OWNER: Mapping[Table, str] = {"athletes": "id", "videos": "athlete_id", "jobs": "athlete_id"}
_FILTERS = frozenset({"athlete_id", "video_id", "status", "kind"})


@dataclass(frozen=True)
class Reach:
    """Which rows somebody may see.

    Attributes
    ----------
    athlete_id
        Those of one athlete; None for those of every athlete.
    unowned
        Those of no athlete too.
    """

    athlete_id: UUID | None = None
    unowned: bool = False

    def condition(self, table: Table) -> str:
        """For a query with the parameter ``owner``."""
        if self.athlete_id is not None:
            return f"{_OWNER[table]} = %(owner)s"
        return "true" if self.unowned else f"{_OWNER[table]} is not null"


@dataclass(frozen=True)
class Page:
    """Some rows, the newest first, and where the next ones start (None: there are none)."""

    rows: Sequence[DictRow]
    next: str | None


def find(database: Database, table: Table, row_id: UUID, reach: Reach) -> DictRow | None:
    """A row within reach; None where there is none, or only out of reach."""
    query = f"select * from {table} where id = %(id)s and {reach.condition(table)}"
    return database.row(query.encode(), {"id": row_id, "owner": reach.athlete_id})


def page(
    database: Database, table: Table, reach: Reach, filters: Mapping[str, Any], *, cursor: str | None = None, limit: int = 50
) -> Page:
    """Rows within reach from the newest on, after those of the page whose `next` is the cursor.

    Parameters
    ----------
    filters
        Wanted values of columns; None for any.

    Raises
    ------
    InvalidOption
        If the cursor is none of ours.
    """
    wanted = {name: value for name, value in filters.items() if value is not None and name in _FILTERS}
    conditions = [reach.condition(table), *(f"{name} = %({name})s" for name in wanted)]
    values = {**wanted, "owner": reach.athlete_id, "limit": limit + 1}
    if cursor is not None:
        conditions.append("(created_at, id) < (%(at)s, %(id)s)")
        values["at"], values["id"] = _place(cursor)
    query = f"select * from {table} where {' and '.join(conditions)} order by created_at desc, id desc limit %(limit)s"
    rows = database.rows(query.encode(), values)
    return Page(rows[:limit], _cursor(rows[limit - 1]) if len(rows) > limit else None)


def _cursor(row: DictRow) -> str:
    return urlsafe_b64encode(f"{row['created_at'].isoformat()} {row['id']}".encode()).decode().rstrip("=")


def _place(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, row_id = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode("ascii").rpartition(" ")
        place = datetime.fromisoformat(at), UUID(row_id)
    except ValueError as cause:
        raise InvalidOption("this cursor is not one that a page gave as `next`") from cause
    if place[0].tzinfo is None:
        raise InvalidOption("this cursor is not one that a page gave as `next`")
    return place
