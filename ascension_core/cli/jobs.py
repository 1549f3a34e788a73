"""``ascension jobs``: have notebooks run, and see what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import UUID

import typer

from ascension_core.cli.console import print_json
from ascension_core.errors import InvalidJob

if TYPE_CHECKING:
    from ascension_core.platform.jobs import Event, Job, Kind

app = typer.Typer(help="Submit jobs and follow them.", no_args_is_help=True)

EXIT_NOT_SUCCEEDED = 1

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document (tail: one a line) instead of text.")]
JobId = Annotated[UUID, typer.Argument(help="The job's id.", show_default=False)]
Given = Annotated[list[str] | None, typer.Option("-p", "--parameter", help="NAME=VALUE; may be repeated.", show_default=False)]
Document = Annotated[
    Path | None, typer.Option("--parameters", help="JSON file of parameters.", exists=True, dir_okay=False, show_default=False)
]
Timeout = Annotated[float | None, typer.Option(help="Give up after so many seconds.", show_default=False)]
Moment = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S"], show_default=False)]


@app.command("kinds")
def kinds_(as_json: AsJson = False) -> None:
    """List what can be submitted, and which parameters it takes."""
    from ascension_core.platform.jobs import kinds

    known = kinds()
    if as_json:
        print_json(
            {"kinds": [{"name": kind.name, "defaults": kind.defaults, "schema": kind.schema} for kind in known.values()]}
        )
        return
    for kind in known.values():
        parameters = ", ".join(f"{name}={json.dumps(value)}" for name, value in kind.defaults.items())
        typer.echo(f"{kind.name}: {parameters}")


@app.command()
def submit(  # noqa: PLR0917
    kind: Annotated[str, typer.Argument(help="Name of the notebook.", show_default=False)],
    given: Given = None,
    document: Document = None,
    key: Annotated[str | None, typer.Option(help="The same key gives the same job.", show_default=False)] = None,
    priority: Annotated[Literal["high", "normal", "low"], typer.Option(help="Its place in the queue.")] = "normal",
    not_before: Moment = None,
    deadline: Moment = None,
    max_attempts: Annotated[int, typer.Option(min=1, help="How often to try when a failure may pass.")] = 5,
    athlete: Annotated[UUID | None, typer.Option(help="Whose job it is.", show_default=False)] = None,
    video: Annotated[UUID | None, typer.Option(help="Of which video.", show_default=False)] = None,
    name: Annotated[str | None, typer.Option(help="For people; JupyterLab lists jobs with a name.", show_default=False)] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Submit a job; prints its id. Times are UTC unless they say otherwise."""
    from ascension_core.platform.jobs import Wish, find_kind, open_jobs
    from ascension_core.platform.queue import Priority

    wish = Wish(
        kind,
        parameters_of(find_kind(kind), given, document),
        idempotency_key=key,
        priority=Priority[priority.upper()],
        not_before=_aware(not_before),
        deadline=_aware(deadline),
        max_attempts=max_attempts,
        athlete_id=athlete,
        video_id=video,
        name=name,
    )
    with open_jobs() as jobs:
        job = jobs.submit(wish)
        if wait:
            _end(jobs.wait(job.id), as_json)
        else:
            _tell(job, as_json)


