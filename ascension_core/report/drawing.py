"""Drawing a body on pixels: anti-aliased, only where the body is, and deciding nothing.

Every function draws into the image that it is given and touches only the smallest region around each stroke, so its
cost does not depend on the size of the frame. What is drawn, and how strongly, stands in `PoseStyle`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, EDGES, KEYPOINTS, Keypoint
from ascension_core.report import palette
from ascension_core.report.palette import rgb, side

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]
Point = tuple[float, float]

_SHIFT = 4
_SUBPIXEL = 1 << _SHIFT
_HEAD = KEYPOINTS
_NECK = KEYPOINTS + 1
_FARTHEST = 1 << 24


class Bone(NamedTuple):
    """A line of the drawn skeleton between two keypoints; `width` is relative to the style's line."""

    start: int
    end: int
    side: str
    width: float


def _bones() -> tuple[Bone, ...]:
    extremities = set(range(Keypoint.LEFT_PINKY, Keypoint.LEFT_HIP)) | set(range(Keypoint.LEFT_HEEL, KEYPOINTS))
    body = [(a, b) for a, b in EDGES if min(a, b) >= Keypoint.LEFT_SHOULDER]
    limbs = [Bone(a, b, side(a, b), 0.6 if {a, b} & extremities else 1.0) for a, b in body]
    return (*limbs, Bone(_NECK, _HEAD, "trunk", 1.0))


BONES: tuple[Bone, ...] = _bones()
"""What is drawn of a body: `EDGES` below the head, and the neck. The eleven points of the face become one head point
between the ears: climbers are mostly seen from behind, where a drawn face would be invented."""

JOINTS: tuple[int, ...] = (*BODY, _HEAD)


