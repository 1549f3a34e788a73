"""``/videos``: the API gives permission to store and to play, the bytes go to and from the object store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response

from ascension_core.platform import uploads
from ascension_core.platform.listing import page
from services.api.backend import Back
from services.api.callers import Reader, Writer, reach
from services.api.models import Deleted, Page, Playback, Upload, UploadNew, Video, VideoCreated, VideoNew
from services.api.problems import Refusal, documented
from services.api.routes.common import Cursor, IdempotencyKey, Limit, deleted, links, one, paged, shown

PLAYBACK_S = 600
_NEXT = ("completeUpload", "renewUpload", "getVideo", "playVideo", "deleteVideo")
router = APIRouter(prefix="/videos", tags=["videos"])


@router.post(
    "",
    status_code=201,
    operation_id="createVideo",
    responses={201: links("/video/id", "video_id", _NEXT), **documented(400, 404, 413, 415)},
)
def create(body: VideoNew, key: Writer, back: Back, response: Response, idempotency_key: IdempotencyKey = None) -> VideoCreated:
    """Announce a video; the answer says where to store it: that many bytes of that type, within a quarter of an hour."""
    one(back.database, "athletes", body.athlete_id, key)
    once = f"api:{body.athlete_id}:{idempotency_key}" if idempotency_key else None
    expected = uploads.Expected(body.athlete_id, body.file_name, body.content_type, body.bytes, body.sha256)
    row = uploads.expect(back.database, expected, once)
    response.headers["Location"] = f"/v1/videos/{row['id']}"
    return VideoCreated(video=shown(Video, row), upload=_upload(back, row, body.method))


@router.get("", operation_id="listVideos", response_model=Page[Video])
def list_(
    *,
    key: Reader,
    back: Back,
    athlete_id: Annotated[UUID | None, Query(description="of this athlete")] = None,
    status: Annotated[Literal["expected", "stored"] | None, Query(description="only those")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Videos, the newest first."""
    wanted = {"athlete_id": athlete_id, "status": status}
    return paged(page(back.database, "videos", reach(key), wanted, cursor=cursor, limit=limit), lambda row: shown(Video, row))


@router.get("/{video_id}", operation_id="getVideo", responses=documented(404))
def get(video_id: UUID, key: Reader, back: Back) -> Video:
    """One video."""
    return shown(Video, one(back.database, "videos", video_id, key))


@router.post("/{video_id}/upload", operation_id="renewUpload", responses=documented(400, 404, 409, 413, 415))
def renew(video_id: UUID, body: UploadNew, key: Writer, back: Back) -> Upload:
    """Permission to store a video once more, where the first one has expired."""
    row = one(back.database, "videos", video_id, key)
    if row["status"] == "stored":
        raise Refusal(409, "the video is there already", code="already-uploaded")
    return _upload(back, row, body.method)


@router.post("/{video_id}/complete", operation_id="completeUpload", responses=documented(404, 409, 413, 415))
def complete(video_id: UUID, key: Writer, back: Back) -> Video:
    """Say that a video has been stored. It is looked at: size, type, sha256, and whether it can be decoded.

    What cannot be used is deleted, and answered with 422; another upload may follow. To say it twice does no harm.
    """
    row = one(back.database, "videos", video_id, key)
    return shown(Video, back.reception.complete(row))


@router.get("/{video_id}/playback", operation_id="playVideo", responses=documented(404, 409))
def playback(video_id: UUID, key: Reader, back: Back) -> Playback:
    """Where the video can be played for ten minutes."""
    row = one(back.database, "videos", video_id, key)
    if row["status"] != "stored":
        raise Refusal(409, "the video has not been uploaded yet", code="not-uploaded")
    until = datetime.now(UTC) + timedelta(seconds=PLAYBACK_S)
    return Playback(url=back.objects.presign_get(row["object_key"], PLAYBACK_S), expires_at=until)


@router.delete("/{video_id}", operation_id="deleteVideo", responses=documented(404))
def delete(video_id: UUID, key: Writer, back: Back) -> Deleted:
    """Delete a video and all that came from it, for good."""
    one(back.database, "videos", video_id, key)
    return deleted(back, "videos", video_id)


def _upload(back: Back, row: Any, method: Literal["PUT", "POST"]) -> Upload:
    permission = uploads.permission(back.objects, row, method)
    return Upload(
        method=method,
        url=permission.url,
        headers=dict(permission.headers),
        fields=dict(permission.fields),
        expires_at=permission.expires_at,
    )
