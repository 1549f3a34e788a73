"""Rate of force development: how fast an effort's force rises, and whether the gauge was fast enough to tell.

Maffiuletti et al., "Rate of force development: physiological and methodological considerations", European Journal of
Applied Physiology 116 (2016) 1091-1116, doi 10.1007/s00421-016-3346-6: take fixed windows from the onset of force, set the
onset close to the resting noise, and sample at 1 kHz or more.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ascension_core.results import Contract
from ascension_core.training.force.recording import FloatArray

RECOMMENDED_RATE_HZ = 1000.0
STEEPEST_WINDOW_S = 0.05
# The onset is known to one sample: it may be wrong by a tenth of the window, and so the rate by as much.
SAMPLES_PER_WINDOW = 10
ONSET_SHARE = 0.01
ONSET_NOISES = 3.0
LONGEST_SLACK_S = 0.5


class RateOfDevelopment(Contract):
    """Rates in kg/s; None where the gauge is too slow for the window, or the effort ended within it."""

    onset_s: float = Field(description="last moment at rest before the rise")
    rate_100_ms_kg_s: float | None = Field(description="mean rate over the first 100 ms")
    rate_200_ms_kg_s: float | None = Field(description="mean rate over the first 200 ms")
    steepest_kg_s: float | None = Field(description="highest rate over any 50 ms between onset and peak")


def rate_of_development(time: FloatArray, force: FloatArray, start: float, peak: float, noise: float) -> RateOfDevelopment:
    """Rates of one effort that crosses its threshold at `start` and peaks at `peak` (seconds; `noise` of the gauge in kg)."""
    onset = _onset(time, force, start, max(ONSET_NOISES * noise, ONSET_SHARE * float(np.interp(peak, time, force))))
    return RateOfDevelopment(
        onset_s=onset,
        rate_100_ms_kg_s=_from_onset(time, force, onset, 0.1),
        rate_200_ms_kg_s=_from_onset(time, force, onset, 0.2),
        steepest_kg_s=_steepest(time, force, onset, peak),
    )


def _onset(time: FloatArray, force: FloatArray, start: float, level: float) -> float:
    """Last sample at rest before `start`; `start` itself where the recording has none within `LONGEST_SLACK_S`."""
    before = np.flatnonzero((time <= start) & (time >= start - LONGEST_SLACK_S) & (force <= level))
    return float(time[before[-1]]) if before.size else start


def _resolved(time: FloatArray, start: float, window: float) -> bool:
    """Whether the window holds enough samples and the recording goes on after it."""
    inside = np.count_nonzero((time > start) & (time <= start + window * (1 + 1e-9)))
    return bool(inside >= SAMPLES_PER_WINDOW and time[-1] >= start + window)


def _from_onset(time: FloatArray, force: FloatArray, onset: float, window: float) -> float | None:
    if not _resolved(time, onset, window):
        return None
    rise = np.interp(onset + window, time, force) - np.interp(onset, time, force)
    return float(rise / window)


def _steepest(time: FloatArray, force: FloatArray, onset: float, peak: float) -> float | None:
    if not _resolved(time, onset, STEEPEST_WINDOW_S):
        return None
    last = max(onset, peak - STEEPEST_WINDOW_S)
    starts = np.append(time[(time >= onset) & (time <= last)], last)
    rises = np.interp(starts + STEEPEST_WINDOW_S, time, force) - np.interp(starts, time, force)
    return float(np.max(rises) / STEEPEST_WINDOW_S)
