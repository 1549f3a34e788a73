"""Matching contacts that were found with those of the truth.

Contacts are events, and events are matched one to one: those of a limb with those of the same limb, where they overlap in
time by a tIoU (intersection over union) of at least 0.5 and lie within 0.25 torso lengths. Names of holds are arbitrary, so
identity is by place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ascension_core.movement.contacts import LIMBS, Contact, Limb
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack
from experiments.contact_truth import ContactTruth

Floats = NDArray[np.float64]

TIOU = 0.5
"""Share of the time that either event covers which both must cover, the usual bar of action detection (Idrees et al., "The
THUMOS challenge on action recognition for videos in the wild", CVIU 2017)."""
NEAR = 0.25
"""Torso lengths between both places: about the breadth of two hands."""


@dataclass(frozen=True)
class Found:
    """What was found in a clip.

    Attributes
    ----------
    contacts
        Times on the clock of the track, places in wall coordinates.
    track
        One row for each frame of the clip: its clock, and how big the body is.
    camera
        Carries places back into the picture.
    """

    contacts: Sequence[Contact]
    track: PoseTrack
    camera: CameraTrack


@dataclass(frozen=True, eq=False)
class Event:
    """A contact and the part of it that can be scored.

    Attributes
    ----------
    contact
        As it was labelled or found, on the clock of the truth; several on one hold, where only unseen time lies between them.
    start, end
        Seconds of seen time (`SeenTime`).
    """

    contact: Contact
    start: float
    end: float

    @property
    def kind(self) -> str:
        """``hold``, ``smear`` or ``ground``."""
        return "hold" if self.contact.on_hold else self.contact.hold


@dataclass(frozen=True, eq=False)
class Pair:
    """A true event and the one that was found for it; one of the two may be missing, and then there is no tIoU."""

    limb: Limb
    truth: Event | None
    found: Event | None
    tiou: float = float("nan")


class SeenTime:
    """A clock that stands still while a limb is hidden and outside the labelled frames.

    Attributes
    ----------
    half_frame
        Seconds.
    """

    def __init__(self, truth: ContactTruth, limb: Limb) -> None:
        hidden = [(span.start, span.end) for span in truth.hidden if span.limb == limb]
        knots = np.unique(np.clip([*truth.window, *np.ravel(hidden)], *truth.window))
        middle = (knots[:-1] + knots[1:]) / 2
        seen = ~np.any([(middle > start) & (middle < end) for start, end in hidden], axis=0) if hidden else True
        self._knots = knots
        self._seen = np.concatenate([[0.0], np.cumsum(np.diff(knots) * seen)])
        self.half_frame = 0.5 / truth.fps

    def __call__(self, time: float) -> float:
        """Seconds that were seen until then."""
        return float(np.interp(time, self._knots, self._seen))

    def shows(self, time: float) -> bool:
        """Whether the limb is seen on both sides of an instant, half a frame each."""
        return self(time + self.half_frame) - self(time - self.half_frame) > 1.9 * self.half_frame


def match(found: Found, truth: ContactTruth) -> list[Pair]:
    """Pair the true contacts with those found: as many as possible, then with as much overlap as possible.

    Time in which the limb is hidden, or which is not labelled, is cut out of both beforehand (`events`).

    Returns
    -------
    One for each event, true or found, that has any seen time.
    """
    clock = _truth_clock(found.track.time, truth.fps)
    scale = body_scale(found.track)
    pairs: list[Pair] = []
    for limb in LIMBS:
        seen = SeenTime(truth, limb)
        real = events([c for c in truth.contacts if c.limb == limb], seen)
        ours = events([replace(c, start=clock(c.start), end=clock(c.end)) for c in found.contacts if c.limb == limb], seen)
        near = _distances(real, ours, found.camera, scale, truth.fps) <= NEAR
        pairs += _assigned(limb, real, ours, np.where(near, tiou(real, ours), 0.0))
    return pairs


def events(contacts: Sequence[Contact], seen: SeenTime) -> list[Event]:
    """What can be scored of the contacts of one limb, in the order of time.

    A contact of which less than half a frame is seen is left out: it is neither right nor wrong. Contacts on one hold with
    nothing but unseen time between them are one: whether the limb left meanwhile cannot be told.
    """
    found: list[Event] = []
    for contact in sorted(contacts, key=lambda c: c.start):
        event = Event(contact, seen(contact.start), seen(contact.end))
        if event.end - event.start < seen.half_frame:
            continue
        if found and _only_unseen_between(found[-1], event):
            event = _joined(found.pop(), event)
        found.append(event)
    return found


def tiou(truth: Sequence[Event], found: Sequence[Event]) -> Floats:
    """(N, M) seen time that both events cover over the time that either covers.

    Beyond an edge that is open in the truth, what was found is cut off: how far it reaches there is not scored.
    """
    start, end = np.array([(e.start, e.end) for e in truth]).reshape(-1, 2).T[..., None]
    open_start, open_end = (
        np.array([(e.contact.start_open, e.contact.end_open) for e in truth], bool).reshape(-1, 2).T[..., None]
    )
    first, last = np.array([(e.start, e.end) for e in found]).reshape(-1, 2).T[:, None]
    first = np.where(open_start, np.maximum(first, start), first)
    last = np.where(open_end, np.minimum(last, end), last)
    both = np.minimum(last, end) - np.maximum(first, start)
    either = np.maximum(last, end) - np.minimum(first, start)
    return np.asarray(np.maximum(both, 0) / either)


def _edges(events: Sequence[Event]) -> Floats:
    """(2, N) seen seconds of their starts and of their ends."""
    return np.array([(e.start, e.end) for e in events], float).reshape(-1, 2).T


def _truth_clock(time: Floats, fps: float) -> Callable[[float], float]:
    """From true time to the truth's, which counts frames."""
    last = time[-1] + (np.median(np.diff(time)) if len(time) > 1 else 1 / fps)
    known, counted = np.append(time, last), np.arange(len(time) + 1) / fps
    return lambda second: float(np.interp(second, known, counted))


def _only_unseen_between(one: Event, other: Event) -> bool:
    same = other.contact.on_hold and other.contact.hold == one.contact.hold
    return same and other.contact.start > one.contact.end and other.start <= one.end


def _joined(one: Event, other: Event) -> Event:
    contact = replace(one.contact, end=other.contact.end, end_open=other.contact.end_open)
    return Event(contact, one.start, max(one.end, other.end))


def _distances(truth: Sequence[Event], found: Sequence[Event], camera: CameraTrack, scale: Floats, fps: float) -> Floats:
    """(N, M) torso lengths between places, in the picture in which the true contact starts; ``inf`` where it has no place."""
    distance = np.full((len(truth), len(found)), np.inf)
    places = np.array([event.contact.place for event in found]).reshape(-1, 2)
    for row, event in enumerate(truth):
        frame = min(round(event.contact.start * fps), len(camera) - 1)
        distance[row] = np.linalg.norm(camera.in_frame(frame, places) - event.contact.place, axis=1) / scale[frame]
    return np.where(np.isfinite(distance), distance, np.inf)


def _assigned(limb: Limb, truth: Sequence[Event], found: Sequence[Event], fit: Floats) -> list[Pair]:
    """Pairs by optimal assignment among those that fit well enough, and the rest alone."""
    worth = np.where(fit >= TIOU, min(fit.shape) + fit, 0.0)  # one more pair is worth more than any overlap
    rows, columns = linear_sum_assignment(worth, maximize=True)
    chosen = [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if worth[r, c]]
    lonely = [event for k, event in enumerate(truth) if k not in {r for r, _ in chosen}]
    extra = [event for k, event in enumerate(found) if k not in {c for _, c in chosen}]
    pairs = [Pair(limb, truth[r], found[c], float(fit[r, c])) for r, c in chosen]
    return pairs + [Pair(limb, event, None) for event in lonely] + [Pair(limb, None, event) for event in extra]
