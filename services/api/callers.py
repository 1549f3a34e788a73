"""Who calls: an API key in the header ``Authorization: Bearer asc_…``, or, where that is allowed, somebody on this machine."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from ascension_core.errors import InvalidOption
from ascension_core.platform.keys import Key, Keys, Scope
from ascension_core.platform.listing import Reach
from services.api.backend import backend_of
from services.api.problems import Refusal

LOOPBACK = Key("loopback", "somebody on this machine", frozenset({"admin"}), None, datetime.fromtimestamp(0, UTC), None, None)
"""Stands for whoever is let in without a key."""
bearer = HTTPBearer(auto_error=False, scheme_name="ApiKey", description="`ascension keys create` makes one")
_PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip")


def require(scope: Scope) -> Callable[[HTTPConnection], Key]:
    """A dependency: the caller's key, which is good for that.

    A plain function, so that its question to the database runs in a thread.
    """

    def caller(connection: HTTPConnection) -> Key:
        key = identify(connection)
        if not key.allows(scope):
            raise Refusal(403, f"this API key has no scope {scope!r}")
        return key

    return caller


Reader = Annotated[Key, Depends(require("read"))]
Writer = Annotated[Key, Depends(require("write"))]


def identify(connection: HTTPConnection) -> Key:
    """The key with which somebody calls.

    Raises
    ------
    Refusal
        401 without a valid key; 429 for one that calls too often, and for an address that tries too many wrong ones.
    """
    backend = backend_of(connection)
    header = connection.headers.get("authorization")
    key = LOOPBACK if header is None and is_let_in(connection) else _key(backend.keys, header)
    if key is None:
        backend.throttle.admit(f"address {_address(connection)}")
        raise Refusal(401, "send a valid API key: Authorization: Bearer asc_…")
    connection.state.key = key.id
    backend.throttle.admit(f"key {key.id}")
    return key


def reach(key: Key) -> Reach:
    """Which rows a key reaches: one athlete's, those of all, for an admin also those of none."""
    return Reach(key.athlete_id, unowned=key.allows("admin"))


def is_let_in(connection: HTTPConnection) -> bool:
    """Whether the setting lets callers on this machine in without a key, and this is one.

    Nobody who comes through a proxy is; and a page in a browser, which could have a foreign name point to this machine, has
    that name in its header ``Host``.
    """
    if not backend_of(connection).settings.api_insecure_loopback or any(name in connection.headers for name in _PROXIED):
        return False
    return is_loopback(_address(connection)) and is_loopback(connection.url.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether an address or name means this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def refuse_public_without_keys(host: str, keys: Keys) -> None:
    """To be called before a service listens.

    Raises
    ------
    InvalidOption
        If others could reach the address, and there is no valid API key.
    """
    if not is_loopback(host) and not keys.any():
        raise InvalidOption(f"others can reach {host}, and there is no API key: make one with `ascension keys create NAME`")


def _key(keys: Keys, header: str | None) -> Key | None:
    scheme, _, token = (header or "").partition(" ")
    return keys.find(token.strip()) if scheme.lower() == "bearer" else None


def _address(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else ""
