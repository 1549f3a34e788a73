"""The climb as a sequence: from contacts to moves, rests and an ending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.contacts import FEET, HANDS, LIMBS, Contact
from ascension_core.movement.extremities import Extremities, extremities
from ascension_core.movement.moves import Climb, Move, Style
from ascension_core.movement.phases import Phase, climb_phase
from ascension_core.movement.rests import velocity
from ascension_core.movement.spans import SpanOptions, runs, shaken, spans
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.holds import Hold

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ClimbOptions:
    """What moves are called.

    The words are those of climbers; the limits are ours, for no source gives numbers. In a static move the body is in balance
    all the way, so that it could stop anywhere; a dynamic one needs momentum, which shows as speed of the hips.

    Attributes
    ----------
    dynamic_speed
        Torso lengths per second that the hips reach during a hand move that is dynamic.
    dyno_speed
        The same for a dyno, in which the feet leave too.
    take_off_s
        How long before the hand the feet may leave in a dyno.
    blind_s
        A limb that was out of sight for longer on its way (trust below `SpanOptions.least_trust`) may have been anywhere: where
        it came from is then not told, and the move begins where it is seen again.
    spans
        What rests, shakes and cut loose feet are.
    """

    dynamic_speed: float = 1.5
    dyno_speed: float = 2.0
    take_off_s: float = 0.3
    blind_s: float = 0.5
    spans: SpanOptions = field(default_factory=SpanOptions)


def find_climb(
    track: PoseTrack,
    camera: CameraTrack,
    contacts: Sequence[Contact],
    holds: Sequence[Hold] = (),
    options: ClimbOptions | None = None,
) -> Climb | None:
    """Find the climb within a clip: its start, its moves, how it ended.

    Parameters
    ----------
    track
        Finished track of the climber.
    camera
        How the camera moved in the same frames.
    contacts, holds
        Both of `touch.find_contacts`.

    Returns
    -------
    The longest climb of the clip; None where nobody climbs in it.
    """
    options = options or ClimbOptions()
    contacts = sorted(contacts, key=lambda contact: (contact.start, LIMBS.index(contact.limb)))
    body = extremities(track, camera)
    phase = climb_phase(contacts, holds, body)
    if phase is None:
        return None
    moves = [move for limb in LIMBS for move in _moves([c for c in contacts if c.limb == limb], contacts, body, options)]
    held = [c for c in contacts if c.limb in HANDS and c.on_hold and c.start <= phase.start < c.end]
    return Climb(
        start=phase.start,
        end=phase.end,
        moves=tuple(sorted((m for m in moves if _within(m, phase)), key=lambda move: (move.start, move.end, move.limb))),
        spans=spans(contacts, body, phase, options.spans),
        ending=phase.ending,
        start_holds=tuple(dict.fromkeys(c.hold for c in held)),
        top_hold=phase.top_hold,
    )


def _within(move: Move, phase: Phase) -> bool:
    """Whether a move belongs to the climb; the one that brings the last limb to the top does."""
    return move.start >= phase.start and move.end <= phase.end


def _moves(own: Sequence[Contact], contacts: Sequence[Contact], body: Extremities, options: ClimbOptions) -> list[Move]:
    """The ways between the touches of one limb, shakes aside."""
    return [
        _move(before, after, contacts, body, options)
        for before, after in pairwise(own)
        if not shaken(before, after, body, options.spans) and not _unseen(before, after)
    ]


def _move(before: Contact, after: Contact, contacts: Sequence[Contact], body: Extremities, options: ClimbOptions) -> Move:
    """The way from one touch to the next, or the part of it that was seen."""
    start = _seen_again(before, after, body, options)
    if start is not None:
        return Move(after.limb, None, after.hold, start, after.start, reach_torsos=None, style=None)
    return Move(
        limb=before.limb,
        source=before.hold,
        target=after.hold,
        start=before.end,
        end=after.start,
        reach_torsos=float(np.linalg.norm(after.place - before.place) / body.unit),
        style=_style(before, after, contacts, body, options),
        readjustment=before.hold == after.hold and before.on_hold,
    )


def _seen_again(before: Contact, after: Contact, body: Extremities, options: ClimbOptions) -> float | None:
    """When a limb that was out of sight between two touches came into sight; None where it was seen well enough all the way."""
    between = (body.time >= before.end) & (body.time < after.start)
    unseen = between & (body.trust[:, LIMBS.index(after.limb)] < options.spans.least_trust)
    ends = [end for start, end in runs(unseen, body.time) if end - start > options.blind_s]
    return min(ends[-1], after.start) if ends else None


def _unseen(before: Contact, after: Contact) -> bool:
    """Whether the limb was lost on a hold and found again there."""
    return before.end_open and after.start_open and before.hold == after.hold


def _style(
    before: Contact, after: Contact, contacts: Sequence[Contact], body: Extremities, options: ClimbOptions
) -> Style | None:
    """Static, dynamic or a dyno; None where the limb or the hips were not seen."""
    during = (body.time >= before.end - options.take_off_s) & (body.time <= after.start)
    speed = np.linalg.norm(velocity(body.time, body.hips)[during], axis=1)
    if before.end_open or after.start_open or not np.isfinite(speed).any():
        return None
    fastest = float(np.nanmax(speed))
    if after.limb in HANDS and fastest > options.dyno_speed and _feet_left(contacts, before, after, options):
        return "dyno"
    return "dynamic" if fastest > options.dynamic_speed else "static"


def _feet_left(contacts: Sequence[Contact], before: Contact, after: Contact, options: ClimbOptions) -> bool:
    """Whether feet pushed off and none was on when the hand arrived."""
    feet = [c for c in contacts if c.limb in FEET]
    pushed = any(before.end - options.take_off_s <= c.end <= after.start and not c.end_open for c in feet)
    return pushed and not any(c.start < after.start < c.end for c in feet)
