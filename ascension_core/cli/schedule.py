"""``ascension schedule``: have notebooks run by themselves, again and again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ascension_core.cli.console import print_json
from ascension_core.cli.jobs import AsJson, Document, Given, parameters_of

if TYPE_CHECKING:
    from ascension_core.platform.schedules import Schedule, Schedules

app = typer.Typer(help="Submit jobs by themselves, at set times.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The schedule's name.", show_default=False)]


@app.command()
def add(  # noqa: PLR0917
    name: Name,
    cron: Annotated[
        str, typer.Argument(help='Minute, hour, day, month, weekday, as in "30 6 * * mon-fri"; or @daily.', show_default=False)
    ],
    kind: Annotated[str, typer.Argument(help="Name of the notebook.", show_default=False)],
    given: Given = None,
    document: Document = None,
    zone: Annotated[str, typer.Option(help="Time zone that the times are meant in, as Europe/Vienna.")] = "UTC",
    missed: Annotated[
        Literal["last", "all", "skip"], typer.Option(help="For which slots to make jobs that went by unseen.")
    ] = "last",
    priority: Annotated[Literal["high", "normal", "low"], typer.Option(help="Its jobs' place in the queue.")] = "normal",
    as_json: AsJson = False,
) -> None:
    """Submit a job at each of these times; `ascension scheduler` (or `ascension up`) has to run then."""
    from ascension_core.platform.jobs import find_kind
    from ascension_core.platform.queue import Priority
    from ascension_core.platform.schedules import Plan

    parameters = parameters_of(find_kind(kind), given, document)
    plan = Plan(name, cron, kind, parameters, zone, Priority[priority.upper()], missed)
    with _schedules() as schedules:
        _tell(schedules.add(plan), as_json)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List schedules: when they fire next, what became of the last job, and what is wrong."""
    with _schedules() as schedules:
        found = schedules.list()
    if as_json:
        print_json({"schedules": [schedule.document() for schedule in found]})
    else:
        _table(found)


@app.command()
def pause(name: Name, as_json: AsJson = False) -> None:
    """Let slots go by until `resume`."""
    with _schedules() as schedules:
        _tell(schedules.pause(name), as_json)


@app.command()
def resume(name: Name, as_json: AsJson = False) -> None:
    """Go on with the next slot."""
    with _schedules() as schedules:
        _tell(schedules.resume(name), as_json)


@app.command()
def rm(name: Name, as_json: AsJson = False) -> None:
    """Forget a schedule; its jobs stay."""
    with _schedules() as schedules:
        schedules.remove(name)
    if as_json:
        print_json({"removed": name})


@app.command("run-now")
def run_now(name: Name, as_json: AsJson = False) -> None:
    """Submit a job of a schedule at once, besides those of its slots; prints the job's id."""
    with _schedules() as schedules:
        job = schedules.run_now(name)
    print_json(job.document()) if as_json else typer.echo(f"{job.id} {job.status}")


@app.command("next")
def next_(
    name: Name,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1000, help="How many.")] = 5,
    as_json: AsJson = False,
) -> None:
    """List the next slots of a schedule, in its time zone and in UTC."""
    from ascension_core.platform.schedules import next_slots

    with _schedules() as schedules:
        schedule = schedules.get(name)
    slots = next_slots(schedule.cron, schedule.zone, count)
    if as_json:
        print_json({"slots": [slot.isoformat() for slot in slots]})
        return
    for slot in slots:
        typer.echo(_both(slot, schedule.zone))


@contextmanager
def _schedules() -> Iterator[Schedules]:
    from ascension_core.platform.jobs import open_jobs
    from ascension_core.platform.schedules import Schedules

    with open_jobs() as jobs:
        yield Schedules(jobs)


def _tell(schedule: Schedule, as_json: bool) -> None:
    if as_json:
        print_json(schedule.document())
    else:
        state = "paused" if schedule.paused else f"next at {_both(schedule.next_slot, schedule.zone)}"
        typer.echo(f"{schedule.name}: {state}")


def _table(schedules: Iterable[Schedule]) -> None:
    for schedule in schedules:
        _tell(schedule, as_json=False)
        typer.echo(f"    {schedule.cron}  {schedule.zone}  {schedule.kind}")
        if schedule.last_job is not None:
            typer.echo(f"    last job {schedule.last_job} {schedule.last_status}")
        if schedule.trouble is not None:
            typer.echo(f"    trouble: {schedule.trouble}")


def _both(slot: datetime, zone: str) -> str:
    from zoneinfo import ZoneInfo

    utc = f"{slot.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return utc if zone == "UTC" else f"{slot.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone} ({utc})"
