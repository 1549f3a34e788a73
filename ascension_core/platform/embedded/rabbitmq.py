"""A private RabbitMQ node, where Debian's package is installed; the machine's own node is left alone."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.files import Place, write_private
from ascension_core.platform.embedded.processes import Program

USER = "ascension"
SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Not the one on the PATH: that one switches to the user ``rabbitmq``."""
_HELLO = b"AMQP\x00\x00\x09\x01"
_CONFIGURATION = """\
listeners.tcp.default = 127.0.0.1:{port}
default_user = {user}
default_pass = {secret}
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 50MB
consumer_timeout = 86400000
log.console = true
log.console.level = warning
log.file = false
"""
"""`consumer_timeout` in ms: a job may take long, and in 3.10 only the whole node has one."""


class RabbitMQ:
    """One node with a name, ports, cookie and port mapper (epmd) of its own, on loopback only."""

    ports = 3

    def prepare(self, place: Place, ports: Sequence[int]) -> None:
        """Write the node's configuration."""
        place.data.mkdir(mode=0o700, exist_ok=True)
        write_private(place.data / "rabbitmq.conf", _CONFIGURATION.format(port=ports[0], user=USER, secret=place.secret()))
        (place.data / "env.conf").touch()
        (place.data / "enabled_plugins").write_text("[].")

    def programs(self, place: Place, ports: Sequence[int]) -> Sequence[Program]:
        """The port mapper, then the node."""
        _, distribution, mapper = map(str, ports)
        names = {"ERL_EPMD_PORT": mapper, "ERL_EPMD_ADDRESS": "127.0.0.1", "HOME": str(place.data)}
        node = {
            **names,
            "RABBITMQ_NODENAME": "ascension@localhost",
            "RABBITMQ_DIST_PORT": distribution,
            "RABBITMQ_MNESIA_BASE": str(place.data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(place.data / "log"),
            "RABBITMQ_PID_FILE": str(place.data / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(place.data / "enabled_plugins"),
            "RABBITMQ_CONFIG_FILE": str(place.data / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(place.data / "env.conf"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} -start_epmd false",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node, instead of waiting for it
        }
        return [
            Program((_program("epmd"), "-port", mapper, "-address", "127.0.0.1"), place.data, environment=names),
            Program((_script(),), place.data, environment=node),
        ]

    def is_ready(self, place: Place, ports: Sequence[int]) -> bool:
        """Whether the node greets back; it listens only when it is up."""
        try:
            with socket.create_connection(("127.0.0.1", ports[0]), timeout=2) as connection:
                connection.sendall(_HELLO)
                return connection.recv(1) == b"\x01"
        except OSError:
            return False

    def url(self, ports: Sequence[int], secret: str) -> str:
        """An AMQP address."""
        return f"amqp://{USER}:{secret}@127.0.0.1:{ports[0]}/%2F"


def installed() -> bool:
    """Whether this machine has RabbitMQ at all."""
    return SCRIPT.exists()


def _script() -> Path:
    if not installed():
        raise ServerUnavailable("RabbitMQ is not installed (Debian: apt-get install rabbitmq-server); set ASCENSION_AMQP_URL")
    return SCRIPT


def _program(name: str) -> str:
    found = shutil.which(name, path=os.defpath)
    if found is None:
        raise ServerUnavailable(f"{name} is not installed; it comes with Erlang")
    return found
