"""Left and right: undo the moments in which the network exchanged the two sides of the body.

A network looks at one frame at a time (or nearly so) and, on a climber seen from behind, now and then calls the left leg
the right one for some frames. Over time such an exchange shows: both limbs jump to each other's place at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.filters import finite
from ascension_core.pose.keypoints import MIRROR, PAIRS
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Group:
    """Keypoints that a network exchanges together.

    Attributes
    ----------
    members
        Left keypoints; their right counterparts follow from `MIRROR`.
    judged
        Left keypoints whose movement tells the sides apart.
    bones
        Bones on the left that join the group to the rest of the body (rest, member).
    """

    name: str
    members: tuple[int, ...]
    judged: tuple[int, ...]
    bones: tuple[tuple[int, int], ...] = ()


_LEFT = tuple(left for left, _ in PAIRS)
_ARM, _LEG = (13, 15, 17, 19, 21), (25, 27, 29, 31)
GROUPS = (
    Group("body", _LEFT, (7, 11, 13, 15, 23, 25, 27)),
    Group("upper body", tuple(k for k in _LEFT if k < 23), (7, 11, 13, 15), ((23, 11),)),
    Group("lower body", (23, *_LEG), (23, 25, 27, 31), ((11, 23),)),
    Group("arms", _ARM, (13, 15, 19), ((11, 13),)),
    Group("legs", _LEG, (25, 27, 31), ((23, 25),)),
    Group("face", tuple(k for k in _LEFT if k < 11), (2, 7)),
    Group("shoulders", (11,), (11,), ((23, 11),)),
    Group("hips", (23,), (23,), ((11, 23),)),
)
"""From the largest to the smallest: what a larger exchange explains is settled first, and the smaller ones that follow take
back the part of it that did not belong (the hips, where only the legs were exchanged)."""

NOISE = 0.06
"""Torso lengths by which a measured point scatters around its true course from frame to frame."""

ACCELERATION = 30.0
"""Torso lengths per second squared (some 15 m/s2) that limbs reach in ordinary movement: how fast a prediction grows stale."""

CAP = 4.0
"""Largest cost of one point in one frame, in units of its tolerance, so that a single wild point decides nothing."""

SWITCH = 3.0
"""Cost of changing between kept and exchanged."""

PRIOR_PER_S = 3.0
"""Cost of a second spent exchanged: the network's own labels are right more often than not."""

BONE_PER_S = 20.0
"""Cost of a second in which the bones that join the group to the body are wholly too long."""


def undo_swaps(track: PoseTrack) -> PoseTrack:
    """Exchange left and right where the course of the limbs says that the network mixed them up.

    For the whole body, its halves, the arms and legs, face, shoulders and hips in turn (`GROUPS`), a second-order
    Viterbi pass finds the cheapest sequence of kept and exchanged labels. It pays for points that leave their predicted
    course (constant velocity over true time, in torso lengths, tolerance growing with the time since the last sight),
    for bones that look longer than this body's, for each change, and for time spent exchanged. Limbs that truly cross
    keep their velocity and are left alone; without evidence the network's labels stand.
    """
    scale = body_scale(track)  # the same whichever way the sides are called
    for group in GROUPS:
        track = exchange(track, group.members, swapped(track, group, scale))
    return track


def exchange(track: PoseTrack, members: tuple[int, ...], where: Bools) -> PoseTrack:
    """Swap the left keypoints `members` with their right counterparts in the (T,) frames `where`."""
    if not where.any():
        return track
    one = np.array([*members, *(MIRROR[k] for k in members)])
    here, there = np.ix_(where, one), np.ix_(where, np.array(MIRROR)[one])
    arrays = {name: getattr(track, name).copy() for name in ("image", "world", "visibility", "observed")}
    for name, values in arrays.items():
        values[here] = getattr(track, name)[there]
    return track.with_(**arrays)


def swapped(track: PoseTrack, group: Group, scale: Floats) -> Bools:
    """(T,) true where the sides of `group` are probably exchanged; `scale` (T,) is its `body_scale`."""
    judged = np.array(group.judged)
    left, right = track.image[:, judged], track.image[:, np.array(MIRROR)[judged]]
    usable = finite(left) & finite(right)
    frames = np.flatnonzero(usable.any(1))
    result = np.zeros(len(track), bool)
    if len(frames) < 3:
        return result
    pairs = np.stack([left[frames], right[frames]], axis=1) / scale[frames, None, None, None]
    pairs[~usable[frames].repeat(2, axis=0).reshape(len(frames), 2, -1)] = np.nan
    weight = np.minimum(track.visibility[:, judged], track.visibility[:, np.array(MIRROR)[judged]])[frames]
    time = track.time[frames]
    stay = state_costs(track, group, scale)[frames]
    result[frames] = cheapest(stay, motion_costs(time, pairs, 0.25 + 0.75 * weight))
    return result


