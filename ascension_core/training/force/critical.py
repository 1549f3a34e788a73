"""Critical force and W' from one all-out test: 24 contractions of 7 s, each as hard as possible, 3 s of rest between them.

Force falls towards a plateau, the critical force (CF); the impulse spent above it is W'.

Sources
-------
Giles et al., "An all-out test to determine finger flexor critical force in rock climbers", International Journal of Sports
Physiology and Performance 16 (2021) 942-949: the test; CF is the mean force at its end, W' the impulse above it.
Burnley, "Estimation of critical torque using intermittent isometric maximal voluntary contractions of the quadriceps in
humans", Journal of Applied Physiology 106 (2009) 975-983: why the end of all-out contractions is the critical torque.
McClean et al., "Test-retest reliability of a 4-minute all-out critical force test in rock climbers", International Journal
of Exercise Science 16 (2023) 912-923, doi 10.70252/DBIC1991: how much the results differ from day to day.
Baláš et al., "Measuring critical force in sport climbers: a validation study of the 4 min all-out test on finger flexors"
(European Journal of Applied Physiology, 2024): the mean of the last three contractions is more than most can sustain for
12 minutes (at it they lasted 440 s on average); the force at the end of these contractions is closer to that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field
from scipy.optimize import OptimizeWarning, curve_fit

from ascension_core.errors import InvalidRecording
from ascension_core.results import Contract, Note
from ascension_core.training.force.contractions import ALL_OUT_SHARE, CONTRACTIONS, FEWEST_ALL_OUT, Contraction, falls
from ascension_core.training.force.estimate import Estimate
from ascension_core.training.force.recording import FloatArray
from ascension_core.training.protocols import protocol

LAST = 3
RESAMPLES = 2000
# The plateau is reached where the fitted decay has less than this share of the asymptote left above it.
PLATEAU_SHARE = 0.05
# The extremes among 121 climbers, published with Giles et al. (2021): outside of them a result asks for a second look.
SEEN_SHARE_OF_PEAK = (0.15, 0.65)
SEEN_W_PRIME_PER_KG = (4.0, 45.0)


class Decay(Contract):
    """Contraction means as an exponential fall to an asymptote, fitted by least squares."""

    initial_kg: float
    asymptote_kg: Estimate
    contractions: float = Field(description="contractions in which the distance to the asymptote falls to 37 %")
    residual_kg: float = Field(description="standard deviation of the contractions about the curve")
    plateau_from: int | None = Field(description="number of the first contraction on the plateau, from 1; None if not reached")


class ModelFit(Contract):
    """One model fitted to several exhaustions."""

    model: Literal["linear", "hyperbolic"]
    force_kg: Estimate
    w_prime_kg_s: Estimate
    r_squared: float


class CriticalForce(Contract):
    """What can be sustained, and what can be spent above it."""

    method: Literal["all_out", "exhaustions"]
    force_kg: Estimate = Field(description="critical force; the interval says how well this recording determines it")
    w_prime_kg_s: Estimate = Field(description="impulse above critical force")
    smallest_change_kg: float = Field(
        description="a difference between two all-out tests of the same climber below this is within measurement error"
    )
    smallest_change_kg_s: float = Field(description="the same for W'")
    complete: bool = Field(description="as many contractions as the protocol asks for, and a plateau at the end")
    peak_kg: float | None = None
    end_force_kg: float | None = Field(None, description="force in the last second of the last three contractions, mean")
    share_of_peak: float | None = None
    share_of_body_mass: float | None = None
    w_prime_per_body_mass_s: float | None = None
    contraction_means_kg: list[float] = Field([], description="mean force of each contraction, in order")
    impulses_above_kg_s: list[float] = Field([], description="of each contraction, above critical force; they sum to W'")
    decay: Decay | None = None
    fits: list[ModelFit] = Field([], description="of several exhaustions; the first is the one that is reported")
    notes: list[Note] = Field([], description="what weakens the result")


def all_out(
    train: Sequence[Contraction], *, body_mass_kg: float | None = None, last: int = LAST, seed: int = 0
) -> CriticalForce:
    """Critical force as the mean of the last contractions, and W' as the impulse above it.

    Parameters
    ----------
    train
        The contractions of the test in order.
    body_mass_kg
        For the shares of it.
    last
        How many contractions at the end are averaged: 3 as in studies on climbers, 6 as in Burnley (2009).
    seed
        Of the bootstrap.

    Raises
    ------
    InvalidRecording
        If there are too few contractions, or their force does not fall: then no critical force is in the recording.

    Notes
    -----
    W' sums the signed difference of each contraction from critical force, so that noise on the plateau cancels.
    Intervals are of a residual bootstrap about the fitted decay. Where the plateau is not reached, the interval is widened
    to hold the fitted asymptote and its own interval, for the mean of the last contractions is then too high.
    """
    _require_test(train)
    means = np.array([one.mean_kg for one in train])
    loaded = np.array([one.loaded_s for one in train])
    decay = fit_decay(means)
    force, w_prime = _intervals(means, loaded, decay, last, seed)
    peak = max(one.peak_kg for one in train)
    return CriticalForce(
        method="all_out",
        force_kg=force,
        w_prime_kg_s=w_prime,
        smallest_change_kg=smallest_change("force", force.value),
        smallest_change_kg_s=smallest_change("w_prime", w_prime.value),
        complete=len(train) >= CONTRACTIONS and decay.plateau_from is not None,
        peak_kg=peak,
        end_force_kg=float(np.mean([one.end_kg for one in train[-last:]])),
        share_of_peak=force.value / peak,
        share_of_body_mass=force.value / body_mass_kg if body_mass_kg else None,
        w_prime_per_body_mass_s=w_prime.value / body_mass_kg if body_mass_kg else None,
        contraction_means_kg=means.tolist(),
        impulses_above_kg_s=((means - force.value) * loaded).tolist(),
        decay=decay,
        notes=_notes(train, means, decay, (force.value / peak, w_prime.value / body_mass_kg if body_mass_kg else None)),
    )


def smallest_change(measure: Literal["force", "w_prime"], value: float) -> float:
    """Smallest difference between two tests that is more than measurement error, from the published repeatability."""
    found = next(one for one in protocol("critical_force").measures if one.key == measure)
    return found.repeatability.smallest_detectable(value, value)


def fit_decay(means_kg: FloatArray) -> Decay:
    """Least-squares fit of ``asymptote + (initial - asymptote) exp(-n / c)`` to contraction means, n = 0, 1, ..."""
    number = np.arange(means_kg.size, dtype=float)
    parameters, covariance = _fitted(number, means_kg)
    initial, asymptote, constant = (float(p) for p in parameters)
    residual = means_kg - _decay(number, *parameters)
    spread = float(np.sqrt(np.sum(residual**2) / max(1, means_kg.size - 3)))
    error = 1.96 * float(np.sqrt(covariance[1, 1]))
    return Decay(
        initial_kg=initial,
        asymptote_kg=Estimate(value=asymptote, low=max(0.0, asymptote - error), high=asymptote + error),
        contractions=constant,
        residual_kg=spread,
        plateau_from=_plateau(means_kg.size, initial, asymptote, constant),
    )


def decay_curve(decay: Decay, count: int) -> FloatArray:
    """(count,) fitted means of the contractions, kg."""
    return _decay(np.arange(count, dtype=float), decay.initial_kg, decay.asymptote_kg.value, decay.contractions)


def _decay(number: FloatArray, initial: float, asymptote: float, constant: float) -> FloatArray:
    curve: FloatArray = asymptote + (initial - asymptote) * np.exp(-number / constant)
    return curve


def _fitted(number: FloatArray, means: FloatArray) -> tuple[FloatArray, FloatArray]:
    top = float(means.max())
    start = (float(means[0]), float(means[-LAST:].mean()), means.size / 5)
    bounds = ([0, 0, 0.3], [3 * top, 1.5 * top, 3.0 * means.size])
    try:
        parameters, covariance = curve_fit(_decay, number, means, p0=start, bounds=bounds)
    except (RuntimeError, OptimizeWarning) as error:
        raise InvalidRecording(
            "the forces of the contractions follow no decline to a plateau: was every pull all-out?"
        ) from error
    return np.asarray(parameters), np.where(np.isfinite(covariance), covariance, top**2)


def _plateau(count: int, initial: float, asymptote: float, constant: float) -> int | None:
    """First contraction whose fitted distance to the asymptote is small; at least `LAST` of them must follow."""
    above = max(0.0, initial - asymptote)
    least = PLATEAU_SHARE * max(asymptote, 1e-9)
    first = 1 if above <= least else int(np.ceil(constant * np.log(above / least))) + 1
    return first if first <= count - LAST + 1 else None


def _intervals(means: FloatArray, loaded: FloatArray, decay: Decay, last: int, seed: int) -> tuple[Estimate, Estimate]:
    """Critical force and W' with the intervals of a residual bootstrap, widened where no plateau was reached."""
    force = float(means[-last:].mean())
    w_prime = float(np.sum((means - force) * loaded))
    curve = decay_curve(decay, means.size)
    residual = (means - curve) * np.sqrt(means.size / max(1, means.size - 3))
    drawn = curve + np.random.default_rng(seed).choice(residual, size=(RESAMPLES, means.size))
    forces = drawn[:, -last:].mean(axis=1)
    w_primes = ((drawn - forces[:, None]) * loaded).sum(axis=1)
    low, high = force - np.quantile(forces - curve[-last:].mean(), [0.975, 0.025])
    w_low, w_high = w_prime - np.quantile(w_primes - np.sum((curve - curve[-last:].mean()) * loaded), [0.975, 0.025])
    if decay.plateau_from is None:
        low = min(low, decay.asymptote_kg.low)
        w_high = max(w_high, float(np.sum((means - low) * loaded)))
    return (
        Estimate(value=force, low=max(0.0, float(low)), high=float(high)),
        Estimate(value=w_prime, low=max(0.0, float(w_low)), high=float(w_high)),
    )


