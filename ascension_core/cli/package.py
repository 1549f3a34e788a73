"""``ascension package``: a pipeline version as one file that serves itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ascension_core.cli.console import print_json, progress_bar


def package(
    pipeline: Annotated[Literal["vision", "training"], typer.Argument(help="Whose service.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The file, ending in .bento.", dir_okay=False, show_default=False)],
    version: Annotated[str, typer.Option("--version", help="A number or an alias.")] = "champion",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Build a Bento of a registered version: code, weights and metrics inside; `bentoml serve FILE` needs no network."""
    from ascension_core.platform.registry import Registry
    from experiments.registry import gate
    from services.packaging import package as build

    found = gate.fetch(Registry(), pipeline, version)
    with progress_bar(quiet=as_json) as progress:
        made = build(found, out, progress)
    if as_json:
        print_json({"file": str(made.file), "tag": made.tag, "bytes": made.file.stat().st_size, "metrics": found.metrics})
    else:
        typer.echo(f"{made.file}: {made.tag}, {made.file.stat().st_size / 1e6:.1f} MB")
