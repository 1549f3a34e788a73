"""From one climbing video to an `Analysis`, its track, its overlay video and its report."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from ascension_core.errors import InvalidOption, NoClimberFound
from ascension_core.pipelines.outputs import staged
from ascension_core.pose import people as persons
from ascension_core.pose.follow import Follower, FollowOptions, to_track
from ascension_core.pose.follow import Path as ClimberPath
from ascension_core.pose.keypoints import BODY
from ascension_core.pose.scan import Scan, Scanner, ScanOptions, scan_times
from ascension_core.pose.smoothing import CleanOptions, clean
from ascension_core.progress import Progress, silent
from ascension_core.results import Analysis, ModelVersion, Note, Person, Software, Summary, TrackReference, Video
from ascension_core.settings import settings
from ascension_core.video import Frame, VideoInfo, VideoReader, file_sha256, open_video

if TYPE_CHECKING:
    from ascension_core.movement.body import BodyMeasures
    from ascension_core.pose.track import PoseTrack

Model = Literal["lite", "full", "heavy"]

TRACK_FILE = "track.json.gz"
ANALYSIS_FILE = "analysis.json"
OVERLAY_FILE = "overlay.mp4"
REPORT_FILE = "report.html"

_MOST_NETWORKS = 8  # beyond that decoding is the bottleneck
_PATIENCE = ((0.7, 0.2), (2.0, 0.1), (5.0, 1 / 15))
"""The fast mode looks again after so many seconds (second) while the body is slower than (first, torso lengths per second)."""

_ROUNDING_S = 0.005  # frame times are rounded
_MOVING_TORSOS = 0.5  # a camera that shifts further is worth a warning
_SEEN_WELL = 0.8  # a smaller share of the climb measured is worth a warning


@dataclass(frozen=True)
class VisionOptions:
    """How a video is analysed.

    Attributes
    ----------
    model
        Landmark network: lite, full or heavy.
    climber
        Whom to follow: None for the one who climbs, ``left``, ``right``, ``N`` (from the left), ``x,y`` (shares).
    every
        Only every N-th frame is measured; those in between are interpolated.
    fast
        Measure fewer frames where the climber moves slowly.
    overlay, report
        Whether to write the overlay video and the report page.
    height_m
        The athlete's height: lengths are then given in metres.
    scan, follow, clean
        Options of the steps.
    """

    model: Model = "full"
    climber: str | None = None
    every: int = 1
    fast: bool = False
    overlay: bool = True
    report: bool = True
    height_m: float | None = None
    scan: ScanOptions = field(default_factory=ScanOptions)
    follow: FollowOptions = field(default_factory=FollowOptions)
    clean: CleanOptions = field(default_factory=CleanOptions)

    def __post_init__(self) -> None:
        if self.model not in get_args(Model):
            raise InvalidOption(f"model must be lite, full or heavy, got {self.model!r}.")
        if not 1 <= self.every <= 1000:
            raise InvalidOption(f"every must be between 1 and 1000, got {self.every}.")

    def as_result(self) -> dict[str, str | int | float | bool | None]:
        """The options that a caller chose, as the result names them."""
        names = ("model", "climber", "every", "fast", "overlay", "report", "height_m")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Following:
    """What following the climber gave.

    Attributes
    ----------
    track
        The finished track, one row per frame of the video.
    raw
        The same before cleaning.
    people
        Everyone who was seen, the most climber-like first.
    climber
        Index of the one who was followed.
    video
        What the header says.
    truncated
        Whether the file ended early or had damaged parts.
    seconds
        Time taken by each stage.
    """

    track: PoseTrack
    raw: PoseTrack
    people: list[persons.Person]
    climber: int
    video: VideoInfo
    truncated: bool
    seconds: dict[str, float]


def follow(video: Path, options: VisionOptions | None = None, progress: Progress = silent) -> Following:
    """Find everyone in a video, choose the climber, and measure their pose in every frame.

    Raises
    ------
    VideoError
        The video cannot be read.
    NoClimberFound
        Nobody could be followed, or not the one asked for.
    ModelError
        Weights are missing.
    """
    options = options or VisionOptions()
    clock = Stages()
    with open_video(video) as reader:
        size = (reader.info.width, reader.info.height)
        with clock("scan"):
            seen = _scan(reader, options, progress)
        found = persons.people(seen, size)
        climber = persons.choose(found, options.climber, size)
        with clock("follow"):
            raw = _follow(reader, found[climber], options, progress)
        with clock("clean"):
            track = clean(raw, options.clean)
        if not track.frames_observed:
            raise NoClimberFound("The climber was glimpsed but could not be followed. Film closer and with more light.")
        return Following(track, raw, found, climber, reader.info, reader.truncated, clock.seconds)


def analyze(video: Path, out: Path, options: VisionOptions | None = None, progress: Progress = silent) -> Analysis:
    """Analyse a video and write everything into the folder `out`; see `docs/analyze.md` for the files.

    Files appear together when all of them are complete; older ones of the same names are replaced.

    Raises
    ------
    VideoError, NoClimberFound, ModelError
        See `follow`.
    OutputNotWritable
        The folder cannot be made or written.
    """
    from ascension_core.movement.body import body_measures

    options = options or VisionOptions()
    clock = Stages()
    with staged(out) as folder:
        followed = follow(video, options, progress)
        with clock("measure"):
            measures = body_measures(followed.track, height_m=options.height_m)
            followed.track.save(folder / TRACK_FILE)
        analysis = _analysis(video, folder / TRACK_FILE, followed, measures, options)
        with clock("render"):
            _pictures(video, folder, analysis, followed.track, measures, options, progress)
        analysis = analysis.model_copy(update={"seconds": _rounded(followed.seconds | clock.seconds)})
        (folder / ANALYSIS_FILE).write_text(analysis.model_dump_json(indent=2) + "\n")
    return analysis


class Stages:
    """Seconds taken by named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time a block."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


