"""API keys: who may call, what for, and whose things they see.

A key reads ``asc_ID_SECRET``. The secret has 256 random bits and is shown once; the database holds its SHA-256. A slow hash
(argon2, bcrypt) is for what people think up: it makes each guess dear. Nobody guesses 256 random bits, and a slow hash would
only make each request slow.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, get_args
from uuid import UUID

import psycopg

from ascension_core.errors import InvalidKey
from ascension_core.platform.database import Database

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_TOKEN = re.compile(r"asc_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NOBODYS_HASH = bytes(32)
_COLUMNS = "id, name, scopes, athlete_id, created_at, expires_at, revoked_at"


@dataclass(frozen=True)
class Key:
    """What is known of a key; its secret is not.

    Attributes
    ----------
    id
        The part that is no secret.
    name
        For people: who uses it.
    scopes
        ``read``, ``write``; ``admin`` may do everything.
    athlete_id
        The only athlete whose things it reaches; None reaches those of all.
    created_at, expires_at, revoked_at
        When (UTC); None for never.
    """

    id: str
    name: str
    scopes: frozenset[Scope]
    athlete_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def valid(self) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > datetime.now(UTC))

    def allows(self, scope: Scope) -> bool:
        """Whether it may be used for that."""
        return scope in self.scopes or "admin" in self.scopes

    def document(self) -> dict[str, Any]:
        """Everything, for JSON."""
        moments = {name: at and at.isoformat() for name, at in vars(self).items() if name.endswith("_at")}
        athlete = self.athlete_id and str(self.athlete_id)
        return {"id": self.id, "name": self.name, "scopes": sorted(self.scopes), "athlete_id": athlete, **moments}


class Keys:
    """The keys of a database.

    Parameters
    ----------
    database
        Open.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        name: str,
        scopes: Collection[Scope],
        *,
        athlete_id: UUID | None = None,
        expires_at: datetime | None = None,
    ) -> tuple[Key, str]:
        """A new key, and the only sight of it.

        Raises
        ------
        InvalidKey
            If there is no such athlete, or the key makes no sense.
        """
        _check(name, scopes, athlete_id, expires_at)
        key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        query = f"""insert into api_keys (id, name, hash, scopes, athlete_id, expires_at)
            values (%s, %s, %s, %s, %s, %s) returning {_COLUMNS}"""
        values = [key_id, name, _hash(secret), sorted(set(scopes)), athlete_id, expires_at]
        try:
            (row,) = self._database.rows(query.encode(), values)
        except psycopg.errors.ForeignKeyViolation as cause:
            raise InvalidKey(f"there is no athlete {athlete_id}") from cause
        return _key(row), f"asc_{key_id}_{secret}"

    def list(self) -> Sequence[Key]:
        """All keys, the newest first."""
        return [_key(row) for row in self._database.rows(f"select {_COLUMNS} from api_keys order by created_at desc".encode())]

    def revoke(self, key_id: str) -> Key:
        """Make a key useless at once; fine where it is already.

        Raises
        ------
        InvalidKey
            If there is none of that id.
        """
        query = f"update api_keys set revoked_at = coalesce(revoked_at, now()) where id = %s returning {_COLUMNS}"
        row = self._database.row(query.encode(), [key_id]) if "\0" not in key_id else None
        if row is None:
            raise InvalidKey(f"there is no key {key_id[:80]!r}: `ascension keys list` shows all")
        return _key(row)

    def find(self, token: str) -> Key | None:
        """The key that somebody shows, if it is valid. Takes as long for a wrong secret as for the right one."""
        parts = _TOKEN.fullmatch(token)
        if parts is None:
            return None
        row = self._database.row(f"select {_COLUMNS}, hash from api_keys where id = %s".encode(), [parts[1]])
        same = hmac.compare_digest(_hash(parts[2]), bytes(row["hash"]) if row else _NOBODYS_HASH)
        return key if same and row and (key := _key(row)).valid else None

    def any(self) -> bool:
        """Whether there is a valid key."""
        query = "select 1 from api_keys where revoked_at is null and (expires_at is null or expires_at > now()) limit 1"
        return self._database.row(query) is not None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Any) -> Key:
    known = {field.name: row[field.name] for field in fields(Key)}
    return Key(**{**known, "scopes": frozenset(row["scopes"])})


def _check(name: str, scopes: Collection[str], athlete_id: UUID | None, expires_at: datetime | None) -> None:
    if not 0 < len(name) <= 100 or not name.isprintable():
        raise InvalidKey("a key's name has 1 to 100 printable characters")
    if not scopes or set(scopes) - set(SCOPES):
        raise InvalidKey(f"a key has one or more of the scopes {', '.join(SCOPES)}")
    if athlete_id is not None and "admin" in scopes:
        raise InvalidKey("a key of one athlete cannot be an admin's")
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= datetime.now(UTC)):
        raise InvalidKey("a key expires in the future, at a time with a zone")
