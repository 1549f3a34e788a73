"""From the body and the holds to contacts: a limb that rests is judged by what it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.contacts import GROUND, LIMBS, SMEAR, Contact
from ascension_core.movement.evidence import Touch, judge
from ascension_core.movement.extremities import Extremities, extremities
from ascension_core.movement.inferred import infer_holds
from ascension_core.movement.nearness import Nearness
from ascension_core.movement.rests import LimbPath, RestOptions, find_rests, trimmed
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.holds import Hold

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ContactOptions:
    """What counts as a contact.

    Attributes
    ----------
    least_trust, least_mean_trust
        A limb whose end lies within 0.2 torso lengths of the truth with less than this probability is not seen; a rest in which
        it was seen as badly as this on the whole is not believed.
    least_odds
        Log odds from which a rest is a contact.
    reach
        Farthest that a limb may be from the outline of its hold, in torso lengths.
    left, sure_trust
        A limb has left a hold that it rests on again where it was seen this far from it, in torso lengths, by poses that are
        this sure on average: what is hidden behind the body drifts.
    edge_speed
        A contact begins when the limb has become slower than this (torso lengths per second), and ends when it becomes faster.
    rest
        What counts as a rest.
    """

    least_trust: float = 0.2
    least_mean_trust: float = 0.35
    least_odds: float = 0.0
    reach: float = 0.3
    left: float = 0.35
    sure_trust: float = 0.5
    edge_speed: float = 0.8
    rest: RestOptions = field(default_factory=RestOptions)


@dataclass(frozen=True)
class Touches:
    """What the limbs touched.

    Attributes
    ----------
    contacts
        In the order of their starts; those of one limb do not overlap.
    holds
        The holds that were given, and those that contacts gave away (`Hold.inferred`).
    """

    contacts: tuple[Contact, ...]
    holds: tuple[Hold, ...]


def find_contacts(
    track: PoseTrack, camera: CameraTrack, holds: Sequence[Hold] = (), options: ContactOptions | None = None
) -> Touches:
    """Find what each limb touched, and when.

    Parameters
    ----------
    track
        Finished track of the climber.
    camera
        How the camera moved in the same frames.
    holds
        Holds and volumes in wall coordinates; some may be missing, false, or a little off.
    """
    options = options or ContactOptions()
    body = extremities(track, camera)
    paths = [_path(body, limb, options) for limb in range(len(LIMBS))]
    rests = [find_rests(path, options.rest) for path in paths]
    if not any(rests):
        return Touches((), tuple(holds))
    wall = Nearness.on(holds, body.unit, _region(paths), options.reach)
    touches = _joined([t for t in judge(body, rests, wall) if t.odds > options.least_odds], paths, options)
    touches, found = infer_holds([t for t in touches if t.rest.trust >= options.least_mean_trust], body.unit)
    contacts = [_contact(touch, paths[touch.limb], body.unit, options) for touch in touches]
    return Touches(tuple(sorted(contacts, key=lambda c: (c.start, LIMBS.index(c.limb)))), (*holds, *found))


def _path(body: Extremities, limb: int, options: ContactOptions) -> LimbPath:
    seen = body.trust[:, limb] >= options.least_trust
    points = np.where(seen[:, None], body.ends[:, limb], np.nan)
    return LimbPath(body.time, points, body.trust[:, limb], body.roots[:, limb])


def _region(paths: Sequence[LimbPath]) -> Floats:
    """Box around all places where an end of a limb was, in torso lengths."""
    points = np.concatenate([path.points[path.seen] for path in paths])
    return np.concatenate([points.min(0), points.max(0)])


def _joined(touches: Sequence[Touch], paths: Sequence[LimbPath], options: ContactOptions) -> list[Touch]:
    """Touches of one limb on the same thing, between which it never left, as one."""
    joined: list[Touch] = []
    for touch in touches:
        before = joined[-1] if joined else None
        if before is not None and _same(before, touch, paths[touch.limb], options):
            joined[-1] = _together(before, touch)
        else:
            joined.append(touch)
    return joined


def _same(before: Touch, after: Touch, path: LimbPath, options: ContactOptions) -> bool:
    if before.limb != after.limb or before.ground != after.ground:
        return False
    if path.time[after.rest.first] - path.time[before.rest.last] > options.rest.longest_gap_s:
        return False
    between = slice(before.rest.last, after.rest.first + 1)
    away = np.linalg.norm(path.points[between] - before.rest.place, axis=1) > options.left
    left = away.any() and float(path.trust[between][away].mean()) >= options.sure_trust
    return bool(np.linalg.norm(after.rest.place - before.rest.place) < options.left and not left)


def _together(a: Touch, b: Touch) -> Touch:
    surer = max(a, b, key=lambda touch: touch.rest.trust * (touch.rest.last - touch.rest.first + 1))
    lengths = [touch.rest.last - touch.rest.first + 1 for touch in (a, b)]
    trust = float(np.average([a.rest.trust, b.rest.trust], weights=lengths))
    rest = replace(surer.rest, first=a.rest.first, last=b.rest.last, trust=trust)
    return replace(surer, rest=rest, odds=max(a.odds, b.odds))


def _name(touch: Touch) -> str:
    return GROUND if touch.ground else SMEAR if touch.hold is None else touch.hold.id


def _contact(touch: Touch, path: LimbPath, unit: float, options: ContactOptions) -> Contact:
    first, last = trimmed(touch.rest, path, options.edge_speed)
    after = last + 1
    seen_before, seen_after = first > 0 and bool(path.seen[first - 1]), after < len(path.time) and bool(path.seen[after])
    return Contact(
        limb=LIMBS[touch.limb],
        hold=_name(touch),
        start=float(path.time[first]),
        end=float(path.time[after] if after < len(path.time) else 2 * path.time[last] - path.time[last - 1]),
        place=touch.rest.place * unit,
        confidence=float(touch.rest.trust / (1 + np.exp(-touch.odds))),
        start_open=not seen_before,
        end_open=not seen_after,
    )
