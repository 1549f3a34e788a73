"""The wall without the climber: many views of it, put together in wall coordinates.

Each place is the median of the views that show it free. What is never seen free stays empty: nothing is made up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.exposure import light_fields, lit
from ascension_core.wall.fitting import apply, corners, inverse
from ascension_core.wall.views import View

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_STRIP = 128  # rows that are put together at a time: bounds memory
_EMPTY = 127  # grey level of what was never seen


@dataclass(frozen=True)
class MosaicOptions:
    """How a mosaic is made.

    Attributes
    ----------
    long_side
        Most pixels of its long side; the scale is reduced for more.
    reach
        How far it may extend beyond the reference frame on each side, in long sides of that frame.
    zoomed_out
        Views that show the wall at less than this share of the reference's scale are left out: they would be a blur.
    grow
        People's boxes are grown by this share of their size on each side.
    """

    long_side: int = 4096
    reach: float = 6.0
    zoomed_out: float = 0.5
    grow: float = 0.08


@dataclass(frozen=True, eq=False)
class Body:
    """Where somebody's body is in one frame, closer than a box.

    Attributes
    ----------
    limbs
        (S, 2, 2) ends of the trunk's and limbs' axes in pixels of the frame.
    radius
        Reach around them in pixels.
    """

    limbs: Floats
    radius: float


@dataclass(frozen=True, eq=False)
class Mosaic:
    """The wall in wall coordinates.

    Attributes
    ----------
    image
        (h, w, 3) RGB, grey where the wall was never seen.
    seen
        (h, w) where it was.
    origin
        (2,) wall coordinates of the left upper corner of its left upper pixel.
    scale
        Its pixels per pixel of the reference frame.
    """

    image: Image
    seen: Bools
    origin: Floats
    scale: float

    @property
    def to_wall(self) -> Floats:
        """(3, 3) from its pixels (middles at whole numbers) to wall coordinates."""
        shift = self.origin + (0.5 / self.scale - 0.5)
        return np.array([[1 / self.scale, 0, shift[0]], [0, 1 / self.scale, shift[1]], [0, 0, 1]])

    def png(self) -> bytes:
        """As a PNG that is transparent where the wall was never seen."""
        alpha = np.where(self.seen, np.uint8(255), np.uint8(0))
        bgra = np.dstack([self.image[..., ::-1], alpha])
        return bytes(cv2.imencode(".png", bgra)[1].tobytes())


def mosaic(
    views: Sequence[View],
    camera: CameraTrack,
    bodies: Mapping[int, Body] | None = None,
    options: MosaicOptions | None = None,
) -> Mosaic | None:
    """Put the views of one video together.

    Parameters
    ----------
    bodies
        By frame, the climber's body. Where a place is hidden by the climber's box in every view, those that show it
        beside the body count. Boxes of others hide all that is in them.

    Returns
    -------
    None where no view is placed on the wall.
    """
    options = options or MosaicOptions()
    layers = [_Layer(v, camera.to_wall[v.index] @ v.to_frame) for v in views if camera.known[v.index]]
    layers = [layer for layer in layers if layer.zoom(camera.size) >= options.zoomed_out]
    if not layers:
        return None
    origin, size, scale = _canvas([layer.outline for layer in layers], camera.size, options)
    blank = Mosaic(np.full((size[1], size[0], 3), _EMPTY, np.uint8), np.zeros((size[1], size[0]), bool), origin, scale)
    masks = [_clearness(layer.view, (bodies or {}).get(layer.view.index), options.grow) for layer in layers]
    from_wall = inverse(blank.to_wall)
    places = [from_wall @ layer.to_wall for layer in layers]
    _fill(blank, [layer.view.image for layer in layers], masks, places)
    return blank


@dataclass(frozen=True, eq=False)
class _Layer:
    """A view and how it lies on the wall."""

    view: View
    to_wall: Floats

    @property
    def outline(self) -> Floats:
        """(4, 2) corners in wall coordinates."""
        height, width = self.view.image.shape[:2]
        return apply(self.to_wall, corners((width, height)))

    def zoom(self, size: tuple[int, int]) -> float:
        """How large the wall is shown, as a share of how large the reference frame shows it."""
        return float(np.sqrt(size[0] * size[1] / max(1.0, cv2.contourArea(self.outline.astype(np.float32)))))


def _canvas(outlines: list[Floats], frame: tuple[int, int], options: MosaicOptions) -> tuple[Floats, tuple[int, int], float]:
    """Origin (wall coordinates), size and scale of a canvas that holds all outlines."""
    reach = options.reach * max(frame)
    points = np.concatenate(outlines)
    low = np.maximum(points.min(0), -reach) - 0.5
    high = np.minimum(points.max(0), np.array(frame) + reach) + 0.5
    scale = min(1.0, options.long_side / float((high - low).max()))
    width, height = np.maximum(1, np.round((high - low) * scale)).astype(int)
    return low + 0.5, (int(width), int(height)), scale


def _clearness(view: View, body: Body | None, grow: float) -> Image:
    """(h, w) 2 where nobody is, 1 inside the climber's box but beside the body, 0 where somebody is or may be."""
    clear = np.where(view.free(grow), np.uint8(2), np.uint8(0))
    if body is None or not len(body.limbs):
        return clear
    hidden = np.zeros(clear.shape, np.uint8)
    thickness = max(1, round(2 * body.radius * view.scale))
    for start, end in np.round(body.limbs * view.scale).astype(int):
        cv2.line(hidden, start.tolist(), end.tolist(), 1, thickness)
    others = View(view.index, view.time, view.image, view.scale, _others(view.people, body), view.sharpness)
    clear[(clear == 0) & (hidden == 0) & others.free(grow)] = 1
    clear[hidden > 0] = 0
    return clear


