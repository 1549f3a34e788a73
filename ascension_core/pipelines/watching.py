"""Seeing the wall while the climber is followed: camera motion and views from the frames that are decoded anyway."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Queue
from threading import Thread

import numpy as np
from numpy.typing import NDArray

from ascension_core.pipelines.options import WallOptions
from ascension_core.pose.people import Person
from ascension_core.video import Frame
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.estimator import CameraEstimator
from ascension_core.wall.views import View, ViewKeeper

_FRAMES_AHEAD = 4  # that may wait; at 1080p each holds 6 MB
_BRIDGE_S = 1.1  # sightings this far apart belong together
_REACH_S = 0.7  # how long somebody stays in view before the first and after the last of them


@contextmanager
def beside(work: Callable[[Frame], None]) -> Iterator[Callable[[Frame], None]]:
    """A function that has `work` done on the frames it is given, in their order, on a thread of its own.

    What goes wrong there is raised here: by the function, or at the end.
    """
    waiting: Queue[Frame | None] = Queue(_FRAMES_AHEAD)
    errors: list[BaseException] = []

    def run() -> None:
        while (frame := waiting.get()) is not None:
            try:
                if not errors:
                    work(frame)
            except BaseException as error:  # whatever it is, it belongs to the caller's thread
                errors.append(error)

    def hand_over(frame: Frame) -> None:
        if errors:
            raise errors[0]
        waiting.put(frame)

    thread = Thread(target=run, name="ascension-wall", daemon=True)
    thread.start()
    try:
        yield hand_over
    finally:
        waiting.put(None)
        thread.join()
    if errors:
        raise errors[0]


class WallWatch:
    """Watches the frames of one video go by: where the camera looks, and some sharp views of the wall."""

    def __init__(self, options: WallOptions) -> None:
        self._options = options
        self._camera: CameraEstimator | None = None
        self._views = ViewKeeper(options.views)

    def __call__(self, frames: Iterator[Frame], people: Sequence[Person], size: tuple[int, int]) -> Iterator[Frame]:
        """Hand the frames on as they come; `size` is their width and height in pixels."""
        presence = Presence(people)
        camera = self._camera = CameraEstimator(size, self._options.camera)

        def take(frame: Frame) -> None:
            boxes = presence.boxes(frame.time)
            camera.add(frame, boxes)
            self._views.add(frame, boxes)

        with beside(take) as hand_over:
            for frame in frames:
                hand_over(frame)
                yield frame

    def finish(self, seen: NDArray[np.bool_]) -> tuple[CameraTrack, list[View]]:
        """The camera's track and the views; `seen` (T,) says in which frames the climber was."""
        assert self._camera is not None
        return self._camera.finish(seen), self._views.finish()


class Presence:
    """Where the people whom a scan found are at any time."""

    def __init__(self, people: Sequence[Person]) -> None:
        self._times = [np.array([s.time for s in person.sightings]) for person in people]
        self._boxes = [np.array([_around(s.body.image) for s in person.sightings]) for person in people]

    def boxes(self, time_s: float) -> NDArray[np.float64]:
        """(N, 4) left, top, right, bottom in pixels of everyone in view; between two sightings a box holds both bodies."""
        found = []
        for times, boxes in zip(self._times, self._boxes, strict=True):
            near = _near(times, time_s)
            if near:
                found.append(np.concatenate([boxes[near, :2].min(0), boxes[near, 2:].max(0)]))
        return np.array(found).reshape(-1, 4)


def _near(times: NDArray[np.float64], time_s: float) -> list[int]:
    """The sightings before and after a time, as far as they say where somebody is then."""
    after = int(np.searchsorted(times, time_s))
    around = [i for i in (after - 1, after) if 0 <= i < len(times)]
    if len(around) == 2 and times[around[1]] - times[around[0]] <= _BRIDGE_S:
        return around
    return [i for i in around if abs(times[i] - time_s) <= _REACH_S]


def _around(points: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([points.min(0), points.max(0)])
