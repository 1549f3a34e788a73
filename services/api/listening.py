"""The server process around the application."""

from __future__ import annotations

import logging
import socket
from contextlib import nullcontext
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from ascension_core.errors import InvalidOption
from ascension_core.platform.keys import Keys
from ascension_core.settings import settings
from services.api.app import PREFIX, create_server
from services.api.backend import open_doors
from services.api.callers import is_loopback, refuse_public_without_keys

_GRACE_S = 10
_BACKLOG = 1024
_LONGEST_WORD = 4096
_LOG = logging.getLogger("ascension.api")


def run(host: str, port: int, *, insecure_loopback: bool = False) -> None:
    """Serve the API until SIGINT or SIGTERM.

    Raises
    ------
    InvalidOption
        If the address cannot be listened on, or others could reach it and there is no API key.
    ServerUnavailable
        If the servers behind it are away.
    """
    if insecure_loopback and not is_loopback(host):
        raise InvalidOption(f"--insecure-loopback is for this machine alone, and others can reach {host}")
    known = settings()
    known = known.model_copy(update={"api_insecure_loopback": known.api_insecure_loopback or insecure_loopback})
    listening = listen(host, port)
    with listening, open_doors() as doors:
        keys = Keys(doors.database)
        refuse_public_without_keys(host, keys)
        _LOG.info("serving http://%s:%d%s", _in_url(host), listening.getsockname()[1], PREFIX)
        if not keys.any() and not known.api_insecure_loopback:
            _LOG.warning("there is no API key yet: `ascension keys create NAME` makes one")
        app = create_server(lambda: nullcontext(doors), known)
        Listener(configured(app, host, port)).run(sockets=[listening])


def configured(app: Starlette, host: str, port: int) -> uvicorn.Config:
    """How the API is served, the same wherever it is."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # who says "I was forwarded" is not believed
        ws="websockets-sansio",
        ws_max_size=_LONGEST_WORD,  # clients have nothing to say
        timeout_graceful_shutdown=_GRACE_S,
    )


class Listener(uvicorn.Server):
    """A server that ends well when it is told to, and lets those go who follow jobs: they come back to another one."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """On SIGINT and SIGTERM; uvicorn's own way is to end by the signal, and to leave our servers as they are."""
        app = self.config.app
        if isinstance(app, Starlette) and (backend := getattr(app.state.api.state, "backend", None)) is not None:
            backend.hub.dismiss()
        self.force_exit = self.should_exit
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens, before anything is started that would have to be stopped again."""
    made: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        made = socket.socket(family, kind, protocol)  # asyncio sends at once (TCP_NODELAY) only where the protocol is said
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(_BACKLOG)
    except (OSError, UnicodeError) as cause:  # the latter of a name that cannot be one
        if made is not None:
            made.close()
        raise InvalidOption(f"cannot listen on {host} port {port}: {getattr(cause, 'strerror', None) or cause}") from cause
    return made


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
