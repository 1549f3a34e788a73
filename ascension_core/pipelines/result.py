"""What a pipeline found, as the document that clients read."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ascension_core.pipelines.following import Following
from ascension_core.pipelines.notes import notes
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.versions import answered_by, vision_weights
from ascension_core.pipelines.wall_result import climb_result, contact_results, wall_result
from ascension_core.pose import people as persons
from ascension_core.pose.keypoints import BODY
from ascension_core.results import (
    Analysis,
    Estimate,
    ModelVersion,
    Person,
    Software,
    Summary,
    TrackReference,
    Video,
    WallPicture,
)
from ascension_core.video import file_sha256

if TYPE_CHECKING:
    from ascension_core.movement.overhang import Overhang
    from ascension_core.pipelines.understanding import Attempt, Understanding

TRACK_FILE = "track.json.gz"
CAMERA_FILE = "camera.json.gz"
WALL_FILE = "wall.png"


def analysis_of(video: Path, track_file: Path, understood: Understanding, options: VisionOptions) -> Analysis:
    """The document about one video; `track_file` is where its track was written."""
    from ascension_core import __version__
    from ascension_core.movement.series import summarise

    followed = understood.following
    return Analysis(
        created_at=datetime.now(UTC),
        software=Software(version=__version__),
        pipeline=answered_by("vision", options.version, options),
        models=_models(options),
        options=options.as_result(),
        video=_video(video, followed),
        people=[_person(p, i, followed) for i, p in enumerate(followed.people)],
        summary=_summary(understood, options),
        measures=summarise(understood.measures),
        track=_track_reference(track_file),
        movement=understood.movement,
        seconds={},
        **_attempt(understood.attempt),
    )


def _attempt(attempt: Attempt | None) -> dict[str, Any]:
    """What is known of the wall and of what was done on it, by the names of the document's fields."""
    if attempt is None:
        return {}
    camera, picture = attempt.wall.camera, attempt.wall.picture
    x, y = picture.origin / camera.size
    drawn = WallPicture(
        file=WALL_FILE,
        width=picture.image.shape[1],
        height=picture.image.shape[0],
        origin=(round(float(x), 5), round(float(y), 5)),
        scale=round(float(picture.scale), 5),
    )
    return {
        "wall": wall_result(
            camera, attempt.holds, attempt.routes, camera_file=CAMERA_FILE, picture=drawn, overhang=_estimate(attempt.angle)
        ),
        "contacts": contact_results(attempt.contacts, camera.size),
        "climb": None if attempt.climb is None else climb_result(attempt.climb),
    }


def _estimate(angle: Overhang | None) -> Estimate | None:
    return None if angle is None else Estimate(value=round(angle.deg), uncertainty=round(angle.uncertainty_deg))


def _models(options: VisionOptions) -> list[ModelVersion]:
    weights = vision_weights(options)
    landmarks = {f"pose_landmarks_{options.model}": weights.pose_landmarks}
    files = {"pose_detector": weights.pose_detector, **landmarks, "confidence": weights.confidence}
    if options.wall:
        files["holds"] = weights.holds
    return [ModelVersion(name=name, sha256=file_sha256(path)) for name, path in files.items()]


def _video(video: Path, followed: Following) -> Video:
    info = followed.video
    frames = len(followed.track)
    length_s = float(followed.track.time[-1]) + (float(np.median(np.diff(followed.track.time))) if frames > 1 else 0.0)
    return Video(
        file_name=video.name,
        sha256=file_sha256(video),
        bytes=info.bytes,
        width=info.width,
        height=info.height,
        rotation_deg=info.rotation_deg,
        codec=info.codec,
        frame_rate=round(frames / length_s, 3) if length_s > 0 else info.frame_rate,
        variable_frame_rate=info.variable_frame_rate,
        duration_ms=round(length_s * 1000, 3),
        frames=frames,
        truncated=followed.truncated,
        has_audio=info.has_audio,
    )


def _person(person: persons.Person, index: int, followed: Following) -> Person:
    width, height = followed.track.size
    x0, y0, x1, y1 = np.clip(person.box() / (width, height, width, height), 0, 1).tolist()
    return Person(
        id=index + 1,
        is_climber=index == followed.climber,
        first_ms=round(person.start * 1000, 3),
        last_ms=round(person.end * 1000, 3),
        seen_fraction=round(min(1.0, person.seen_fraction), 4),
        box=(round(x0, 4), round(y0, 4), round(x1 - x0, 4), round(y1 - y0, 4)),
        climber_score=round(person.climber_score, 4),
    )


def _summary(understood: Understanding, options: VisionOptions) -> Summary:
    followed = understood.following
    track = followed.track
    measured, known = track.observed.any(1), track.known.any(1)
    times = np.round(track.time[measured] * 1000, 3)
    seen = track.visibility[:, list(BODY)][track.observed[:, list(BODY)]]
    return Summary(
        frames=len(track),
        frames_observed=int(measured.sum()),
        frames_interpolated=int((known & ~measured).sum()),
        people=len(followed.people),
        first_seen_ms=float(times[0]) if len(times) else None,
        last_seen_ms=float(times[-1]) if len(times) else None,
        mean_visibility=round(float(seen.mean()), 4) if seen.size else 0.0,
        warnings=list(notes(understood, options)),
    )


def _track_reference(path: Path) -> TrackReference:
    from ascension_core.pose.track import FORMAT_VERSION

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return TrackReference(file=path.name, version=FORMAT_VERSION, sha256=digest, bytes=path.stat().st_size)
