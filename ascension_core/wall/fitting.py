"""Which transform carries one set of points onto another: no more of it than the points speak for.

Similarities, affinities and homographies are fitted by Gauss-Newton steps along the generators of their Lie algebras
(Drummond and Cipolla, 1999), and compared by the Bayesian information criterion (Schwarz, 1978): a chain of
homographies that were not needed bends.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GENERATORS = np.array(
    [
        [[0, 0, 1], [0, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 1], [0, 0, 0]],
        [[0, -1, 0], [1, 0, 0], [0, 0, 0]],
        [[1, 0, 0], [0, 1, 0], [0, 0, 0]],
        [[1, 0, 0], [0, -1, 0], [0, 0, 0]],
        [[0, 1, 0], [1, 0, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [0, 1, 0]],
    ],
    float,
)
"""Shift, turn, zoom, stretch, shear and tilt: the first 4 span the similarities, 6 the affinities, 8 the homographies."""
_MODELS = (4, 6, 8)
_STEPS = 10
_TERMS = 16  # enough for double precision where no parameter exceeds 1
_FLOOR_PX = 0.05  # nothing is placed better than this in a compressed video


@dataclass(frozen=True, eq=False)
class Fit:
    """A transform and how well it is known.

    Attributes
    ----------
    matrix
        (3, 3) homography from the source to the target.
    inliers
        (N,) points that agree with it.
    error
        Expected error of the target's picture corners in pixels (root mean square), from the scatter of the inliers.
    """

    matrix: Floats
    inliers: NDArray[np.bool_]
    error: float


def fit(source: Floats, target: Floats, size: tuple[int, int], tolerance: float) -> Fit | None:
    """The transform from (N, 2) source to target points that most of them agree with within `tolerance` (pixels).

    `size` (width, height) is that of the source's picture. None where no transform has eight points that agree.
    """
    if len(source) < 8:
        return None
    mask = cv2.findHomography(source, target, cv2.USAC_MAGSAC, tolerance, maxIters=1000, confidence=0.999)[1]
    inliers = np.asarray(mask, bool).ravel()  # none where nothing was found
    for _ in range(2):  # what MAGSAC leaves over may belong to the simpler transform
        if inliers.sum() < 8:
            return None
        matrix, covariance = _simplest(source[inliers], target[inliers], size)
        inliers = np.linalg.norm(apply(matrix, source) - target, axis=1) < tolerance
    return Fit(matrix, inliers, _corner_error(matrix, covariance, size))


def apply(matrix: Floats, points: Floats) -> Floats:
    """Carry (N, 2) points by one homography."""
    moved = points @ matrix[:2, :2].T + matrix[:2, 2]
    depth = points @ matrix[2, :2] + matrix[2, 2]
    return np.asarray(moved / depth[:, None])


def inverse(matrix: Floats) -> Floats:
    """(3, 3) the way back."""
    return np.asarray(np.linalg.inv(matrix))


def along(step: Floats) -> Floats:
    """(3, 3) exponential of (K,) parameters of the first K generators.

    By its series: SciPy's `expm` starts BLAS threads, which take a thousand times as long for so small a matrix.
    """
    exponent = np.tensordot(step, GENERATORS[: len(step)], 1)
    term = total = np.eye(3)
    for n in range(1, _TERMS):
        term = term @ exponent / n
        total = total + term
    return np.asarray(total)


def corners(size: tuple[int, int]) -> Floats:
    """(4, 2) middles of the corner pixels of a picture of (width, height)."""
    right, bottom = size[0] - 1.0, size[1] - 1.0
    return np.array([[0, 0], [right, 0], [right, bottom], [0, bottom]])


def _simplest(source: Floats, target: Floats, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """The matrix of the model with the best criterion, and the covariance of its parameters."""
    scale = unit(size)
    a, b = apply(scale, source), apply(scale, target)
    floor = (_FLOOR_PX * scale[0, 0]) ** 2
    best = None
    start = np.eye(3)
    for parameters in _MODELS:
        start, covariance, variance = _descend(a, b, parameters, start)
        cost = 2 * len(a) * np.log(variance + floor) + parameters * np.log(2 * len(a))
        if best is None or cost < best[0]:
            best = cost, start, covariance
    assert best is not None
    matrix = inverse(scale) @ best[1] @ scale
    return matrix / matrix[2, 2], best[2]


def unit(size: tuple[int, int]) -> Floats:
    """(3, 3) from pixels to coordinates in which a picture spans about -1 to 1: there the generators are of like effect."""
    scale = 2 / max(size)
    return np.array([[scale, 0, -scale * (size[0] - 1) / 2], [0, scale, -scale * (size[1] - 1) / 2], [0, 0, 1]])


def _descend(source: Floats, target: Floats, parameters: int, start: Floats) -> tuple[Floats, Floats, float]:
    """Least squares from `start` in a model: matrix, (8, 8) covariance of its parameters, variance of the residuals."""
    matrix = start
    for _ in range(_STEPS):
        jacobian = _jacobian(matrix, source)[:, :parameters]
        residual = (target - apply(matrix, source)).ravel()
        step = np.asarray(np.linalg.lstsq(jacobian, residual, rcond=None)[0], float)
        matrix = np.asarray(matrix @ along(step))
        if np.abs(step).max() < 1e-7:
            break
    left = target - apply(matrix, source)
    variance = float((left**2).sum() / max(1, left.size - parameters))
    covariance = np.zeros((8, 8))
    jacobian = _jacobian(matrix, source)[:, :parameters]
    covariance[:parameters, :parameters] = np.linalg.pinv(jacobian.T @ jacobian) * (variance + 1e-12)
    return matrix, covariance, variance


def _jacobian(matrix: Floats, points: Floats) -> Floats:
    """(2 N, 8) derivatives of ``apply(matrix @ along(p), points)`` by the parameters at p = 0."""
    homogeneous = np.column_stack([points, np.ones(len(points))])
    change = (homogeneous @ (matrix @ GENERATORS).reshape(-1, 3).T).reshape(-1, 8, 3)
    moved = homogeneous @ matrix.T
    depth = moved[:, None, 2:]
    slope = (change[..., :2] - change[..., 2:] * (moved[:, None, :2] / depth)) / depth
    return np.asarray(np.swapaxes(slope, 1, 2).reshape(-1, 8))


def _corner_error(matrix: Floats, covariance: Floats, size: tuple[int, int]) -> float:
    scale = unit(size)
    inner = scale @ matrix @ inverse(scale)
    jacobian = _jacobian(inner, apply(scale, corners(size)))
    variance = np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian)
    return float(np.sqrt(variance.reshape(-1, 2).sum(1).mean()) / scale[0, 0])
