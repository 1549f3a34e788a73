"""The climb as a sequence of moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ascension_core.movement.contacts import Limb

Style = Literal["static", "dynamic", "dyno"]
Ending = Literal["top", "fall", "down", "unknown"]


@dataclass(frozen=True)
class Move:
    """One limb from one hold to the next.

    Attributes
    ----------
    limb
        Which of `contacts.LIMBS`.
    source, target
        Ids of holds, ``smear`` or ``ground``; None where the limb came from, or went, out of sight.
    start, end
        Seconds: when the limb left and when it came to rest.
    reach_torsos
        Straight distance between both places in torso lengths; None where a place is not known.
    style
        How it was done; None where not enough was seen to tell.
    readjustment
        Whether the limb came back to the hold that it left.
    """

    limb: Limb
    source: str | None
    target: str | None
    start: float
    end: float
    reach_torsos: float | None
    style: Style | None
    readjustment: bool = False


@dataclass(frozen=True)
class Span:
    """A stretch of time with a name: ``rest``, ``shake``, ``cut_loose``.

    Attributes
    ----------
    kind
        What happened.
    start, end
        Seconds.
    limb
        The limb concerned, None where it is the whole body.
    """

    kind: Literal["rest", "shake", "cut_loose"]
    start: float
    end: float
    limb: Limb | None = None


@dataclass(frozen=True)
class Climb:
    """What happened between leaving the ground and the end of the climb.

    Attributes
    ----------
    start, end
        Seconds: both feet have left the ground; the top is held, the body falls, or it starts to come down.
    moves
        In the order of their starts.
    spans
        Rests, shakes and cut loose feet, in the order of time.
    ending
        How it ended, as far as it was seen.
    start_holds
        Ids of the holds that the hands held when the climb began.
    top_hold
        Id of the highest hold that a hand held; None where there is none.
    """

    start: float
    end: float
    moves: tuple[Move, ...]
    spans: tuple[Span, ...]
    ending: Ending
    start_holds: tuple[str, ...]
    top_hold: str | None
