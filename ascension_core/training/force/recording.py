"""A force-gauge recording: the type that everything else about force reads."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidRecording
from ascension_core.results import Note

FloatArray = NDArray[np.float64]

# A silence this long is not one lost packet: what happened meanwhile is unknown, and no effort is assumed to span it.
LONGEST_GAP_S = 1.0
FEWEST_SAMPLES = 10


@dataclass(frozen=True, slots=True)
class ForceRecording:
    """What a gauge measured.

    Attributes
    ----------
    time_s
        (N,) seconds from the first sample, strictly increasing; sampling need not be regular.
    force_kg
        (N,) kilograms, pull positive, as the gauge gave it (tare and drift still in it).
    name
        Where it came from, for messages.
    notes
        What was assumed or repaired in reading.
    """

    time_s: FloatArray
    force_kg: FloatArray
    name: str = "recording"
    notes: tuple[Note, ...] = ()

    def __post_init__(self) -> None:
        time, force = self.time_s, self.force_kg
        if time.ndim != 1 or time.shape != force.shape:
            raise ValueError(f"time and force must be (N,) arrays of one length, not {time.shape} and {force.shape}")
        if not (np.isfinite(time).all() and np.isfinite(force).all()):
            raise ValueError("times and forces must be finite")
        if time.size < FEWEST_SAMPLES:
            raise InvalidRecording(f"{self.name} holds {time.size} samples: that is too few to be a recording of a pull")
        if np.any(np.diff(time) <= 0):
            raise ValueError("times must increase from sample to sample")

    @property
    def duration_s(self) -> float:
        """Time from the first sample to the last."""
        return float(self.time_s[-1] - self.time_s[0])

    @property
    def rate_hz(self) -> float:
        """Samples per second where the gauge did send (from the median step)."""
        return float(1 / np.median(np.diff(self.time_s)))

    @property
    def weights_s(self) -> FloatArray:
        """(N,) time that each sample stands for, so that statistics do not depend on how densely a moment was sampled."""
        steps = np.minimum(np.diff(self.time_s), LONGEST_GAP_S)
        weights: FloatArray = (np.concatenate([[0.0], steps]) + np.concatenate([steps, [0.0]])) / 2
        return weights

    def pieces(self) -> list[slice]:
        """Stretches without a gap longer than `LONGEST_GAP_S`."""
        cuts = np.flatnonzero(np.diff(self.time_s) > LONGEST_GAP_S) + 1
        edges = [0, *cuts.tolist(), self.time_s.size]
        return [slice(a, b) for a, b in pairwise(edges)]
