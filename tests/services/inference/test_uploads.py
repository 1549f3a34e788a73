from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from services.api.problems import Refusal
from services.inference.uploads import _safe, received

LARGEST = 1000


def fetch(body: bytes, content_type: str, look: Callable[[Path], Any] = Path.read_bytes) -> Any:
    """What `look` sees of the file that was sent."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def run() -> Any:
        scope = {"type": "http", "method": "POST", "headers": [(b"content-type", content_type.encode())]}
        async with received(Request(scope, receive), LARGEST) as path:
            return look(path)

    return asyncio.run(run())


def form(name: str, body: bytes) -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
    return head.encode() + body + b"\r\n--b--\r\n"


def test_body_is_the_file() -> None:
    assert fetch(b"picture", "image/png") == b"picture"


def test_form_holds_the_file_and_its_name() -> None:
    kind = "multipart/form-data; boundary=b"
    assert fetch(form("../../etc/wall.png", b"picture"), kind) == b"picture"
    assert fetch(form("../../etc/wall.png", b"picture"), kind, lambda path: path.name) == "wall.png"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "image/png", 400),
        (b"x" * (LARGEST + 1), "image/png", 413),
        (form("a", b"x" * (LARGEST + 1)), "multipart/form-data; boundary=b", 413),
        (form("a", b""), "multipart/form-data; boundary=b", 400),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 400),
    ],
)
def test_what_is_missing_or_too_large_is_refused(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        fetch(body, kind)
    assert refused.value.status_code == status


def test_nothing_is_left_behind() -> None:
    assert not fetch(b"picture", "image/png", lambda path: path).parent.exists()


@given(st.text(max_size=300))
def test_every_name_is_made_safe(name: str) -> None:
    safe = _safe(name)
    assert 0 < len(safe) <= 100
    assert safe not in {".", ".."}
    assert "/" not in safe
    assert safe.isascii()
    assert safe.isprintable()
