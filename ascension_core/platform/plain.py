"""Values and texts from outside, as PostgreSQL, JSON and the programs that read them can hold them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

DEEPEST = 20
LARGEST_WHOLE = 2**63 - 1
"""Beyond it, a number is another one for most programs that read it."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # zero characters, and halves of characters that JSON and terminals let pass


def check_plain(value: Any, largest: int) -> None:
    """Look through a value that is to be stored as JSON.

    It may come from anywhere: nothing here recurses, and whoever holds ever more of the same (as YAML can) is stopped
    when that amounts to more than ``largest`` bytes.

    Raises
    ------
    ValueError
        If it is no JSON, is deeper than 20 levels, holds numbers that do not fit into 64 bits or texts that are none,
        or is too large.
    """
    parts, left = [(value, 1)], largest
    while parts:
        part, depth = parts.pop()
        if depth > DEEPEST:
            raise ValueError(f"nested more than {DEEPEST} deep")
        left -= _bytes(part)
        if left < 0:
            raise ValueError(f"more than {largest} bytes")
        parts += [(inner, depth + 1) for inner in _inner(part)]


def storable(text: str) -> bool:
    """Whether a database can hold the text."""
    return _UNSTORABLE.search(text) is None


def as_storable(text: str) -> str:
    """The text, with a mark in place of what a database cannot hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def _inner(part: Any) -> list[Any]:
    if isinstance(part, Mapping):
        return [*part.keys(), *part.values()]
    return list(part) if isinstance(part, list | tuple) else []


def _bytes(part: Any) -> int:
    """What a part without its own parts needs at least."""
    match part:
        case Mapping() if not all(isinstance(name, str) for name in part):
            raise ValueError("no JSON: a name that is no text")
        case None | bool() | Mapping() | list() | tuple():
            return 1
        case int() if abs(part) > LARGEST_WHOLE:
            raise ValueError("a number that does not fit into 64 bits")
        case float() if not math.isfinite(part):
            raise ValueError(f"no JSON: {part}")
        case str() if not storable(part):
            raise ValueError("a zero character, or half of a character")
        case str():
            return len(part) + 2
        case int() | float():
            return 1
    raise ValueError(f"no JSON: {type(part).__name__}")
