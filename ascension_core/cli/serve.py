"""``ascension serve``: the API of the mobile backend, ``/v1``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer


def serve(  # noqa: PLR0917
    host: Annotated[str, typer.Option(help="Address to listen on; one that others can reach needs an API key first.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8000,
    insecure_loopback: Annotated[
        bool, typer.Option("--insecure-loopback", help="Let whoever is on this machine in without a key.")
    ] = False,
    log_format: Annotated[Literal["text", "json"], typer.Option(help="How log lines are written.")] = "text",
    openapi: Annotated[bool, typer.Option("--openapi", help="Print the OpenAPI document instead.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write the OpenAPI document there.", dir_okay=False, show_default=False)
    ] = None,
) -> None:
    """Serve the API until Ctrl-C."""
    if openapi or out is not None:
        _print_openapi(out)
        return
    from services.api.listening import run
    from services.api.logs import set_up

    set_up(log_format)
    run(host, port, insecure_loopback=insecure_loopback)


def _print_openapi(out: Path | None) -> None:
    from ascension_core.errors import OutputNotWritable
    from services.api.app import openapi

    text = json.dumps(openapi(), indent=1, ensure_ascii=False) + "\n"
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, "utf-8")
    except OSError as cause:
        raise OutputNotWritable(f"{out} cannot be written: {cause.strerror}") from cause
