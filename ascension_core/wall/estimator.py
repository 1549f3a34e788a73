"""How the camera moved, frame by frame, while a video is read.

Each frame is laid onto a keyframe, directly and near to where the frame before lay: shake does not add up, and on a wall
of holds that are all alike nothing is mistaken for its neighbour. When too little of the keyframe is in view, the frame
becomes the next keyframe; one that comes into view again is taken up again, and at the end what drifted between is
spread. A frame that lies on nothing begins a component of its own, which is joined to the others if it turns out to show
the same wall, is another shot if it lasts, and is unknown otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.video import Frame
from ascension_core.wall.atlas import Atlas, mutual
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.fitting import apply, corners, inverse
from ascension_core.wall.placing import Placement, placed
from ascension_core.wall.registration import Match, Picture, align, find, picture, shrunk_by, spread, visible
from ascension_core.wall.stillness import Anchor

Floats = NDArray[np.float64]

_CALM_PX = 2.0  # per frame, of a small picture: slower than that it is worth a look whether the camera stands still
_CANDIDATES = 6  # keyframes in which a lost view is looked for at a time


@dataclass(frozen=True)
class CameraOptions:
    """How the camera's motion is measured.

    Attributes
    ----------
    grow
        People's boxes are grown by this share of their size on each side: boxes lag behind limbs.
    renew
        A frame that shares less than this with its keyframe becomes the next one.
    renew_blurred
        The same for a frame that is blurred.
    retry_s
        How long after a fruitless look at another keyframe the next one is taken.
    believe_s
        What is lost and shows something else for longer than this is another view, not something that passed by.
    """

    grow: float = 0.1
    renew: float = 0.65
    renew_blurred: float = 0.45
    retry_s: float = 0.3
    believe_s: float = 0.5


@dataclass(frozen=True, eq=False)
class _View:
    """On which keyframe a frame lies, and how."""

    key: int
    match: Match


class CameraEstimator:
    """Takes the frames of one video in order; `finish` gives the track.

    Parameters
    ----------
    size
        (width, height) of the upright frames.
    """

    def __init__(self, size: tuple[int, int], options: CameraOptions | None = None) -> None:
        self._options = options or CameraOptions()
        self._size = size
        self._factor = shrunk_by(size)
        self._small = (size[0] // self._factor, size[1] // self._factor)
        self._atlas = Atlas(self._small)
        self._placements: list[Placement] = []
        self._view: _View | None = None
        self._step = np.eye(3)  # how the last frame moved against the one before
        self._last: Picture | None = None
        self._anchor: tuple[Anchor, _View] | None = None
        self._home: _View | None = None  # the last view of a component that has lasted
        self._newest = -1  # first keyframe of the component that began last
        self._born_s = 0.0
        self._look_again_s = -np.inf
        self._wait_s = 0.0

    def add(self, frame: Frame, people: Iterable[Iterable[float]] = ()) -> None:
        """Take the next frame; `people` are boxes left, top, right, bottom in its pixels."""
        boxes = self._grown(people)
        if self._anchor is not None and self._anchor[0].sees(frame.image, boxes):
            self._view, self._step = self._anchor[1], np.eye(3)
            self._note(frame, self._view, np.nan, len(boxes) > 0)
            return
        new = picture(frame.image, boxes)
        view = self._placed(new, frame.time)
        self._follow_on(view, new)
        self._note(frame, view, new.sharpness, len(boxes) > 0)
        self._remember(frame, new)

    def finish(self, seen: NDArray[np.bool_] | None = None) -> CameraTrack:
        """The track of all frames.

        Parameters
        ----------
        seen
            (T,) whether the climber was seen; where there were people by default. Decides which shot counts.
        """
        return placed(self._atlas, self._placements, seen, self._size)

    def _grown(self, people: Iterable[Iterable[float]]) -> Floats:
        boxes = np.array([list(box) for box in people], float).reshape(-1, 4)
        boxes = boxes[np.isfinite(boxes).all(1)]
        grow = self._options.grow * (boxes[:, 2:] - boxes[:, :2])
        return np.concatenate([boxes[:, :2] - grow, boxes[:, 2:] + grow], 1)

    def _placed(self, new: Picture, time_s: float) -> _View:
        """Where a frame lies: on the keyframe of the frame before, on that frame, on an earlier keyframe, or on nothing."""
        view = self._tracked(new) or self._chained(new) or self._as_before(new)
        if view is None:
            return self._begun(new, time_s)
        self._recovered_later(new, view, time_s)
        return self._improved(new, view, time_s)

    def _tracked(self, new: Picture) -> _View | None:
        if self._view is None:
            return None
        key = self._atlas.keys[self._view.key].picture
        if key is None:
            return None
        for guess in self._guesses(new, self._view.match.matrix):
            match = align(new, key, guess)
            if match is not None:
                return _View(self._view.key, match)
        return None

    def _guesses(self, new: Picture, before: Floats) -> Iterable[Floats]:
        """Where a frame may lie: moved on as the last one, not moved, shifted as the whole picture seems to have."""
        yield before @ self._step
        if not _is_calm(self._step, self._small):
            yield before
        if self._last is not None:
            yield before @ _shift(new, self._last)

    def _chained(self, new: Picture) -> _View | None:
        """Make the frame before a keyframe, if the new one lies on it."""
        if self._view is None or self._last is None:
            return None
        for guess in self._guesses(new, np.eye(3)):
            match = align(new, self._last, guess)
            if match is not None:
                return _View(self._atlas.extend(self._last, self._view.key, self._view.match), match)
        return None

    def _as_before(self, new: Picture) -> _View | None:
        """The view from before something passed in front of the camera."""
        if self._home is None:
            return None
        key = self._atlas.keys[self._home.key].picture
        match = align(new, key, self._home.match.matrix) if key is not None else None
        return None if match is None else _View(self._home.key, match)

    def _begun(self, new: Picture, time_s: float) -> _View:
        """A component of its own, unless an earlier keyframe shows the same."""
        if self._view is not None and self._atlas.keys[self._view.key].root == self._newest and not self._lasted(time_s):
            self._atlas.forget(self._newest)
        key = self._newest = self._atlas.begin(new)
        self._born_s, self._wait_s = time_s, self._options.retry_s
        view = _View(key, Match(np.eye(3), 1.0 if len(new.points) >= 8 else 0.0, 0.0, 1.0))
        self._recover(new, view)
        self._look_again_s = time_s + self._wait_s
        return view

    def _recovered_later(self, new: Picture, view: _View, time_s: float) -> None:
        """Every now and then, see whether a component that was lost shows the same as another one."""
        if time_s >= self._look_again_s:
            self._recover(new, view)
            self._wait_s *= 2
            self._look_again_s = time_s + self._wait_s

    def _recover(self, new: Picture, view: _View) -> None:
        for number in self._atlas.others(view.key, _CANDIDATES):
            key = self._atlas.keys[number].picture
            match = find(new, key) if key is not None else None
            if match is not None:
                to_other = match.matrix @ inverse(view.match.matrix)
                self._atlas.join(view.key, number, to_other, float(np.hypot(match.error, view.match.error)))
                return

    def _improved(self, new: Picture, view: _View, time_s: float) -> _View:
        """The same on a better keyframe, where there is one; on itself where there is none and it shares too little."""
        other = self._atlas.better(view.key, view.match.matrix) if time_s >= self._look_again_s else None
        if other is not None:
            better = self._on(new, other, view)
            if better is not None:
                return better
            self._look_again_s = time_s + self._options.retry_s
        key = self._atlas.keys[view.key].picture
        shared = mutual(view.match.matrix, self._small)
        sharp = key is None or new.sharpness > 0.7 * key.sharpness
        if shared < (self._options.renew if sharp else self._options.renew_blurred) and view.match.error < 5:
            number = self._atlas.extend(new, view.key, view.match)
            return _View(number, Match(np.eye(3), view.match.agreement, 0.0, 1.0))
        return view

    def _on(self, new: Picture, other: int, view: _View) -> _View | None:
        key = self._atlas.keys[other].picture
        match = align(new, key, self._atlas.between(view.key, other) @ view.match.matrix) if key is not None else None
        if match is None:
            return None
        to_other = match.matrix @ inverse(view.match.matrix)
        self._atlas.join(view.key, other, to_other, float(np.hypot(match.error, view.match.error)))
        return _View(other, match)

    def _follow_on(self, view: _View, new: Picture) -> None:
        """Note how the frame moved against the one before, for a guess of the next."""
        self._step = np.eye(3)
        before = self._view
        if before is not None and self._atlas.keys[before.key].root == self._atlas.keys[view.key].root:
            last = self._atlas.between(before.key, view.key) @ before.match.matrix
            self._step = inverse(last) @ view.match.matrix
        self._view, self._last = view, new

    def _remember(self, frame: Frame, new: Picture) -> None:
        """Take this frame as the one that the next are compared with, if the camera hardly moves."""
        assert self._view is not None
        if self._atlas.keys[self._view.key].root == self._newest and not self._lasted(frame.time):
            return
        self._home, self._anchor = self._view, None
        key = self._atlas.keys[self._view.key].picture
        if key is None or not _is_calm(self._step, self._small):
            return
        points = apply(inverse(self._view.match.matrix), key.points)
        anchor = Anchor.of(frame.image, spread(points[visible(new, points)], new.size, 1) * self._factor)
        self._anchor = None if anchor is None else (anchor, self._view)

    def _lasted(self, time_s: float) -> bool:
        """Whether the newest component has lasted long enough to be believed."""
        return time_s - self._born_s > self._options.believe_s

    def _note(self, frame: Frame, view: _View, sharpness: float, people: bool) -> None:
        match = view.match
        self._placements.append(Placement(frame.time, view.key, match.matrix, match.agreement, match.error, sharpness, people))


def _is_calm(step: Floats, size: tuple[int, int]) -> bool:
    points = corners(size)
    return bool(np.linalg.norm(apply(step, points) - points, axis=1).max() < _CALM_PX)


def _shift(new: Picture, last: Picture) -> Floats:
    """(3, 3) shift of the whole picture against the last one, by phase correlation of half-size pictures."""
    a, b = (cv2.resize(p.grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.float32) for p in (last, new))
    (right, down), _ = cv2.phaseCorrelate(b, a, cv2.createHanningWindow((a.shape[1], a.shape[0]), cv2.CV_32F))
    return np.array([[1, 0, 2 * right], [0, 1, 2 * down], [0, 0, 1]])
