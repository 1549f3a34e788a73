"""Where a limb came to rest: stretches of time in which its end stayed in one place of the wall.

A hidden Markov model for one limb. Its states are "on the way" and "at rest in place k"; the places are those where the limb
was ever slow. A state is believed by how near the end is to the place and by how slowly it moves, both measured against the
uncertainty that the pose states for itself. Coming and going have a price, so that neither a glance nor a jump of the
pose makes an event, and frames in which the limb was not seen say nothing, so that rests last through them.
Viterbi's path is the answer (Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 77(2), 1989).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LimbPath:
    """The way of one limb.

    Attributes
    ----------
    time
        (T,) seconds.
    points
        (T, 2) its end in torso lengths, in coordinates that are fixed to the wall; ``nan`` where unknown.
    trust
        (T,) probability that it lies within 0.2 torso lengths of the truth.
    carrier
        (T, 2) the joint that carries it (shoulder or hip) in the same coordinates.
    """

    time: Floats
    points: Floats
    trust: Floats
    carrier: Floats

    @property
    def seen(self) -> Bools:
        """(T,) where the limb's end is known."""
        return np.asarray(np.isfinite(self.points).all(-1) & (self.trust > 0), np.bool_)

    def part(self, frames: slice) -> LimbPath:
        """Some of the frames."""
        return LimbPath(self.time[frames], self.points[frames], self.trust[frames], self.carrier[frames])


@dataclass(frozen=True)
class RestOptions:
    """What counts as a rest. Lengths are in torso lengths, speeds in torso lengths per second.

    Attributes
    ----------
    steadiness
        Share of the pose's stated error that changes while a limb rests; the remainder is the same all the time.
    jitter_hz
        Speed of a limb at rest, as its position's uncertainty times this.
    area
        Of the region that a limb on its way may be in, in square torso lengths.
    pace, pause
        Typical speeds of a limb on its way: when it moves, and when it hesitates.
    pausing
        Share of its way that a limb hesitates.
    speed_weight
        How much the speed counts beside the place, since they are not independent.
    wrong
        Share of poses that are off entirely.
    memory_s
        Time after which the pose's errors are new ones: what is seen within it counts once.
    price
        Log odds against a rest beginning, and ending, at any one moment.
    slow
        Speed below which a place may be a resting place.
    apart
        Distance between resting places that are told apart.
    longest_gap_s
        A rest does not last through a longer time in which the limb was not seen.
    same_gap_s, same_apart
        Rests that follow each other within this time, no farther apart than so many standard deviations of the less sure one,
        are one: the body hides and shows a hand that holds on, and the pose's idea of it shifts.
    """

    steadiness: float = 0.6
    jitter_hz: float = 4.0
    area: float = 3.0
    pace: float = 2.0
    pause: float = 0.5
    pausing: float = 0.3
    speed_weight: float = 0.6
    wrong: float = 0.02
    memory_s: float = 0.12
    price: float = 2.5
    slow: float = 1.0
    apart: float = 0.1
    longest_gap_s: float = 2.0
    same_gap_s: float = 0.2
    same_apart: float = 3.0


@dataclass(frozen=True, eq=False)
class Rest:
    """A stretch in which the end of a limb stayed in one place.

    Attributes
    ----------
    first, last
        Frames: the first and the last of the stretch in which the limb was seen.
    place
        (2,) median of where it was in the frames that are trusted most, in the units of the points.
    trust
        Mean of the trust in its frames.
    """

    first: int
    last: int
    place: Floats
    trust: float

    @property
    def frames(self) -> slice:
        """Its frames."""
        return slice(self.first, self.last + 1)


def find_rests(path: LimbPath, options: RestOptions | None = None) -> list[Rest]:
    """Where and when one limb rested: stretches in the order of time that do not overlap."""
    options = options or RestOptions()
    rests: list[Rest] = []
    for stretch in _stretches(path, options.longest_gap_s):
        found = _within(path.part(stretch), options)
        rests += [replace(rest, first=rest.first + stretch.start, last=rest.last + stretch.start) for rest in found]
    return rests


