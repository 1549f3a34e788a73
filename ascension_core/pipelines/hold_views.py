"""What a picture or a video shows of a wall: the views in which holds are looked for, and the canvas that they are drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from ascension_core.errors import UnreadableImage, UnreadableVideo
from ascension_core.pipelines.following import scan
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.stages import share
from ascension_core.pipelines.watching import Presence
from ascension_core.pose import people as persons
from ascension_core.progress import Progress, silent
from ascension_core.video import VideoReader, open_video
from ascension_core.video.still import is_still, read_still
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.estimator import CameraEstimator
from ascension_core.wall.mosaic import Mosaic, mosaic
from ascension_core.wall.survey import WallView
from ascension_core.wall.views import View, ViewKeeper


@dataclass(frozen=True, eq=False)
class WallViews:
    """What a file shows of the wall.

    Attributes
    ----------
    source
        What kind of file it is.
    views
        Where holds are looked for.
    canvas
        The picture itself, or the wall put together without people.
    size
        (width, height) in pixels of the picture, or of the video's upright frames.
    placed
        Whether the camera's motion could be told; if not, a single frame stands for the video.
    """

    source: Literal["image", "video"]
    views: list[WallView]
    canvas: WallView
    size: tuple[int, int]
    placed: bool = True


def look_at(path: Path, progress: Progress = silent) -> WallViews:
    """Read a picture, or watch a video.

    Raises
    ------
    ImageError, VideoError
        The file cannot be read.
    ModelError
        Weights are missing.
    """
    if is_still(path):
        image = read_still(path)
        whole = WallView(image, np.eye(3))
        return WallViews("image", [whole], whole, (image.shape[1], image.shape[0]))
    try:
        return _watch(path, progress)
    except UnreadableVideo as error:
        raise UnreadableImage(f"{path.name!r} is neither a picture nor a video that can be read: {error}") from error


def wall_views(views: Sequence[View], camera: CameraTrack, whole: Mosaic) -> list[WallView]:
    """The frames that were kept and placed, and the wall put together from them."""
    placed = [view for view in views if camera.known[view.index]]
    frames = [WallView(view.image, camera.to_wall[view.index] @ view.to_frame, view.free()) for view in placed]
    return [*frames, canvas_of(whole)]


def canvas_of(whole: Mosaic) -> WallView:
    """The wall put together, as a view."""
    return WallView(whole.image, whole.to_wall, whole.seen)


def _watch(path: Path, progress: Progress) -> WallViews:
    with open_video(path) as reader:
        size = (reader.info.width, reader.info.height)
        presence = Presence(persons.people(scan(reader, VisionOptions(), progress), size))
        views, camera = _follow_camera(reader, presence, size, progress)
    whole = mosaic(views, camera)
    if whole is None:
        sharpest = max(views, key=lambda view: view.sharpness)
        single = WallView(sharpest.image, sharpest.to_frame, sharpest.free())
        return WallViews("video", [single], single, size, placed=False)
    return WallViews("video", wall_views(views, camera, whole), canvas_of(whole), size)


def _follow_camera(
    reader: VideoReader, presence: Presence, size: tuple[int, int], progress: Progress
) -> tuple[list[View], CameraTrack]:
    estimator, keeper = CameraEstimator(size), ViewKeeper()
    for frame in reader.frames():
        boxes = presence.boxes(frame.time)
        estimator.add(frame, boxes)
        keeper.add(frame, boxes)
        progress("camera", share(frame.time, reader), f"{frame.index + 1} frames")
    progress("camera", 1.0)
    return keeper.finish(), estimator.finish()
