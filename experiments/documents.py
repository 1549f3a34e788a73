"""Results as JSON that every parser reads: stable order, rounded, null instead of nan."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

DIGITS = 4


def to_json(document: dict[str, Any], *, compact: bool = False) -> str:
    """One JSON object; numbers rounded to four decimals, null where one is not finite, keys in the order given."""
    return json.dumps(plain(document), indent=None if compact else 2, allow_nan=False)


def write_json(document: dict[str, Any], path: Path) -> None:
    """`to_json` into a file; its folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_json(document) + "\n", "utf-8")


def plain(value: Any) -> Any:
    """The same value of Python's own types, fit for JSON."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, DIGITS) if math.isfinite(value) else None
    return value
