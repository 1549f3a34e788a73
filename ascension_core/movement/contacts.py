"""Who holds what, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Limb = Literal["left_hand", "right_hand", "left_foot", "right_foot"]

LIMBS: tuple[Limb, ...] = ("left_hand", "right_hand", "left_foot", "right_foot")
HANDS, FEET = LIMBS[:2], LIMBS[2:]

SMEAR = "smear"
"""A limb on the wall where there is no hold."""
GROUND = "ground"
"""A foot on the floor or the mat, or a hand."""


@dataclass(frozen=True, eq=False)
class Contact:
    """One limb on one hold, on the bare wall, or on the ground.

    Attributes
    ----------
    limb
        Which of `LIMBS`.
    hold
        Id of the hold, `SMEAR` or `GROUND`.
    start, end
        Seconds: the first frame of touching, and the first after it.
    place
        (2,) where the limb's end was, in wall coordinates (pixels), as it came to rest.
    confidence
        How sure this is, 0 to 1.
    start_open, end_open
        Whether the limb was touching already when the video or its being seen began, or still when it ended.
    """

    limb: Limb
    hold: str
    start: float
    end: float
    place: NDArray[np.float64]
    confidence: float
    start_open: bool = False
    end_open: bool = False

    @property
    def on_hold(self) -> bool:
        """Whether it is a hold that is touched."""
        return self.hold not in {SMEAR, GROUND}
