"""From where each frame lies on its keyframe to where it lies on the wall: one shot, one reference, one quality."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.atlas import Atlas
from ascension_core.wall.camera import CameraTrack, transform
from ascension_core.wall.fitting import corners, inverse
from ascension_core.wall.registration import overlap, shrunk_by

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

KNOWN = 0.25
"""Frames of a lower quality are unknown."""
_FULL_ERROR = 0.01  # of the diagonal: expected error that halves the quality; the accuracy that is asked for
_SHORTEST_SHOT_S = 0.5  # what is shown for less is a blur, a flash or a hand before the lens
_STILL = 0.004  # of the diagonal: a camera whose picture corners stay this close to their middle stood still
_SHARP = 0.8  # of the median sharpness
_RUSH = 0.7  # diagonals per second: nobody films a climb so; a camera that is put down moves faster
_AWAY = 0.5  # share of the view that is left
_TURN_S = 0.6  # how long it takes to leave it


@dataclass(frozen=True, eq=False, slots=True)
class Placement:
    """Where one frame lies.

    Attributes
    ----------
    time
        Seconds.
    key
        Number of its keyframe.
    matrix
        (3, 3) to the keyframe in small pixels.
    agreement, error
        See `registration.Match`.
    sharpness
        ``nan`` where the frame was not looked at closely, because nothing moved.
    people
        Whether anybody was there.
    """

    time: float
    key: int
    matrix: Floats
    agreement: float
    error: float
    sharpness: float
    people: bool


def placed(atlas: Atlas, placements: list[Placement], seen: Bools | None, size: tuple[int, int]) -> CameraTrack:
    """The track of all frames; `seen` (T,) where the climber was seen decides which shot is the wall's."""
    time = np.array([p.time for p in placements])
    shot = _shots(np.array([atlas.keys[p.key].root for p in placements]), time)
    seen = np.array([p.people for p in placements]) if seen is None else seen
    main = _main(shot, seen)
    roots = {atlas.keys[p.key].root for p, s in zip(placements, shot, strict=True) if s == main}
    for root in roots:
        atlas.settle(root)
    quality = np.where(shot == main, _quality(atlas, placements), 0.0)
    views = np.stack([_whole(atlas.keys[p.key].to_root @ p.matrix, size) for p in placements])
    views[quality < KNOWN] = np.nan
    handled = _handled(time, views, shot, seen, size)
    views[handled], quality[handled] = np.nan, 0.0
    reference = _reference(placements, views)
    to_wall = inverse(views[reference]) @ views
    to_wall /= to_wall[:, 2:, 2:]
    static = _stood_still(to_wall, size)
    if static:
        to_wall[shot == main] = np.eye(3)
        to_wall[handled] = np.nan
    return CameraTrack(time, to_wall, quality, _filled(shot), reference, size, static, handled)


def _shots(roots: Ints, time: Floats) -> Ints:
    """(T,) number of each frame's shot in the order of their beginnings; -1 for what is shown too shortly to be one."""
    shot = np.full(len(roots), -1, np.int64)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 0.0
    lasting = [r for r in dict.fromkeys(roots.tolist()) if _lasts(roots == r, time, step)]
    for number, root in enumerate(lasting):
        shot[roots == root] = number
    return shot


def _lasts(member: Bools, time: Floats, step: float) -> bool:
    """Whether a component lasts, or is all that there is of a short video."""
    return bool(member.sum() * step >= min(_SHORTEST_SHOT_S, 0.6 * len(time) * step))


def _main(shot: Ints, seen: Bools) -> int:
    """The shot in which the climber is seen longest; the longest one where nobody is seen."""
    shots = np.arange(shot.max(initial=-1) + 1)
    if not len(shots):
        return 0
    return int(max(shots, key=lambda s: (int((seen & (shot == s)).sum()), int((shot == s).sum()))))


