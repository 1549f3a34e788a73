"""A small clip with a body in it, made here, and everything that a report is made from."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ascension_core.movement.contacts import Contact
from ascension_core.movement.moves import Climb, Move, Span
from ascension_core.movement.series import Series
from ascension_core.pipelines.wall_result import climb_result, contact_results, wall_result
from ascension_core.pose.keypoints import KEYPOINTS, Keypoint
from ascension_core.pose.track import PoseTrack
from ascension_core.results import (
    Analysis,
    Measure,
    ModelVersion,
    MovementMeasure,
    Note,
    Person,
    Software,
    Summary,
    TrackReference,
    Video,
    WallPicture,
)
from ascension_core.video import VideoWriter, open_video
from ascension_core.wall.camera import CameraTrack, still, transform
from ascension_core.wall.holds import Hold
from experiments.synthetic import load_truth

SIZE = (240, 320)
FRAMES = 60
MARKED = Keypoint.LEFT_WRIST
MARK = (255, 0, 255)
BACKGROUND = (40, 44, 52)
UNSEEN = range(30, 36)
ESTIMATED = range(20, 24)

_STANDING = {
    "NOSE": (0, -86), "LEFT_EAR": (-6, -88), "RIGHT_EAR": (6, -88),
    "LEFT_SHOULDER": (-16, -70), "RIGHT_SHOULDER": (16, -70), "LEFT_ELBOW": (-34, -84), "RIGHT_ELBOW": (34, -84),
    "LEFT_WRIST": (-40, -112), "RIGHT_WRIST": (40, -112), "LEFT_HIP": (-11, -14), "RIGHT_HIP": (11, -14),
    "LEFT_KNEE": (-22, 18), "RIGHT_KNEE": (22, 18), "LEFT_ANKLE": (-18, 52), "RIGHT_ANKLE": (18, 52),
}  # fmt: skip


def frame_times() -> np.ndarray:
    """Variable frame rate: every third frame lasts twice as long."""
    lengths = np.where(np.arange(FRAMES) % 3 == 2, 2, 1) / 30
    return np.concatenate([[0], np.cumsum(lengths)[:-1]])


def make_track() -> PoseTrack:
    """A body that climbs in jumps: where it is tells which frame it is."""
    image = np.full((FRAMES, KEYPOINTS, 2), np.nan)
    t = np.arange(FRAMES)
    middle = np.stack([120 + 45 * np.sin(t * 1.3), 230 - 1.6 * t], -1)
    for name, offset in _STANDING.items():
        image[:, Keypoint[name]] = middle + offset
    for whole, part in ((15, (17, 19, 21)), (16, (18, 20, 22)), (27, (29, 31)), (28, (30, 32))):
        for k, keypoint in enumerate(part):
            image[:, keypoint] = image[:, whole] + (3 * k - 3, -6 if whole < 23 else 6)
    image[list(UNSEEN)] = np.nan
    known = np.isfinite(image).all(-1)
    observed = known.copy()
    observed[list(ESTIMATED)] = False
    world = np.where(known[..., None], 0.1, np.nan) * np.ones(3)
    return PoseTrack(frame_times(), image, world, np.where(known, 0.95, 0.0), observed, SIZE)


@pytest.fixture(scope="session")
def track() -> PoseTrack:
    return make_track()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory, track: PoseTrack) -> Path:
    """A video with a magenta square around the place where the track has the left wrist."""
    path = tmp_path_factory.mktemp("clip") / "climb.mp4"
    with VideoWriter(path, SIZE, crf=12) as writer:
        for time, point in zip(track.time, track.image[:, MARKED], strict=True):
            frame = np.full((SIZE[1], SIZE[0], 3), BACKGROUND, np.uint8)
            if np.isfinite(point).all():
                x, y = np.rint(point).astype(int)
                frame[max(0, y - 14) : y + 15, max(0, x - 14) : x + 15] = MARK
            writer.write(frame, float(time))
    return path


@pytest.fixture(scope="session")
def measures(track: PoseTrack) -> tuple[Series, ...]:
    rise = (track.image[:, [23, 24], 1].mean(1) * -1 + 216) / 56
    wave = np.where(np.isfinite(rise), 90 + 60 * np.sin(track.time * 3), np.nan)
    return (
        Series("hip_height", "Hip height", "torso lengths", rise),
        Series("left_knee_angle", "Left knee angle", "°", wave),
        Series("right_knee_angle", "Right knee angle", "°", wave / 2),
        Series("never", "Never measured", "°", np.full(len(track), np.nan)),
    )


@pytest.fixture(scope="session")
def analysis_of() -> Callable[[str], Analysis]:
    """An analysis of the clip under the file name given."""

    def person(number: int, first_ms: float, last_ms: float, seen: float, *, climber: bool) -> Person:
        return Person(
            id=number, is_climber=climber, first_ms=first_ms, last_ms=last_ms, seen_fraction=seen,
            box=(0.2, 0.2, 0.3, 0.5), climber_score=0.9 if climber else 0.1,
        )  # fmt: skip

    def make(file_name: str = "climb.mp4") -> Analysis:
        width, height = SIZE
        return Analysis(
            created_at=datetime(2030, 5, 4, 12, 30, tzinfo=UTC),
            software=Software(version="9.8.7"),
            models=[ModelVersion(name="pose_landmark_full", sha256="c0ffee" + "0" * 58)],
            options={"model": "full"},
            video=Video(
                file_name=file_name, sha256="0" * 64, bytes=1234, width=width, height=height, rotation_deg=0, codec="h264",
                frame_rate=22.5, variable_frame_rate=True, duration_ms=2667, frames=FRAMES, truncated=False, has_audio=False,
            ),
            people=[
                person(3, 0, 2600, 0.9, climber=True),
                person(5, 500, 900, 0.004, climber=False),
            ],
            summary=Summary(
                frames=FRAMES, frames_observed=50, frames_interpolated=4, people=2, first_seen_ms=0, last_seen_ms=2600,
                mean_visibility=0.95, warnings=[Note(code="moving_camera", message="The camera <moves>.")],
            ),
            measures=[Measure(name="hip_height", unit="torso lengths", median=1.2, p10=0.1, p90=2.4, coverage=0.9)],
            track=TrackReference(file="track.json.gz", version=1, sha256="0" * 64, bytes=99),
            seconds={"follow": 1.25},
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a browser that plays H.264."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("needs a Chromium that plays H.264: install the package chromium")
    return found


@dataclass(frozen=True)
class Attempt:
    """The repository's clip with everything that is true of it, as if it had been found."""

    clip: Path
    track: PoseTrack
    camera: CameraTrack
    analysis: Analysis
    picture: Path


