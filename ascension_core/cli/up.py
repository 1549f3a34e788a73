"""``ascension up``: everything on this machine."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from ascension_core.cli.console import print_json
from ascension_core.errors import InvalidOption

Port = Annotated[int | None, typer.Option(min=1, max=65535, show_default="the usual one, or any that is free")]


def up(  # noqa: PLR0917
    workers: Annotated[int, typer.Option(min=0, max=64, help="How many workers; 0: no scheduler, API or services.")] = 1,
    rabbitmq: Annotated[bool, typer.Option("--rabbitmq", help="With a private RabbitMQ node.")] = False,
    lab: Annotated[bool, typer.Option("--lab/--no-lab", help="With JupyterLab.")] = True,
    mlflow: Annotated[bool, typer.Option("--mlflow/--no-mlflow", help="With an MLflow server.")] = True,
    api: Annotated[bool, typer.Option("--api/--no-api", help="With the API of mobile backends.")] = True,
    services: Annotated[bool, typer.Option("--services/--no-services", help="With the pipelines' own services.")] = True,
    lab_port: Port = None,
    mlflow_port: Port = None,
    api_port: Port = None,
    check: Annotated[bool, typer.Option("--check", help="Start everything, print where it is as JSON, and stop.")] = False,
) -> None:
    """Run servers, MLflow, workers, scheduler, API, services and JupyterLab until Ctrl-C; a second one waits for no job."""
    from services.up.plan import Wanted
    from services.up.process import run

    if rabbitmq:
        _use_private_broker()
    found = run(Wanted(workers, lab, mlflow, lab_port, mlflow_port, api, api_port, services), check=check)
    if check and not found:
        raise KeyboardInterrupt  # before all was ready
    if check:
        print_json(found)


def _use_private_broker() -> None:
    """For us and for all programs that we start."""
    from ascension_core.platform.queue import PRIVATE
    from ascension_core.settings import settings

    known = settings().amqp_url
    if known is not None and known.get_secret_value() != PRIVATE:
        raise InvalidOption("--rabbitmq starts a node of its own, and ASCENSION_AMQP_URL names another: leave one of them out")
    os.environ["ASCENSION_AMQP_URL"] = PRIVATE
    settings.cache_clear()
