"""The command line: ``ascension COMMAND``.

Commands live in modules of this package and import the heavy libraries when they run, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from ascension_core.cli.console import complain
from ascension_core.errors import AscensionError

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="ascension",
    help="Video analysis and training programs for climbers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)


def main() -> None:
    """Run the command line: one clear line and exit code 2 for each error raised on purpose, 130 after Ctrl-C."""
    try:
        app()
    except AscensionError as error:
        complain(error)
        sys.exit(EXIT_ERROR)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("ascension"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before the command."""


def _register(command: str) -> None:
    """Add ``cli/COMMAND.py``, which exposes a group of commands as `app` or one command as a function of its own name."""
    module: Any = import_module(f"{__name__}.{command}")
    if hasattr(module, "app"):
        app.add_typer(module.app, name=command)
    else:
        app.command(command)(getattr(module, command))


for _command in (
    "analyze",
    "holds",
    "models",
    "package",
    "evaluate",
    "bench",
    "assess",
    "program",
    "force",
    "jobs",
    "sweep",
    "keys",
    "serve",
    "schedule",
    "scheduler",
    "worker",
    "videos",
    "athletes",
    "up",
    "migrate",
    "doctor",
):
    if find_spec(f"{__name__}.{_command}"):
        _register(_command)
