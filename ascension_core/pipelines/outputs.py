"""Results appear in their folder together and complete, or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ascension_core.errors import OutputNotWritable


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """A temporary folder whose files move to `out` when the block succeeds; otherwise nothing is left behind.

    Raises
    ------
    OutputNotWritable
        The folder cannot be made or written.
    """
    made = _make(out)
    try:
        with tempfile.TemporaryDirectory(prefix=".ascension-", dir=out) as folder:
            yield Path(folder)
            for file in sorted(Path(folder).iterdir()):
                file.replace(out / file.name)
    except OSError as error:
        raise _refused(out, error) from error
    finally:
        for folder_made in made:
            _remove_if_empty(folder_made)


def _make(out: Path) -> list[Path]:
    """Make `out` and its parents; those that did not exist, the innermost first."""
    missing = [p for p in [out, *out.parents] if not p.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(out, error) from error
    return missing


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # it holds results, as it should
        return


def _refused(out: Path, error: OSError) -> OutputNotWritable:
    return OutputNotWritable(
        f"Results cannot be written to {out}: {error.strerror or error}. Choose another folder with --out."
    )