def motion_costs(time: Floats, pairs: Floats, weight: Floats) -> Floats:
    """(n, 2, 2) cost of each frame's course, given whether the last two frames carry the same labels as it.

    Parameters
    ----------
    time
        (n,) seconds.
    pairs
        (n, 2, K, 2) left and right points in torso lengths; ``nan`` where either is unknown.
    weight
        (n, K) how much each pair is believed.

    Returns
    -------
    Entry ``[t, a, b]`` is the cost at frame t when frame t-1 is exchanged relative to it (a) and frame t-2 too (b).
    """
    cost = np.zeros((len(time), 2, 2))
    step = np.diff(time)[1:, None, None, None]
    before = np.diff(time)[:-1, None, None, None]
    for a, b in product((0, 1), repeat=2):
        last, earlier = _relabel(pairs[1:-1], a), _relabel(pairs[:-2], b)
        velocity = np.where(np.isfinite(earlier), (last - earlier) / before, 0.0)
        fading = np.minimum(1.0, before / step)  # a long look ahead from a short look back is not believed
        miss = pairs[2:] - last - velocity * step * fading
        off = np.hypot(miss[..., 0], miss[..., 1])
        tolerance = NOISE + 0.5 * ACCELERATION * (step * (step + before))[..., 0]
        each = np.minimum(np.nan_to_num(off / tolerance, nan=0.0), CAP)
        cost[2:, a, b] = (each.sum(1) * weight[2:]).sum(1)
    return cost


def state_costs(track: PoseTrack, group: Group, scale: Floats) -> Floats:
    """(T, 2) cost of each frame in itself: keeping and exchanging the labels."""
    duration = np.gradient(track.time) if len(track) > 1 else np.zeros(len(track))
    cost = np.zeros((len(track), 2))
    cost[:, 1] = PRIOR_PER_S * duration
    points = track.image / scale[:, None, None]
    for rest, member in group.bones:
        straight = [np.linalg.norm(points[:, r] - points[:, m], axis=-1) for r, m in _both(rest, member)]
        crossed = [np.linalg.norm(points[:, r] - points[:, MIRROR[m]], axis=-1) for r, m in _both(rest, member)]
        longest = _usual(np.concatenate(straight))
        for state, lengths in enumerate((straight, crossed)):
            excess = sum(np.clip(np.nan_to_num(one / longest, nan=1.0) - 1.1, 0, 0.5) for one in lengths)
            cost[:, state] += BONE_PER_S * duration * excess
    return cost


def cheapest(stay: Floats, course: Floats) -> Bools:
    """(n,) states of least total cost: Viterbi over the states of two successive frames.

    Parameters
    ----------
    stay
        (n, 2) cost of a frame in itself for each state.
    course
        (n, 2, 2) cost of its course, by whether the last and the last but one frame are in the other state.
    """
    came_exchanged = []
    t00, t01, t10, t11 = (stay[0, a] + stay[1, b] + SWITCH * (a != b) for a, b in product((0, 1), repeat=2))
    steps = np.concatenate([stay[2:], course[2:].reshape(-1, 4)], axis=1)
    for keep, swap, same, before, last, both in steps.tolist():
        # for each (last, this) state: the cheaper way there from a kept or an exchanged last but one frame
        ways = (
            (t00 + same, t10 + before),
            (t00 + both, t10 + last),
            (t01 + last, t11 + both),
            (t01 + before, t11 + same),
        )
        came_exchanged.append([b < a for a, b in ways])
        t00, t01, t10, t11 = (a if a <= b else b for a, b in ways)
        t00, t01, t10, t11 = t00 + keep, t01 + swap + SWITCH, t10 + keep + SWITCH, t11 + swap
    return _trace(came_exchanged, int(np.argmin([t00, t01, t10, t11])))


def _trace(came_exchanged: list[list[bool]], last: int) -> Bools:
    """Follow the choices back from the final pair of states."""
    s1, s2 = divmod(last, 2)
    states = [s2, s1]
    for choice in reversed(came_exchanged):
        s1, s2 = int(choice[2 * s1 + s2]), s1
        states.append(s1)
    return np.array(states[::-1], bool)


def _relabel(pairs: Floats, exchanged: int) -> Floats:
    return pairs[:, ::-1] if exchanged else pairs


def _both(rest: int, member: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (rest, member), (MIRROR[rest], MIRROR[member])


def _usual(lengths: Floats) -> float:
    known = lengths[np.isfinite(lengths)]
    return max(float(np.percentile(known, 90)), 1e-6) if len(known) else 1.0
