"""How well frames are placed on the wall, in clips whose camera is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from ascension_core.progress import Progress, silent
from ascension_core.video import Frame, open_video
from ascension_core.wall.camera import CameraTrack, transform
from ascension_core.wall.estimator import CameraEstimator
from experiments.synthetic.truth import load_truth

Floats = NDArray[np.float64]
Boxes = list[list[float]]

_GRID = 9  # points a side at which frames are compared


def evaluate_camera(clip: Path, truth: Path, progress: Progress = silent) -> dict[str, Any]:
    """Estimate the camera's motion in a clip and compare it with the truth; see `score_camera`.

    People are where the truth says: this measures the camera alone, not how well people are found.

    Raises
    ------
    VideoError
        If the clip cannot be read.
    InvalidDataset
        If the truth does not hold the camera of every frame of the clip.
    """
    known = load_truth(truth)
    views = _views(known, truth)
    camera = estimate(clip, _boxes(known), progress)
    if len(camera) != len(views):
        raise InvalidDataset(
            f"{truth} holds the camera of {len(views)} frames, but {clip} has {len(camera)}: take its own truth"
        )
    return score_camera(camera, views)


def estimate(clip: Path, people: Callable[[Frame], Boxes], progress: Progress = silent) -> CameraTrack:
    """The camera's motion in a clip; `people` gives the boxes around everyone in a frame."""
    with open_video(clip) as reader:
        estimator = CameraEstimator((reader.info.width, reader.info.height))
        for frame in reader.frames():
            estimator.add(frame, people(frame))
            progress("evaluate", min(1.0, frame.time / (reader.info.duration_s or np.inf)))
    return estimator.finish()


def score_camera(camera: CameraTrack, wall_to_image: Floats) -> dict[str, Any]:
    """Compare a track with (T, 3, 3) homographies from the wall (in any unit) to the image.

    Returns
    -------
    A document: how many frames were placed, and by how much the places of a grid of points over each of them are off in
    wall coordinates, in per cent of the picture's diagonal: on average, in 95 of 100 frames, in the worst frame, and in
    the last quarter of the clip, where drift would show.
    """
    off = errors_percent(camera, wall_to_image)
    placed = off[np.isfinite(off)]
    late = off[-(len(off) // 4 or 1) :]
    return {
        "frames": len(camera),
        "placed": int(camera.known.sum()),
        "static": camera.static,
        "cuts": len(camera.cuts),
        "error_percent": {
            "mean": float(placed.mean()) if len(placed) else np.nan,
            "p95": float(np.quantile(placed, 0.95)) if len(placed) else np.nan,
            "worst": float(placed.max()) if len(placed) else np.nan,
            "last_quarter": float(np.nanmean(late)) if np.isfinite(late).any() else np.nan,
        },
    }


def errors_percent(camera: CameraTrack, wall_to_image: Floats) -> Floats:
    """(T,) mean error of each frame's grid in per cent of the diagonal, ``nan`` where it is not placed."""
    width, height = camera.size
    grid = np.stack(np.meshgrid(np.linspace(0, width - 1, _GRID), np.linspace(0, height - 1, _GRID)), -1).reshape(-1, 2)
    points = np.tile(grid, (len(camera), 1, 1))
    truth = transform(wall_to_image[camera.reference] @ np.linalg.inv(wall_to_image), points)
    off = np.linalg.norm(camera.on_wall(points) - truth, axis=-1).mean(1)
    return np.asarray(100 * off / np.hypot(width, height))


def _views(truth: dict[str, Any], path: Path) -> Floats:
    try:
        views = np.array(truth["camera"]["wall_to_image"], float)
    except (KeyError, TypeError, ValueError):
        views = np.empty(0)
    if views.ndim != 3 or views.shape[1:] != (3, 3):
        raise InvalidDataset(f"{path} does not hold the camera: it needs camera.wall_to_image, a 3 x 3 matrix a frame")
    return views


def _boxes(truth: dict[str, Any]) -> Callable[[Frame], Boxes]:
    keypoints = np.array(truth["keypoints"], float)

    def box(frame: Frame) -> Boxes:
        points = keypoints[min(frame.index, len(keypoints) - 1)]
        return [[*points.min(0), *points.max(0)]]

    return box
