"""PostgreSQL: a pool of connections, plain SQL, and a schema that migrates itself."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, LiteralString, cast

import psycopg
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded import Server, attach
from ascension_core.settings import settings

TIMEOUT_S = 30.0
_PAUSE_S = 0.1
_KEYWORDS: dict[str, Any] = {
    "row_factory": dict_row,
    "autocommit": True,
    "connect_timeout": 10,
    "options": "-c timezone=UTC -c application_name=ascension",
}
_LOCK = 0x61736364  # "ascd": the advisory lock of whoever migrates


@dataclass(frozen=True)
class Migration:
    """One numbered step of the schema; steps only ever go forward."""

    number: int
    name: str
    sql: str


class Database:
    """A database with our schema; make one per process, and close it.

    Parameters
    ----------
    url
        Gives a connection string; asked for each new connection, because a private server may come back on another port.
    size
        Most connections.
    server
        A private server to leave when this is closed.
    """

    def __init__(self, url: Callable[[], str], *, size: int = 8, server: Server | None = None) -> None:
        self.url = url
        self._server = server
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            url,
            min_size=1,
            max_size=size,
            open=False,
            timeout=TIMEOUT_S,
            check=self._check,
            reconnect_timeout=TIMEOUT_S,
            kwargs=dict(_KEYWORDS),
        )

    def open(self) -> Database:
        """Connect, and bring the schema up to date.

        Raises
        ------
        ServerUnavailable
            If the server cannot be started, reached or migrated.
        """
        with self.listener() as connection:  # says at once what is wrong; the pool would try for long
            migrate(connection)
        self._pool.open()
        return self

    @contextmanager
    def transaction(self) -> Iterator[Connection[DictRow]]:
        """One connection in a transaction: committed at the end of the block, rolled back when it raises.

        Raises
        ------
        ServerUnavailable
            If the server does not answer.
        """
        with _reachable(), self._pool.connection() as connection, connection.transaction():
            yield connection

    @contextmanager
    def listener(self) -> Iterator[Connection[DictRow]]:
        """A connection of its own, outside the pool and in autocommit, for LISTEN and for long waits."""
        with _reachable(), self._connect() as connection:
            yield connection

    def rows(self, query: LiteralString | bytes, parameters: Any = None) -> list[DictRow]:
        """All rows of one statement in a transaction of its own."""
        with self.transaction() as connection:
            return connection.execute(query, parameters).fetchall()

    def row(self, query: LiteralString | bytes, parameters: Any = None) -> DictRow | None:
        """The first row of one statement in a transaction of its own."""
        with self.transaction() as connection:
            return connection.execute(query, parameters).fetchone()

    def execute(self, query: LiteralString | bytes, parameters: Any = None) -> int:
        """Run one statement in a transaction of its own; returns how many rows it touched."""
        with self.transaction() as connection:
            return connection.execute(query, parameters).rowcount

    def close(self) -> None:
        """Close all connections, and leave the private server."""
        self._pool.close()
        if self._server is not None:
            self._server.close()

    def _check(self, connection: Connection[DictRow]) -> None:
        """See whether a pooled connection is still good; where one is not, the server was away, and none is."""
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.Error:
            self._pool.drain()  # the pool would try one after the other, with longer pauses each time
            raise

    def _connect(self) -> Connection[DictRow]:
        """A new connection; a private server that has just died gets the time to come back."""
        end = time.monotonic() + (TIMEOUT_S if self._server is not None else 0.0)
        while True:
            try:
                return psycopg.connect(self.url(), **_KEYWORDS)
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
            time.sleep(_PAUSE_S)

    def __enter__(self) -> Database:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()


def database() -> Database:
    """The database that the settings name, or the private one; not yet open."""
    known = settings()
    if known.database_url is not None:
        secret = known.database_url
        return Database(secret.get_secret_value, size=known.database_pool)
    server = attach("postgres", known.home, linger_s=known.linger_s)
    return Database(server.url, size=known.database_pool, server=server)


def migrations() -> list[Migration]:
    """All steps of the schema, in order."""
    folder = files("ascension_core.platform") / "migrations"
    named = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
    steps = [(re.fullmatch(r"(\d{4})_(\w+)\.sql", file.name), file.read_text("utf-8")) for file in named]
    return [Migration(int(match[1]), match[2], sql) for match, sql in steps if match]


def migrate(connection: Connection[Any], steps: Sequence[Migration] | None = None) -> list[int]:
    """Apply the steps that the database lacks, each in a transaction of its own; returns their numbers.

    Processes that come at the same time wait for each other.

    Raises
    ------
    ServerUnavailable
        If the database has a schema newer than this program.
    """
    steps = migrations() if steps is None else steps
    connection.execute("select pg_advisory_lock(%s)", [_LOCK])
    try:
        return _apply(connection, steps)
    finally:
        connection.execute("select pg_advisory_unlock(%s)", [_LOCK])


def _apply(connection: Connection[Any], steps: Sequence[Migration]) -> list[int]:
    connection.execute("set client_min_messages = warning")
    connection.execute(
        "create table if not exists migrations (number integer primary key, name text not null, at timestamptz default now())"
    )
    found = connection.execute("select coalesce(max(number), 0) as newest from migrations").fetchone()
    newest = found["newest"] if isinstance(found, dict) else cast("tuple[int]", found)[0]
    if newest > max(step.number for step in steps):
        raise ServerUnavailable(f"the database has schema {newest}, which is newer than this program: update Ascension")
    missing = [step for step in steps if step.number > newest]
    for step in missing:
        with connection.transaction():
            connection.execute(step.sql.encode())
            connection.execute("insert into migrations (number, name) values (%s, %s)", [step.number, step.name])
    return [step.number for step in missing]


@contextmanager
def _reachable() -> Iterator[None]:
    """Say of a lost or missing connection what it is, without the connection string (which holds a password)."""
    try:
        yield
    except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as cause:
        first = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
        raise ServerUnavailable(f"the database cannot be used: {first}") from cause
