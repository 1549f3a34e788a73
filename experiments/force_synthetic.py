"""Force-gauge recordings whose critical force, W' and efforts are known, for tests and experiments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

FloatArray = NDArray[np.float64]


LAST = 3


@dataclass(frozen=True, slots=True)
class AllOut:
    """An all-out test as it would be without any noise.

    Attributes
    ----------
    asymptote_kg, first_kg
        What the contraction means fall to, and the first of them.
    constant
        Contractions in which the distance to the asymptote falls to 37 %.
    contractions, work_s, rest_s
        Of the rhythm.
    rise_s
        Each contraction rises and falls linearly in this time.
    """

    asymptote_kg: float = 17.0
    first_kg: float = 48.0
    constant: float = 4.0
    contractions: int = 24
    work_s: float = 7.0
    rest_s: float = 3.0
    rise_s: float = 0.2

    @property
    def means_kg(self) -> FloatArray:
        """(contractions,) mean force of each contraction, kg."""
        n = np.arange(self.contractions)
        means: FloatArray = self.asymptote_kg + (self.first_kg - self.asymptote_kg) * np.exp(-n / self.constant)
        return means

    @property
    def critical_kg(self) -> float:
        """Mean of the last three contractions."""
        return float(self.means_kg[-LAST:].mean())

    @property
    def w_prime_kg_s(self) -> float:
        """Impulse above critical force."""
        return float(np.sum(self.means_kg - self.critical_kg) * self.work_s)


def with_results(critical_kg: float, first_kg: float, w_prime_kg_s: float, contractions: int) -> AllOut:
    """The test that has this critical force, first contraction and W'.

    Raises
    ------
    ValueError
        If no exponential fall from the first contraction spends that much.
    """

    def test(constant: float) -> AllOut:
        left = float(np.exp(-np.arange(contractions - LAST, contractions) / constant).mean())
        return AllOut((critical_kg - first_kg * left) / (1 - left), first_kg, constant, contractions)

    return test(float(brentq(lambda constant: test(constant).w_prime_kg_s - w_prime_kg_s, 0.05, 4.0 * contractions)))


def pulses(
    starts_s: FloatArray,
    forces_kg: FloatArray,
    work_s: float,
    *,
    rate_hz: float = 80.0,
    rise_s: float = 0.2,
    tail_s: float = 5.0,
) -> tuple[FloatArray, FloatArray]:
    """Time (N,) and force (N,) of trapezoids of these heights."""
    time = np.arange(0.0, float(starts_s[-1]) + work_s + tail_s, 1 / rate_hz)
    force = np.zeros_like(time)
    for start, height in zip(starts_s, forces_kg, strict=True):
        corners = [start, start + rise_s, start + work_s - rise_s, start + work_s]
        force += np.interp(time, corners, [0.0, height, height, 0.0])
    return time, force


def all_out_recording(
    test: AllOut,
    *,
    rate_hz: float = 80.0,
    lead_s: float = 5.0,
    noise_kg: float = 0.0,
    tremor: float = 0.0,
    effort_spread: float = 0.0,
    offset_kg: float = 0.0,
    drift_kg_per_min: float = 0.0,
    seed: int = 0,
) -> tuple[FloatArray, FloatArray]:
    """Time (N,) and force (N,) of a test.

    Parameters
    ----------
    noise_kg
        Standard deviation of the gauge.
    tremor
        Standard deviation of the force within a contraction, as a share of it, slower than the gauge's noise (about 2 Hz).
    effort_spread
        Standard deviation of whole contractions about the decay, as a share of them.
    offset_kg, drift_kg_per_min
        Of the gauge at rest.
    """
    random = np.random.default_rng(seed)
    starts = lead_s + np.arange(test.contractions, dtype=np.float64) * (test.work_s + test.rest_s)
    full = test.work_s / (test.work_s - test.rise_s)  # the plateau between the ramps, so that the mean is what was asked for
    heights: FloatArray = test.means_kg * full * (1 + effort_spread * random.standard_normal(test.contractions))
    time, force = pulses(starts, heights, test.work_s, rate_hz=rate_hz, rise_s=test.rise_s)
    knots = np.arange(time[0], time[-1] + 0.5, 0.25)
    force *= 1 + tremor * np.interp(time, knots, random.standard_normal(knots.size))
    force += noise_kg * random.standard_normal(time.size)
    return time, force + offset_kg + drift_kg_per_min / 60 * time
