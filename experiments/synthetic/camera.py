"""The phone: a pinhole that turns about a fixed point, as a person does who stands and films.

Because its centre does not move, any two of its pictures of the still scene are related by a homography,
exactly, holds and all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from experiments.synthetic.geometry import Array, smooth
from experiments.synthetic.scene import Options, Stream

RATE = 120.0
"""Instants per second at which the shake is drawn."""

FACING_WALL = np.array([[-1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]])
"""World to camera axes (right, down, ahead) of a camera that looks straight at the wall."""

FOCAL = 1.52
"""Focal length in picture heights (a phone's main lens held upright, about 26 mm equivalent)."""

DISTANCE_M, HEIGHT_M = 6.5, 1.5
PAN_ZOOM = 1.3
"""How much closer a camera is zoomed that follows the climber."""


@dataclass(frozen=True)
class Pinhole:
    """One view: `matrix` (3, 3) intrinsics, `turn` (3, 3) world to camera, `centre` (3,) m."""

    matrix: Array
    turn: Array
    centre: Array

    @property
    def projection(self) -> Array:
        """(3, 4) world (homogeneous, metres) to picture (homogeneous, pixels)."""
        return np.asarray(self.matrix @ self.turn @ np.concatenate([np.eye(3), -self.centre[:, None]], 1))

    @property
    def wall_homography(self) -> Array:
        """(3, 3) wall plane (x, z, 1) m to picture (pixels)."""
        return np.asarray(self.projection[:, [0, 2, 3]])

    def project(self, points: Array) -> Array:
        """Points (..., 3) m to (..., 3): pixels, and metres ahead of the camera."""
        seen = (points - self.centre) @ (self.matrix @ self.turn).T
        return np.concatenate([seen[..., :2] / seen[..., 2:], seen[..., 2:]], -1)

    def rays(self, pixels: Array) -> Array:
        """Directions (..., 3) in the world through pixels (..., 2), one metre deep."""
        homogeneous = np.concatenate([pixels, np.ones((*pixels.shape[:-1], 1))], -1)
        return np.asarray(homogeneous @ np.linalg.inv(self.matrix @ self.turn).T)

    def picture_from(self, other: Pinhole) -> Array:
        """(3, 3) pixels of another view from the same point to pixels of this one."""
        return np.asarray(self.matrix @ self.turn @ np.linalg.inv(other.matrix @ other.turn))


@dataclass(frozen=True)
class Camera:
    """The views over a clip: angles (T, 3) rad (right, up, roll) at `time` (T,) s."""

    matrix: Array
    centre: Array
    time: Array
    angles: Array

    def at(self, seconds: float) -> Pinhole:
        """The view at one instant."""
        right, up, roll = (np.interp(seconds, self.time, a) for a in self.angles.T)
        return Pinhole(self.matrix, turned(right, up, roll), self.centre)


def turned(right: float, up: float, roll: float) -> Array:
    """World to camera turn of a camera swung to the right, up, and rolled (rad) from facing the wall."""
    return np.asarray(Rotation.from_euler("yxz", [-right, -up, roll]).as_matrix() @ FACING_WALL)


def make_camera(options: Options, subject_time: Array, subject: Array) -> Camera:
    """The camera of a clip; `subject` (N, 3) m is the way of the climber's hips, which a panning camera follows."""
    random = options.random(Stream.CAMERA)
    time = np.arange(0, options.seconds + 0.1, 1 / RATE)
    zoom = PAN_ZOOM if options.camera == "pan" else 1.0
    focal = FOCAL * options.height * zoom
    matrix = np.array([[focal, 0, options.width / 2], [0, focal, options.height / 2], [0, 0, 1]])
    off = random.uniform(-0.25, 0.25)
    centre = np.array([off, DISTANCE_M, HEIGHT_M + random.uniform(-0.15, 0.15)])
    look_at = np.array([0.0, 0.0, 1.80])
    if options.camera == "pan":
        followed = np.stack([np.interp(time, subject_time, subject[:, k]) for k in range(3)], 1)
        look_at = smooth(followed * [0.7, 0, 1] + [0, 0, 0.22], 0.45 * RATE)
        look_at[:, 2] = np.clip(look_at[:, 2], 1.35, 2.6)
    else:
        look_at = np.broadcast_to(look_at, (len(time), 3))
    way = look_at - centre
    aim = np.stack([np.arctan2(-way[:, 0], -way[:, 1]), np.arctan2(way[:, 2], -way[:, 1]), np.zeros(len(time))], 1)
    return Camera(matrix, centre, time, aim + (0 if options.camera == "static" else _shake(random, time)))


def _shake(random: np.random.Generator, time: Array) -> Array:
    """Hand-held unrest (T, 3) rad: slow drift, sway and tremor, each a Gaussian process."""
    total = np.zeros((len(time), 3))
    for sigma_s, degrees in ((1.3, (0.35, 0.35, 0.3)), (0.25, (0.07, 0.08, 0.06)), (0.05, (0.012, 0.016, 0.008))):
        unrest = smooth(random.normal(0, 1, (len(time) + 400, 3)), sigma_s * RATE)[200:-200]
        total += np.radians(degrees) * unrest / unrest.std(0)
    return total
