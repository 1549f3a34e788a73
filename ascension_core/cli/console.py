"""What commands say to a person: errors and progress, on stderr, so that stdout stays for results."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from ascension_core.progress import Progress, silent


def complain(error: Exception) -> None:
    """Print an error as one line, whatever is in its message."""
    line = " ".join(str(error).split())
    Console(stderr=True, soft_wrap=True).print(Text.assemble(("error:", "bold red"), " ", line))


def print_json(document: Any) -> None:
    """Print one JSON document on stdout, for machines."""
    sys.stdout.write(json.dumps(document, allow_nan=False) + "\n")


@contextmanager
def progress_bar(*, quiet: bool = False) -> Iterator[Progress]:
    """Show one bar per stage, with the time that is left, while the block runs; nothing where nobody looks (no terminal)."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield silent
        return
    columns = (SpinnerColumn(), TextColumn("{task.description:<10}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Bars(*columns, TextColumn("[dim]{task.fields[message]}"), console=console) as bars:
        stages: dict[str, Any] = {}

        def report(stage: str, fraction: float, message: str = "") -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=1.0, message=message)
            bars.update(stages[stage], completed=fraction, message=message)

        yield report
