"""What `ascension up` runs on a data folder: it claims the folder, and tells the folder's other processes where things are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.embedded.files import locked, write_private

MLFLOW = "mlflow"
"""Name of the MLflow server among the parts, of its folder, and of its database."""


@contextmanager
def claim(home: Path) -> Iterator[None]:
    """Be the only one to run everything on a data folder.

    Raises
    ------
    ServerUnavailable
        If somebody else is.
    """
    _folder(home).mkdir(parents=True, exist_ok=True, mode=0o700)
    with locked(_folder(home) / "lock") as free:
        if not free:
            raise ServerUnavailable(f"it runs already on {home}: stop that one first, or set ASCENSION_HOME to another folder")
        tell(home, {})
        yield


def tell(home: Path, parts: Mapping[str, str]) -> None:
    """Let others know where each part is."""
    write_private(_folder(home) / "state.json", json.dumps(dict(parts)))


def parts(home: Path) -> dict[str, str] | None:
    """Where each part is that is ready; None where `ascension up` does not run on the folder."""
    if not _folder(home).is_dir():
        return None
    with locked(_folder(home) / "lock") as free:
        return None if free else dict(json.loads((_folder(home) / "state.json").read_text()))


def _folder(home: Path) -> Path:
    return home / "up"
