"""Where the hips went: length, complexity and rise of their path."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

Floats = NDArray[np.float64]


def path_length(points: Floats) -> float:
    """Length of the line through the known ones of (T, 2) points, in their unit.

    A gap is bridged by a straight line, so that the length is a lower bound. ``nan`` with fewer than two known points.
    The line of motion of Cordier, Mendès France, Pailhous and Bolon, "Entropy as a global variable of the learning process",
    Human Movement Science 13(6), 1994. Noise makes every path longer: smooth first.
    """
    seen = _known(points)
    return float(np.linalg.norm(np.diff(seen, axis=0), axis=1).sum()) if len(seen) > 1 else np.nan


def hull_perimeter(points: Floats) -> float:
    """Perimeter of the convex hull of (T, 2) points; twice the length where they lie on one line.

    ``nan`` with fewer than two known points.
    """
    seen = _known(points)
    if len(seen) < 2:
        return np.nan
    try:
        return float(ConvexHull(seen).area)  # scipy names the perimeter of a plane figure so
    except QhullError:  # no area: the hull is the way there and back
        along = seen @ _direction(seen)
        return float(2 * np.ptp(along))


def geometric_entropy(points: Floats) -> float:
    """How winding a path is: H = ln(2 L / c), with its length L and the perimeter c of its convex hull.

    0 for a straight line, ln 2 for a closed convex curve; the more a path wanders to and fro, the larger. The same at any
    scale. ``nan`` where nothing moved.

    References
    ----------
    P. Cordier, M. Mendès France, P. Bolon, J. Pailhous, "Entropy, degrees of freedom, and free climbing: a thermodynamic study
    of a complex behavior based on trajectory analysis", International Journal of Sport Psychology 24, 1993, and "Thermodynamic
    study of motor behaviour optimization", Acta Psychologica 88, 1995. P. B. Watts, S. N. Drum, M. A. Kilgas, K. C. Phillips,
    "Geometric entropy for lead vs top-rope rock climbing", International Journal of Exercise Science 9(2), 2016.
    """
    length, perimeter = path_length(points), hull_perimeter(points)
    if not length > 0 or not perimeter > 0:
        return np.nan
    return max(0.0, float(np.log(2 * length / perimeter)))  # rounding may put a straight line a hair below 0


def rise(time: Floats, height: Floats) -> float:
    """Speed upwards, in the unit of `height` per second, from the first to the last known of (T,) heights."""
    known = np.flatnonzero(np.isfinite(height))
    if len(known) < 2:
        return np.nan
    first, last = known[0], known[-1]
    return float((height[last] - height[first]) / (time[last] - time[first]))


def _known(points: Floats) -> Floats:
    return points[np.isfinite(points).all(1)]


def _direction(points: Floats) -> Floats:
    """Unit vector along points on a line."""
    furthest = points[np.argmax(np.linalg.norm(points - points[0], axis=1))] - points[0]
    length = np.linalg.norm(furthest)
    return np.asarray(furthest / length) if length > 0 else np.zeros_like(furthest)