def _quality(atlas: Atlas, placements: list[Placement]) -> Floats:
    """(T,) agreement, lowered as the expected error grows towards the accuracy that is asked for."""
    error = np.array([np.hypot(atlas.keys[p.key].error, p.error) for p in placements])
    full = _FULL_ERROR * float(np.hypot(*atlas.size))
    return np.array([p.agreement for p in placements]) / (1 + (error / full) ** 2)


def _whole(matrix: Floats, size: tuple[int, int]) -> Floats:
    """The same transform in pixels of the whole frames; `matrix` is in those of the small ones."""
    factor = shrunk_by(size)
    grow = np.array([[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2], [0, 0, 1]])
    whole = grow @ matrix @ inverse(grow)
    return np.asarray(whole / whole[2, 2])


def _reference(placements: list[Placement], views: Floats) -> int:
    """The first sharp frame that is placed; frame 0 where none is."""
    known = np.isfinite(views).all((1, 2))
    if not known.any():
        return 0
    sharpness = np.array([p.sharpness for p in placements])
    looked_at = known & np.isfinite(sharpness)
    enough = _SHARP * np.median(sharpness[looked_at]) if looked_at.any() else 0.0
    sharp = known & ~(sharpness < enough)  # nothing moved in frames that were not looked at
    return int(np.argmax(sharp if sharp.any() else known))


def _stood_still(to_wall: Floats, size: tuple[int, int]) -> bool:
    known = to_wall[np.isfinite(to_wall).all((1, 2))]
    if not len(known):
        return False
    moved = transform(known, np.tile(corners(size), (len(known), 1, 1)))
    off = np.linalg.norm(moved - np.median(moved, 0), axis=-1).max(1)
    return bool(np.quantile(off, 0.98) < _STILL * np.hypot(*size))


def _filled(shot: Ints) -> Ints:
    """Frames of no shot belong to the one before them, those at the start to the first."""
    last = np.maximum.accumulate(np.where(shot >= 0, np.arange(len(shot)), -1))
    return np.asarray(np.where(last >= 0, shot[np.maximum(last, 0)], 0))


def _handled(time: Floats, views: Floats, shot: Ints, seen: Bools, size: tuple[int, int]) -> Bools:
    """(T,) frames at the beginning and at the end in which the camera is taken up or put down."""
    end = _leaves(time, views, shot, seen, size)
    beginning = _leaves(-time[::-1], views[::-1], shot[::-1], seen[::-1], size)[::-1]
    return np.asarray(end | beginning)


def _leaves(time: Floats, views: Floats, shot: Ints, seen: Bools, size: tuple[int, int]) -> Bools:
    """(T,) the frames at the end, if the view rushes away from where the climber was last seen and never comes back."""
    left = np.zeros(len(time), bool)
    known = np.asarray(np.isfinite(views).all((1, 2)))
    last = np.nonzero(seen)[0]
    if not len(last) or not known[: last[-1] + 1].any():
        return left
    home = inverse(views[np.nonzero(known[: last[-1] + 1])[0][-1]])
    stays = np.array([bool(ok) and overlap(home @ view, size, size) > _AWAY for ok, view in zip(known, views, strict=True)])
    back = max(int(last[-1]), int(np.nonzero(stays)[0][-1]))
    turn = slice(max(0, back - 1), int(np.searchsorted(time, time[back] + _TURN_S)) + 1)
    if back + 1 < len(time) and _rushes(time[turn], views[turn], shot[turn], size):
        left[back + 1 :] = True
    return left


def _rushes(time: Floats, views: Floats, shot: Ints, size: tuple[int, int]) -> bool:
    """Whether the view moves too fast for filming, or too fast to be followed."""
    middle = transform(views, np.tile((np.array(size) - 1) / 2, (len(views), 1)))
    speed = np.linalg.norm(np.diff(middle, axis=0), axis=1) / np.diff(time) / np.hypot(*size)
    return bool((shot < 0).any() or (speed > _RUSH).any())
