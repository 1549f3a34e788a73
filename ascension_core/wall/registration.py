"""One picture laid onto another: small grey pictures, points worth following, and following them.

Points of a keyframe are looked for (pyramidal Lucas-Kanade) in the new picture after that was warped by a guess. So the
match stays near to the guess: on a wall of holds that are all alike, a match that fits anywhere else is a wrong one.
Where there is no guess, binary features are matched (ORB), and a match counts only if the pictures agree as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.fitting import Fit, apply, corners, fit, inverse

Floats = NDArray[np.float64]
Grey = NDArray[np.uint8]
Bools = NDArray[np.bool_]

SIDE = 640
"""Long side that pictures are registered at, about: half of it already costs accuracy, twice as much only time."""

_CELLS = 8  # points are spread over so many cells a side
_POINTS_PER_CELL = 5
_POINT_GAP = 0.012  # between points, in long sides
_TEXTURE = 3.0  # grey levels of local contrast (standard deviation) that are more than noise
_WINDOW = (21, 21)
_LEVELS = 3
_RETURN_PX = 0.7  # a point followed there and back comes back this close
_TOLERANCE_PX = 1.5
_MARGIN_PX = 8.0  # points nearer to the edge are not followed
_AGREEING_CELLS = 6
_AGREEMENT = 0.4
_SPREAD = 0.1  # standard deviation of agreeing points along the shorter axis of their cloud, in long sides
_FEATURES = 700
_RATIO = 0.8  # Lowe (2004)
_LIKENESS = 0.5  # correlation of two pictures of the same wall after normalisation


@dataclass(frozen=True, eq=False)
class Picture:
    """A frame as it is registered.

    Attributes
    ----------
    grey
        (h, w) small, with local brightness and contrast evened out.
    texture
        (h, w) where there is anything to follow.
    free
        (h, w) where nobody is.
    sharpness
        Mean absolute Laplacian over the free part, in units of local contrast: falls with motion blur, not with light.
    """

    grey: Grey
    texture: Bools
    free: Bools
    sharpness: float

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.grey.shape[1], self.grey.shape[0]

    @cached_property
    def points(self) -> Floats:
        """(N, 2) places worth following, spread over the picture, the best of each cell first."""
        return _points(self)

    @cached_property
    def features(self) -> tuple[Floats, NDArray[np.uint8]]:
        """(M, 2) places of ORB features, and their (M, 32) descriptors."""
        mask = (self.free & self.texture).astype(np.uint8)
        found, descriptors = cv2.ORB.create(_FEATURES, fastThreshold=10).detectAndCompute(self.grey, mask)
        places = np.array([f.pt for f in found], float).reshape(-1, 2)
        return places, np.asarray(descriptors if found else np.empty((0, 32)), np.uint8)


@dataclass(frozen=True, eq=False)
class Match:
    """How a picture lies on another.

    Attributes
    ----------
    matrix
        (3, 3) homography from the new picture to the one that it lies on, in small pixels.
    agreement
        Share of the places looked at that agree, each cell of the picture counted once, 0 to 1.
    error
        Expected error of the corners in small pixels.
    overlap
        Share of the new picture that lies on the other.
    """

    matrix: Floats
    agreement: float
    error: float
    overlap: float


def shrunk_by(size: tuple[int, int]) -> int:
    """By which whole factor frames of (width, height) are shrunk for registration."""
    return max(1, round(max(size) / SIDE))


def picture(image: NDArray[np.uint8], people: Floats) -> Picture:
    """Make an RGB frame ready for registration; `people` are (N, 4) boxes left, top, right, bottom in its pixels."""
    factor = shrunk_by((image.shape[1], image.shape[0]))
    height, width = image.shape[0] // factor, image.shape[1] // factor
    whole = image[: height * factor, : width * factor]
    small = cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA) if factor > 1 else whole
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    even, contrast = _evened(grey)
    free = np.ones(grey.shape, bool)
    for left, top, right, bottom in np.asarray(people, float).reshape(-1, 4) / factor:
        free[max(0, int(top)) : max(0, int(bottom) + 1), max(0, int(left)) : max(0, int(right) + 1)] = False
    texture = contrast > _TEXTURE
    return Picture(even, texture, free, _sharpness(even, texture & free))


def _evened(grey: NDArray[np.float32]) -> tuple[Grey, NDArray[np.float32]]:
    """The picture with the mean and the contrast of each neighbourhood made alike, and that contrast in grey levels."""
    side = (max(grey.shape) // 40) * 2 + 1
    mean = cv2.blur(grey, (side, side))
    contrast = np.sqrt(np.maximum(cv2.blur(grey * grey, (side, side)) - mean * mean, 0))
    even = 128 + 45 * (grey - mean) / np.maximum(contrast, 2 * _TEXTURE)
    return np.clip(even, 0, 255).astype(np.uint8), contrast


def _sharpness(grey: Grey, where: Bools) -> float:
    edges = np.abs(cv2.Laplacian(grey, cv2.CV_16S))
    return float(edges[where].mean()) if where.any() else 0.0


def _points(picture: Picture) -> Floats:
    width, height = picture.size
    mask = (picture.free & picture.texture).astype(np.uint8)
    gap = _POINT_GAP * max(width, height)
    found = cv2.goodFeaturesToTrack(picture.grey, 4 * _CELLS**2 * _POINTS_PER_CELL, 0.02, gap, mask=mask)
    points = np.empty((0, 2)) if found is None else np.asarray(found, float).reshape(-1, 2)
    return spread(points, picture.size, _POINTS_PER_CELL)


def spread(points: Floats, size: tuple[int, int], most: int) -> Floats:
    """Of (N, 2) points the first `most` in each cell of the picture."""
    return points[_first_of_each(cells(points, size), most)]


def cells(points: Floats, size: tuple[int, int]) -> NDArray[np.int64]:
    """(N,) which cell of the picture each point lies in."""
    place = np.clip((points / size * _CELLS).astype(int), 0, _CELLS - 1)
    return np.asarray(place[:, 1] * _CELLS + place[:, 0])


def _first_of_each(groups: NDArray[np.int64], most: int) -> Bools:
    """The first `most` members of each group."""
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    rank = np.arange(len(groups)) - np.searchsorted(ordered, ordered)
    keep = np.zeros(len(groups), bool)
    keep[order] = rank < most
    return keep


def align(new: Picture, key: Picture, guess: Floats) -> Match | None:
    """Lay a picture onto a keyframe near to a guess (3, 3) of how it lies; None where it cannot be told."""
    back = inverse(guess)
    points = key.points
    there = apply(back, points) if len(points) else points
    points = points[visible(new, there)]
    if len(points) < 8:
        return None
    warped = np.asarray(cv2.warpPerspective(new.grey, guess, key.size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    found, followed = _follow(key.grey, warped, points)
    if followed.sum() < 8:
        return None
    source, target = apply(back, found[followed]), points[followed]
    fitted = fit(source, target, new.size, _TOLERANCE_PX)
    return None if fitted is None else _judged(new, key, fitted, target, points)


def visible(new: Picture, points: Floats) -> Bools:
    """Which points lie inside of the picture and not on people."""
    width, height = new.size
    low, high = _MARGIN_PX, np.array([width, height]) - _MARGIN_PX
    inside = np.asarray((np.isfinite(points) & (points >= low) & (points < high)).all(1))
    where = np.where(inside[:, None], points, 0).astype(int)
    return np.asarray(inside & new.free[where[:, 1], where[:, 0]])


def _follow(key: Grey, warped: Grey, points: Floats) -> tuple[Floats, Bools]:
    """Where the points of the keyframe are in the warped picture, and which of them come back when followed back."""
    start = points.astype(np.float32).reshape(-1, 1, 2)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(key, warped, start, start.copy(), winSize=_WINDOW, maxLevel=_LEVELS)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(
        warped, key, there, start.copy(), winSize=_WINDOW, maxLevel=0, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    returned = np.linalg.norm((back - start)[:, 0], axis=1) < _RETURN_PX
    return there[:, 0].astype(float), np.asarray(np.logical_and(ok, ok_back).ravel() & returned)


def _judged(new: Picture, key: Picture, fitted: Fit, target: Floats, tried: Floats) -> Match | None:
    """The match, unless too few places agree or they lie too close together to say how the rest lies."""
    agreeing = target[fitted.inliers]
    agreement = _agreement(agreeing, tried, key.size)
    if agreement < _AGREEMENT or len(np.unique(cells(agreeing, key.size))) < _AGREEING_CELLS:
        return None
    narrow = np.sqrt(np.linalg.eigvalsh(np.cov(agreeing.T))[0])
    if narrow < _SPREAD * min(key.size) or not sound(fitted.matrix, new.size):
        return None
    return Match(fitted.matrix, agreement, fitted.error, overlap(fitted.matrix, new.size, key.size))


def _agreement(agreeing: Floats, tried: Floats, size: tuple[int, int]) -> float:
    of, agree = (np.bincount(cells(p, size), minlength=_CELLS**2) for p in (tried, agreeing))
    occupied = of > 0
    return float((agree[occupied] / of[occupied]).mean())


def sound(matrix: Floats, size: tuple[int, int]) -> bool:
    """Whether a camera can have seen it so: not mirrored, not folded, no corner behind it, zoomed by a factor of 4 at most."""
    points = corners(size)
    if (points @ matrix[2, :2] + matrix[2, 2] <= 0.2 * abs(matrix[2, 2])).any():
        return False
    moved = apply(matrix, points)
    sides = np.roll(moved, -1, 0) - moved
    turns = sides[:, 0] * np.roll(sides, -1, 0)[:, 1] - sides[:, 1] * np.roll(sides, -1, 0)[:, 0]
    zoom = float(np.sqrt(abs(_area(moved)) / _area(points)))
    return bool((turns > 0).all() and 1 / 4 < zoom < 4)


def overlap(matrix: Floats, size: tuple[int, int], other: tuple[int, int]) -> float:
    """Share of a picture of (width, height) that lies on another of size `other`, 0 to 1."""
    moved = apply(matrix, corners(size)).astype(np.float32)
    common, _ = cv2.intersectConvexConvex(moved, corners(other).astype(np.float32))
    return float(np.clip(common / max(abs(_area(moved.astype(float))), 1e-9), 0, 1))


def _area(polygon: Floats) -> float:
    x, y = polygon.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def find(new: Picture, key: Picture) -> Match | None:
    """Lay a picture onto a keyframe without a guess; None where there is no match that is beyond doubt."""
    rough = _matched(new, key)
    if rough is None or not sound(rough, new.size):
        return None
    match = align(new, key, rough)
    if match is None or match.overlap < 0.25 or likeness(new, key, match.matrix) < _LIKENESS:
        return None
    return match


def _matched(new: Picture, key: Picture) -> Floats | None:
    """(3, 3) by binary features that are unlike any other feature of the keyframe."""
    places, descriptors = new.features
    key_places, key_descriptors = key.features
    if min(len(places), len(key_places)) < 20:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(descriptors, key_descriptors, 2)
    good = [a for a, b in pairs if a.distance < _RATIO * b.distance]
    if len(good) < 15:
        return None
    source = places[[m.queryIdx for m in good]]
    target = key_places[[m.trainIdx for m in good]]
    matrix, mask = cv2.findHomography(source, target, cv2.USAC_MAGSAC, 2 * _TOLERANCE_PX, maxIters=3000, confidence=0.999)
    return None if matrix is None or mask.sum() < max(12, 0.25 * len(good)) else np.asarray(matrix)


def likeness(new: Picture, key: Picture, matrix: Floats) -> float:
    """Correlation, -1 to 1, of the free textured parts of two pictures that lie on each other."""
    warped = cv2.warpPerspective(new.grey, matrix, key.size)
    both = (new.free & new.texture).astype(np.uint8)
    where = (cv2.warpPerspective(both, matrix, key.size) > 0) & key.free & key.texture
    if where.sum() < 500:
        return 0.0
    return float(np.corrcoef(warped[where], key.grey[where])[0, 1])
