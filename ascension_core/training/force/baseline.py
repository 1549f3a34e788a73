"""What a gauge shows when nobody pulls: tare offset and slow drift, found from the rests of the recording itself."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import median_filter
from scipy.stats import median_abs_deviation, theilslopes

from ascension_core.results import Contract, Note
from ascension_core.training.force.recording import FloatArray, ForceRecording

# The lowest twentieth of the time is rest if it lies this far below the top; a fatiguing hold without rest stays above.
REST_BELOW = 0.25
REST_BAND = 0.1
BLOCK_S = 3.0
SHORTEST_REST_S = 0.3
# A line through the rests needs a few of them, apart in time, before its slope means drift.
FEWEST_BLOCKS = 5
SHORTEST_SPAN_S = 30.0
SMALLEST_DRIFT = 0.005


class Baseline(Contract):
    """The reading at rest, as a line in time."""

    offset_kg: float = Field(description="reading at rest at the beginning, kg; subtracted")
    drift_kg_per_min: float = Field(0.0, description="slope of the reading at rest; subtracted")
    noise_kg: float = Field(0.0, ge=0, description="standard deviation of the reading at rest")
    rest_s: float = Field(0.0, ge=0, description="time at rest from which this was found; 0 where there was none")

    def at(self, time_s: FloatArray) -> FloatArray:
        """Reading at rest at these times, kg."""
        line: FloatArray = self.offset_kg + self.drift_kg_per_min / 60 * time_s
        return line


def largest(force: FloatArray) -> float:
    """The highest reading that is no single outlier."""
    return float(np.max(median_filter(force, size=5, mode="nearest")))


def estimate_baseline(recording: ForceRecording) -> Baseline:
    """Offset and drift from the rests; zero where the recording holds no rest, because a hold must not pass for one.

    Rest is what lies within a tenth of the range above the lowest twentieth of the time. Its blocks of a few seconds each
    give one median; the Theil-Sen line through these withstands a few blocks in which the hand did not let go.
    """
    floor = float(np.quantile(recording.force_kg, 0.05, weights=recording.weights_s, method="inverted_cdf"))
    top = largest(recording.force_kg)
    if floor > REST_BELOW * top or top <= floor:
        return Baseline(offset_kg=0.0)
    first = _fit(recording, np.full_like(recording.force_kg, floor), REST_BAND * (top - floor))
    return _fit(recording, first.at(recording.time_s), REST_BAND / 2 * (top - floor) + 3 * first.noise_kg)


def baseline_notes(baseline: Baseline, top_kg: float) -> list[Note]:
    """What a reader must know of it."""
    if baseline.rest_s == 0:
        said = (
            "No rest was found, so nothing was subtracted: if the gauge was not zeroed, give its reading at rest with --tare."
        )
        return [Note(code="no_rest", message=said)]
    notes = []
    if abs(baseline.offset_kg) > 0.02 * top_kg:
        said = f"The gauge read {baseline.offset_kg:.2f} kg at rest; this was subtracted."
        notes.append(Note(code="tare", message=said))
    if baseline.drift_kg_per_min:
        said = f"The reading at rest drifted by {baseline.drift_kg_per_min:+.2f} kg a minute; this was subtracted."
        notes.append(Note(code="drift", message=said))
    return notes


def _fit(recording: ForceRecording, around: FloatArray, band: float) -> Baseline:
    time, force = recording.time_s, recording.force_kg
    resting = force - around < band
    blocks = _blocks(recording, resting)
    if not blocks:
        return Baseline(offset_kg=0.0)
    middles = np.array([np.mean(time[block]) for block in blocks])
    medians = np.array([np.median(force[block]) for block in blocks])
    slope, offset = _line(middles, medians, float(np.ptp(recording.time_s)), largest(force - around))
    samples = np.concatenate(blocks)
    residual = force[samples] - (offset + slope * time[samples])
    return Baseline(
        offset_kg=offset,
        drift_kg_per_min=slope * 60,
        noise_kg=float(median_abs_deviation(residual, scale="normal")),
        rest_s=float(recording.weights_s[samples].sum()),
    )


def _line(time: FloatArray, level: FloatArray, span_s: float, top: float) -> tuple[float, float]:
    """Slope in kg/s and offset; the slope is zero unless it is both sure and large enough to matter."""
    if time.size >= FEWEST_BLOCKS and np.ptp(time) >= SHORTEST_SPAN_S:
        fit = theilslopes(level, time)
        if fit.low_slope * fit.high_slope > 0 and abs(fit.slope) * span_s > SMALLEST_DRIFT * top:
            return float(fit.slope), float(fit.intercept)
    return 0.0, float(np.median(level))


def _blocks(recording: ForceRecording, resting: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Samples of each rest, cut to a few seconds each, without its edges where the hand takes hold or lets go."""
    blocks = []
    for piece in recording.pieces():
        edges = np.flatnonzero(np.diff(resting[piece])) + 1 + piece.start
        for a, b in pairwise([piece.start, *edges.tolist(), piece.stop]):
            if resting[a]:
                blocks += _cut(recording.time_s, np.arange(a, b))
    return blocks


def _cut(time: FloatArray, samples: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    length = float(time[samples[-1]] - time[samples[0]])
    if length < SHORTEST_REST_S:
        return []
    margin = min(0.25, length / 4)
    inner = samples[(time[samples] >= time[samples[0]] + margin) & (time[samples] <= time[samples[-1]] - margin)]
    if inner.size == 0:
        return []
    number = ((time[inner] - time[inner[0]]) // BLOCK_S).astype(int)
    return [inner[number == n] for n in np.unique(number)]