@pytest.fixture(scope="session")
def attempt(
    synthetic_clip: Path,
    synthetic_truth: Path,
    analysis_of: Callable[[str], Analysis],
    tmp_path_factory: pytest.TempPathFactory,
) -> Attempt:
    truth = load_truth(synthetic_truth)
    camera = true_camera(truth)
    track = true_track(truth)
    picture = tmp_path_factory.mktemp("wall") / "wall.png"
    with open_video(synthetic_clip) as video:
        image = next(iter(video.frames())).image
    cv2.imwrite(str(picture), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    holds = true_holds(truth, camera)
    contacts, climb = true_contacts(truth, camera), true_climb(truth)
    height, width = image.shape[:2]
    drawn = WallPicture(file=picture.name, width=width, height=height, origin=(0, 0), scale=1)
    wall = wall_result(camera, holds, [], camera_file="camera.json.gz", picture=drawn)
    plain = analysis_of("climb.mp4")
    analysis = plain.model_copy(
        update={
            "video": plain.video.model_copy(
                update={"width": width, "height": height, "frames": len(track), "duration_ms": 14000.0}
            ),
            "people": plain.people[:1],
            "summary": plain.summary.model_copy(
                update={"frames": len(track), "frames_observed": len(track), "frames_interpolated": 0, "warnings": []}
            ),
            "wall": wall,
            "contacts": contact_results(contacts, camera.size),
            "climb": climb_result(climb),
            "movement": [
                MovementMeasure(
                    name="immobility", title="Time without moving", value=0.31, unit="of the climb", coverage=0.97,
                    meaning="How much of the climb your hips hardly moved.", source="Seifert et al. 2014",
                ),
                MovementMeasure(
                    name="unknown", title="What was not seen", value=None, unit="m", coverage=0.1,
                    meaning="Something that needs more light.", source="Nobody 1900",
                ),
            ],
        }
    )  # fmt: skip
    return Attempt(synthetic_clip, track, camera, analysis, picture)


def true_track(truth: dict[str, Any]) -> PoseTrack:
    image = np.array(truth["keypoints"], float)
    visible = np.array(truth["visible"], bool)
    return PoseTrack(
        time=np.arange(len(image)) / truth["fps"],
        image=image,
        world=np.array(truth["keypoints_3d"], float),
        visibility=np.where(visible, 0.95, 0.45),
        observed=np.ones_like(visible),
        size=tuple(truth["size"]),
    )


def true_camera(truth: dict[str, Any]) -> CameraTrack:
    """Wall coordinates are the pixels of the first frame."""
    matrices = np.array(truth["camera"]["wall_to_image"], float)
    plain = still(np.arange(len(matrices)) / truth["fps"], tuple(truth["size"]))
    return replace(plain, to_wall=matrices[0] @ np.linalg.inv(matrices), static=False)


def true_holds(truth: dict[str, Any], camera: CameraTrack) -> list[Hold]:
    metres = np.array(truth["camera"]["wall_to_image"][camera.reference], float)
    holds = []
    for one in truth["holds"]:
        points = np.array(one["outline"])[:, [0, 2]]
        outline = transform(metres[None], points[None])[0]
        outline = cv2.convexHull(outline.astype(np.float32))[:, 0].astype(float)
        box = np.concatenate([outline.min(0), outline.max(0)])
        holds.append(Hold(one["id"], one["kind"], box, outline, confidence=0.9, colour=one["colour"]))
    return holds


def true_contacts(truth: dict[str, Any], camera: CameraTrack) -> list[Contact]:
    contacts = []
    for one in truth["contacts"]["contacts"]:
        frame = min(round(one["start_s"] * truth["fps"]), len(camera) - 1)
        place = transform(camera.to_wall[frame][None], np.array(one["xy_start"])[None, None])[0, 0]
        open_ends = {name: one[name] for name in ("start_open", "end_open")}
        contacts.append(Contact(one["limb"], one["hold"], one["start_s"], one["end_s"], place, confidence=0.9, **open_ends))
    return contacts


def true_climb(truth: dict[str, Any]) -> Climb:
    start, end = truth["contacts"]["climb"]
    moves = tuple(
        Move(
            limb=one["limb"], source=one["from"], target=one["to"], start=one["start_s"], end=one["end_s"], reach_torsos=0.8,
            style=one["style"],
        )
        for one in truth["moves"]
        if one["start_s"] >= start and one["style"] != "shake"
    )  # fmt: skip
    rest = next((one for one in truth["moves"] if one["style"] == "shake"), None)
    spans = (Span("shake", rest["start_s"], rest["end_s"], rest["limb"]),) if rest else ()
    return Climb(start, end, moves, spans, "top", ("h1",), "h1")
