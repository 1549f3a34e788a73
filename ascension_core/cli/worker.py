"""``ascension worker``: do the jobs that others submit."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def worker(  # noqa: PLR0917
    kinds: Annotated[str | None, typer.Option(help="Kinds of jobs to do, with commas between.", show_default="all")] = None,
    name: Annotated[str | None, typer.Option(help="Its name in the jobs' rows.", show_default="host and process id")] = None,
    warm: Annotated[int, typer.Option(min=0, help="For how many kinds to keep a kernel warm.")] = 2,
    metrics_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Serve health and metrics on this port; 0: any.", show_default="none"),
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address on which that is; whoever reaches it may read.")] = "127.0.0.1",
    once: Annotated[bool, typer.Option("--once", help="Do one job, and stop.")] = False,
    log_format: Annotated[Literal["text", "json"], typer.Option(help="How log lines look.")] = "text",
) -> None:
    """Do jobs until Ctrl-C or SIGTERM; the job that runs may end (ASCENSION_WORKER_GRACE_S), a second signal stops it too."""
    from services.worker.logs import set_up
    from services.worker.process import WorkerOptions, run_worker

    set_up(log_format)
    wanted = [kind.strip() for kind in kinds.split(",")] if kinds is not None else None
    options = WorkerOptions(kinds=wanted, name=name, warm=warm, metrics_port=metrics_port, metrics_host=metrics_host, once=once)
    run_worker(options, say=typer.echo)