@dataclass(frozen=True, slots=True)
class PoseStyle:
    """How a body is drawn.

    Attributes
    ----------
    line_px
        Width of a limb in pixels.
    hidden_below, solid_from
        Visibility below which nothing is drawn, and from which on it is drawn at full strength; between them
        the strength rises evenly.
    estimated_opacity
        Strength of what was interpolated rather than measured; it is dashed as well.
    left, right, trunk, halo, centre
        Colours, ``#rrggbb``.
    faintest
        Strength of what is just visible enough to be drawn.
    """

    line_px: float = 4.0
    left: str = palette.LEFT
    right: str = palette.RIGHT
    trunk: str = palette.TRUNK
    halo: str = palette.HALO
    centre: str = palette.CENTRE
    hidden_below: float = 0.1
    solid_from: float = 0.6
    estimated_opacity: float = 0.7
    faintest: float = 0.25

    def for_torso(self, torso_px: float) -> Self:
        """The same style with lines that suit a body of this size: a limb is 1/26 of a torso length wide."""
        return replace(self, line_px=max(1.5, torso_px / 26))

    def colour(self, name: str) -> Colour:
        """Red, green and blue of one of this style's colours: left, right, trunk, halo or centre."""
        return rgb(getattr(self, name))

    def opacity(self, visibility: NDArray[np.float64], observed: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Strength, 0 to 1, at which keypoints of this visibility are drawn."""
        rise = (visibility - self.hidden_below) / max(self.solid_from - self.hidden_below, 1e-9)
        strength = self.faintest + (1 - self.faintest) * np.clip(rise, 0, 1)
        strength = np.where(observed, strength, strength * self.estimated_opacity)
        return np.where(visibility >= self.hidden_below, strength, 0.0)


def draw_pose(
    image: Image,
    points: NDArray[np.float64],
    visibility: NDArray[np.float64],
    observed: NDArray[np.bool_],
    style: PoseStyle,
) -> Image:
    """Draw one body into `image` and return it.

    Parameters
    ----------
    image
        (H, W, 3) RGB, changed in place.
    points
        (33, 2) pixels; ``nan`` is not drawn.
    visibility
        (33,) fades what is uncertain.
    observed
        (33,) false is drawn dashed and paler.
    style
        Colours, widths and thresholds.
    """
    points, visibility, observed = _with_head(points, visibility, observed)
    opacity = np.where(np.isfinite(points).all(-1), style.opacity(visibility, observed), 0.0).tolist()
    at: list[Point] = [(x, y) for x, y in points.tolist()]
    measured = observed.tolist()
    bones = [bone for bone in BONES if min(opacity[bone.start], opacity[bone.end]) > 0]
    for halo in (True, False):
        for bone in bones:
            dashed = not (measured[bone.start] and measured[bone.end])
            _stroke(
                image,
                at[bone.start],
                at[bone.end],
                colour=style.colour("halo" if halo else bone.side),
                width=style.line_px * bone.width + (2 * _halo_px(style) if halo else 0),
                alpha=min(opacity[bone.start], opacity[bone.end]) * (0.75 if halo else 1),
                dash_px=style.line_px * 2.2 if dashed else None,
            )
    for joint in JOINTS:
        if opacity[joint] > 0:
            _joint(image, at[joint], style, joint, opacity[joint])
    return image


def draw_trail(image: Image, path: NDArray[np.float64], style: PoseStyle) -> Image:
    """Draw where a point came from: (N, 2) pixels, oldest first, thin where it is old; ``nan`` breaks the line."""
    at: list[Point] = [(x, y) for x, y in path.tolist()]
    known = [math.isfinite(x) and math.isfinite(y) for x, y in at]
    pieces = [k for k, both in enumerate(pairwise(known)) if all(both)]
    for halo in (True, False):
        for k in pieces:
            width = style.line_px * (0.35 + 0.45 * (k + 1) / len(path)) + (_halo_px(style) if halo else 0)
            _line(image, at[k], at[k + 1], style.colour("halo" if halo else "centre"), width)
    return image


def draw_centre(image: Image, point: NDArray[np.float64], style: PoseStyle) -> Image:
    """Draw the quartered disc by which engineers mark a centre of mass, at (2,) pixels; ``nan`` draws nothing."""
    if not np.isfinite(point).all():
        return image
    at = (float(point[0]), float(point[1]))
    radius = style.line_px * 1.7
    _disc(image, at, radius + _halo_px(style), style.colour("halo"))
    _disc(image, at, radius, style.colour("centre"))
    axes = (round(radius * 0.72 * _SUBPIXEL),) * 2
    for quarter in (0, 180):
        cv2.ellipse(image, _fixed(at), axes, 0, quarter, quarter + 90, style.colour("halo"), -1, cv2.LINE_AA, _SHIFT)
    return image


def _with_head(
    points: NDArray[np.float64], visibility: NDArray[np.float64], observed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Append the head (between the ears) and the neck (between the shoulders) as keypoints 33 and 34."""
    made_of = np.array([[Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR], [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]])
    return (
        np.vstack([points, points[made_of].mean(1)]),
        np.append(visibility, visibility[made_of].mean(1)),
        np.append(observed, observed[made_of].all(1)),
    )


def _halo_px(style: PoseStyle) -> float:
    return max(1.0, style.line_px * 0.35)


def _stroke(
    image: Image, start: Point, end: Point, *, colour: Colour, width: float, alpha: float, dash_px: float | None
) -> None:
    """Draw one line, blended within its own bounding box when it is not opaque."""
    patch, (left, top) = _region(image, start, end, width)
    if patch.size == 0:
        return
    target = patch if alpha >= 0.99 else patch.copy()
    for a, b in _dashes((start[0] - left, start[1] - top), (end[0] - left, end[1] - top), dash_px):
        _line(target, a, b, colour, width)
    if target is not patch:
        cv2.addWeighted(target, alpha, patch, 1 - alpha, 0, dst=patch)


def _joint(image: Image, point: Point, style: PoseStyle, joint: int, alpha: float) -> None:
    """Draw one joint: a ring in the colour of its side."""
    name, radius = side(joint), style.line_px * (1.8 if joint == _HEAD else 0.95)
    patch, (left, top) = _region(image, point, point, 2 * (radius + _halo_px(style)))
    if patch.size == 0:
        return
    target = patch if alpha >= 0.99 else patch.copy()
    at = (point[0] - left, point[1] - top)
    _disc(target, at, radius + _halo_px(style), style.colour("halo"))
    _disc(target, at, radius, style.colour(name))
    _disc(target, at, radius * 0.45, style.colour("halo" if name == "trunk" else "trunk"))
    if target is not patch:
        cv2.addWeighted(target, alpha, patch, 1 - alpha, 0, dst=patch)


def _dashes(start: Point, end: Point, dash_px: float | None) -> list[tuple[Point, Point]]:
    """The line in one piece, or in dashes of about this length with gaps as long."""
    if dash_px is None:
        return [(start, end)]
    dx, dy = end[0] - start[0], end[1] - start[1]
    count = min(max(1, round(math.hypot(dx, dy) / (2 * dash_px))), 99)
    stops = [((k + 0.25) / count, (k + 0.75) / count) for k in range(count)]
    return [((start[0] + a * dx, start[1] + a * dy), (start[0] + b * dx, start[1] + b * dy)) for a, b in stops]


def _region(image: Image, start: Point, end: Point, width: float) -> tuple[Image, tuple[int, int]]:
    """View of the part of the image that a stroke can touch, empty if it lies outside, and its left top corner."""
    margin = width / 2 + 2
    left, right = max(0, int(min(start[0], end[0]) - margin)), max(0, int(max(start[0], end[0]) + margin) + 1)
    top, bottom = max(0, int(min(start[1], end[1]) - margin)), max(0, int(max(start[1], end[1]) + margin) + 1)
    return image[top:bottom, left:right], (left, top)


def _line(image: Image, start: Point, end: Point, colour: Colour, width: float) -> None:
    cv2.line(image, _fixed(start), _fixed(end), colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _disc(image: Image, centre: Point, radius: float, colour: Colour) -> None:
    cv2.circle(image, _fixed(centre), max(_SUBPIXEL, round(radius * _SUBPIXEL)), colour, -1, cv2.LINE_AA, _SHIFT)


def _fixed(point: Point) -> tuple[int, int]:
    """OpenCV's fixed-point coordinates, kept within what its integers can hold."""
    x, y = (max(-_FARTHEST, min(_FARTHEST, round(v * _SUBPIXEL))) for v in point)
    return x, y
