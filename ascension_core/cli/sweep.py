"""``ascension sweep``: look for the best parameters of a notebook."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ascension_core.cli.console import print_json, progress_bar

EXIT_NOTHING_FOUND = 1

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def sweep(
    file: Annotated[Path, typer.Argument(help="YAML file: what to try, and what to look for.", show_default=False)],
    trials: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many in all.", show_default="that of the file")
    ] = None,
    parallel: Annotated[
        int | None, typer.Option(min=1, max=1000, help="How many at once.", show_default="that of the file")
    ] = None,
    wait: Annotated[
        bool, typer.Option(help="Stay until all are done; otherwise take up what is there, submit, and go.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Try parameters of a notebook as jobs on the queue; the same command goes on where another one stopped.

    Needs workers (`ascension worker` or `ascension up`). The study, its plots and its best run are in MLflow.
    """
    os.environ.setdefault("MPLBACKEND", "agg")  # nobody looks at windows here
    from ascension_core.platform.jobs import find_kind, open_jobs
    from experiments.sweep.plan import check_kind, load_plan
    from experiments.sweep.running import sweep as carry_on

    changes = {name: value for name, value in (("trials", trials), ("parallel", parallel)) if value is not None}
    plan = load_plan(file).model_copy(update=changes)
    check_kind(plan, find_kind(plan.kind), file)
    try:
        with open_jobs() as jobs, progress_bar() as progress:
            found = carry_on(plan, jobs, wait=wait, tell=_tell, progress=progress)
    except KeyboardInterrupt:
        _tell("trials that were submitted go on with the workers; the same command takes up their results")
        raise
    print_json(found) if as_json else _show(found)
    if wait and not found["best"]:
        raise typer.Exit(EXIT_NOTHING_FOUND)


def _tell(line: str) -> None:
    typer.echo(line, err=True)


def _show(found: dict[str, Any]) -> None:
    counts = ", ".join(f"{found[name]} {said}" for name, said in (("failed", "failed"), ("running", "at work")) if found[name])
    typer.echo(f"{found['study']}: {found['trials']} trials have ended{f' ({counts})' if counts else ''}")
    for trial in found["best"]:
        values = ", ".join(f"{name} {value:g}" for name, value in trial["values"].items())
        chosen = " ".join(f"{name}={value}" for name, value in trial["parameters"].items())
        typer.echo(f"  trial {trial['trial']}: {values}; {chosen}")
    typer.echo(f"MLflow: experiment {found['experiment']}, run {found['run']}")
