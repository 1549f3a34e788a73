"""``ascension scheduler``: the process behind ``ascension schedule``."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def scheduler(
    log_format: Annotated[Literal["text", "json"], typer.Option(help="How log lines look.")] = "text",
) -> None:
    """Submit the jobs of all schedules when they are due, until Ctrl-C or SIGTERM; any number of these may run."""
    import signal

    from services.scheduler import Scheduler
    from services.worker.logs import set_up

    set_up(log_format)
    process = Scheduler()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: process.stop())
    process.run()
