"""``/kinds`` and ``/jobs``."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from psycopg.rows import DictRow

from ascension_core.errors import InvalidJob
from ascension_core.platform.jobs import Job as Row
from ascension_core.platform.jobs import find_kind, kinds
from ascension_core.platform.jobs.rows import job_of
from ascension_core.platform.listing import page
from services.api.backend import Back, Backend
from services.api.callers import Reader, Writer, reach
from services.api.models import Job, JobError, JobNew, JobStatus, Kind, KindName, Page
from services.api.problems import Refusal, documented
from services.api.requests import is_open, offer, wish_of
from services.api.routes.common import Cursor, IdempotencyKey, Limit, links, one, paged

router = APIRouter(tags=["jobs"])
_FULL_PAUSE_S = 30
_NEXT = ("getJob", "followJob", "cancelJob", "retryJob", "getResult", "getTrack", "getFile")


@router.get("/kinds", operation_id="listKinds")
def list_kinds(key: Reader, back: Back) -> list[Kind]:
    """What can be asked for, and which parameters it takes."""
    return [offer(kind) for kind in kinds(back.jobs.notebooks).values() if is_open(kind, key)]


@router.post(
    "/jobs",
    status_code=202,
    operation_id="createJob",
    responses={202: links("/id", "job_id", _NEXT), **documented(400, 404, 409, 413, 415)},
)
def create(body: JobNew, key: Writer, back: Back, response: Response, idempotency_key: IdempotencyKey = None) -> Job:
    """Have something done. It is certain to be done once this has been answered; `Location` says where to look."""
    kind = find_kind(body.kind, back.jobs.notebooks)
    if not is_open(kind, key):
        raise Refusal(403, f"jobs of kind {kind.name} are for admins")
    wish = wish_of(body, kind, key, back.database, idempotency_key)
    _check_queue(back, kind.name)
    job = back.jobs.submit(wish)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return show(job)


@router.get("/jobs", operation_id="listJobs", response_model=Page[Job])
def list_(
    *,
    key: Reader,
    back: Back,
    athlete_id: Annotated[UUID | None, Query(description="of this athlete")] = None,
    video_id: Annotated[UUID | None, Query(description="about this video")] = None,
    kind: Annotated[KindName | None, Query(description="of this kind")] = None,
    status: Annotated[JobStatus | None, Query(description="only those")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Jobs, the newest first."""
    wanted = {"athlete_id": athlete_id, "video_id": video_id, "kind": kind, "status": status}
    return paged(page(back.database, "jobs", reach(key), wanted, cursor=cursor, limit=limit), _show_row)


@router.get("/jobs/{job_id}", operation_id="getJob", responses=documented(404))
def get(job_id: UUID, key: Reader, back: Back) -> Job:
    """How far a job is."""
    return _show_row(one(back.database, "jobs", job_id, key))


@router.post("/jobs/{job_id}/cancel", operation_id="cancelJob", responses=documented(404, 409, 413, 415))
def cancel(job_id: UUID, key: Writer, back: Back) -> Job:
    """Stop a job: at once where it waits, as soon as its worker hears of it where it runs."""
    one(back.database, "jobs", job_id, key)
    try:
        return show(back.jobs.cancel(job_id))
    except InvalidJob as cause:
        raise Refusal(409, str(cause), code="has-ended") from cause


@router.post("/jobs/{job_id}/retry", operation_id="retryJob", responses=documented(404, 409, 413, 415))
def retry(job_id: UUID, key: Writer, back: Back) -> Job:
    """Try a job again that failed or was cancelled."""
    row = one(back.database, "jobs", job_id, key)
    _check_queue(back, row["kind"])
    try:
        return show(back.jobs.retry(job_id))
    except InvalidJob as cause:
        raise Refusal(409, str(cause), code="cannot-be-retried") from cause


def show(job: Row) -> Job:
    """A job as the API shows it: nothing of workers, leases and objects."""
    error = JobError(type=job.error["class"], message=job.error["message"]) if job.error else None
    known = {name: getattr(job, name) for name in Job.model_fields if name not in {"error", "priority"}}
    return Job(**known, error=error, priority=job.priority.name.lower())


def _show_row(row: DictRow) -> Job:
    return show(job_of(row))


def _check_queue(back: Backend, kind: str) -> None:
    """Refuse what would only wait: a client that hears so can say so."""
    longest = back.settings.api_longest_queue
    query = "select count(*) as n from (select 1 from jobs where status = 'queued' and kind = %s limit %s) as waiting"
    row = back.database.row(query, [kind, longest])
    if row is not None and row["n"] >= longest:
        raise Refusal(429, f"{longest} jobs of this kind are waiting", code="queue-full", retry_after_s=_FULL_PAUSE_S)
