"""The JSON contract that every client reads.

Documents carry `schema_version`; a field may be added within a major version, never renamed or removed.
Times are milliseconds from the first frame's timestamp; image coordinates belong to the upright frame.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Contract(BaseModel):
    """Base of every part of the contract: immutable, and strict about what it knows."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null")


class Software(Contract):
    """What produced a document."""

    name: str = "ascension"
    version: str


class ModelVersion(Contract):
    """One file of weights that took part."""

    name: str
    sha256: str


class Video(Contract):
    """The video as it was found."""

    file_name: str
    sha256: str
    bytes: int
    width: int = Field(description="pixels, upright")
    height: int = Field(description="pixels, upright")
    rotation_deg: int = Field(description="clockwise turn that the player applies; already applied to everything here")
    codec: str
    frame_rate: float = Field(description="mean frames per second")
    variable_frame_rate: bool
    duration_ms: float
    frames: int = Field(description="frames that could be decoded")
    truncated: bool = Field(description="the file ends early or has damaged parts; what could be read was analysed")
    has_audio: bool


class Person(Contract):
    """Someone who was seen in the video."""

    id: int
    is_climber: bool
    first_ms: float
    last_ms: float
    seen_fraction: float = Field(ge=0, le=1, description="share of the clip's frames in which this person was found")
    box: tuple[float, float, float, float] = Field(description="median x, y, width, height, normalised to the frame")
    climber_score: float = Field(ge=0, le=1, description="how much this person behaves like the one who climbs")


class Note(Contract):
    """Something that the reader of the result must know."""

    code: str
    message: str


class Summary(Contract):
    """The result in a few numbers."""

    frames: int = Field(description="frames of the video")
    frames_observed: int = Field(description="frames in which the climber was measured")
    frames_interpolated: int = Field(description="further frames whose pose is interpolated between measured ones")
    people: int = Field(description="persons seen")
    first_seen_ms: float | None
    last_seen_ms: float | None
    mean_visibility: float = Field(
        ge=0, le=1, description="mean calibrated visibility of the twelve body joints where observed"
    )
    warnings: list[Note]


class Measure(Contract):
    """One body measure over the climb; its series can be computed from the track."""

    name: str
    unit: str
    median: float | None
    p10: float | None
    p90: float | None
    coverage: float = Field(ge=0, le=1, description="share of frames in which it could be measured")


class TrackReference(Contract):
    """Where the per-frame keypoints are."""

    file: str
    format: Literal["ascension.track"] = "ascension.track"
    version: int
    sha256: str
    bytes: int


class Analysis(Contract):
    """What one video showed."""

    kind: Literal["analysis"] = "analysis"
    schema_version: Literal["1.0"] = "1.0"
    created_at: datetime
    software: Software
    models: list[ModelVersion]
    options: dict[str, str | int | float | bool | None]
    video: Video
    people: list[Person]
    summary: Summary
    measures: list[Measure]
    track: TrackReference
    seconds: dict[str, float] = Field(description="time taken by each stage of the pipeline")
