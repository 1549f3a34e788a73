"""Jobs and schedules as the extension's front end wants them, and the questions it asks about jobs, in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from jupyter_scheduler.exceptions import SchedulerError
from jupyter_scheduler.models import (
    DescribeJob,
    DescribeJobDefinition,
    ListJobDefinitionsQuery,
    ListJobsQuery,
    SortDirection,
    SortField,
    Status,
)

from ascension_core.platform.jobs import Job
from ascension_core.platform.schedules import Schedule
from services.lab.environment import NAME

FORMATS = ("ipynb", "html")
STATUSES = {
    "queued": Status.QUEUED,
    "running": Status.IN_PROGRESS,
    "succeeded": Status.COMPLETED,
    "failed": Status.FAILED,
    "cancelled": Status.STOPPED,
}
_STATUS = "(case when status = 'running' and cancel_requested then 'STOPPING' {} end)".format(
    " ".join(f"when status = '{ours}' then '{theirs.value}'" for ours, theirs in STATUSES.items())
)
_THAT = f"""name is not null
    and (%(status)s::text is null or {_STATUS} = %(status)s)
    and (%(schedule)s::uuid is null or schedule_id = %(schedule)s)
    and (%(name)s::text is null or starts_with(name, %(name)s))
    and (%(start_time)s::bigint is null or started_at >= to_timestamp(%(start_time)s / 1000.0))
    and cardinality(%(tags)s::text[]) = 0"""  # no job has a tag
_JOB_FIELDS = {
    "name": "name",
    "input_filename": "kind",
    "status": _STATUS,
    "create_time": "created_at",
    "start_time": "started_at",
    "end_time": "finished_at",
    "update_time": "coalesce(finished_at, started_at, created_at)",
    "job_id": "id",
}
_SCHEDULE_FIELDS = {
    "name": "name",
    "input_filename": "kind",
    "schedule": "cron",
    "timezone": "zone",
    "active": "paused",
    "create_time": "created_at",
    "update_time": "updated_at",
    "job_definition_id": "id",
}


def described_job(job: Job) -> DescribeJob:
    """A job, without its files."""
    return DescribeJob(
        job_id=str(job.id),
        name=job.name or job.kind,
        input_filename=f"{job.kind}.ipynb",
        runtime_environment_name=NAME,
        output_formats=list(FORMATS),
        output_filename_template=None,
        job_definition_id=str(job.schedule_id) if job.schedule_id else None,
        parameters=_texts(job.parameters),
        url=f"/jobs/{job.id}",
        create_time=_milliseconds(job.created_at),
        update_time=_milliseconds(job.finished_at or job.started_at or job.created_at),
        start_time=_milliseconds(job.started_at) if job.started_at else None,
        end_time=_milliseconds(job.finished_at) if job.finished_at else None,
        status=Status.STOPPING if job.status == "running" and job.cancel_requested else STATUSES[job.status],
        status_message=f"{job.error['class']}: {job.error['message']}" if job.error else None,
    )


def described_schedule(schedule: Schedule) -> DescribeJobDefinition:
    """A schedule, which the extension calls a job definition."""
    return DescribeJobDefinition(
        job_definition_id=str(schedule.id),
        name=schedule.name,
        input_filename=f"{schedule.kind}.ipynb",
        runtime_environment_name=NAME,
        output_formats=list(FORMATS),
        output_filename_template=None,
        parameters=_texts(schedule.parameters),
        schedule=schedule.cron,
        timezone=schedule.zone,
        create_time=_milliseconds(schedule.created_at),
        update_time=_milliseconds(schedule.updated_at),
        active=not schedule.paused,
    )


def jobs_that(query: ListJobsQuery) -> tuple[str, dict[str, Any]]:
    """The SQL behind ``from jobs`` that finds those which a query means, and its values."""
    values = {
        "status": query.status.value if query.status else None,
        "schedule": identity(query.job_definition_id) if query.job_definition_id else None,
        "name": query.name,
        "start_time": query.start_time,
        "tags": list(query.tags or ()),
    }
    return f"where {_THAT}", values


def job_order(fields: Sequence[SortField]) -> str:
    """The SQL for the order that a query wants."""
    terms = [f"{_column(field, _JOB_FIELDS)} {field.direction.value} nulls last" for field in fields]
    return ", ".join([*terms, "id"])


def schedules_that(query: ListJobDefinitionsQuery, schedules: Sequence[Schedule]) -> list[Schedule]:
    """The schedules that a query means, in its order."""
    found = [
        schedule
        for schedule in schedules
        if (query.name is None or schedule.name.startswith(query.name))
        and (query.create_time is None or _milliseconds(schedule.created_at) >= query.create_time)
        and not query.tags
    ]
    for field in reversed(query.sort_by):
        column, reverse = _column(field, _SCHEDULE_FIELDS), field.direction is SortDirection.desc
        found.sort(key=lambda schedule, column=column: getattr(schedule, column), reverse=reverse)  # type: ignore[misc]
    return found


def identity(text: str) -> UUID:
    """The id in a request."""
    try:
        return UUID(text)
    except ValueError:
        raise SchedulerError(f"{text[:60]!r} is no id") from None


def _column(field: SortField, columns: Mapping[str, str]) -> str:
    if field.name not in columns:
        raise SchedulerError(f"cannot sort by {field.name[:60]!r}; by {', '.join(columns)}")
    return columns[field.name]


def _texts(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as a form shows them, and as `Kind.parse` takes them."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in parameters.items()}


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
