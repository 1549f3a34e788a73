"""A causal filter for live views, where the next frame is not known yet. Offline, use `smoothing.clean`: it has no lag."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class OneEuroOptions:
    """How much lag is traded for how much calm.

    Attributes
    ----------
    min_cutoff_hz
        Cutoff at rest: lower is calmer.
    beta
        Rise of the cutoff in Hz per unit of speed (torso lengths per second, if points are in torso lengths): higher lags less.
    speed_cutoff_hz
        Cutoff of the low-pass on the speed itself.
    """

    min_cutoff_hz: float = 1.5
    beta: float = 3.0
    speed_cutoff_hz: float = 1.0

    def __post_init__(self) -> None:
        if self.min_cutoff_hz <= 0 or self.speed_cutoff_hz <= 0 or self.beta < 0:
            raise InvalidOption("one-euro filter: cutoffs must be positive and beta not negative")


class OneEuro:
    """The one-euro filter over an array of points, one cutoff per point.

    Casiez, Roussel and Vogel, "1 EUR Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
    Systems", CHI 2012. Speed is the length of the velocity vector, so the result does not depend on the axes.

    Parameters
    ----------
    options
        Trade-off of lag against calm.
    scale
        Length in the units of the points that counts as one torso length; it makes `options` independent of the resolution.
    """

    def __init__(self, options: OneEuroOptions | None = None, *, scale: float = 1.0) -> None:
        if not scale > 0:
            raise InvalidOption("one-euro filter: scale must be positive")
        self._options = options or OneEuroOptions()
        self._scale = scale
        self._time = -np.inf
        self._value: Floats | None = None
        self._velocity: Floats | None = None

    def update(self, time: float, points: Floats) -> Floats:
        """Take (K, D) points measured at `time` in seconds and return them filtered.

        A point that is ``nan`` stays ``nan`` and starts afresh when it is seen again.

        Raises
        ------
        ValueError
            If time does not advance, or the shape changes.
        """
        if self._value is None or self._velocity is None:
            self._time, self._value, self._velocity = time, points.copy(), np.zeros_like(points)
            return points.copy()
        if points.shape != self._value.shape:
            raise ValueError(f"expected points of shape {self._value.shape}, got {points.shape}")
        if not time > self._time:
            raise ValueError("time must advance between updates")
        value, velocity = self._filter(points, self._value, self._velocity, time - self._time)
        fresh = ~np.isfinite(value).all(-1)
        value[fresh], velocity[fresh] = points[fresh], 0.0
        self._time, self._value, self._velocity = time, value, velocity
        return value.copy()

    def _filter(self, points: Floats, last: Floats, velocity: Floats, step: float) -> tuple[Floats, Floats]:
        options = self._options
        raw = (points - last) / step
        velocity = velocity + _share(options.speed_cutoff_hz, step) * (raw - velocity)
        speed = np.linalg.norm(velocity, axis=-1, keepdims=True) / self._scale
        return last + _share(options.min_cutoff_hz + options.beta * speed, step) * (points - last), velocity


def _share(cutoff_hz: Floats | float, step: float) -> Floats:
    """Share of the new sample in a first-order low-pass."""
    return np.asarray(1 / (1 + 1 / (2 * np.pi * cutoff_hz * step)))