def _stretches(path: LimbPath, longest_gap_s: float) -> list[slice]:
    """Parts without a long time in which the limb was not seen."""
    seen = np.flatnonzero(path.seen)
    breaks = np.flatnonzero(np.diff(path.time[seen]) > longest_gap_s) + 1
    return [slice(int(part[0]), int(part[-1]) + 1) for part in np.split(seen, breaks) if len(part) > 1]


def _within(path: LimbPath, options: RestOptions) -> list[Rest]:
    sigma = options.steadiness * uncertainty(path.trust)
    moving = _evidence_of_speed(path, sigma, options)
    weight = np.where(path.seen, np.gradient(path.time) / options.memory_s, 0.0)
    places = _places(path, options)
    rests: list[Rest] = []
    for _ in range(2):  # the second time with the places as they turned out
        if not len(places):
            return []
        evidence = moving[:, None] + _evidence_of_place(path, places, sigma, options)
        course = _decode(weight[:, None] * evidence, options.price)
        rests = _rests(course, path)
        places = np.array([rest.place for rest in rests])
    return _joined(rests, path, options)


def uncertainty(trust: Floats) -> Floats:
    """(T,) standard deviation along each axis in torso lengths, where (T,) `trust` is the probability of an error below 0.2.

    The distance of a two-dimensional normal error is Rayleigh's: P(d < r) = 1 - exp(-r² / 2σ²).
    """
    certain = np.clip(trust, 0.02, 0.98)
    return np.asarray(0.2 / np.sqrt(-2 * np.log1p(-certain)))


def velocity(time: Floats, points: Floats, span_s: float = 0.0) -> Floats:
    """(T, 2) central differences of (T, 2) points over the frames in which they are known; ``nan`` in the others.

    Each is taken over `span_s`, at least from the frame before to the frame after.
    """
    known = np.flatnonzero(np.isfinite(points).all(-1))
    out = np.full_like(points, np.nan)
    if len(known) > 1:
        at, values = time[known], points[known]
        before = np.minimum(at - span_s / 2, np.append(at[0], at[:-1]))
        after = np.maximum(at + span_s / 2, np.append(at[1:], at[-1]))
        before, after = np.maximum(before, at[0]), np.minimum(after, at[-1])
        change = [np.interp(after, at, axis) - np.interp(before, at, axis) for axis in values.T]
        out[known] = np.stack(change, 1) / (after - before)[:, None]
    return out


def _places(path: LimbPath, options: RestOptions) -> Floats:
    """(K, 2) places such that each point where the limb was slow, or slowest, lies within `apart` of one."""
    speed = np.nan_to_num(np.linalg.norm(velocity(path.time, path.points), axis=-1), nan=np.inf)
    padded = np.concatenate([[np.inf], speed, [np.inf]])
    slowest = (speed <= padded[:-2]) & (speed <= padded[2:])  # even the shortest touch has such a moment
    points = path.points[path.seen & (slowest | (speed < options.slow))]
    places = np.empty_like(points)
    count = 0
    for point in points:
        if not count or np.hypot(*(places[:count] - point).T).min() > options.apart:
            places[count] = point
            count += 1
    return np.asarray(places[:count])


def _normal(squared: Floats, sigma: Floats | float) -> Floats:
    """Density of a two-dimensional normal at a squared distance."""
    return np.asarray(np.exp(-squared / (2 * np.square(sigma))) / (2 * np.pi * np.square(sigma)))


