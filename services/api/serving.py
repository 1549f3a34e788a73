"""Bytes over HTTP: entity tags, conditions and ranges (RFC 9110)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse

from services.api.problems import Refusal

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Representation:
    """Something that can be sent.

    Attributes
    ----------
    read
        Gives bytes from a start, so many (0: all that follow).
    size
        How many bytes there are; None where that is not known before, and no parts can be had.
    content_type, etag, headers
        What is said of it; `etag` without quotes.
    """

    read: Callable[[int, int], Iterator[bytes]]
    size: int | None
    content_type: str
    etag: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_bytes(cls, content: bytes, content_type: str, etag: str) -> Representation:
        """Of what is in memory."""
        return cls(lambda start, _length: iter((content[start:],)), len(content), content_type, etag)

    def with_headers(self, headers: Mapping[str, str]) -> Representation:
        """The same with more headers."""
        return replace(self, headers={**self.headers, **headers})


def serve(what: Representation, if_none_match: str | None, range_: str | None = None, if_range: str | None = None) -> Response:
    """The answer to a request with these headers: 200, 206 or 304.

    Raises
    ------
    Refusal
        416 if the range lies beyond the end.
    """
    tag = f'"{what.etag}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", **what.headers}
    if if_none_match is not None and _matches(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    if what.size is None:
        return StreamingResponse(what.read(0, 0), headers=headers, media_type=what.content_type)
    headers["Accept-Ranges"] = "bytes"
    part = _part(range_, what.size) if if_range in {None, tag} else None
    start, length = part or (0, what.size)
    headers["Content-Length"] = str(length)
    if part is not None:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{what.size}"
    content: Any = what.read(start, length) if length else iter(())
    return StreamingResponse(content, 206 if part else 200, headers, what.content_type)


def _matches(header: str, tag: str) -> bool:
    """Weak comparison: a cache may have made a tag weak."""
    return header.strip() == "*" or tag in {one.strip().removeprefix("W/") for one in header.split(",")}


def _part(header: str | None, size: int) -> tuple[int, int] | None:
    """Start and length of the range; None for all, also where the header is not one that we know (so RFC 9110 has it)."""
    match = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if match is None or match[0] == "bytes=-" or not size:
        return None
    if not match[1]:
        start, end = max(size - int(match[2]), 0), size - 1
    else:
        start, end = int(match[1]), min(int(match[2] or size), size - 1)
        if match[2] and int(match[2]) < start:
            return None
    if start > end:
        raise Refusal(416, f"the range lies beyond the end: there are {size} bytes")
    return start, end - start + 1
