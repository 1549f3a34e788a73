"""The fine pass: the chosen climber's keypoints in every frame.

Where to look is known from the coarse scan, so frames do not wait for each other: each is looked at in the window that
the sightings before and after it agree on, several frames at once. Frames that come out doubtful are looked at again
in other windows (turned, wider, where the frame before suggests), and the best view counts. What stays doubtful, or
shows somebody else, is left unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from queue import SimpleQueue
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, KEYPOINTS
from ascension_core.pose.networks import LandmarkNetwork, Landmarks
from ascension_core.pose.people import Person
from ascension_core.pose.roi import Image, Roi
from ascension_core.pose.scan import Confidence, trunk_centre, trunk_size
from ascension_core.pose.track import PoseTrack

if TYPE_CHECKING:
    from ascension_core.video import Frame

_FRAMES_AT_ONCE = 6  # twice as many are held in memory: 75 MB at 1080p


@dataclass(frozen=True)
class FollowOptions:
    """How the fine pass looks.

    Attributes
    ----------
    bridge_s
        Sightings this far apart are taken as one motion; in longer breaks nobody is looked for.
    reach_s
        How long before the first and after the last sighting of a motion its window is still tried.
    smooth_s
        Standard deviation of the Gaussian that steadies size and turn of the window.
    accept
        Mean confidence of the twelve body joints below which a frame stays unknown.
    doubt
        The same, below which further views are tried.
    off_torsos
        The trunk's middle may lie so many torso lengths from where the scan saw it.
    jump_torsos_per_s
        Body joints that move faster (in the median) make a frame doubtful. A dyno reaches about 8 torso lengths a second.
    """

    bridge_s: float = 1.1
    reach_s: float = 0.7
    smooth_s: float = 0.25
    accept: float = 0.2
    doubt: float = 0.42
    off_torsos: float = 0.9
    jump_torsos_per_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Aim:
    """Where the climber is expected in a frame.

    Attributes
    ----------
    window
        To look in.
    centre
        (2,) middle of the trunk in pixels.
    torso
        Length of the trunk in pixels.
    slack
        How much further than usual the body may be off, in torso lengths: outside of sightings nothing is certain.
    """

    window: Roi
    centre: NDArray[np.float64]
    torso: float
    slack: float


class Path:
    """Where the climber is expected at any time, from the sightings of the coarse scan."""

    def __init__(self, person: Person, options: FollowOptions) -> None:
        self._options = options
        bodies = [s.body for s in person.sightings]
        self._bodies = {s.time: s.body for s in person.sightings}
        windows = [b.following for b in bodies]
        self._time = np.array([s.time for s in person.sightings])
        self._centre = np.array([trunk_centre(b) for b in bodies])
        self._torso = np.array([trunk_size(b) for b in bodies])
        self._joints = np.array([b.image[list(BODY)] for b in bodies])
        self._place = np.array([[w.x, w.y] for w in windows])
        self._size = np.exp(_smooth(self._time, np.log([w.size for w in windows]), options.smooth_s))
        self._angle = _smooth(self._time, np.unwrap([w.angle for w in windows]), options.smooth_s)

    def aim(self, time: float) -> Aim | None:
        """Where to look at `time` (seconds), or None where nobody is expected."""
        after = int(np.searchsorted(self._time, time))
        before = after - 1
        if before >= 0 and after < len(self._time) and self._time[after] - self._time[before] <= self._options.bridge_s:
            share = (time - self._time[before]) / (self._time[after] - self._time[before])
            return self._between(before, after, float(share), 0.0)
        near = [i for i in (before, after) if 0 <= i < len(self._time)]
        nearest = min(near, key=lambda i: abs(self._time[i] - time))
        away = abs(float(self._time[nearest]) - time)
        return self._between(nearest, nearest, 0.0, away) if away <= self._options.reach_s else None

    def sighting(self, time: float) -> Landmarks | None:
        """What the scan saw at exactly `time`."""
        return self._bodies.get(time)

    def speed(self, time: float) -> float:
        """How fast the body moves around `time` in torso lengths per second: the second fastest of its twelve joints.

        Infinite where no two sightings enclose `time`.
        """
        after = int(np.searchsorted(self._time, time, side="right"))
        if not 0 < after < len(self._time):
            return np.inf
        moved = np.linalg.norm(self._joints[after] - self._joints[after - 1], axis=1) / self._torso[after]
        return float(np.sort(moved)[-2] / (self._time[after] - self._time[after - 1]))

    def _between(self, a: int, b: int, share: float, away_s: float) -> Aim:
        def mix(values: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.asarray((1 - share) * values[a] + share * values[b], float)

        place, size = mix(self._place), float(mix(self._size))
        window = Roi(float(place[0]), float(place[1]), size, float(mix(self._angle)))
        return Aim(window, mix(self._centre), float(mix(self._torso)), 2.0 * away_s)


@dataclass(frozen=True, slots=True)
class View:
    """One observation of the climber with its confidence (33,)."""

    body: Landmarks
    confidence: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """Mean confidence of the twelve body joints."""
        return float(self.confidence[list(BODY)].mean())


class Follower:
    """Looks at frames with one network per thread."""

    def __init__(self, networks: list[LandmarkNetwork], confidence: Confidence, options: FollowOptions | None = None) -> None:
        self._options = options or FollowOptions()
        self._confidence = confidence
        self._free: SimpleQueue[LandmarkNetwork] = SimpleQueue()
        for network in networks:
            self._free.put(network)
        self._threads = len(networks)

    def follow(
        self, frames: Iterable[Frame], person: Person, wanted: Callable[[Frame, Path], bool]
    ) -> Iterator[tuple[float, View | None]]:
        """Yield (time, view) of every frame: None where the climber is unknown or the frame is not `wanted`.

        A frame that the scan has seen in nearly the same window is not looked at twice.
        """
        path = Path(person, self._options)
        last: tuple[float, View] | None = None
        with ThreadPoolExecutor(self._threads) as pool:
            for chunk, aims, bodies in self._first_looks(pool, frames, path, wanted):
                for frame, aim, first in zip(chunk, aims, self._judge(list(bodies)), strict=True):
                    view = self._settle(pool, frame, aim, first, last) if aim is not None and first is not None else None
                    last = (frame.time, view) if view is not None else last
                    yield frame.time, view

    def _first_looks(
        self, pool: ThreadPoolExecutor, frames: Iterable[Frame], path: Path, wanted: Callable[[Frame, Path], bool]
    ) -> Iterator[tuple[list[Frame], list[Aim | None], Iterator[Landmarks | None]]]:
        """Some frames at a time with where to look and what is there; the next ones are looked at while these are judged."""
        stream = iter(frames)
        before = None
        while chunk := list(islice(stream, _FRAMES_AT_ONCE)):
            aims = [path.aim(f.time) if wanted(f, path) else None for f in chunk]
            looking = chunk, aims, pool.map(partial(self._first_look, path), chunk, aims)
            if before is not None:
                yield before
            before = looking
        if before is not None:
            yield before

    def _first_look(self, path: Path, frame: Frame, aim: Aim | None) -> Landmarks | None:
        if aim is None:
            return None
        known = path.sighting(frame.time)
        if known is not None and _alike(known.roi, aim.window):
            return known
        return self._look(frame.image, aim.window)

    def _look(self, image: Image, window: Roi) -> Landmarks:
        network = self._free.get()
        try:
            return network(image, window)
        finally:
            self._free.put(network)

    def _judge(self, bodies: list[Landmarks | None]) -> list[View | None]:
        seen = [b for b in bodies if b is not None]
        confidences = iter(self._confidence(seen)) if seen else iter(())
        return [None if b is None else View(b, next(confidences)) for b in bodies]

    def _settle(
        self, pool: ThreadPoolExecutor, frame: Frame, aim: Aim, first: View, last: tuple[float, View] | None
    ) -> View | None:
        """The best view of a frame, after further looks if the first one is doubtful."""
        views = [first]
        if self._doubtful(frame.time, aim, first, last):
            windows = further_windows(aim, first, last[1] if last and frame.time - last[0] < self._options.reach_s else None)
            bodies = list(pool.map(lambda w: self._look(frame.image, w), windows))
            views += [v for v in self._judge(list(bodies)) if v is not None]
        fitting = [v for v in views if self._fits(aim, v)]
        if not fitting:
            return None
        best = max(fitting, key=lambda v: v.mean - self._jump(frame.time, v, last))
        return best if best.mean >= self._options.accept else None

    def _fits(self, aim: Aim, view: View) -> bool:
        off = float(np.linalg.norm(trunk_centre(view.body) - aim.centre)) / aim.torso
        return off <= self._options.off_torsos + aim.slack

    def _doubtful(self, time: float, aim: Aim, view: View, last: tuple[float, View] | None) -> bool:
        return view.mean < self._options.doubt or not self._fits(aim, view) or self._jump(time, view, last) > 0

    def _jump(self, time: float, view: View, last: tuple[float, View] | None) -> float:
        """0 while the body moves plausibly, then rising with speed to 0.3."""
        if last is None or time - last[0] > self._options.reach_s:
            return 0.0
        body = list(BODY)
        moved = np.linalg.norm(view.body.image[body] - last[1].body.image[body], axis=1) / trunk_size(view.body)
        # the third fastest joint: one misplaced hand or foot is for the smoothing to find, a jumping limb pair is not
        speed = float(np.sort(moved)[-3]) / max(time - last[0], 1e-3)
        return float(np.clip(0.3 * (speed / self._options.jump_torsos_per_s - 1), 0, 0.3))


def _alike(a: Roi, b: Roi) -> bool:
    """Whether two windows show the same for the network: a tenth of their size apart at the most."""
    apart = np.hypot(a.x - b.x, a.y - b.y) / b.size
    turn = abs(np.angle(np.exp(1j * (a.angle - b.angle))))
    return bool(apart < 0.1 and abs(np.log(a.size / b.size)) < 0.1 and turn < 0.2)


def further_windows(aim: Aim, first: View, last: View | None) -> list[Roi]:
    """Other windows in which a doubtful frame may be seen better."""
    base = aim.window
    windows = [base.with_(size=base.size * 1.25), base.with_(angle=base.angle + 0.5), base.with_(angle=base.angle - 0.5)]
    windows.append(first.body.following)
    if last is not None:
        windows.append(last.body.following)
    limit = 3 * base.size
    return [w for w in windows if 0 < w.size < limit]


def to_track(views: Iterable[tuple[float, View | None]], size: tuple[int, int]) -> PoseTrack:
    """The observations of all frames as one raw track, nan where the climber is unknown."""
    blank = np.full((KEYPOINTS, 6), np.nan)
    times, rows = [], []
    for time, view in views:  # a view is dropped when its numbers are taken: a long video has many
        times.append(time)
        rows.append(blank if view is None else np.column_stack([view.body.image, view.body.world, view.confidence]))
    table = np.array(rows).reshape(len(rows), KEYPOINTS, 6)
    return PoseTrack(
        time=np.array(times, float),
        image=table[..., :2],
        world=table[..., 2:5],
        visibility=np.nan_to_num(table[..., 5]),
        observed=np.isfinite(table[..., 0]),
        size=size,
    )


def _smooth(time: NDArray[np.float64], values: NDArray[np.float64], sigma_s: float) -> NDArray[np.float64]:
    """Gaussian mean over neighbours in time, for irregular times."""
    out = np.empty(len(time))
    for i, t in enumerate(time):
        near = slice(*np.searchsorted(time, [t - 3 * sigma_s, t + 3 * sigma_s]))
        weight = np.exp(-0.5 * ((time[near] - t) / sigma_s) ** 2)
        out[i] = float((weight * values[near]).sum() / weight.sum())
    return out