def _evidence_of_speed(path: LimbPath, sigma: Floats, options: RestOptions) -> Floats:
    """(T,) log odds of rest against way from the velocity alone: a limb that hesitates in the air is carried by the body."""
    own = velocity(path.time, path.points)
    carried = own - np.nan_to_num(velocity(path.time, path.carrier))
    squared, hesitating = (np.nan_to_num(np.square(v).sum(-1)) for v in (own, carried))
    way = (1 - options.pausing) * _normal(squared, options.pace) + options.pausing * _normal(hesitating, options.pause)
    rest = _normal(squared, options.jitter_hz * sigma)
    return np.asarray(options.speed_weight * np.log(((1 - options.wrong) * rest + options.wrong * way) / way))


def _evidence_of_place(path: LimbPath, places: Floats, sigma: Floats, options: RestOptions) -> Floats:
    """(T, K) log odds of rest in each place against way from the place alone."""
    squared = np.square(path.points[:, None] - places).sum(-1)
    rest = _normal(np.nan_to_num(squared), sigma[:, None])
    return np.asarray(np.log((1 - options.wrong) * rest * options.area + options.wrong))


def _decode(evidence: Floats, price: float) -> NDArray[np.int64]:
    """(T,) most likely course: the number of the place in each frame, -1 on the way."""
    frames, count = evidence.shape
    came = np.zeros((frames, count), bool)
    left = np.full(frames, -1)
    rest, way = evidence[0].copy(), 0.0
    for t in range(1, frames):
        best = int(rest.argmax())
        came[t] = way - price > rest
        arrived = np.where(came[t], way - price, rest) + evidence[t]
        if rest[best] - price > way:
            left[t], way = best, rest[best] - price
        rest = arrived
    return _trace(came, left, int(rest.argmax()) if rest.max() > way else -1)


def _trace(came: Bools, left: NDArray[np.int64], state: int) -> NDArray[np.int64]:
    """Go back from the last state."""
    path = np.full(len(left), -1)
    for t in range(len(left) - 1, -1, -1):
        path[t] = state
        if state < 0:
            state = int(left[t])
        elif came[t, state]:
            state = -1
    return path


def _rests(course: NDArray[np.int64], path: LimbPath) -> list[Rest]:
    """Runs of one place, from the first to the last frame in which the limb was seen."""
    edges = np.flatnonzero(np.diff(course)) + 1
    bounds = [0, *edges.tolist(), len(course)]
    runs = [(a, np.flatnonzero(path.seen[a:b]) + a) for a, b in pairwise(bounds) if course[a] >= 0]
    return [_rest(path, int(at[0]), int(at[-1])) for _, at in runs if len(at)]


def _rest(path: LimbPath, first: int, last: int) -> Rest:
    at = np.flatnonzero(path.seen[first : last + 1]) + first
    surer = at[path.trust[at] >= np.median(path.trust[at])]
    return Rest(first, last, np.median(path.points[surer], axis=0), float(path.trust[at].mean()))


def _joined(rests: list[Rest], path: LimbPath, options: RestOptions) -> list[Rest]:
    """Rests that follow each other at once in nearly the same place, as one."""
    joined: list[Rest] = []
    for rest in rests:
        before = joined[-1] if joined else None
        if (
            before is not None
            and path.time[rest.first] - path.time[before.last] < options.same_gap_s
            and np.linalg.norm(rest.place - before.place) < _shift(min(rest.trust, before.trust), options)
        ):
            joined[-1] = _rest(path, before.first, rest.last)
        else:
            joined.append(rest)
    return joined


def _shift(trust: float, options: RestOptions) -> float:
    """Torso lengths by which the pose's idea of a resting limb may change."""
    return options.same_apart * float(uncertainty(np.array(trust)))


def trimmed(rest: Rest, path: LimbPath, edge_speed: float) -> tuple[int, int]:
    """First and last frame of a rest without those at both ends in which the limb still, or already, moves."""
    speed = np.linalg.norm(velocity(path.time, path.points), axis=-1)[rest.frames]
    slow = np.flatnonzero(speed < edge_speed) + rest.first
    return (int(slow[0]), int(slow[-1])) if len(slow) else (rest.first, rest.last)
