"""From the views of one video to its wall: a picture without people, holds and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from ascension_core.pipelines.hold_views import canvas_of, wall_views
from ascension_core.pipelines.options import WallOptions
from ascension_core.pipelines.stages import threads
from ascension_core.pipelines.watching import WallWatch
from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack
from ascension_core.progress import Progress, silent
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.detector import WEIGHTS, HoldDetector
from ascension_core.wall.mosaic import Body, Mosaic, mosaic
from ascension_core.wall.survey import Survey, survey
from ascension_core.wall.views import View

_K = Keypoint
_AXES = [
    (_K.LEFT_SHOULDER, _K.RIGHT_SHOULDER), (_K.LEFT_HIP, _K.RIGHT_HIP),
    (_K.LEFT_SHOULDER, _K.LEFT_HIP), (_K.RIGHT_SHOULDER, _K.RIGHT_HIP), (_K.LEFT_SHOULDER, _K.RIGHT_HIP),
    (_K.LEFT_SHOULDER, _K.LEFT_EAR), (_K.RIGHT_SHOULDER, _K.RIGHT_EAR),
    (_K.LEFT_SHOULDER, _K.LEFT_ELBOW), (_K.LEFT_ELBOW, _K.LEFT_WRIST), (_K.LEFT_WRIST, _K.LEFT_INDEX),
    (_K.RIGHT_SHOULDER, _K.RIGHT_ELBOW), (_K.RIGHT_ELBOW, _K.RIGHT_WRIST), (_K.RIGHT_WRIST, _K.RIGHT_INDEX),
    (_K.LEFT_HIP, _K.LEFT_KNEE), (_K.LEFT_KNEE, _K.LEFT_ANKLE), (_K.LEFT_HEEL, _K.LEFT_FOOT_INDEX),
    (_K.RIGHT_HIP, _K.RIGHT_KNEE), (_K.RIGHT_KNEE, _K.RIGHT_ANKLE), (_K.RIGHT_HEEL, _K.RIGHT_FOOT_INDEX),
]  # fmt: skip
_BODY_REACH = 0.35  # torso lengths around these axes that a body covers: half of the shoulders' width


@dataclass(frozen=True, eq=False)
class WallReading:
    """The wall of one video.

    Attributes
    ----------
    camera
        How the camera moved before it.
    picture
        The wall without people.
    survey
        Its holds, their colours, and routes.
    looks
        Number of pictures in which holds were looked for.
    """

    camera: CameraTrack
    picture: Mosaic
    survey: Survey
    looks: int

    @classmethod
    def of(
        cls, watch: WallWatch, track: PoseTrack, options: WallOptions, progress: Progress = silent, *, weights: Path = WEIGHTS
    ) -> Self | None:
        """Read the wall that was watched while `track` was followed; None where no frame could be placed on any.

        `weights` are the hold detector's.
        """
        camera, views = watch.finish(np.asarray(track.known.any(1)))
        progress("wall", 0.1, "putting the wall together")
        picture = mosaic(views, camera, bodies(track, [view.index for view in views]), options.mosaic)
        if picture is None:
            return None
        looks = wall_views(_some(views, camera, options), camera, picture)
        found = survey(HoldDetector(weights, threads=threads()), looks, canvas_of(picture), progress)
        return cls(camera, picture, found, len(looks))


def bodies(track: PoseTrack, frames: Sequence[int]) -> dict[int, Body]:
    """The climber's body in those of some frames in which it is known."""
    scale = body_scale(track)
    found = {frame: track.image[frame][np.array(_AXES)] for frame in frames if track.known[frame].any()}
    return {
        frame: Body(limbs[np.isfinite(limbs).all((1, 2))], float(scale[frame]) * _BODY_REACH)
        for frame, limbs in found.items()
        if np.isfinite(scale[frame])
    }


def _some(views: Sequence[View], camera: CameraTrack, options: WallOptions) -> list[View]:
    """Some of the views that are placed on the wall, evenly spread over the video."""
    placed = [view for view in views if camera.known[view.index]]
    most = min(options.looks if camera.static else options.looks_moving, len(placed))
    return [placed[number] for number in np.linspace(0, len(placed) - 1, most).round().astype(int)]
