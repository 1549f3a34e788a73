"""What the API takes and gives, for the server and for clients in Python; importing it needs no server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StringConstraints

from ascension_core.platform.plain import check_plain

LARGEST_DOCUMENT = 64 * 1024
_UUIDS = [f"0191f0c4-7b1e-7c3a-9a51-{n:012d}" for n in range(1, 4)]
_NOW = "2026-11-22T09:30:00Z"


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    check_plain(value, LARGEST_DOCUMENT)
    return value


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds characters that cannot be printed")
    return text


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):  # pydantic would take both, JSON Schema takes neither
        raise ValueError("is not a whole number")  # noqa: TRY004
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, str):  # pydantic would take seconds since 1970
        raise ValueError("is not a time such as 2026-11-22T09:30:00Z")  # noqa: TRY004
    return value


def _near(moment: datetime) -> datetime:
    if not 2000 <= moment.year < 2200:
        raise ValueError("is not within the years 2000 to 2199")
    return moment


Text = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]
Document = Annotated[dict[str, JsonValue], AfterValidator(_storable)]
WholeNumber = Annotated[int, BeforeValidator(_number)]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_near)]
ContentType = Annotated[str, StringConstraints(pattern=r"^video/[a-z0-9][a-z0-9.+-]{0,60}$")]
KindName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
JobStatus = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Priority = Literal["high", "normal", "low"]


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [values]})


class Problem(BaseModel):
    """What went wrong (RFC 9457, ``application/problem+json``)."""

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:ascension:problem:not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "there is no such job",
                    "instance": "urn:ascension:request:6f1c0f1d2b3a4c5d",
                }
            ]
        },
    )

    type: str = Field(description="names the kind of problem: `urn:ascension:problem:…`")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what is wrong this time, and what to do about it")
    instance: str = Field(description="names the request, as does the header X-Request-Id")
    errors: list[FieldError] | None = Field(None, description="of a body or query that does not fit")


class FieldError(BaseModel):
    """One part of a request that does not fit."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="where: a JSON pointer into the request, such as `/body/bytes`")
    detail: str = Field(description="what is wrong with it")


class AthleteNew(BaseModel):
    """An athlete to be."""

    model_config = _example(name="Ida", document={"age_years": 31, "mass_kg": 59, "years_climbing": 9})

    name: Text
    document: Document = Field(
        default_factory=dict, description="what training programs are made from, see athlete.md; may come later"
    )


class Athlete(BaseModel):
    """An athlete."""

    model_config = _example(
        id=_UUIDS[0],
        name="Ida",
        document={"age_years": 31, "mass_kg": 59, "years_climbing": 9},
        created_at=_NOW,
        updated_at=_NOW,
    )

    id: UUID
    name: str
    document: dict[str, JsonValue]
    created_at: datetime
    updated_at: datetime


class VideoNew(BaseModel):
    """A video that a client is about to upload."""

    model_config = _example(
        athlete_id=_UUIDS[0], file_name="attempt 3.mp4", content_type="video/mp4", bytes=18_234_112, method="PUT"
    )

    athlete_id: UUID
    file_name: Text = Field(description="as the person knows it")
    content_type: ContentType
    bytes: WholeNumber = Field(gt=0, le=2**53, description="size of the file; exactly this many bytes can be uploaded")
    sha256: Sha256 | None = Field(None, description="of the file, in hexadecimal; checked when the upload is completed")
    method: Literal["PUT", "POST"] = Field("PUT", description="how the file will be sent: as a body, or as a browser's form")


class Video(BaseModel):
    """A video."""

    model_config = _example(
        id=_UUIDS[1],
        athlete_id=_UUIDS[0],
        file_name="attempt 3.mp4",
        content_type="video/mp4",
        bytes=18_234_112,
        sha256=None,
        status="expected",
        created_at=_NOW,
        stored_at=None,
    )

    id: UUID
    athlete_id: UUID | None
    file_name: str
    content_type: str
    bytes: int
    sha256: str | None
    status: Literal["expected", "stored"] = Field(description="`stored` once the upload was completed and looked at")
    created_at: datetime
    stored_at: datetime | None


class Upload(BaseModel):
    """How to store one file, and only that one: the address holds the permission."""

    model_config = _example(
        method="PUT",
        url="https://objects.example.org/ascension/videos/…?X-Amz-Signature=…",
        headers={"Content-Type": "video/mp4", "Content-Length": "18234112"},
        fields={},
        expires_at=_NOW,
    )

    method: Literal["PUT", "POST"]
    url: str
    headers: dict[str, str] = Field(description="to be sent exactly so")
    fields: dict[str, str] = Field(description="of the form, before the field `file`; only for POST")
    expires_at: datetime


class UploadNew(BaseModel):
    """How a video is to be sent."""

    model_config = _example(method="PUT")

    method: Literal["PUT", "POST"] = "PUT"


