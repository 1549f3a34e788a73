"""Where pictures lie that were measured against each other in loops: the places that all measurements agree on best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.fitting import along, apply, corners, inverse, unit

Floats = NDArray[np.float64]

_ROUNDS = 8
_NUDGE = 1e-5  # for differences, in half pictures
_LEAST_ERROR_PX = 0.1


@dataclass(frozen=True, eq=False)
class Link:
    """That picture `a` lies on picture `b` by `matrix` (3, 3), give or take `error` pixels."""

    a: int
    b: int
    matrix: Floats
    error: float


def settled(places: dict[int, Floats], links: list[Link], fixed: int, size: tuple[int, int]) -> dict[int, Floats]:
    """The (3, 3) places of pictures of (width, height), adjusted to links that disagree; that of `fixed` is kept.

    Gauss-Newton along the generators of the projective group. A link's residual is how far the places carry the corners
    of its picture from where it says they lie, in units of its error.
    """
    free = {number: i for i, number in enumerate(n for n in places if n != fixed)}
    for _ in range(_ROUNDS):
        jacobian, residual = _linearised(places, links, free, size)
        normal = jacobian.T @ jacobian
        step = np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(len(normal)), -jacobian.T @ residual)
        places = {n: _moved(p, step[8 * free[n] : 8 * free[n] + 8], size) if n in free else p for n, p in places.items()}
        if np.abs(step).max() < 1e-6:
            break
    return places


def _linearised(
    places: dict[int, Floats], links: list[Link], free: dict[int, int], size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """(8 L, 8 F) derivatives and (8 L,) residuals."""
    jacobian = np.zeros((8 * len(links), 8 * len(free)))
    residual = np.zeros(8 * len(links))
    for row, link in enumerate(links):
        rows = slice(8 * row, 8 * row + 8)
        residual[rows] = _off(link, places[link.a], places[link.b], size)
        for parameter in range(8):
            nudge = _NUDGE * np.eye(8)[parameter]
            if link.a in free:
                off = _off(link, _moved(places[link.a], nudge, size), places[link.b], size)
                jacobian[rows, 8 * free[link.a] + parameter] = (off - residual[rows]) / _NUDGE
            if link.b in free:
                off = _off(link, places[link.a], _moved(places[link.b], nudge, size), size)
                jacobian[rows, 8 * free[link.b] + parameter] = (off - residual[rows]) / _NUDGE
    return jacobian, residual


def _off(link: Link, a: Floats, b: Floats, size: tuple[int, int]) -> Floats:
    """(8,) residual of a link."""
    points = corners(size)
    says = apply(inverse(b) @ a, points) - apply(link.matrix, points)
    return np.asarray(says.ravel() / max(link.error, _LEAST_ERROR_PX))


def _moved(place: Floats, step: Floats, size: tuple[int, int]) -> Floats:
    scale = unit(size)
    moved = place @ inverse(scale) @ along(step) @ scale
    return np.asarray(moved / moved[2, 2])
