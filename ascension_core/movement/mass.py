"""Where the mass of the body is: segment masses and centres of mass.

Source: P. de Leva, "Adjustments to Zatsiorsky-Seluyanov's segment inertia parameters", Journal of Biomechanics 29(9),
1996, table 4: gamma-ray scans of 100 men and 15 women, college-aged. Climbers carry somewhat more of their mass in the arms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Sex = Literal["female", "male", "mean"]

STATURE_MM = {"female": 1735.0, "male": 1741.0}
TRUNK_MM = {"female": 497.9, "male": 515.5}
"""Mid-shoulder to mid-hip (MIDS to MIDH), the torso length of all our measures."""

ENOUGH_MASS = 0.9
"""Share of the mass that must be seen before a whole-body centre is given; a forearm and hand that are missing move it by
less than 0.03 torso lengths, a lower leg and foot by about 0.1."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the body between two points, each the mean of some keypoints.

    Attributes
    ----------
    proximal, distal
        Keypoint indices of the two ends.
    mass
        Share of the body's mass, as (female, male).
    centre
        Position of the centre of mass from the proximal (0) to the distal (1) end, as (female, male).
    """

    name: str
    proximal: tuple[int, ...]
    distal: tuple[int, ...]
    mass: tuple[float, float]
    centre: tuple[float, float]


def _limb(
    name: str, mass: tuple[float, float], centre: tuple[float, float], start: int, ends: tuple[int, ...]
) -> list[Segment]:
    return [
        Segment(f"{side}_{name}", (start + right,), tuple(end + right for end in ends), mass, centre)
        for right, side in enumerate(("left", "right"))
    ]


SEGMENTS: tuple[Segment, ...] = (
    # The head's centre lies 59 % of the way from vertex to jaw, which is the height of the ears (Winter 2009, table 4.1, too).
    Segment("head", (7, 8), (7, 8), (0.0668, 0.0694), (0.0, 0.0)),
    Segment("trunk", (11, 12), (23, 24), (0.4257, 0.4346), (0.3782, 0.4310)),
    *_limb("upper_arm", (0.0255, 0.0271), (0.5754, 0.5772), 11, (13,)),
    *_limb("forearm", (0.0138, 0.0162), (0.4559, 0.4574), 13, (15,)),
    *_limb("hand", (0.0056, 0.0061), (0.7474, 0.7900), 15, (17, 19)),  # to the knuckles, near the third metacarpal
    *_limb("thigh", (0.1478, 0.1416), (0.3612, 0.4095), 23, (25,)),
    *_limb("shank", (0.0481, 0.0433), (0.4352, 0.4395), 25, (27,)),
    *_limb("foot", (0.0129, 0.0137), (0.4014, 0.4415), 29, (31,)),  # heel to toe
)
"""Fourteen segments with the end points of de Leva's table 4 that MediaPipe's keypoints come closest to."""


def mass_fractions(sex: Sex = "mean") -> Floats:
    """(14,) share of the body's mass in each of `SEGMENTS`, scaled to sum to 1 (the table's sum is 0.9999 to 1)."""
    masses = _pick([segment.mass for segment in SEGMENTS], sex)
    return np.asarray(masses / masses.sum())


def centre_fractions(sex: Sex = "mean") -> Floats:
    """(14,) position of each segment's centre of mass between its ends."""
    return _pick([segment.centre for segment in SEGMENTS], sex)


def torso_over_stature(sex: Sex = "mean") -> float:
    """Torso length, mid-shoulder to mid-hip, as a share of the body's height: 0.287 for women, 0.296 for men."""
    return float(_pick([(TRUNK_MM["female"] / STATURE_MM["female"], TRUNK_MM["male"] / STATURE_MM["male"])], sex)[0])


def segment_centres(points: Floats, sex: Sex = "mean") -> Floats:
    """(T, 14, D) centres of mass of the segments from (T, 33, D) keypoints; ``nan`` where an end is unknown."""
    proximal = np.stack([points[:, list(segment.proximal)].mean(1) for segment in SEGMENTS], axis=1)
    distal = np.stack([points[:, list(segment.distal)].mean(1) for segment in SEGMENTS], axis=1)
    along = centre_fractions(sex)[:, None]
    centres: Floats = proximal + along * (distal - proximal)
    return centres


def whole_body_centre(centres: Floats, sex: Sex = "mean") -> tuple[Floats, Floats]:
    """Centre of mass of the body and how much of it was seen.

    Parameters
    ----------
    centres
        (T, 14, D) from `segment_centres`.

    Returns
    -------
    centre
        (T, D) mean of the known segments weighted by mass; ``nan`` where they hold less than 90 % of it.
    seen
        (T,) share of the mass in known segments.
    """
    masses = mass_fractions(sex)
    known = np.isfinite(centres).all(-1)
    seen: Floats = known @ masses
    total = np.einsum("tsd,s->td", np.nan_to_num(centres), masses)
    centre = np.full_like(total, np.nan)
    enough = seen >= ENOUGH_MASS
    centre[enough] = total[enough] / seen[enough, None]
    return centre, seen


def _pick(pairs: list[tuple[float, float]], sex: Sex) -> Floats:
    both = np.array(pairs)
    return np.asarray(both.mean(1) if sex == "mean" else both[:, ("female", "male").index(sex)])