class VideoCreated(BaseModel):
    """A video that is expected, and where to store it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    video: Video
    upload: Upload


class Playback(BaseModel):
    """Where a video can be played for a while, also in part (Range)."""

    model_config = _example(url="https://objects.example.org/ascension/videos/…?X-Amz-Signature=…", expires_at=_NOW)

    url: str
    expires_at: datetime


class Kind(BaseModel):
    """One kind of job."""

    model_config = _example(
        name="vision",
        parameters={"type": "object", "properties": {"model": {"enum": ["lite", "full", "heavy"]}}},
        defaults={"model": "full"},
        result="analysis.json",
    )

    name: str
    parameters: dict[str, JsonValue] = Field(description="JSON Schema of the parameters")
    defaults: dict[str, JsonValue] = Field(description="of the parameters that need not be given")
    result: str | None = Field(description="the document that its jobs' results hold")


class JobNew(BaseModel):
    """Something that is to be done.

    A kind with a parameter `video` takes that of `video_id`; one with a parameter `athlete` takes the athlete's document. Any
    other file is named as ``{"video": ID}`` or as ``{"job": ID, "file": NAME}``.
    """

    model_config = _example(kind="vision", video_id=_UUIDS[1], parameters={"model": "full"})

    kind: KindName
    video_id: UUID | None = Field(None, description="the video that it is about")
    athlete_id: UUID | None = Field(None, description="whose job it is; that of the video or of the API key by itself")
    parameters: Document = Field(default_factory=dict)
    priority: Priority = "normal"
    deadline: Moment | None = Field(None, description="when it must have ended, with a time zone")


class JobError(BaseModel):
    """Why a job failed."""

    model_config = _example(type="NoClimberFound", message="nobody climbs in this video")

    type: str = Field(description="class of the error")
    message: str


class Job(BaseModel):
    """A job."""

    model_config = _example(
        id=_UUIDS[2],
        kind="vision",
        status="running",
        athlete_id=_UUIDS[0],
        video_id=_UUIDS[1],
        priority="normal",
        stage="pose",
        fraction=0.42,
        message="frame 312 of 743",
        error=None,
        attempts=1,
        cancel_requested=False,
        created_at=_NOW,
        started_at=_NOW,
        finished_at=None,
        deadline=None,
    )

    id: UUID
    kind: str
    status: JobStatus
    athlete_id: UUID | None
    video_id: UUID | None
    priority: Priority
    stage: str | None = Field(description="what is being done")
    fraction: float | None = Field(description="how much of the stage is done, 0 to 1")
    message: str | None
    error: JobError | None = Field(description="of the last failure")
    attempts: int
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline: datetime | None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen, unless somebody asks for it."""
        return self.status in {"succeeded", "failed", "cancelled"}


class JobEvent(BaseModel):
    """Something that happened to a job."""

    model_config = _example(
        id=9137,
        job_id=_UUIDS[2],
        at=_NOW,
        kind="progress",
        stage="pose",
        fraction=0.42,
        message="frame 312 of 743",
        attempt=1,
    )

    id: int = Field(description="grows; ask for what came after it")
    job_id: UUID
    at: datetime
    kind: str = Field(
        description="`submitted`, `started`, `progress`, `log`, `retry`, `lost`, `cancel`, or the end: "
        "`succeeded`, `failed`, `cancelled`"
    )
    stage: str | None
    fraction: float | None
    message: str | None
    attempt: int


class StoredFile(BaseModel):
    """A file that a job left."""

    model_config = _example(name="track.json.gz", bytes=412_887, content_type="application/gzip")

    name: str
    bytes: int
    content_type: str


class Result(BaseModel):
    """What came out of a job."""

    model_config = _example(
        job_id=_UUIDS[2],
        kind="vision",
        document={"kind": "analysis", "schema_version": "1.1"},
        files=[{"name": "track.json.gz", "bytes": 412_887, "content_type": "application/gzip"}],
    )

    job_id: UUID
    kind: str
    document: dict[str, JsonValue] = Field(description="an Analysis or a Program, see analyze.md and program.md")
    files: list[StoredFile] = Field(description="to be had under `/jobs/{job_id}/files/{name}`")


class Deleted(BaseModel):
    """What is gone for good."""

    model_config = _example(videos=1, jobs=2, analyses=1, complete=True)

    videos: int
    jobs: int
    analyses: int
    complete: bool = Field(
        description="no row and no object is left: looked at afterwards; otherwise a server was away and the rest follows"
    )


class Ready(BaseModel):
    """Whether requests can be answered."""

    model_config = _example(ready=True, database=True, objects=True)

    ready: bool
    database: bool
    objects: bool


class Alive(BaseModel):
    """That the process answers."""

    model_config = _example(alive=True)

    alive: Literal[True] = True


Item = TypeVar("Item", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """A part of a list, the newest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: list[Item]
    next: str | None = Field(description="the `cursor` of the next page; null on the last")
