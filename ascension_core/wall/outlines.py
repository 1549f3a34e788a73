"""Holds with their outlines and colours, from the pixels in and around their boxes.

A hold differs in colour from the wall around its box. Each pixel's distance in OKLab from the colours of that ring is divided
in two by Otsu's method (1979); the part in the middle is the hold. Where that is not convincing (a hold of the wall's own
colour, a print on the wall), the box stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.boxes import shared
from ascension_core.wall.colour import ColourOptions, Light, main_colour, name, to_oklab
from ascension_core.wall.holds import Hold, corners

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_WEIGHTS = np.array([0.5, 1.7, 1.7])
"""Of lightness, a and b, squared: a shadow on the wall is darker than the wall, a hold is of another hue."""


@dataclass(frozen=True)
class OutlineOptions:
    """How holds are cut out.

    Attributes
    ----------
    margin
        Width of the ring around the box in which the wall is seen, as share of the box's sides.
    side
        Longest side in pixels at which a hold is looked at.
    least_fill
        Share of its box that a hold fills at the least.
    least_span
        Share of the box's width, and of its height, that it spans at the least.
    least_contrast
        Distance in OKLab from the wall that separates a hold from noise.
    precision
        Distance between the polygon and the true outline, as share of its length.
    colour
        How colours are measured.
    """

    margin: float = 0.3
    side: int = 44
    least_fill: float = 0.3
    least_span: float = 0.7
    least_contrast: float = 0.035
    precision: float = 0.012
    colour: ColourOptions = field(default_factory=ColourOptions)


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """The surroundings of one box, at a handy size.

    Attributes
    ----------
    lab
        (h, w, 3) OKLab.
    inside, wall
        (h, w) what lies in the box; what lies in no box.
    to_image
        (4,) scale x, y and offset x, y that lead to pixels of the picture.
    """

    lab: Floats
    inside: Bools
    wall: Bools
    to_image: Floats


def described(image: Image, holds: Sequence[Hold], options: OutlineOptions | None = None) -> tuple[list[Hold], Floats]:
    """The holds of an (H, W, 3) uint8 RGB picture with outline and name of the colour, and their (N, 3) OKLab colours.

    Colours are ``nan`` for holds that lie outside the picture.
    """
    options = options or OutlineOptions()
    light = Light.of(image, options.colour)
    boxes = np.array([hold.box for hold in holds], float).reshape(-1, 4)
    near = shared(_grown(boxes, options.margin), boxes) > 0
    colours = np.full((len(holds), 3), np.nan)
    result = []
    for row, hold in enumerate(holds):
        patch = _patch(image, boxes[row], boxes[near[row]], light, options)
        if patch is None:
            result.append(hold)
            continue
        mask = _cut_out(patch, options)
        colours[row] = main_colour(patch.lab[_core(patch, mask)], options.colour)
        outline = corners(hold.box) if mask is None else _polygon(mask, patch, options)
        result.append(hold.with_(outline=outline, colour=name(colours[row], options.colour)))
    return result, colours


def _patch(image: Image, box: Floats, boxes: Floats, light: Light, options: OutlineOptions) -> _Patch | None:
    """None where less than a pixel of the box lies in the picture."""
    height, width = image.shape[:2]
    left, top, right, bottom = _grown(box[None], options.margin)[0]
    x0, y0 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
    x1, y1 = min(width, int(np.ceil(right))), min(height, int(np.ceil(bottom)))
    if min(x1, box[2], width) - max(x0, box[0]) < 1 or min(y1, box[3], height) - max(y0, box[1]) < 1:
        return None
    part = image[y0:y1, x0:x1]
    factor = min(1.0, options.side / max(part.shape[:2]))
    size = [max(1, round(length * factor)) for length in part.shape[1::-1]]
    small = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8) if factor < 1 else part
    scale = np.array([(x1 - x0) / size[0], (y1 - y0) / size[1]])
    to_image = np.concatenate([scale, (x0, y0)])
    wall = np.ones(small.shape[:2], np.bool_)
    for other in boxes:
        wall &= ~_filled(other, to_image, wall.shape)
    return _Patch(to_oklab(small, light), _filled(box, to_image, wall.shape), wall, to_image)


def _filled(box: Floats, to_image: Floats, shape: tuple[int, ...]) -> Bools:
    """(h, w) pixels of a patch whose middle lies in a box of the picture."""
    x = (np.arange(shape[1]) + 0.5) * to_image[0] + to_image[2]
    y = (np.arange(shape[0]) + 0.5) * to_image[1] + to_image[3]
    return np.asarray(((y >= box[1]) & (y <= box[3]))[:, None] & ((x >= box[0]) & (x <= box[2]))[None])


def _cut_out(patch: _Patch, options: OutlineOptions) -> Bools | None:
    """(h, w) pixels of the hold; None where it does not stand out."""
    if patch.wall.sum() < 8 or patch.inside.sum() < 12:
        return None
    distance = _distance(patch.lab, patch.lab[patch.wall])
    threshold = max(_otsu(distance[patch.inside]), options.least_contrast)
    mask = _in_the_middle(((distance > threshold) & patch.inside).astype(np.uint8), patch.inside)
    if mask is None or not _convincing(mask, patch.inside, options):
        return None
    return mask


def _distance(lab: Floats, wall: Floats) -> Floats:
    """(h, w) distance from the colours of the wall, which may be of two kinds (a seam, a shadow): the nearer one counts."""
    lightness = wall[:, 0]
    dark = lightness < np.median(lightness)
    middles = [np.median(part, 0) for part in (wall[dark], wall[~dark]) if len(part)]
    return np.asarray(np.sqrt(np.min([((lab - m) ** 2) @ _WEIGHTS for m in middles], axis=0)))


def _otsu(values: Floats) -> float:
    """The threshold that divides values into the two classes that lie farthest apart (Otsu 1979)."""
    top = max(float(values.max()), 1e-6)
    codes = np.round(values / top * 255).astype(np.uint8)
    threshold, _ = cv2.threshold(codes, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return float(threshold) / 255 * top * 0.8  # shaded sides of a hold are nearer to the wall than its middle


def _in_the_middle(mask: NDArray[np.uint8], inside: Bools) -> Bools | None:
    """The part that has most of the middle of the box, without holes; None where nothing is there."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    opened = cv2.morphologyEx(closed, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)))
    count, labels = cv2.connectedComponents(np.where(inside, opened, 0).astype(np.uint8), connectivity=4)
    if count < 2:
        return None
    central = np.bincount(labels[_ellipse(inside, 0.7) & (labels > 0)], minlength=count)
    if not central.any():
        return None
    contours, _ = cv2.findContours((labels == central.argmax()).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros_like(mask)
    cv2.drawContours(whole, contours, -1, 1, cv2.FILLED)
    return np.asarray(whole > 0)


def _convincing(mask: Bools, inside: Bools, options: OutlineOptions) -> bool:
    spans = [np.ptp(np.flatnonzero(mask.any(axis))) + 1 for axis in (0, 1)]
    whole = [np.ptp(np.flatnonzero(inside.any(axis))) + 1 for axis in (0, 1)]
    spanned = all(s >= options.least_span * w for s, w in zip(spans, whole, strict=True))
    return spanned and mask.sum() >= options.least_fill * inside.sum()


def _core(patch: _Patch, mask: Bools | None) -> Bools:
    """(h, w) pixels whose colour is surely the hold's own."""
    if mask is None:
        middle = _ellipse(patch.inside, 0.6)
        return middle if middle.any() else patch.inside
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    return np.asarray(inner if inner.sum() >= 9 else mask)


def _ellipse(inside: Bools, share: float) -> Bools:
    """(h, w) the middle of a box."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    y = (np.arange(inside.shape[0]) - rows.mean()) / (share * len(rows) / 2)
    x = (np.arange(inside.shape[1]) - columns.mean()) / (share * len(columns) / 2)
    return np.asarray((y**2)[:, None] + (x**2)[None] <= 1)


def _polygon(mask: Bools, patch: _Patch, options: OutlineOptions) -> Floats:
    """(N, 2) corners in pixels of the picture."""
    padded = np.pad(mask.astype(np.uint8), 1)
    fine = cv2.resize(padded.astype(np.float32), None, fx=4, fy=4, interpolation=cv2.INTER_LINEAR)
    smooth = cv2.GaussianBlur(fine, (0, 0), 3) > 0.5  # an edge between the pixels rather than along them
    contours, _ = cv2.findContours(smooth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    longest = max(contours, key=len)
    polygon = cv2.approxPolyDP(longest, options.precision * cv2.arcLength(longest, closed=True), closed=True)[:, 0]
    return np.asarray(((polygon + 0.5) / 4 - 1) * patch.to_image[:2] + patch.to_image[2:], float)


def _grown(boxes: Floats, margin: float) -> Floats:
    reach = np.maximum((boxes[:, 2:] - boxes[:, :2]) * margin, 2.0)
    return np.hstack([boxes[:, :2] - reach, boxes[:, 2:] + reach])
