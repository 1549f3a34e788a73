"""How smoothly the hips moved: log dimensionless jerk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from ascension_core.pose.filters import low_pass

Floats = NDArray[np.float64]

STEP_S = 1 / 60
"""Grid on which jerk is taken: fine enough for every movement that the low-pass lets through, the same at any frame rate."""

SHORTEST_S = 0.3
"""Runs that are shorter hold too little of a movement that is limited to a few Hz."""


def log_dimensionless_jerk(points: Floats, step_s: float) -> float:
    """Smoothness of a movement: LDLJ = -ln( T³ / v_peak² · ∫ |d³x/dt³|² dt ); the closer to 0, the smoother.

    Parameters
    ----------
    points
        (T, D) positions at even times without gaps, low-passed: each derivative multiplies what noise there is.
    step_s
        Seconds from one to the next.

    Returns
    -------
    -5.32 (= -ln 204.8) for one minimum-jerk movement from rest to rest, less for everything else; ``nan`` where nothing moved
    or fewer than five points are given. It depends neither on size nor on pace, but on how many movements follow each other.

    Notes
    -----
    Duration has the third power where the peak speed is the scale, as here; the fifth belongs to the amplitude as scale, and
    only these two make a number without a unit (Hogan and Sternad, "Sensitivity of smoothness measures to movement duration,
    amplitude, and arrests", Journal of Motor Behavior 41(6), 2009). The jerk is that of the vector and the peak that of the
    speed: Melendez-Calderon, Shirota and Balasubramanian, "Estimating movement smoothness from inertial measurement units",
    Frontiers in Bioengineering and Biotechnology 8:558771, 2021, show that the measure holds for velocities (here: derivatives
    of positions), and that accelerometer data need another form. First: Balasubramanian, Melendez-Calderon and Burdet, "A
    robust and sensitive metric for quantifying movement smoothness", IEEE Transactions on Biomedical Engineering 59(8), 2012.
    It told groups apart best in everyday movements of controlled duration: Gulde and Hermsdörfer, "Smoothness metrics in
    complex movement tasks", Frontiers in Neurology 9:615, 2018.
    """
    if len(points) < 5:
        return np.nan
    duration = (len(points) - 1) * step_s
    peak = float(np.linalg.norm(np.gradient(points, step_s, axis=0, edge_order=2), axis=1).max())
    jerk = np.diff(points, n=3, axis=0) / step_s**3
    dimensionless = duration**4 * float((jerk**2).sum(1).mean())
    if not peak * duration > 1e-9 * float(np.abs(points).max()) or not dimensionless > 0:
        return np.nan
    return -float(np.log(dimensionless / peak**2))


def even_runs(time: Floats, points: Floats, cutoff_hz: float) -> list[tuple[Floats, Floats]]:
    """Unbroken runs of (T, D) points on an even grid, low-passed; runs below 0.3 s are left out.

    Returns
    -------
    Pairs of (n,) times, `STEP_S` apart, and (n, D) points. The third of a period of `cutoff_hz` at either end is cut off:
    there the filter bends the curve, which costs 0.75 in log dimensionless jerk over 4 s, and 0.02 without it. A run goes on
    across gaps of up to half a period: what the filter lets through is determined by two points in a period.
    """
    bent_s = 1 / (3 * cutoff_hz)
    known = np.flatnonzero(np.isfinite(points).all(1))
    runs = np.split(known, np.flatnonzero(np.diff(time[known]) > 1 / (2 * cutoff_hz)) + 1)
    long = [run for run in runs if len(run) and np.ptp(time[run]) >= SHORTEST_S + 2 * bent_s]
    return [_even(time[run], points[run], cutoff_hz, bent_s) for run in long]


def smoothness_between(runs: Sequence[tuple[Floats, Floats]], marks: Floats) -> Floats:
    """Log dimensionless jerk of each stretch between two neighbours of the sorted (M,) times `marks`.

    Returns
    -------
    (M - 1,) ``nan`` where a stretch is shorter than 0.3 s or does not lie within one of the `runs`.
    """
    return np.array([_between(runs, a, b) for a, b in pairwise(marks)], float)


def _between(runs: Sequence[tuple[Floats, Floats]], start: float, end: float) -> float:
    if end - start < SHORTEST_S:
        return np.nan
    for time, points in runs:
        if time[0] - STEP_S <= start and end <= time[-1] + STEP_S:
            return log_dimensionless_jerk(points[(time >= start) & (time <= end)], STEP_S)
    return np.nan


def _even(time: Floats, points: Floats, cutoff_hz: float, bent_s: float) -> tuple[Floats, Floats]:
    grid = np.arange(time[0], time[-1], STEP_S)
    smooth = low_pass(PchipInterpolator(time, points)(grid), STEP_S, cutoff_hz)
    inner = slice(round(bent_s / STEP_S), len(grid) - round(bent_s / STEP_S))
    return grid[inner], smooth[inner]