def threads() -> int:
    """Threads that this process may use."""
    if settings().threads:
        return settings().threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _scan(reader: VideoReader, options: VisionOptions, progress: Progress) -> Scan:
    from ascension_core.pose.confidence import Confidence
    from ascension_core.pose.models import model_path
    from ascension_core.pose.networks import Detector, LandmarkNetwork

    half = max(1, threads() // 2)  # the other half decodes
    detector = Detector(model_path("detector"), half)
    network = LandmarkNetwork(model_path(options.model), half)
    scanner = Scanner(detector, network, Confidence.load().predict, options.scan)
    for frame in scan_times(reader.frames(), options.scan.interval_s):
        scanner.look(frame)
        progress("scan", _share(frame.time, reader), "looking for the climber")
    progress("scan", 1.0)
    return scanner.finish()


def _follow(reader: VideoReader, climber: persons.Person, options: VisionOptions, progress: Progress) -> PoseTrack:
    from ascension_core.pose.confidence import Confidence
    from ascension_core.pose.models import model_path
    from ascension_core.pose.networks import LandmarkNetwork

    networks = [LandmarkNetwork(model_path(options.model), threads=1) for _ in range(min(threads(), _MOST_NETWORKS))]
    follower = Follower(networks, Confidence.load().predict, options.follow)

    def reported() -> Iterator[Frame]:
        for frame in reader.frames():
            yield frame
            progress("follow", _share(frame.time, reader), f"{frame.index + 1} frames")

    views = follower.follow(reported(), climber, _wanted(options))
    track = to_track(views, (reader.info.width, reader.info.height))
    progress("follow", 1.0)
    return track


def _wanted(options: VisionOptions) -> Callable[[Frame, ClimberPath], bool]:
    """Which frames are measured."""
    if not options.fast:
        return lambda frame, _path: frame.index % options.every == 0
    last_s = -np.inf

    def wanted(frame: Frame, path: ClimberPath) -> bool:
        nonlocal last_s
        patience_s = next((wait for speed, wait in _PATIENCE if path.speed(frame.time) < speed), 0.0)
        due = frame.index % options.every == 0 and frame.time - last_s >= patience_s - _ROUNDING_S
        if not due and path.sighting(frame.time) is None:
            return False
        last_s = frame.time
        return True

    return wanted


def _pictures(  # noqa: PLR0917
    video: Path,
    folder: Path,
    analysis: Analysis,
    track: PoseTrack,
    measures: BodyMeasures,
    options: VisionOptions,
    progress: Progress,
) -> None:
    """Write the overlay video and the report from one pass over the video."""
    from ascension_core.movement.series import series
    from ascension_core.report.overlay import overlay_output
    from ascension_core.report.page import clip_output, write_report
    from ascension_core.report.rendering import render

    clip = folder / ".clip.mp4"
    outputs = [overlay_output(video, track, folder / OVERLAY_FILE, centre=measures.com_px)] if options.overlay else []
    outputs += [clip_output(video, clip)] if options.report else []
    if outputs:
        render(video, outputs, progress, "render")
    if options.report:
        write_report(folder / REPORT_FILE, analysis, track, series(measures), video, centre=measures.com_px, clip_path=clip)
        clip.unlink(missing_ok=True)


def _analysis(video: Path, track_file: Path, followed: Following, measures: BodyMeasures, options: VisionOptions) -> Analysis:
    from ascension_core import __version__
    from ascension_core.movement.series import summarise

    return Analysis(
        created_at=datetime.now(UTC),
        software=Software(version=__version__),
        models=_models(options.model),
        options=options.as_result(),
        video=_video(video, followed),
        people=[_person(p, i, followed) for i, p in enumerate(followed.people)],
        summary=_summary(followed),
        measures=summarise(measures),
        track=_track_reference(track_file),
        seconds={},
    )


def _models(model: str) -> list[ModelVersion]:
    from ascension_core.pose.confidence import WEIGHTS
    from ascension_core.pose.models import model_path

    files = {"pose_detector": model_path("detector"), f"pose_landmarks_{model}": model_path(model), "confidence": WEIGHTS}
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


def _summary(followed: Following) -> Summary:
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
        warnings=list(_warnings(followed)),
    )