def _others(people: Floats, body: Body) -> Floats:
    """(M, 4) the boxes that are not around this body: those that hold less than half of its joints."""
    joints = body.limbs.reshape(1, -1, 2)
    inside = ((joints >= people[:, None, :2]) & (joints <= people[:, None, 2:])).all(-1).mean(1)
    return np.asarray(people[inside < 0.5])


def _fill(mosaic: Mosaic, images: list[Image], masks: list[Image], places: list[Floats]) -> None:
    """Put the views into the mosaic's arrays, strip by strip."""
    shape = mosaic.seen.shape
    fields = list(light_fields(images, masks, places, shape))
    for top in range(0, shape[0], _STRIP):
        rows, width = min(_STRIP, shape[0] - top), shape[1]
        up = np.array([[1, 0, 0], [0, 1, -top], [0, 0, 1]], float)
        samples, clear = [], []
        for image, mask, place, field in zip(images, masks, places, fields, strict=True):
            if _touches(up @ place, image, (width, rows)):
                sample = cv2.warpPerspective(image, up @ place, (width, rows), borderMode=cv2.BORDER_REPLICATE)
                samples.append(lit(np.asarray(sample, np.uint8), field, shape, top))
                clear.append(cv2.warpPerspective(mask, up @ place, (width, rows), flags=cv2.INTER_NEAREST))
        if samples:
            strip, seen = _median(np.stack(samples), np.stack(clear))
            mosaic.image[top : top + rows][seen] = strip[seen]
            mosaic.seen[top : top + rows] = seen


def _touches(place: Floats, image: Image, size: tuple[int, int]) -> bool:
    outline = apply(place, corners((image.shape[1], image.shape[0])))
    return bool((outline.max(0) >= 0).all() and (outline.min(0) < size).all())


def _median(samples: Image, clear: Image) -> tuple[Image, Bools]:
    """(h, w, 3) median over those of (N, h, w, 3) samples that are clearest, and (h, w) where there are any."""
    best = clear.max(0)
    use = (clear == best) & (best > 0)
    count = use.sum(0)
    ordered = np.sort(np.where(use[..., None], np.minimum(samples, 254), np.uint8(255)), axis=0)  # unused ones last
    middle = np.maximum(count - 1, 0) // 2
    median = np.take_along_axis(ordered, middle[None, ..., None], axis=0)[0]
    return median, np.asarray(best > 0)