def _require_test(train: Sequence[Contraction]) -> None:
    if len(train) < FEWEST_ALL_OUT:
        raise InvalidRecording(
            f"critical force needs {CONTRACTIONS} all-out contractions of 7 s with 3 s rest; this recording holds {len(train)} "
            f"in that rhythm, and fewer than {FEWEST_ALL_OUT} tell nothing"
        )
    if not falls(train):
        raise InvalidRecording(
            f"the force of the last contractions is more than {ALL_OUT_SHARE:.0%} of the first: this was not all-out, so no "
            "critical force is in it; every pull must be as hard as possible from the first on"
        )


def _notes(train: Sequence[Contraction], means: FloatArray, decay: Decay, shares: tuple[float, float | None]) -> list[Note]:
    notes = []
    if len(train) < CONTRACTIONS:
        said = f"Only {len(train)} of {CONTRACTIONS} contractions: the value is likely too high, and the interval is wide."
        notes.append(Note(code="incomplete", message=said))
    if decay.plateau_from is None:
        said = f"The force was still falling at the end, towards {decay.asymptote_kg.value:.1f} kg: no plateau was reached."
        notes.append(Note(code="no_plateau", message=said))
    if int(np.argmax(means)) >= 5:
        said = f"The hardest contraction was number {np.argmax(means) + 1}: an all-out test begins with it, this one was paced."
        notes.append(Note(code="paced", message=said))
    if skipped := _skipped(train):
        notes.append(Note(code="skipped", message=f"{skipped} contractions are missing within the test."))
    if any(one.cut for one in train):
        notes.append(Note(code="cut", message="The recording begins, ends or has a gap within a contraction."))
    return notes + _implausible(*shares)


def _skipped(train: Sequence[Contraction]) -> int:
    spacing = np.diff([one.start_s for one in train])
    return int(np.count_nonzero(spacing > 1.5 * np.median(spacing)))


def _implausible(share_of_peak: float, w_prime_per_kg: float | None) -> list[Note]:
    notes = []
    if not SEEN_SHARE_OF_PEAK[0] <= share_of_peak <= SEEN_SHARE_OF_PEAK[1]:
        said = (
            f"Critical force is {share_of_peak:.0%} of the peak; among 121 climbers it was 15 to 65 %. Was every pull all-out?"
        )
        notes.append(Note(code="implausible_share", message=said))
    if w_prime_per_kg is not None and not SEEN_W_PRIME_PER_KG[0] <= w_prime_per_kg <= SEEN_W_PRIME_PER_KG[1]:
        said = f"W' is {w_prime_per_kg:.1f} kg s per kg of body mass; among 121 climbers it was 4 to 45. Is the unit right?"
        notes.append(Note(code="implausible_w_prime", message=said))
    return notes
