"""What a notebook's error means for its job."""

from __future__ import annotations

import builtins
import re

from ascension_core import errors
from ascension_core.platform.jobs import Failure

LONGEST_MESSAGE = 500
_MAY_PASS = (errors.ServerUnavailable, ConnectionError, TimeoutError)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def failure_of(name: str, value: str, folders: tuple[str, ...] = ()) -> Failure:
    """The failure of a job whose notebook raised an error.

    Parameters
    ----------
    name, value
        Class and text of the error. Only the name of a class is known: whether the error may pass is looked up among ours
        and Python's.
    folders
        Whose names are of no use to the reader, and are taken out of the text.
    """
    return Failure(name, _line(value, folders) or name, passing=_passes(name))


def _passes(name: str) -> bool:
    known = getattr(errors, name, None) or getattr(builtins, name, None)
    return isinstance(known, type) and issubclass(known, _MAY_PASS)


def _line(value: str, folders: tuple[str, ...]) -> str:
    lines = _COLOURS.sub("", value).strip().splitlines()
    line = lines[0] if lines else ""
    for folder in folders:
        line = line.replace(f"{folder}/", "").replace(folder, ".")
    return line if len(line) <= LONGEST_MESSAGE else f"{line[:LONGEST_MESSAGE]}…"
