"""Athletes as rows: a name, and a document that this package does not look into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from psycopg.types.json import Jsonb

from ascension_core.errors import InvalidOption
from ascension_core.platform.database import Database


def add(database: Database, name: str, document: Mapping[str, Any], idempotency_key: str | None = None) -> DictRow:
    """A new athlete; the one that was made with the same key, where there is one.

    Raises
    ------
    InvalidOption
        If the key belongs to another athlete.
    """
    query = """insert into athletes (name, document, idempotency_key) values (%s, %s, %s)
        on conflict (idempotency_key) do nothing returning *"""
    row = database.row(query, [name, Jsonb(dict(document)), idempotency_key])
    if row is None:
        (row,) = database.rows("select * from athletes where idempotency_key = %s", [idempotency_key])
        if (row["name"], row["document"]) != (name, dict(document)):
            raise InvalidOption("the idempotency key belongs to another request")
    return row


def change(database: Database, athlete_id: UUID, name: str, document: Mapping[str, Any]) -> DictRow | None:
    """Give an athlete another name and document; None where there is none."""
    query = "update athletes set name = %s, document = %s, updated_at = now() where id = %s returning *"
    return database.row(query, [name, Jsonb(dict(document)), athlete_id])
