"""``/athletes``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from ascension_core.platform import athletes
from ascension_core.platform.listing import page
from ascension_core.training.athlete import Athlete as TrainingAthlete
from services.api.archive import archive
from services.api.backend import Back
from services.api.callers import Reader, Writer, reach
from services.api.models import Athlete, AthleteNew, Deleted, Page
from services.api.problems import Refusal, documented
from services.api.routes.common import Cursor, IdempotencyKey, Limit, deleted, links, one, paged, shown

_NEXT = ("getAthlete", "replaceAthlete", "exportAthlete", "deleteAthlete")
router = APIRouter(prefix="/athletes", tags=["athletes"])


@router.post(
    "",
    status_code=201,
    operation_id="createAthlete",
    responses={201: links("/id", "athlete_id", _NEXT), **documented(400, 413, 415)},
)
def create(body: AthleteNew, key: Writer, back: Back, response: Response, idempotency_key: IdempotencyKey = None) -> Athlete:
    """Make an athlete. The key must not be one of a single athlete."""
    if key.athlete_id is not None:
        raise Refusal(403, "a key of one athlete makes no other")
    _check_document(body)
    once = f"api:{idempotency_key}" if idempotency_key else None
    row = athletes.add(back.database, body.name, body.document, once)
    response.headers["Location"] = f"/v1/athletes/{row['id']}"
    return shown(Athlete, row)


@router.get("", operation_id="listAthletes", response_model=Page[Athlete])
def list_(key: Reader, back: Back, cursor: Cursor = None, limit: Limit = 50) -> dict[str, Any]:
    """Athletes, the newest first."""
    return paged(page(back.database, "athletes", reach(key), {}, cursor=cursor, limit=limit), lambda row: shown(Athlete, row))


@router.get("/{athlete_id}", operation_id="getAthlete", responses=documented(404))
def get(athlete_id: UUID, key: Reader, back: Back) -> Athlete:
    """One athlete."""
    return shown(Athlete, one(back.database, "athletes", athlete_id, key))


@router.put("/{athlete_id}", operation_id="replaceAthlete", responses=documented(400, 404, 413, 415))
def replace(athlete_id: UUID, body: AthleteNew, key: Writer, back: Back) -> Athlete:
    """Give an athlete another name and document."""
    one(back.database, "athletes", athlete_id, key)
    _check_document(body)
    row = athletes.change(back.database, athlete_id, body.name, body.document)
    if row is None:
        raise Refusal(404, f"there is no athlete {athlete_id}")
    return shown(Athlete, row)


@router.delete("/{athlete_id}", operation_id="deleteAthlete", responses=documented(404))
def delete(athlete_id: UUID, key: Writer, back: Back) -> Deleted:
    """Delete an athlete and all that came from them, for good: videos, jobs, results, files, API keys, MLflow runs."""
    one(back.database, "athletes", athlete_id, key)
    return deleted(back, "athletes", athlete_id)


@router.get(
    "/{athlete_id}/export",
    operation_id="exportAthlete",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "A ZIP file: athlete.json, videos.json, jobs.json, analyses.json, programs.json, and every file",
            "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
        },
        **documented(404),
    },
)
def export(athlete_id: UUID, key: Reader, back: Back) -> StreamingResponse:
    """All that is kept of an athlete, as one archive. It is cut short, and the connection broken, if a server goes away."""
    one(back.database, "athletes", athlete_id, key)
    content: Iterator[bytes] = archive(back.database, back.objects, athlete_id)
    headers = {"Content-Disposition": f'attachment; filename="athlete-{athlete_id}.zip"'}
    return StreamingResponse(content, media_type="application/zip", headers=headers)


def _check_document(body: AthleteNew) -> None:
    """A document that is there must be one that programs can be made from.

    Raises
    ------
    InvalidAthlete
        With the path of every field that is wrong.
    """
    if body.document:
        TrainingAthlete.parse({"name": body.name, **body.document})
