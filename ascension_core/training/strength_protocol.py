"""One scale for strength tests that were done differently: edge depth, hanging time, hands and repetitions.

Every test is brought to one protocol before the model sees it: both hands on a 20 mm edge for 10 s, and a single
repetition of the weighted pull-up, each as total load over body mass. The corrections are averages of published samples,
so the further a test is from that protocol, the less it is worth (see docs/strength.md for how well they hold).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

REFERENCE_EDGE_MM = 20.0
REFERENCE_HANG_S = 10.0
EDGE_LIMITS_MM = (10.0, 40.0)
HANG_LIMITS_S = (1.0, 120.0)
MAX_REPETITIONS = 20.0

# Amca et al. 2012, J Sports Sci 30(7), 669-677: maximal vertical force rose from 350.8 N to 575.7 N between 10 and 40 mm.
EDGE_EXPONENT = float(np.log(575.7 / 350.8) / np.log(40.0 / 10.0))

# Medians of the 121 climbers of Giles et al. 2020: critical force over peak force, and W' over peak force (s).
CRITICAL_FRACTION = 0.354
WORK_S = 22.25

# One rep of a reps-to-failure set, Epley 1985: load * (1 + reps / 30).
EPLEY = 30.0


def edge_factor(edge_mm: ArrayLike) -> Floats:
    """Force on an edge relative to the force on 20 mm.

    A power law through the range that Amca et al. (2012) report over 10 to 40 mm (exponent 0.36, four depths, three grips,
    ten climbers). Depths outside that range count as its ends, and an unknown depth as 20 mm.
    """
    depth = np.clip(np.asarray(edge_mm, dtype=np.float64), *EDGE_LIMITS_MM)
    return np.where(np.isnan(depth), 1.0, (depth / REFERENCE_EDGE_MM) ** EDGE_EXPONENT)


def sustainable_fraction(seconds: ArrayLike) -> Floats:
    """Fraction of peak force that can be held for a time.

    Notes
    -----
    The three-parameter critical power model (Morton 1996, Ergonomics 39(4), 611-619) with the critical force and W' that
    Giles et al. (2020) measured in climbers: 0.92 of peak force for 5 s, 0.90 for 7 s, 0.86 for 10 s, 0.65 for 40 s.
    """
    time = np.clip(np.asarray(seconds, dtype=np.float64), *HANG_LIMITS_S)
    return CRITICAL_FRACTION + 1.0 / (time / WORK_S + 1.0 / (1.0 - CRITICAL_FRACTION))


def duration_factor(seconds: ArrayLike) -> Floats:
    """Load for a hang of that many seconds relative to the load for 10 s; an unknown time counts as 10 s."""
    ratio = sustainable_fraction(seconds) / sustainable_fraction(REFERENCE_HANG_S)
    return np.where(np.isnan(ratio), 1.0, ratio)


def hang_ratio(
    mass_kg: ArrayLike, added_kg: ArrayLike, edge_mm: ArrayLike, seconds: ArrayLike, hands: ArrayLike = 2.0
) -> Floats:
    """Total load over body mass that would be held with both hands on 20 mm for 10 s.

    Parameters
    ----------
    mass_kg, added_kg
        Body mass, and mass added to it (negative where a pulley takes weight off).
    edge_mm, seconds
        Depth and time of the test; nan where unknown.
    hands
        1 or 2; one hand is worth half of two (Giles et al.'s one-handed peaks agree with two-handed hangs on that basis).
    """
    mass = np.asarray(mass_kg, dtype=np.float64)
    total = (mass + np.asarray(added_kg, dtype=np.float64)) / mass
    both = np.where(np.asarray(hands, dtype=np.float64) == 1.0, 2.0, 1.0)
    return total * both / edge_factor(edge_mm) / duration_factor(seconds)


def hang_ratio_from_peak(mass_kg: ArrayLike, peak_kg: ArrayLike) -> Floats:
    """Hang ratio that a one-handed peak force on a 20 mm edge stands for (twice the peak, held for 10 s)."""
    fraction = sustainable_fraction(REFERENCE_HANG_S)
    return 2.0 * fraction * np.asarray(peak_kg, dtype=np.float64) / np.asarray(mass_kg, dtype=np.float64)


def pull_ratio(mass_kg: ArrayLike, added_kg: ArrayLike, repetitions: ArrayLike) -> Floats:
    """Total load over body mass of one pull-up, from a set of several by Epley's formula; unknown repetitions count as 1.

    Notes
    -----
    In the climbers of our table a set of plain pull-ups foretells their single weighted pull-up this way within 2 % of
    load (medians) up to 20 repetitions and overrates it above: more repetitions count as 20.
    """
    mass = np.asarray(mass_kg, dtype=np.float64)
    reps = np.clip(np.nan_to_num(np.asarray(repetitions, dtype=np.float64), nan=1.0), 1.0, MAX_REPETITIONS)
    total = (mass + np.asarray(added_kg, dtype=np.float64)) / mass
    return total * np.where(reps > 1.0, 1.0 + reps / EPLEY, 1.0)
