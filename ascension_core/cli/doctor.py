"""``ascension doctor``: what is set up, what works, and what to do where something does not."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ascension_core.cli.console import print_json
from ascension_core.errors import InvalidDataset, ModelError, ServerUnavailable

if TYPE_CHECKING:
    from ascension_core.platform.examination import Check, Finding

EXIT_UNWELL = 1


def doctor(
    timeout: Annotated[float, typer.Option(min=0.1, help="How many seconds the checks may take.")] = 30.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Look at settings, servers and machine; exits with 1 if something is wrong. Starts private servers where they are ours."""
    from ascension_core.platform.examination import examine
    from ascension_core.platform.health import configuration, platform_checks

    findings = examine([*platform_checks(), *_own_checks()], timeout)
    well = all(finding.ok for finding in findings)
    if as_json:
        print_json({"ok": well, "settings": configuration(), "checks": [asdict(finding) for finding in findings]})
    else:
        _show(configuration(), findings)
    if not well:
        raise typer.Exit(EXIT_UNWELL)


def _own_checks() -> list[Check]:
    """The checks that know of climbing, or of what runs here."""
    from ascension_core.platform.examination import Check

    return [
        Check("models", models_state, "run `ascension models pull`"),
        Check("data", data_state, "set ASCENSION_DATA to the folder of evaluation data, or leave it unset"),
        Check("up", up_state, "see what the part says in the data folder's logs/"),
    ]


def models_state() -> str:
    """Whether all networks are there."""
    from ascension_core.pose import models

    found = models.list_models()
    missing = [status.model.name for status in found if status.state != "present"]
    if missing:
        raise ModelError(f"missing or damaged: {', '.join(missing)}")
    return ", ".join(status.model.name for status in found)


def data_state() -> str:
    """Whether the evaluation data are there, which only `ascension evaluate` and tests need."""
    from ascension_core.settings import settings

    folder = settings().data
    if folder is None:
        return "not set; only evaluations and tests need them"
    if not folder.is_dir():
        raise InvalidDataset(f"ASCENSION_DATA names {folder}, and there is no such folder")
    return str(folder)


def up_state() -> str:
    """Whether what `ascension up` started works."""
    from ascension_core.platform.local import parts
    from ascension_core.settings import settings
    from services.up.plan import answers

    running = parts(settings().home)
    if running is None:
        return "`ascension up` does not run on this data folder"
    workers = {name: url for name, url in running.items() if name.startswith("worker-")}
    unready = [name for name, url in workers.items() if not answers(url.replace("/metrics", "/readyz"))()]
    if unready:
        raise ServerUnavailable(f"not ready: {', '.join(unready)}")
    return ", ".join(running) or "it is starting"


def _show(settings: dict[str, str | int | float | bool | None], findings: list[Finding]) -> None:
    for name, value in settings.items():
        typer.echo(f"{name:<34}{'-' if value is None else value}")
    typer.echo()
    for finding in findings:
        mark = typer.style("ok   ", fg="green") if finding.ok else typer.style("wrong", fg="red", bold=True)
        typer.echo(f"{mark} {finding.name:<11}{finding.said}")
        if finding.advice:
            typer.echo(f"{'':17}-> {finding.advice}")
