"""Filters over time for arrays of coordinates: no lag, and the same behaviour at every frame rate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import median_filter
from scipy.signal import butter, sosfiltfilt

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

UNIFORM = 0.1
"""Frame intervals that differ from their median by less than this fraction are the rounding of a constant frame rate."""

FINEST_S = 1 / 240
PASSES = 2
ORDER = 2


def finite(points: Floats) -> Bools:
    """(T, K) true where all coordinates of (T, K, D) points are known."""
    return np.asarray(np.isfinite(points).all(-1), bool)


def segments(known: Bools, min_length: int = 1) -> list[slice]:
    """Runs of true values in a (T,) mask that are at least `min_length` frames long."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    starts, stops = edges[::2], edges[1::2]
    return [slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True) if b - a >= min_length]


def by_pattern(known: Bools) -> list[tuple[NDArray[np.intp], Bools]]:
    """Columns of a (T, K) mask that share one pattern over time, so that they can be filtered together."""
    groups: dict[bytes, list[int]] = {}
    for column in range(known.shape[1]):
        groups.setdefault(known[:, column].tobytes(), []).append(column)
    return [(np.array(columns), known[:, columns[0]]) for columns in groups.values()]


def zero_phase(time: Floats, values: Floats, known: Bools, *, cutoff_hz: float, median_s: float) -> Floats:
    """Smooth tracks over time without lag, each unbroken run by itself.

    Parameters
    ----------
    time
        (T,) seconds, increasing, at any spacing.
    values
        (T, K, D) coordinates.
    known
        (T, K) where they are known; the rest is returned as it was.
    cutoff_hz, median_s
        See `smooth_run`.
    """
    out = values.copy()
    for columns, mask in by_pattern(known):
        for run in segments(mask, min_length=3):
            out[run, columns] = smooth_run(time[run], values[run, columns], cutoff_hz=cutoff_hz, median_s=median_s)
    return out


def smooth_run(time: Floats, values: Floats, *, cutoff_hz: float, median_s: float) -> Floats:
    """Median, then Butterworth low-pass, over one unbroken run.

    Parameters
    ----------
    time
        (n,) seconds.
    values
        (n, K, D) coordinates without ``nan``.
    cutoff_hz
        Frequency at which the result has lost 3 dB after both passes.
    median_s
        Time that the running median spans: 2/15 s is 5 frames at 30 per second.

    Notes
    -----
    Times that are not evenly spaced (phones drop frames) are resampled to an even grid by shape-preserving cubic
    interpolation and back, since a digital filter assumes one sampling interval.
    """
    grid = _even_grid(time)
    even = values if grid is None else PchipInterpolator(time, values)(grid)
    step = float(np.median(np.diff(time))) if grid is None else grid[1] - grid[0]
    filtered = low_pass(running_median(even, step, median_s), step, cutoff_hz)
    return filtered if grid is None else np.asarray(PchipInterpolator(grid, filtered)(time))


def running_median(values: Floats, step_s: float, span_s: float) -> Floats:
    """Centred median over `span_s` along the first axis; a window of fewer than three samples changes nothing."""
    half = round(span_s / step_s / 2)
    if half < 1 or len(values) < 2 * half + 1:
        return values
    size = (2 * half + 1,) + (1,) * (values.ndim - 1)
    smooth: Floats = median_filter(values, size=size, mode="nearest")
    return smooth


def low_pass(values: Floats, step_s: float, cutoff_hz: float) -> Floats:
    """Fourth-order zero-lag Butterworth low-pass along the first axis.

    Two passes of a second-order filter, forwards and backwards; the design frequency is raised so that `cutoff_hz`
    is the -3 dB point of both together (Winter, "Biomechanics and Motor Control of Human Movement", 4th ed. 2009,
    section 3.5.3, here on the frequency axis as the digital filter warps it). The cutoff is lowered to 0.3 of the sampling
    rate where frames are too few to support it. The straight line from the first to the last value is set aside, and
    the rest extended by point reflection, so that ends neither ring nor lag and a steady movement stays as it is.
    """
    rate = 1 / step_s
    correction = (2 ** (1 / PASSES) - 1) ** (1 / (2 * ORDER))
    design = rate / np.pi * np.arctan(np.tan(np.pi * min(cutoff_hz, 0.3 * rate) / rate) / correction)
    sections = butter(ORDER, design, fs=rate, output="sos")
    line = np.linspace(values[0], values[-1], len(values))
    pad = min(len(values) - 1, round(2 * rate / design))
    return np.asarray(line + sosfiltfilt(sections, values - line, axis=0, padlen=pad))


def _even_grid(time: Floats) -> Floats | None:
    """An even grid as fine as the common frame interval, or None where times are already even."""
    gaps = np.diff(time)
    step = float(np.median(gaps))
    if np.abs(gaps - step).max() <= UNIFORM * step:
        return None
    fine = max(float(np.percentile(gaps, 10)), FINEST_S)
    return np.linspace(time[0], time[-1], max(3, round((time[-1] - time[0]) / fine) + 1))
