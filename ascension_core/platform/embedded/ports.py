"""Free ports on loopback."""

from __future__ import annotations

import random
import socket

from ascension_core.errors import ServerUnavailable

LOWEST, COMPANION = 20000, 10000
HIGHEST = 32767 - COMPANION
"""Below the ports that Linux gives to outgoing connections (from 32768), so that a server finds its port free after a restart.

SeaweedFS also opens each port + 10000, so both must be free.
"""
_TRIES = 500


def choose_ports(count: int, wanted: tuple[int, ...] = ()) -> tuple[int, ...]:
    """`count` free ports: those wanted if all of them are free, others otherwise.

    Raises
    ------
    ServerUnavailable
        If hardly a port is free.
    """
    if len(wanted) == count and all(map(_is_free, wanted)):
        return wanted
    chosen: set[int] = set()
    for _ in range(_TRIES):
        port = random.randint(LOWEST, HIGHEST)
        if _is_free(port):
            chosen.add(port)
        if len(chosen) == count:
            return tuple(sorted(chosen))
    raise ServerUnavailable(f"no {count} free ports between {LOWEST} and {HIGHEST}")


def _is_free(port: int) -> bool:
    return can_listen(port) and can_listen(port + COMPANION)


def can_listen(port: int) -> bool:
    """Whether nobody has this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: closed connections may linger
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
