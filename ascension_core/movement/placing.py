"""Image points and tracks in wall coordinates, where it does not matter how the camera moved."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack


def placed(camera: CameraTrack) -> NDArray[np.bool_]:
    """(T,) frames that are placed on the wall of the reference's shot."""
    return np.asarray(camera.known & (camera.shot == camera.shot[camera.reference]), bool)


def points_on_wall(camera: CameraTrack, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(T, ..., 2) image points in wall coordinates, ``nan`` in frames that are not `placed`.

    Raises
    ------
    ValueError
        If points and camera have different numbers of frames.
    """
    if len(points) != len(camera):
        raise ValueError(f"{len(points)} frames of points do not fit {len(camera)} frames of the camera")
    there = placed(camera).reshape(-1, *[1] * (points.ndim - 1))
    return np.where(there, camera.on_wall(points), np.nan)


def on_wall(track: PoseTrack, camera: CameraTrack) -> PoseTrack:
    """The track with its `image` points in wall coordinates, unknown in frames that are not `placed`.

    World points stay as they are.

    Raises
    ------
    ValueError
        If track and camera have different numbers of frames.
    """
    image = points_on_wall(camera, track.image)
    there = placed(camera)[:, None]
    return track.with_(
        image=image,
        visibility=np.where(there, track.visibility, 0.0),
        observed=track.observed & there,
    )
