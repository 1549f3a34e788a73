"""One readable log of many programs: each line behind the name of who said it, and a file for each."""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rich.console import Console
from rich.text import Text

LARGEST_FILE = 10 * 1024**2
LONGEST_LINE = 10_000
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class Output:
    """Writes what programs say to the terminal and to ``FOLDER/NAME.log``.

    Parameters
    ----------
    folder
        For the files.
    width
        Of the column of names.
    quiet
        Keep the terminal free of what programs say.
    """

    def __init__(self, folder: Path, width: int, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True, soft_wrap=True, highlight=False)
        self.folder = folder
        self._width = width
        self._quiet = quiet
        self._files: dict[str, logging.Logger] = {}
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def line(self, name: str, text: str) -> None:
        """Something that a program said."""
        text = _CONTROL.sub("", text)[:LONGEST_LINE].rstrip()
        if text:
            self._file(name).info(text)
            if not self._quiet:
                self._print(name, Text(text))

    def say(self, name: str, text: str, style: str = "bold") -> None:
        """Something that is to be said about a program."""
        self._file(name).info("-- %s", text)
        self._print(name, Text(text, style))

    def announce(self, text: str) -> None:
        """Something that is to be said about all of it."""
        self._console.print(Text(text, "bold green"))

    def path(self, name: str) -> Path:
        """The file of a program."""
        return self.folder / f"{name}.log"

    def close(self) -> None:
        """Close all files."""
        for logger in self._files.values():
            for handler in list(logger.handlers):
                logger.removeHandler(handler)
                handler.close()

    def _print(self, name: str, text: Text) -> None:
        colour = _COLOURS[list(self._files).index(name) % len(_COLOURS)]
        self._console.print(Text.assemble((f"{name:<{self._width}} ", colour), text))

    def _file(self, name: str) -> logging.Logger:
        if name not in self._files:
            logger = logging.Logger(name)  # of our own, not of the tree: what it gets goes to its file only
            handler = RotatingFileHandler(self.path(name), maxBytes=LARGEST_FILE, backupCount=1, encoding="utf-8")
            handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
            logger.addHandler(handler)
            self._files[name] = logger
        return self._files[name]