@app.command("list")
def list_(
    status: Annotated[
        Literal["queued", "running", "succeeded", "failed", "cancelled"] | None, typer.Option(show_default=False)
    ] = None,
    kind: Annotated[str | None, typer.Option(show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List jobs, the newest first."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        _table(jobs.list(status=status, kind=kind, limit=limit), as_json)


@app.command()
def dead(limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20, as_json: AsJson = False) -> None:
    """List jobs that failed for good, with the reason; `ascension jobs retry` sends one back."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        _table(jobs.list(status="failed", limit=limit), as_json)


@app.command()
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """Show all that is known of a job."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        job, events = jobs.get(job_id), jobs.events(job_id)
    if as_json:
        print_json({**job.document(), "events": [event.document() for event in events]})
        return
    for name, value in job.document().items():
        if value is not None:
            typer.echo(f"{name:<18}{value if isinstance(value, str) else json.dumps(value)}")
    for event in events:
        typer.echo(_line(event))


@app.command()
def cancel(job_id: JobId, as_json: AsJson = False) -> None:
    """Stop a job, also one that runs."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        _tell(jobs.cancel(job_id), as_json)


@app.command()
def retry(job_id: JobId, as_json: AsJson = False) -> None:
    """Try a job again that failed or was cancelled."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        _tell(jobs.retry(job_id), as_json)


@app.command()
def rerun(job_id: JobId, given: Given = None, document: Document = None, as_json: AsJson = False) -> None:
    """Submit a new job like another, with some parameters changed; prints its id."""
    from ascension_core.platform.jobs import find_kind, open_jobs

    with open_jobs() as jobs:
        changes = parameters_of(find_kind(jobs.get(job_id).kind), given, document)
        _tell(jobs.rerun(job_id, changes), as_json)


@app.command()
def wait(job_id: JobId, timeout: Timeout = None, as_json: AsJson = False) -> None:
    """Wait until a job has ended; exits with 1 unless it succeeded."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        _end(jobs.wait(job_id, timeout), as_json)


@app.command()
def tail(job_id: JobId, timeout: Timeout = None, as_json: AsJson = False) -> None:
    """Follow a job live; exits with 1 unless it succeeded."""
    from ascension_core.platform.jobs import open_jobs

    with open_jobs() as jobs:
        for event in jobs.tail(job_id, timeout):
            print_json(event.document()) if as_json else typer.echo(_line(event))
        if jobs.get(job_id).status != "succeeded":
            raise typer.Exit(EXIT_NOT_SUCCEEDED)


def parameters_of(kind: Kind, given: Iterable[str] | None, document: Path | None) -> dict[str, Any]:
    """Those of the file, overridden by those of the command line; refused here if the kind does not take them."""
    pairs = [text.partition("=") for text in given or ()]
    for name, sign, _ in pairs:
        if not sign:
            raise InvalidJob(f"-p takes NAME=VALUE, not {name!r}")
    return kind.check({**_from_file(document), **kind.parse({name: value for name, _, value in pairs})})


def _from_file(document: Path | None) -> dict[str, Any]:
    if document is None:
        return {}
    from ascension_core.platform.jobs.kinds import LARGEST_PARAMETERS

    try:
        with document.open("rb") as file:
            content = file.read(LARGEST_PARAMETERS + 1)  # of whatever it is: a device has no end
        if len(content) > LARGEST_PARAMETERS:
            raise InvalidJob(f"{document} has more than {LARGEST_PARAMETERS} bytes")
        found = json.loads(content)
    except (OSError, ValueError, RecursionError) as cause:
        raise InvalidJob(f"{document} holds no JSON: {cause}") from cause
    if not isinstance(found, Mapping):
        raise InvalidJob(f"{document} holds no JSON object")
    return dict(found)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _tell(job: Job, as_json: bool) -> None:
    print_json(job.document()) if as_json else typer.echo(f"{job.id} {job.status}")


def _end(job: Job, as_json: bool) -> None:
    _tell(job, as_json)
    if job.status != "succeeded":
        raise typer.Exit(EXIT_NOT_SUCCEEDED)


def _table(jobs: Iterable[Job], as_json: bool) -> None:
    if as_json:
        print_json({"jobs": [job.document() for job in jobs]})
        return
    for job in jobs:
        why = f"  {job.error['class']}: {job.error['message']}" if job.error else ""
        done = f" {job.fraction:4.0%} {job.stage}" if job.status == "running" and job.fraction is not None else ""
        typer.echo(f"{job.id}  {job.created_at:%Y-%m-%d %H:%M:%S}  {job.kind:<18}{job.status}{done}{why}")


def _line(event: Event) -> str:
    share = f" {event.fraction:4.0%}" if event.fraction is not None else ""
    said = " ".join(filter(None, (event.stage, event.message)))
    return f"{event.at:%H:%M:%S}  {event.kind:<10}{share} {said}".rstrip()
