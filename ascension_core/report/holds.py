"""Drawing holds on pixels: thin outlines, lit up while a hand or foot holds them, and deciding nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.report import palette
from ascension_core.report.caption import text_mask
from ascension_core.report.drawing import Colour, Image, PoseStyle
from ascension_core.report.palette import rgb
from ascension_core.results import Analysis, ContactSpan
from ascension_core.wall.camera import CameraTrack, transform

Floats = NDArray[np.float64]

_SHIFT = 4
_FARTHEST = 1 << 24
_SIDES = {"left_hand": "left", "right_hand": "right", "left_foot": "left", "right_foot": "right"}


@dataclass(frozen=True, slots=True)
class HoldStyle:
    """How holds are drawn; widths and sizes are shares of the width of a limb's line.

    Attributes
    ----------
    outline, outline_opacity
        Line around every hold, and its strength.
    held, fill_opacity
        Line around a hold that is held, and the strength of the colour in it.
    smear
        Radius of the ring where a foot stands on the bare wall.
    label
        Height of the name beside a hold that is held.
    """

    outline: float = 0.28
    outline_opacity: float = 0.7
    held: float = 0.7
    fill_opacity: float = 0.4
    smear: float = 2.2
    label: float = 3.0


class _Hold(NamedTuple):
    corners: slice
    colour: Colour


class HoldPainter:
    """Paints frames of one size with the holds of the wall and with what is held at each frame's time.

    Parameters
    ----------
    analysis
        Its wall and contacts.
    camera
        Where the camera looked in each frame.
    size
        (width, height) in pixels of the frames to paint.
    """

    def __init__(
        self, analysis: Analysis, camera: CameraTrack, size: tuple[int, int], look: HoldStyle, pose: PoseStyle
    ) -> None:
        assert analysis.wall is not None
        self._look, self._pose, self._size = look, pose, size
        self._contacts = analysis.contacts
        self._half_s = float(np.median(np.diff(camera.time))) / 2 if len(camera) > 1 else 0.0  # their ends are rounded
        self._to_image = to_image(camera)
        outlines = [np.array(hold.outline, float) for hold in analysis.wall.holds]
        ends = np.cumsum([0, *map(len, outlines)])
        self._corners = np.concatenate([np.empty((0, 2)), *outlines])
        self._holds = {
            hold.id: _Hold(slice(start, end), rgb(palette.HOLDS.get(hold.colour or "", palette.HOLD)))
            for hold, start, end in zip(analysis.wall.holds, ends[:-1], ends[1:], strict=True)
        }

    def __call__(self, image: Image, frame: int, time_s: float, line_px: float) -> Image:
        """Paint the holds into `image`, frame number `frame`, with limbs `line_px` wide; nothing where it is not placed."""
        if not np.isfinite(self._to_image[frame]).all():
            return image
        corners = self._placed(frame, self._corners)
        outlines = {name: corners[hold.corners] for name, hold in self._holds.items()}
        self._outline_all(image, outlines, line_px)
        now_ms = (time_s + self._half_s) * 1000
        touching = [contact for contact in self._contacts if contact.start_ms <= now_ms < contact.end_ms]
        for name, limbs in _held(touching, outlines).items():
            self._light(image, outlines[name], limbs, line_px)
            draw_label(image, name, outlines[name], line_px * self._look.label, self._pose)
        for contact in touching:
            if contact.hold == "smear":
                at = self._placed(frame, np.array([contact.place]))[0]
                _ring(image, at, line_px * self._look.smear, self._colour(contact.limb), line_px * self._look.held / 2)
        return image

    def _placed(self, frame: int, shares: Floats) -> Floats:
        return np.asarray(transform(self._to_image[frame][None], shares[None])[0] * self._size)

    def _outline_all(self, image: Image, outlines: Mapping[str, Floats], line_px: float) -> None:
        painted = image.copy()
        for name, outline in outlines.items():
            _polygon(painted, outline, self._holds[name].colour, line_px * self._look.outline)
        cv2.addWeighted(painted, self._look.outline_opacity, image, 1 - self._look.outline_opacity, 0, dst=image)

    def _light(self, image: Image, outline: Floats, limbs: Sequence[str], line_px: float) -> None:
        _fill(image, outline, [self._colour(limb) for limb in limbs], self._look.fill_opacity)
        width = line_px * self._look.held
        _polygon(image, outline, self._pose.colour("halo"), width * 1.8)
        for place, limb in enumerate(limbs):
            _polygon(image, outline, self._colour(limb), width * (1 - place / len(limbs)))

    def _colour(self, limb: str) -> Colour:
        return self._pose.colour(_SIDES[limb])


def to_image(camera: CameraTrack) -> Floats:
    """(T, 3, 3) homographies from the wall to the image, both in shares of the frame; ``nan`` where a frame is not placed."""
    scale = np.diag([*camera.size, 1.0])
    matrices = np.full((len(camera), 3, 3), np.nan)
    known = camera.known
    matrices[known] = np.linalg.inv(scale) @ np.linalg.inv(camera.to_wall[known]) @ scale
    return matrices


def draw_label(image: Image, text: str, outline: Floats, height_px: float, style: PoseStyle) -> Image:
    """Write a hold's name at the right upper corner of its (N, 2) outline, white on a dark chip."""
    mask = _label(text, max(9, round(height_px)))
    left, bottom = round(float(outline[:, 0].max())), round(float(outline[:, 1].min()))
    top = bottom - mask.shape[0]
    if left < 0 or top < 0 or left + mask.shape[1] > image.shape[1] or bottom > image.shape[0]:
        return image
    region = image[top:bottom, left : left + mask.shape[1]]
    halo, ink = (np.array(style.colour(name), np.float32) for name in ("halo", "trunk"))
    region[:] = (region * 0.35 + (halo + (ink - halo) * mask[..., None]) * 0.65).astype(np.uint8)
    return image


