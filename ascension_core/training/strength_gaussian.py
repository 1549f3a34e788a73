"""Regression on whatever tests an athlete has done: one joint distribution, and sign-constrained weights for any subset.

A multivariate normal distribution of inputs and grades is estimated from climbers who all miss something (expectation
maximisation, Dempster et al. 1977). Every question asked of it afterwards, with any subset of inputs, is a small linear
regression within that distribution, whose weights are kept on the side that physiology allows. What is missing widens the
answer by exactly what that input would have told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.intp]
Block = tuple[Indices, ...]

ANYTHING = 1e3
"""Standard deviation given to what was never seen to vary."""


@dataclass(frozen=True)
class Moments:
    """Mean (K,) and covariance (K, K) of inputs and grades together, in the order of the columns they came from."""

    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class Weights:
    """A linear rule for one subset of inputs.

    Attributes
    ----------
    intercept, coefficients
        The expected grade is ``intercept + inputs @ coefficients``.
    sd
        Standard deviation of the grade around it within the fitted distribution.
    """

    intercept: float
    coefficients: Floats
    sd: float


@dataclass(frozen=True)
class _Group:
    """Rows that lack the same columns: where their blocks lie, worked out once, for a fit visits them hundreds of times."""

    size: int
    known: Indices
    gaps: Indices
    members_known: Block
    members_gaps: Block
    known_known: Block
    known_gaps: Block
    gaps_known: Block
    gaps_gaps: Block

    @classmethod
    def of(cls, pattern: Bools, members: Indices) -> _Group:
        known, gaps = np.flatnonzero(pattern), np.flatnonzero(~pattern)
        pairs = ((members, known), (members, gaps), (known, known), (known, gaps), (gaps, known), (gaps, gaps))
        return cls(len(members), known, gaps, *(np.ix_(*pair) for pair in pairs))


def fit_moments(table: Floats, *, ridge: float = 0.0, iterations: int = 200, tolerance: float = 1e-5) -> Moments:
    """Maximum-likelihood mean and covariance of rows with gaps, shrunk towards independence.

    Parameters
    ----------
    table
        (N, K), nan where unknown; unknown is taken to be unrelated to the unknown value itself (missing at random). A
        column that never varies tells nothing: it comes out unrelated to all others, with a variance so wide that no
        value of it is surprising.
    ridge
        Strength of the shrinkage of correlations to zero, in climbers: 0 leaves them, N halves them.
    iterations, tolerance
        Expectation maximisation stops when no standardised moment changes by more than ``tolerance``.
    """
    centre, scale = _standards(table)
    rows = np.where(scale > 0, (table - centre) / np.where(scale > 0, scale, 1.0), np.nan)
    scale = np.where(scale > 0, scale, ANYTHING)
    rows = rows[np.isfinite(rows).any(axis=1)]
    groups = _groups(np.isfinite(rows))
    moments = Moments(np.zeros(rows.shape[1]), np.eye(rows.shape[1]))
    for _ in range(iterations):
        updated = _step(rows, groups, moments, ridge)
        moved = max(np.abs(updated.mean - moments.mean).max(), np.abs(updated.covariance - moments.covariance).max())
        moments = updated
        if moved < tolerance:
            break
    return Moments(moments.mean * scale + centre, moments.covariance * np.outer(scale, scale))


def _standards(table: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column; 0 and 0 for one that is unknown throughout."""
    known = np.isfinite(table)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, table, 0.0).sum(axis=0) / count
    variance = np.where(known, (table - centre) ** 2, 0.0).sum(axis=0) / count
    return centre, np.sqrt(variance)


def _step(rows: Floats, groups: Sequence[_Group], moments: Moments, ridge: float) -> Moments:
    """One round: fill each row with its expectation, then take moments (plus the variance of what was filled)."""
    filled = np.nan_to_num(rows)
    spread = np.zeros_like(moments.covariance)
    for group in groups:
        gain = np.linalg.solve(moments.covariance[group.known_known], moments.covariance[group.known_gaps])
        known = rows[group.members_known] - moments.mean[group.known]
        filled[group.members_gaps] = moments.mean[group.gaps] + known @ gain
        left = moments.covariance[group.gaps_gaps] - moments.covariance[group.gaps_known] @ gain
        spread[group.gaps_gaps] += left * group.size
    mean = filled.mean(axis=0)
    deviations = filled - mean
    scatter = deviations.T @ deviations + spread
    return Moments(mean, (scatter + ridge * np.diag(np.diag(scatter) / len(rows))) / (len(rows) + ridge))


def _groups(known: Bools) -> list[_Group]:
    """Group rows that lack the same columns; those that lack none need no filling."""
    patterns, group = np.unique(known, axis=0, return_inverse=True)
    members = [np.flatnonzero(group == number) for number in range(len(patterns))]
    return [_Group.of(pattern, rows) for pattern, rows in zip(patterns, members, strict=True) if not pattern.all()]


def weights_for(moments: Moments, known: Bools, target: int, signs: Floats, *, ridge: float) -> Weights:
    """Best linear rule for a grade from the known inputs, with every coefficient on its allowed side.

    Parameters
    ----------
    moments
        Of the inputs (first) and grades.
    known
        (F,) which of the first F columns are known.
    target
        Column of the grade.
    signs
        (F,) +1, -1 or 0: the side a coefficient must stay on.
    ridge
        Penalty on standardised coefficients, as a share of the inputs' variance.

    Notes
    -----
    Minimises the expected squared error within the distribution, a bounded least-squares problem on the Cholesky factor
    of the inputs' covariance.
    """
    inputs = np.flatnonzero(known)
    mean, variance = float(moments.mean[target]), float(moments.covariance[target, target])
    coefficients = np.zeros(known.size)
    if inputs.size == 0:
        return Weights(mean, coefficients, float(np.sqrt(variance)))
    scale = np.sqrt(np.diag(moments.covariance)[inputs])
    within = moments.covariance[np.ix_(inputs, inputs)] / np.outer(scale, scale)
    across = moments.covariance[inputs, target] / scale
    slopes = _bounded(within + ridge * np.eye(inputs.size), across, signs[inputs])
    coefficients[inputs] = slopes / scale
    error = variance - 2.0 * slopes @ across + slopes @ within @ slopes
    intercept = mean - float(moments.mean[inputs] @ coefficients[inputs])
    return Weights(intercept, coefficients, float(np.sqrt(max(error, 0.0))))


def _bounded(quadratic: Floats, linear: Floats, signs: Floats) -> Floats:
    """Minimise ``x' Q x / 2 - c' x`` with signs on x."""
    factor = np.linalg.cholesky(quadratic).T
    goal = np.linalg.solve(factor.T, linear)
    lower = np.where(signs > 0, 0.0, -np.inf)
    upper = np.where(signs < 0, 0.0, np.inf)
    return np.asarray(lsq_linear(factor, goal, bounds=(lower, upper), tol=1e-10).x, dtype=np.float64)
