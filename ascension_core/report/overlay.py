"""The overlay video: the upright video with the climber's body drawn over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack
from ascension_core.progress import Progress, silent
from ascension_core.report.caption import Caption
from ascension_core.report.drawing import Image, PoseStyle, draw_centre, draw_pose, draw_trail
from ascension_core.report.holds import HoldPainter, HoldStyle
from ascension_core.report.rendering import Output, fitted, render
from ascension_core.results import Analysis
from ascension_core.video import open_video
from ascension_core.wall.camera import CameraTrack

__all__ = ["OverlayOptions", "PosePainter", "PoseStyle", "draw_pose", "overlay_output", "write_overlay"]


@dataclass(frozen=True, slots=True)
class OverlayOptions:
    """How the overlay video looks.

    Attributes
    ----------
    max_short_side
        Larger videos are scaled down until their shorter side has this many pixels, for encoding takes most of the time.
    trail_s
        Seconds of the centre's path that are drawn behind it; 0 draws none.
    caption
        Whether the time and the legend are shown.
    crf
        Constant rate factor of x264: higher is smaller and coarser.
    style
        Colours and thresholds; line widths follow the climber's torso length.
    holds
        How holds are drawn.
    """

    max_short_side: int = 720
    trail_s: float = 1.5
    caption: bool = True
    crf: int = 21
    style: PoseStyle = field(default_factory=PoseStyle)
    holds: HoldStyle = field(default_factory=HoldStyle)


def write_overlay(
    video_path: Path,
    track: PoseTrack,
    out_path: Path,
    options: OverlayOptions | None = None,
    progress: Progress = silent,
    *,
    centre: NDArray[np.float64] | None = None,
    analysis: Analysis | None = None,
    camera: CameraTrack | None = None,
) -> None:
    """Write the video as H.264, upright and with its own frame times, with the body and the holds drawn over it.

    Parameters
    ----------
    centre
        (T, 2) pixels of the track's frame: the point that is marked and leaves a trail, such as the centre of mass.
        By default the middle of the hips.
    analysis, camera
        The wall with its holds, and how the camera moved before it: without them no holds are drawn.

    Raises
    ------
    VideoError
        If the video cannot be read.
    OutputNotWritable
        If the overlay cannot be written; then nothing is left behind.
    """
    output = overlay_output(video_path, track, out_path, options, centre=centre, analysis=analysis, camera=camera)
    render(video_path, [output], progress, "overlay")


def overlay_output(
    video_path: Path,
    track: PoseTrack,
    out_path: Path,
    options: OverlayOptions | None = None,
    *,
    centre: NDArray[np.float64] | None = None,
    analysis: Analysis | None = None,
    camera: CameraTrack | None = None,
) -> Output:
    """What `write_overlay` writes, to be rendered in one pass with other outputs."""
    options = options or OverlayOptions()
    with open_video(video_path) as reader:
        size = fitted(reader.info.width, reader.info.height, options.max_short_side)
    holds = None
    if analysis is not None and analysis.wall is not None and camera is not None:
        holds = HoldPainter(analysis, camera, size, options.holds, options.style)
    return Output(out_path, size, PosePainter(track, size, options, centre, holds), options.crf)


class PosePainter:
    """Paints frames of one size with the body that the track has at each frame's time.

    Parameters
    ----------
    track
        Where the body was.
    size
        (width, height) in pixels of the frames to paint; the track is scaled to it.
    options, centre
        As in `write_overlay`.
    holds
        Paints the holds under the body.
    """

    def __init__(
        self,
        track: PoseTrack,
        size: tuple[int, int],
        options: OverlayOptions,
        centre: NDArray[np.float64] | None = None,
        holds: HoldPainter | None = None,
    ) -> None:
        scale = np.array(size) / track.size
        self._track = track
        self._options = options
        self._holds = holds
        self._points = track.image * scale
        self._centre = (hip_centre(track) if centre is None else centre) * scale
        self._torso_px = steady_torso(track) * scale.mean()
        self._caption = Caption(size) if options.caption else None
        self._tolerance_s = float(np.median(np.diff(track.time))) if len(track) > 1 else np.inf

    def __call__(self, image: Image, time_s: float) -> Image:
        """Paint the body, its centre and trail, and the caption into `image`."""
        frame = self._frame_at(time_s)
        if frame is not None:
            self._paint_body(image, frame)
        return self._caption.draw(image, time_s) if self._caption else image

    def _paint_body(self, image: Image, frame: int) -> None:
        style = self._options.style.for_torso(self._torso_px[frame])
        track = self._track
        if self._holds is not None:
            self._holds(image, frame, float(track.time[frame]), style.line_px)
        if self._options.trail_s > 0:
            start = int(np.searchsorted(track.time, track.time[frame] - self._options.trail_s))
            draw_trail(image, self._centre[start : frame + 1], style)
        draw_pose(image, self._points[frame], track.visibility[frame], track.observed[frame], style)
        draw_centre(image, self._centre[frame], style)

    def _frame_at(self, time_s: float) -> int | None:
        """The track's frame at this time; None where the track has none within one frame interval."""
        frame = nearest(self._track.time, time_s)
        return frame if frame is not None and abs(self._track.time[frame] - time_s) < self._tolerance_s else None


def nearest(times: NDArray[np.float64], time_s: float) -> int | None:
    """Index of the closest of these increasing times; None if there are none."""
    if len(times) == 0:
        return None
    after = min(int(np.searchsorted(times, time_s)), len(times) - 1)
    before = max(after - 1, 0)
    return before if time_s - times[before] <= times[after] - time_s else after


def hip_centre(track: PoseTrack) -> NDArray[np.float64]:
    """(T, 2) middle of the hips in pixels, ``nan`` where unknown."""
    hips: NDArray[np.float64] = track.image[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(1)
    return hips


def steady_torso(track: PoseTrack) -> NDArray[np.float64]:
    """(T,) torso length in pixels (`body_scale`): a body that turns away does not shrink the lines.

    Where the torso is never seen it is a sixth of the frame's shorter side.
    """
    if len(track) == 0:
        return np.empty(0)
    scale = body_scale(track)
    return np.where(np.isfinite(scale), scale, min(track.size) / 6)