@cache
def _label(text: str, size_px: int) -> NDArray[np.float32]:
    """(H, W) coverage of a name with a margin around it."""
    margin = max(2, size_px // 4)
    return np.asarray(np.pad(text_mask(text, size_px), margin), np.float32)


def _held(touching: Sequence[ContactSpan], outlines: Mapping[str, Floats]) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for contact in touching:
        if contact.hold in outlines:
            held.setdefault(contact.hold, []).append(contact.limb)
    return held


def _polygon(image: Image, outline: Floats, colour: Colour, width: float) -> None:
    cv2.polylines(image, [_fixed(outline)], True, colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _fill(image: Image, outline: Floats, colours: Sequence[Colour], alpha: float) -> None:
    """Blend the mean of some colours into a polygon, touching only its own box."""
    (left, top), (right, bottom) = np.floor(outline.min(0)).astype(int) - 1, np.ceil(outline.max(0)).astype(int) + 2
    left, top = max(0, left), max(0, top)
    patch = image[top : max(bottom, top), left : max(right, left)]
    if patch.size == 0:
        return
    painted = patch.copy()
    mean: Colour = tuple(np.mean(colours, axis=0).round().astype(int).tolist())
    cv2.fillPoly(painted, [_fixed(outline - (left, top))], mean, cv2.LINE_AA, _SHIFT)
    cv2.addWeighted(painted, alpha, patch, 1 - alpha, 0, dst=patch)


def _ring(image: Image, at: Floats, radius: float, colour: Colour, width: float) -> None:
    x, y = _fixed(at).tolist()
    cv2.circle(image, (x, y), round(radius * (1 << _SHIFT)), colour, max(1, round(width)), cv2.LINE_AA, _SHIFT)


def _fixed(points: Floats) -> NDArray[np.int32]:
    """OpenCV's fixed-point coordinates, kept within what its integers can hold."""
    return np.clip(np.rint(points * (1 << _SHIFT)), -_FARTHEST, _FARTHEST).astype(np.int32)