def _warnings(followed: Following) -> Iterator[Note]:
    share = followed.track.known.any(1).mean()
    if followed.truncated:
        yield Note(code="truncated", message="The video file is damaged or ends early. What could be read was analysed.")
    if share < _SEEN_WELL:
        yield Note(
            code="partly_seen", message=f"The climber was seen in {share:.0%} of the video. What is not seen is not measured."
        )
    if _camera_torsos(followed.people[followed.climber]) > _MOVING_TORSOS:
        message = "The camera moved. Heights and speeds are those in the picture and include the camera's motion."
        yield Note(code="moving_camera", message=message)
    rivals = [p for p in followed.people if p.climber_score > followed.people[followed.climber].climber_score / 2]
    if len(rivals) > 1:
        message = f"{len(rivals)} people climb in this video. Use --climber left, right, a number or x,y to choose another."
        yield Note(code="several_climbers", message=message)


def _camera_torsos(climber: persons.Person) -> float:
    """How far the picture's content shifted while the climber was seen, in torso lengths."""
    shift = np.ptp([s.camera for s in climber.sightings], axis=0)
    return float(np.linalg.norm(shift) / np.median([s.torso for s in climber.sightings]))


def _track_reference(path: Path) -> TrackReference:
    from ascension_core.pose.track import FORMAT_VERSION

    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return TrackReference(file=path.name, version=FORMAT_VERSION, sha256=digest, bytes=path.stat().st_size)


def _share(time_s: float, reader: VideoReader) -> float:
    length = reader.info.duration_s
    return float(np.clip(time_s / length, 0, 1)) if length and np.isfinite(length) else 0.0


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 3) for stage, value in seconds.items()}
