"""Some sharp frames, spread evenly over a video of any length, kept while it is read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.video import Frame

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class ViewOptions:
    """Which frames are kept.

    Attributes
    ----------
    most
        Views that are kept; at least half as many of a video that is long enough. 16 of 1080p hold 100 MB.
    long_side
        Larger frames are shrunk to this length in pixels.
    first_s
        Stretch of the video that gives one view, at first; it doubles whenever there are too many.
    looks
        Frames of a stretch among which the sharpest is chosen.
    """

    most: int = 16
    long_side: int = 1920
    first_s: float = 0.25
    looks: int = 4


@dataclass(frozen=True, eq=False)
class View:
    """One frame that was kept.

    Attributes
    ----------
    index, time
        Of the frame.
    image
        (h, w, 3) RGB, shrunk where the frame is larger than wanted.
    scale
        Pixels of `image` per pixel of the frame.
    people
        (N, 4) boxes left, top, right, bottom in pixels of the frame.
    sharpness
        Mean absolute Laplacian in units of the picture's contrast.
    """

    index: int
    time: float
    image: Image
    scale: float
    people: Floats
    sharpness: float

    @property
    def to_frame(self) -> Floats:
        """(3, 3) from pixels of `image` to pixels of the frame."""
        shift = (1 / self.scale - 1) / 2
        return np.array([[1 / self.scale, 0, shift], [0, 1 / self.scale, shift], [0, 0, 1]])

    def free(self, grow: float = 0.05) -> Bools:
        """(h, w) pixels outside everyone's box, each grown by a share of its size on all sides."""
        free = np.ones(self.image.shape[:2], bool)
        for box in self.people:
            margin = grow * (box[2:] - box[:2])
            left, top = np.maximum(0, (box[:2] - margin) * self.scale).astype(int)
            right, bottom = np.maximum(0, np.ceil((box[2:] + margin) * self.scale)).astype(int)
            free[top:bottom, left:right] = False
        return free


class ViewKeeper:
    """Takes the frames of one video in order and keeps some; memory does not grow with its length."""

    def __init__(self, options: ViewOptions | None = None) -> None:
        self._options = options or ViewOptions()
        self._stretch_s = self._options.first_s
        self._kept: dict[int, View] = {}
        self._next_s = 0.0

    def add(self, frame: Frame, people: Iterable[Iterable[float]] = ()) -> None:
        """Take the next frame; `people` are boxes left, top, right, bottom in its pixels."""
        if frame.time < self._next_s:
            return
        self._next_s = frame.time + self._stretch_s / self._options.looks
        sharpness = _sharpness(frame.image)
        stretch = int(frame.time / self._stretch_s)
        held = self._kept.get(stretch)
        if held is None or sharpness > held.sharpness:
            self._kept[stretch] = self._view(frame, people, sharpness)
        while len(self._kept) > self._options.most:
            self._thin_out()

    def finish(self) -> list[View]:
        """The views in the order of time."""
        return [self._kept[stretch] for stretch in sorted(self._kept)]

    def _view(self, frame: Frame, people: Iterable[Iterable[float]], sharpness: float) -> View:
        image = frame.image
        scale = min(1.0, self._options.long_side / max(image.shape[:2]))
        if scale < 1:
            size = round(image.shape[1] * scale), round(image.shape[0] * scale)
            image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
        boxes = np.array([list(box) for box in people], float).reshape(-1, 4)
        return View(frame.index, frame.time, image, scale, boxes, sharpness)

    def _thin_out(self) -> None:
        """Of every two stretches, keep the sharper view."""
        self._stretch_s *= 2
        kept: dict[int, View] = {}
        for stretch, view in sorted(self._kept.items()):
            held = kept.get(stretch // 2)
            if held is None or view.sharpness > held.sharpness:
                kept[stretch // 2] = view
        self._kept = kept


def _sharpness(image: Image) -> float:
    """Of every few samples of the green channel: a millisecond at 1080p."""
    step = max(1, max(image.shape[:2]) // 640)
    green = np.ascontiguousarray(image[::step, ::step, 1])
    edges = np.abs(cv2.Laplacian(green, cv2.CV_16S))
    return float(edges.mean() / max(1.0, float(green.std())))
