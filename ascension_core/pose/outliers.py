"""Measurements that the body cannot have made become unknown: spikes over time and limbs that are too long."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WINDOW_S = 0.4
"""Spikes of up to nearly half of this time are found; it is well below the period of the fastest swings of a limb (0.6 s)."""

HALF = 6
OUTER = 4
FLOOR = 0.15
"""Torso lengths below which no deviation counts as a spike: smoothing deals with those."""

SPREADS = 5.0
"""Robust standard deviations from the local course; 3 is usual, 5 keeps sudden but true starts and stops."""

MAD_TO_SIGMA = 1.4826

SUSPECT = FLOOR / 3
"""Torso lengths off the plain running median from which the full test is worth its cost."""

STRETCH = 1.35
"""How much longer than its usual length a bone may look: the network is off by some 10 % of the torso at either end."""

CHAINS: tuple[tuple[tuple[int, ...], tuple[float, ...]], ...] = (
    ((11, 13, 15), (0.546, 0.522)),
    ((12, 14, 16), (0.546, 0.522)),
    ((23, 25, 27), (0.819, 0.854)),
    ((24, 26, 28), (0.819, 0.854)),
)
"""Limb joints outwards and the lengths between them in torso lengths (de Leva 1996, men: over 515.5 mm from MIDS to MIDH)."""

TIPS = {15: (17, 19, 21), 16: (18, 20, 22), 27: (29, 31), 28: (30, 32)}
"""Points of the hands and feet, which go where their wrist or ankle goes."""


def remove_spikes(track: PoseTrack) -> PoseTrack:
    """Forget points that leave their own course and come back within a few frames.

    A Hampel filter on position after removing the local drift: within 0.4 s of true time, a point further from the
    median than 5 robust standard deviations (1.4826 times the median absolute deviation of its neighbours) and than
    0.15 torso lengths is unknown from then on. A fast true movement widens its own tolerance, and a steady one, however
    fast, is its own median: a dyno and a swinging foot survive. Both limits shrink with visibility, to half at none.
    World coordinates are judged in the same way in metres and forgotten by themselves.

    Source: Hampel, "The influence curve and its role in robust estimation", JASA 1974; Liu, Shah and Jiang,
    "On-line outlier detection and data cleaning", 2004.
    """
    scale = body_scale(track)
    strictness = 0.5 + 0.5 * track.visibility
    away = spikes(track.time, track.image / scale[:, None, None], strictness)
    track = forget(track, away)
    torso_m = _torso_m(track.world)
    return track.with_(world=np.where(spikes(track.time, track.world / torso_m, strictness)[..., None], np.nan, track.world))


def remove_overlong(track: PoseTrack) -> PoseTrack:
    """Forget limb joints that are further from the trunk than the bones between can reach.

    Foreshortening only shortens bones in the image. A bone may look 1.35 times as long as it usually does in this clip
    (90th percentile of both sides; between 1 and 1.5 times the length that de Leva 1996 gives). Joints are judged from
    the trunk outwards, each against the nearest joint that was believed, so a wrong elbow does not condemn a good wrist.
    """
    scale = body_scale(track)
    points = track.image / scale[:, None, None]
    wrong = np.zeros_like(track.known)
    limits = [_limits(points, left, right) for left, right in zip(CHAINS[::2], CHAINS[1::2], strict=True)]
    for (chain, _), limit in zip(CHAINS, np.repeat(limits, 2, axis=0), strict=True):
        wrong[:, chain] = _too_far(points[:, chain], limit)
    for joint, tips in TIPS.items():
        wrong[:, tips] |= wrong[:, [joint]]
    return forget(track, wrong & track.known)


def forget(track: PoseTrack, wrong: Bools) -> PoseTrack:
    """The track with the (T, 33) `wrong` points unknown."""
    gone = wrong[..., None]
    return track.with_(
        image=np.where(gone, np.nan, track.image),
        world=np.where(gone, np.nan, track.world),
        visibility=np.where(wrong, 0.0, track.visibility),
        observed=track.observed & ~wrong,
    )


def spikes(time: Floats, points: Floats, strictness: Floats) -> Bools:
    """(T, K) true where (T, K, D) `points`, in torso lengths, leave their course; `strictness` (T, K) scales the limits."""
    found = np.zeros(points.shape[:2], bool)
    if len(time) < 2 * HALF + 1:
        return found
    stride = max(1, round(WINDOW_S / (2 * HALF) / float(np.median(np.diff(time)))))
    for frames, columns in _chunks(_suspects(points, stride)):
        found[frames, columns] = _deviates(time, points, frames, columns, stride=stride, strictness=strictness)
    return found


def _chunks(mask: Bools, size: int = 50_000) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    frames, columns = np.nonzero(mask)
    return [(frames[i : i + size], columns[i : i + size]) for i in range(0, len(frames), size)]


def _suspects(points: Floats, stride: int) -> Bools:
    """Points away from the plain running median of their window; the others cannot be far from their course."""
    known = np.isfinite(points).all(-1)
    rows = np.maximum.accumulate(np.where(known, np.arange(len(points))[:, None], 0), axis=0)
    held = np.nan_to_num(np.take_along_axis(points, rows[..., None], axis=0))
    usual = median_filter(held, size=(2 * HALF * stride + 1, 1, 1), mode="nearest")
    suspects: Bools = known & (np.abs(held - usual).max(-1) > SUSPECT)
    return suspects


def _deviates(
    time: Floats, points: Floats, frames: NDArray[np.intp], columns: NDArray[np.intp], *, stride: int, strictness: Floats
) -> Bools:
    """Whether each (frame, column) is too far from the median of its window after removing the window's drift.

    The drift runs between the outer taps of either side, which a spike around the middle does not reach. Where fewer
    than three points are known on one side, there is no course to leave.
    """
    taps = stride * np.arange(-HALF, HALF + 1)
    index = np.clip(frames[:, None] + taps, 0, len(time) - 1)
    inside = index == frames[:, None] + taps
    window = np.where(inside[..., None], points[index, columns[:, None]], np.nan)
    late = (time[index] - time[frames][:, None])[..., None]
    known = np.isfinite(window[..., 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        drift = (_median(window[:, -OUTER:]) - _median(window[:, :OUTER])) / (late[:, -OUTER:] - late[:, :OUTER]).mean(1)
        residual = window - np.nan_to_num(drift, posinf=0.0, neginf=0.0)[:, None] * late
        off = residual - _median(residual)[:, None]
        away = np.sqrt(np.einsum("nwd,nwd->nw", off, off))
        spread = MAD_TO_SIGMA * _median(away[..., None])[:, 0]
        limit = np.maximum(FLOOR, SPREADS * spread) * strictness[frames, columns]
        deviates: Bools = (away[:, HALF] > limit) & (known[:, :HALF].sum(1) >= 3) & (known[:, HALF + 1 :].sum(1) >= 3)
    return deviates


def _median(values: Floats) -> Floats:
    """Median over axis 1 that leaves out ``nan``; ``nan`` where nothing is known. Much faster than `numpy.nanmedian`."""
    ordered = np.sort(values, axis=1)  # nan comes last
    last = np.isfinite(ordered).sum(1, keepdims=True) - 1
    low, high = (np.take_along_axis(ordered, np.maximum(middle, 0), axis=1)[:, 0] for middle in (last // 2, (last + 1) // 2))
    median: Floats = 0.5 * (low + high)
    return median


def _torso_m(world: Floats) -> float:
    shoulders = world[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(1)
    hips = world[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(1)
    length = np.linalg.norm(shoulders - hips, axis=-1)
    seen = length[np.isfinite(length) & (length > 0)]
    return float(np.median(seen)) if len(seen) else 1.0


def _limits(
    points: Floats, left: tuple[tuple[int, ...], tuple[float, ...]], right: tuple[tuple[int, ...], tuple[float, ...]]
) -> Floats:
    """Longest plausible length of each bone of a pair of limbs, in torso lengths."""
    usual = []
    for bone, anatomical in enumerate(left[1]):
        both = [np.linalg.norm(points[:, c[bone]] - points[:, c[bone + 1]], axis=-1) for c in (left[0], right[0])]
        lengths = np.concatenate(both)
        lengths = lengths[np.isfinite(lengths)]
        long = float(np.percentile(lengths, 90)) if len(lengths) else anatomical
        usual.append(float(np.clip(long, anatomical, 1.5 * anatomical)))
    return STRETCH * np.array(usual)


def _too_far(limb: Floats, limit: Floats) -> Bools:
    """(T, n) joints of one limb, from the trunk outwards, that are out of reach of the last believed joint before them."""
    wrong = np.zeros(limb.shape[:2], bool)
    anchor, reach = limb[:, 0], np.zeros(len(limb))
    for joint in range(1, limb.shape[1]):
        reach = reach + limit[joint - 1]
        with np.errstate(invalid="ignore"):
            wrong[:, joint] = np.linalg.norm(limb[:, joint] - anchor, axis=-1) > reach
        believed = np.isfinite(limb[:, joint]).all(-1) & ~wrong[:, joint]
        anchor = np.where(believed[:, None], limb[:, joint], anchor)
        reach = np.where(believed, 0.0, reach)
    return wrong
