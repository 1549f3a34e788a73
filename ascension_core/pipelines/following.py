"""From a video to the climber's track: who is there, who climbs, and where the body is in every frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ascension_core.errors import NoClimberFound
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.stages import Stages, share, threads
from ascension_core.pipelines.versions import vision_weights
from ascension_core.pose import people as persons
from ascension_core.pose.follow import Follower, to_track
from ascension_core.pose.follow import Path as ClimberPath
from ascension_core.pose.scan import Scan, Scanner, scan_times
from ascension_core.pose.smoothing import clean
from ascension_core.progress import Progress, silent
from ascension_core.video import Frame, VideoInfo, VideoReader, open_video

if TYPE_CHECKING:
    from ascension_core.pose.track import PoseTrack

Watch = Callable[[Iterator[Frame], list[persons.Person], tuple[int, int]], Iterator[Frame]]
"""Sees every frame of the second pass in order and hands it on; knows everyone that the scan found, and width and height."""

_MOST_NETWORKS = 8  # beyond that decoding is the bottleneck
_PATIENCE = ((0.7, 0.2), (2.0, 0.1), (5.0, 1 / 15))
"""The fast mode looks again after so many seconds (second) while the body is slower than (first, torso lengths per second)."""

_ROUNDING_S = 0.005  # frame times are rounded


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


def follow(
    video: Path, options: VisionOptions | None = None, progress: Progress = silent, *, watch: Watch | None = None
) -> Following:
    """Find everyone in a video, choose the climber, and measure their pose in every frame.

    Parameters
    ----------
    watch
        Sees the frames of the second pass too, so that the video need not be decoded another time.

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
            seen = scan(reader, options, progress)
        found = persons.people(seen, size)
        climber = persons.choose(found, options.climber, size)
        with clock("follow"):
            frames = _reported(reader, progress)
            raw = _follow(watch(frames, found, size) if watch else frames, size, found[climber], options)
            progress("follow", 1.0)
        with clock("clean"):
            track = clean(raw, options.clean)
        if not track.frames_observed:
            raise NoClimberFound("The climber was glimpsed but could not be followed. Film closer and with more light.")
        return Following(track, raw, found, climber, reader.info, reader.truncated, clock.seconds)


def scan(reader: VideoReader, options: VisionOptions, progress: Progress = silent) -> Scan:
    """Look a few times a second for everyone who is in view."""
    from ascension_core.pose.confidence import Confidence
    from ascension_core.pose.networks import Detector, LandmarkNetwork

    weights = vision_weights(options)
    half = max(1, threads() // 2)  # the other half decodes
    detector = Detector(weights.pose_detector, half)
    network = LandmarkNetwork(weights.pose_landmarks, half)
    scanner = Scanner(detector, network, Confidence.load(weights.confidence).predict, options.scan)
    for frame in scan_times(reader.frames(), options.scan.interval_s):
        scanner.look(frame)
        progress("scan", share(frame.time, reader), "looking for the climber")
    progress("scan", 1.0)
    return scanner.finish()


def _reported(reader: VideoReader, progress: Progress) -> Iterator[Frame]:
    for frame in reader.frames():
        yield frame
        progress("follow", share(frame.time, reader), f"{frame.index + 1} frames")


def _follow(frames: Iterator[Frame], size: tuple[int, int], climber: persons.Person, options: VisionOptions) -> PoseTrack:
    from ascension_core.pose.confidence import Confidence
    from ascension_core.pose.networks import LandmarkNetwork

    weights = vision_weights(options)
    networks = [LandmarkNetwork(weights.pose_landmarks, threads=1) for _ in range(min(threads(), _MOST_NETWORKS))]
    follower = Follower(networks, Confidence.load(weights.confidence).predict, options.follow)
    return to_track(follower.follow(frames, climber, _wanted(options)), size)


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
