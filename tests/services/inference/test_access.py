from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.security import HTTPAuthorizationCredentials
from starlette.requests import Request

from ascension_core.settings import settings
from services.api.problems import Refusal
from services.inference.access import admitted

FAR, NEAR = "203.0.113.9", "127.0.0.1"


@pytest.fixture
def status(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """What a caller from an address gets, given the service's secret and what the caller says."""

    def status(address: str, secret: str | None, said: str | None) -> int:
        if secret is not None:
            monkeypatch.setenv("ASCENSION_SERVICE_KEY", secret)
        settings.cache_clear()
        request = Request({"type": "http", "client": (address, 50000), "headers": []})
        try:
            admitted(request, HTTPAuthorizationCredentials(scheme="Bearer", credentials=said) if said else None)
        except Refusal as refusal:
            return refusal.status_code
        finally:
            settings.cache_clear()
        return 200

    return status


@pytest.mark.parametrize(
    ("address", "secret", "said", "expected"),
    [
        (NEAR, None, None, 200),
        (FAR, None, None, 403),
        (FAR, None, "anything", 403),
        (FAR, "hushhush", "hushhush", 200),
        (FAR, "hushhush", None, 401),
        (FAR, "hushhush", "hushhus", 401),
        (NEAR, "hushhush", None, 401),
        (NEAR, "hushhush", "ü", 401),
    ],
)
def test_who_is_let_in(status: Callable[..., int], address: str, secret: str | None, said: str | None, expected: int) -> None:
    assert status(address, secret, said) == expected
