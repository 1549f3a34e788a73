"""Jobs and their events as they stand in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from ascension_core.platform.queue import Priority, Wake

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINISHED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Job:
    """One job.

    Attributes
    ----------
    id
        Its name for ever.
    kind, parameters
        Which notebook runs, and with what.
    idempotency_key
        Whoever submits with the same key again gets this job.
    priority
        Its place in the queue.
    status
        ``queued``, ``running``, or finished: ``succeeded``, ``failed`` or ``cancelled``.
    athlete_id, video_id
        Whose job it is; it goes when they go.
    rerun_of
        The job that this one repeats with other parameters.
    not_before, deadline
        When it may start, and when it must have ended (UTC).
    created_at, started_at, finished_at
        What happened when (UTC); `started_at` is that of the last attempt.
    attempts, max_attempts
        How often it was started, and how often it may be.
    worker, lease_until
        Who runs it, and until when that is believed.
    cancel_requested
        Whether it is to be stopped.
    stage, fraction, message
        Progress; `fraction` from 0 to 1.
    result
        What came out, once succeeded.
    error
        ``class``, ``message`` and perhaps ``cell``, of the last failure.
    mlflow_run, notebook_key
        The run in MLflow and the executed notebook in object storage.
    name, schedule_id
        What people call it, and the schedule that it comes from.
    """

    id: UUID
    kind: str
    parameters: Mapping[str, Any]
    idempotency_key: str | None
    priority: Priority
    status: Status
    athlete_id: UUID | None
    video_id: UUID | None
    rerun_of: UUID | None
    not_before: datetime
    deadline: datetime | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    max_attempts: int
    worker: str | None
    lease_until: datetime | None
    cancel_requested: bool
    stage: str | None
    fraction: float | None
    message: str | None
    result: Any
    error: Mapping[str, Any] | None
    mlflow_run: str | None
    notebook_key: str | None
    name: str | None
    schedule_id: UUID | None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen, unless somebody asks for it."""
        return self.status in FINISHED

    def wake(self, delay_s: float = 0.0) -> Wake:
        """What to tell the workers."""
        return Wake(self.id, self.kind, self.priority, max(delay_s, 0.0))

    def document(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True)
class Event:
    """Something that happened to a job.

    Attributes
    ----------
    id
        Grows with time.
    job_id, at
        Which job, and when (UTC).
    kind
        ``submitted``, ``started``, ``progress``, ``log``, ``retry``, ``lost`` (its worker), ``cancel`` (asked for), or its end.
    stage, fraction, message
        What there is to say.
    attempt
        In which attempt.
    """

    id: int
    job_id: UUID
    at: datetime
    kind: str
    stage: str | None
    fraction: float | None
    message: str | None
    attempt: int

    @property
    def last(self) -> bool:
        """Whether the job has ended with this."""
        return self.kind in FINISHED

    def document(self) -> dict[str, Any]:
        """Everything, for JSON."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(self)}


def job_of(row: Mapping[str, Any]) -> Job:
    """The job in a row of ``jobs``."""
    known = {field.name: row[field.name] for field in fields(Job)}
    return Job(**{**known, "priority": Priority(row["priority"])})


def event_of(row: Mapping[str, Any]) -> Event:
    """The event in a row of ``job_events``."""
    return Event(**{field.name: row[field.name] for field in fields(Event)})


def plain(value: Any) -> Any:
    """A value of a row as JSON has it."""
    match value:
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case Priority():
            return value.name.lower()
    return value
