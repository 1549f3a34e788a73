"""What every page of ours is made with: templates, style sheets, scripts, and a policy that forbids the network."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


@cache
def environment() -> Environment:
    """The templates of this package; every value is escaped, and a missing one is an error."""
    return Environment(
        loader=PackageLoader("ascension_core.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def joined(folder: str, kind: str) -> str:
    """All style sheets (kind ``css``) or scripts (``js``) of a folder under ``static`` in the order of their names."""
    place: Traversable = files("ascension_core.report") / "static" / folder
    parts = sorted((part for part in place.iterdir() if part.name.endswith(f".{kind}")), key=lambda part: part.name)
    return "".join(part.read_text("utf-8") for part in parts)


def policy(css: str, script: str, media: str = "") -> str:
    """Content security policy: this very style and script, pictures from inside the page, `media`, and nothing else."""
    sources = f" media-src {media};" if media else ""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(css)}'; img-src data:;{sources} "
        "base-uri 'none'; form-action 'none'"
    )


def embedded_json(document: dict[str, Any]) -> Markup:
    """JSON that cannot end the script element around it, whatever it holds."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
