"""How the camera moved: a transform from every frame to wall coordinates.

Wall coordinates are the pixels of the reference frame of the shot, continued beyond its edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CameraTrack:
    """Where the camera looked in each frame.

    Attributes
    ----------
    time
        (T,) seconds.
    to_wall
        (T, 3, 3) homographies from image to wall coordinates, ``nan`` in frames that could not be placed.
    quality
        (T,) how well each frame is placed, 0 (not at all) to 1.
    shot
        (T,) number of the shot that the frame belongs to, from 0; a new one begins at every cut.
    reference
        Index of the frame whose pixels are the wall coordinates.
    size
        (width, height) of the upright frame in pixels.
    static
        Whether the camera stood still in the shot of the reference.
    handled
        (T,) frames at the beginning and at the end in which the camera was taken up or put down; they are not placed.
        None where there are none.
    """

    time: Floats
    to_wall: Floats
    quality: Floats
    shot: NDArray[np.int64]
    reference: int
    size: tuple[int, int]
    static: bool
    handled: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def cuts(self) -> Floats:
        """Times (seconds) at which another shot begins."""
        return np.asarray(self.time[1:][np.diff(self.shot) != 0])

    @property
    def known(self) -> NDArray[np.bool_]:
        """(T,) frames that are placed on the wall."""
        return np.asarray(np.isfinite(self.to_wall).all((1, 2)), np.bool_)

    def on_wall(self, points: Floats) -> Floats:
        """Carry (T, ..., 2) image points, one set a frame, to wall coordinates; ``nan`` in frames that are not placed."""
        return transform(self.to_wall, points)

    def in_frame(self, index: int, points: Floats) -> Floats:
        """Carry (..., 2) wall points into the image of one frame; ``nan`` where it is not placed."""
        if not self.known[index]:
            return np.full(np.shape(points), np.nan)
        return np.asarray(transform(np.linalg.inv(self.to_wall[index])[None], np.asarray(points)[None])[0])


def transform(matrices: Floats, points: Floats) -> Floats:
    """Apply (T, 3, 3) homographies to (T, ..., 2) points."""
    flat = np.asarray(points, float).reshape(len(points), -1, 2)
    moved = flat @ np.swapaxes(matrices[:, :2, :2], 1, 2) + matrices[:, None, :2, 2]
    depth = np.einsum("tj,tnj->tn", matrices[:, 2, :2], flat) + matrices[:, None, 2, 2]
    return np.asarray(moved / depth[..., None]).reshape(np.shape(points))


def still(time: Floats, size: tuple[int, int]) -> CameraTrack:
    """The track of a camera that stood still."""
    frames = len(time)
    return CameraTrack(
        time=np.asarray(time, float),
        to_wall=np.tile(np.eye(3), (frames, 1, 1)),
        quality=np.ones(frames),
        shot=np.zeros(frames, np.int64),
        reference=0,
        size=size,
        static=True,
    )
