"""What hands and feet did: counts and times of moves and contacts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.body import speed
from ascension_core.movement.contacts import GROUND, Contact, Limb
from ascension_core.movement.metrics.timing import Stretch, covered
from ascension_core.movement.moves import Move
from ascension_core.pose.filters import segments

Floats = NDArray[np.float64]
HANDS: tuple[Limb, Limb] = ("left_hand", "right_hand")
FEET: tuple[Limb, Limb] = ("left_foot", "right_foot")


def progress_moves(moves: Iterable[Move], limbs: Sequence[Limb]) -> list[Move]:
    """Moves of these limbs that reached something to hold or stand on, and not what they had just left."""
    return [m for m in moves if m.limb in limbs and not m.readjustment and m.target not in {None, GROUND}]


def whole_contacts(contacts: Iterable[Contact], limbs: Sequence[Limb], within: Stretch) -> list[Contact]:
    """Contacts of these limbs with holds that begin and end within a stretch of time and were seen to do so."""
    first, last = within
    return [
        c
        for c in contacts
        if c.limb in limbs and c.on_hold and c.start >= first and c.end <= last and not (c.start_open or c.end_open)
    ]


def holding_time(contacts: Iterable[Contact], limb: Limb, within: Stretch) -> float:
    """Seconds within a stretch of time in which a limb is on holds."""
    return covered([(c.start, c.end) for c in contacts if c.limb == limb and c.on_hold], within)


def left_share(left: float, right: float) -> float:
    """Share of the left side in both, 0 to 1; ``nan`` where there is nothing of either."""
    return left / (left + right) if left + right > 0 else np.nan


def explored(touches: Sequence[Contact], moves: Sequence[Move], recoveries: Sequence[Stretch]) -> list[Contact]:
    """Touches of the hands that nothing was built upon: no other limb moved while they lasted.

    Parameters
    ----------
    touches
        Whole contacts of the hands.
    moves
        All moves.
    recoveries
        Stretches of rest and of shaking out: a hand that leaves its hold for one did not explore.

    Notes
    -----
    A hold that is used carries the next move of another limb (performatory), one that is only touched does not (exploratory).
    L. Seifert et al., "Neurobiological degeneracy and affordance perception support functional intra-individual variability of
    inter-limb coordination during ice climbing", PLoS ONE 9(2):e89865, 2014, count the ratio of exploratory movements to
    performed actions; fewer go with skill. To tell them apart by the moves of other limbs is our choice.
    """
    return [
        touch
        for touch in touches
        if not any(m.limb != touch.limb and touch.start <= m.start < touch.end for m in moves)
        and not any(a <= touch.end <= b for a, b in recoveries)
    ]


def settle_time(time: Floats, points: Floats, touch: Stretch, *, still: float, least_s: float) -> float:
    """Seconds from the first touch until a foot rests: slower than `still` for at least `least_s`.

    Parameters
    ----------
    time, points
        (T,) seconds and (T, 2) tip of the foot in torso lengths; ``nan`` where unknown.
    touch
        Start and end of the contact.
    still
        Torso lengths per second.

    Returns
    -------
    Seconds; ``nan`` where the foot was not seen as it arrived, or never came to rest.

    Notes
    -----
    Our definition of what coaches call quiet feet: N. Taylor, D. Giles, M. Panáčková, J. Mitchell, J. Chidley, N. Draper, "A
    novel tool for the assessment of rock climbers' movement performance", International Journal of Sports Physiology and
    Performance, 2020, rate the placement of feet by eye.
    """
    inside = (time >= touch[0]) & (time < touch[1])
    when, pace = time[inside], speed(time, points)[inside]
    if not len(when) or not np.isfinite(pace[0]):
        return np.nan
    calm = segments(pace < still)  # a comparison with nan is false
    rests = [float(when[run.start]) for run in calm if _lasts(when, run) >= least_s]
    if not rests or not np.isfinite(pace[when <= rests[0]]).all():
        return np.nan
    return rests[0] - float(when[0])


def _lasts(time: Floats, run: slice) -> float:
    """Seconds to the first frame after a run, or to its last one at the end."""
    return float(time[min(run.stop, len(time) - 1)] - time[run.start])
