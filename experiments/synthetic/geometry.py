"""Small pieces of vector geometry over stacks of vectors (..., 3) and rotation matrices (..., 3, 3)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

Array = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Image = npt.NDArray[np.float32]

X = np.array([1.0, 0.0, 0.0])
"""Along the wall, to the left as the camera sees it (a climber who faces the wall has it on the left)."""
Y = np.array([0.0, 1.0, 0.0])
"""Out of the wall, towards the camera."""
Z = np.array([0.0, 0.0, 1.0])
"""Up."""


def norm(v: Array) -> Array:
    """Length of each vector, (..., 1)."""
    return np.asarray(np.sqrt((v * v).sum(-1, keepdims=True)))


def unit(v: Array) -> Array:
    """Each vector at length one; a zero vector stays zero."""
    return np.asarray(v / np.maximum(norm(v), 1e-12))


def dot(a: Array, b: Array) -> Array:
    """Scalar products, (..., 1)."""
    return np.asarray((a * b).sum(-1, keepdims=True))


def cross(a: Array, b: Array) -> Array:
    """Vector products (..., 3); several times as fast as `numpy.cross` on small stacks."""
    a, b = np.broadcast_arrays(a, b)
    return np.asarray(a[..., [1, 2, 0]] * b[..., [2, 0, 1]] - a[..., [2, 0, 1]] * b[..., [1, 2, 0]])


def rotate(turn: Array, v: Array) -> Array:
    """Apply rotation matrices (..., 3, 3) to vectors (..., 3)."""
    return np.asarray(np.einsum("...ij,...j->...i", turn, np.broadcast_to(v, (*turn.shape[:-2], 3))))


def turn_about(axis: Array, angle: Array | float) -> Array:
    """Rotation matrices about axes (..., 3) by angles (...,) rad."""
    axis = np.broadcast_to(unit(axis), (*np.shape(np.asarray(angle)), 3))
    vector = axis * np.asarray(angle)[..., None]
    return Rotation.from_rotvec(vector.reshape(-1, 3)).as_matrix().reshape(*vector.shape[:-1], 3, 3)


def frame(first: Array, second: Array) -> Array:
    """Rotation matrices whose columns are `first`, the part of `second` across it, and their cross product."""
    a = unit(first)
    b = unit(second - a * dot(a, second))
    return np.stack([a, b, cross(a, b)], -1)


def align(a: Array, b: Array) -> Array:
    """The smallest rotation that takes each direction `a` to `b`."""
    a, b = unit(a), unit(b)
    axis = cross(a, b)
    sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(sine, dot(a, b)[..., 0])
    vector = axis / np.maximum(sine, 1e-9)[..., None] * angle[..., None]
    return Rotation.from_rotvec(vector.reshape(-1, 3)).as_matrix().reshape(*vector.shape[:-1], 3, 3)


def twist(turn: Array, axis: Array) -> Array:
    """Angle (T,), unwrapped, by which rotations (T, 3, 3) turn about axes (T, 3) (swing-twist decomposition)."""
    q = Rotation.from_matrix(turn).as_quat()
    return np.unwrap(2 * np.arctan2((q[:, :3] * unit(axis)).sum(1), q[:, 3]))


def smooth(x: Array, sigma: float) -> Array:
    """Gaussian along time (axis 0), `sigma` in frames, ends held."""
    return np.asarray(gaussian_filter1d(x, max(sigma, 1e-3), axis=0, mode="nearest"))


def ease(u: Array | float) -> Array:
    """Minimum-jerk course from 0 to 1 (Flash and Hogan 1985), flat outside."""
    u = np.clip(u, 0, 1)
    return np.asarray(u**3 * (u * (u * 6 - 15) + 10))
