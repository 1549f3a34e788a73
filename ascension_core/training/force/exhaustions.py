"""Critical force and W' from several efforts to exhaustion at different forces.

The lower the force, the longer it lasts. With the impulse I of a whole effort and the time t under load until failure, the
two-parameter model says ``I = W' + CF t`` (linear), or ``t = W' / (F - CF)`` with the mean force F (hyperbolic). Both are the
same law; they weight errors differently, so where they disagree the data do not determine the answer.

Sources
-------
Giles et al., "The determination of finger-flexor critical force in rock climbers", International Journal of Sports
Physiology and Performance 14 (2019) 972-979: the model for intermittent finger-flexor contractions (7 s, 3 s rest).
Burnley, Journal of Applied Physiology 106 (2009) 975-983: regression of impulse on contraction time.
Poole et al., "Critical power: an important fatigue threshold in exercise physiology", Medicine and Science in Sports and
Exercise 48 (2016) 2320-2334: efforts should last about 2 to 15 minutes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.stats import linregress, t

from ascension_core.errors import InvalidRecording
from ascension_core.results import Contract, Note
from ascension_core.training.force.critical import CriticalForce, ModelFit, smallest_change
from ascension_core.training.force.efforts import Effort
from ascension_core.training.force.estimate import Estimate
from ascension_core.training.force.recording import FloatArray

FEWEST_TRIALS = 3
SMALLEST_FORCE_SPREAD = 0.1
BEST_DURATIONS_S = (60.0, 900.0)
DISAGREEMENT = 0.1


class Exhaustion(Contract):
    """One effort, sustained or intermittent, kept up until it failed."""

    force_kg: float = Field(gt=0, allow_inf_nan=False, description="mean force while under load")
    time_s: float = Field(gt=0, allow_inf_nan=False, description="time under load until failure, without rests")
    name: str = "effort"

    @property
    def impulse_kg_s(self) -> float:
        """Force summed over the time under load."""
        return self.force_kg * self.time_s


def exhaustion(efforts: Sequence[Effort], name: str = "effort") -> Exhaustion:
    """All efforts of one recording as one effort to exhaustion."""
    time = sum(effort.duration_s for effort in efforts)
    return Exhaustion(force_kg=sum(effort.impulse_kg_s for effort in efforts) / time, time_s=time, name=name)


def from_exhaustions(trials: Sequence[Exhaustion], *, body_mass_kg: float | None = None) -> CriticalForce:
    """Fit both models; the linear one is reported, the hyperbolic one beside it.

    Raises
    ------
    InvalidRecording
        If there are fewer than three efforts, they are too alike, or no positive critical force and W' come of them.
    """
    force = np.array([trial.force_kg for trial in trials])
    time = np.array([trial.time_s for trial in trials])
    _require_trials(trials, force)
    fits = [fit_linear(force, time), fit_hyperbolic(force, time)]
    _require_sense(fits[0], force)
    critical, w_prime = fits[0].force_kg, fits[0].w_prime_kg_s
    return CriticalForce(
        method="exhaustions",
        force_kg=critical,
        w_prime_kg_s=w_prime,
        smallest_change_kg=smallest_change("force", critical.value),
        smallest_change_kg_s=smallest_change("w_prime", w_prime.value),
        complete=True,
        share_of_body_mass=critical.value / body_mass_kg if body_mass_kg else None,
        w_prime_per_body_mass_s=w_prime.value / body_mass_kg if body_mass_kg else None,
        fits=fits,
        notes=_notes(force, time, fits),
    )


def fit_linear(force_kg: FloatArray, time_s: FloatArray) -> ModelFit:
    """Least squares of impulse on time; intervals of Student's t with n - 2 degrees of freedom."""
    fit = linregress(time_s, force_kg * time_s)
    return ModelFit(
        model="linear",
        force_kg=_estimate(float(fit.slope), float(fit.stderr), force_kg.size),
        w_prime_kg_s=_estimate(float(fit.intercept), float(fit.intercept_stderr), force_kg.size),
        r_squared=float(fit.rvalue**2),
    )


def fit_hyperbolic(force_kg: FloatArray, time_s: FloatArray) -> ModelFit:
    """Least squares of log time on ``log W' - log(F - CF)``, for times to exhaustion scatter by a share of themselves.

    Raises
    ------
    InvalidRecording
        If the fit finds no hyperbola.
    """
    lowest = float(force_kg.min())
    start = (0.7 * lowest, max(1e-6, float(np.median((force_kg - 0.7 * lowest) * time_s))))
    bounds = ([0.0, 1e-9], [lowest * (1 - 1e-6), np.inf])
    try:
        parameters, covariance = curve_fit(_log_time, force_kg, np.log(time_s), p0=start, bounds=bounds, max_nfev=5000)
    except (RuntimeError, OptimizeWarning) as error:
        raise InvalidRecording("no hyperbola fits these efforts: was each of them kept up to failure?") from error
    errors = np.sqrt(np.diag(covariance))
    residual = np.log(time_s) - _log_time(force_kg, *parameters)
    return ModelFit(
        model="hyperbolic",
        force_kg=_estimate(float(parameters[0]), float(errors[0]), force_kg.size),
        w_prime_kg_s=_estimate(float(parameters[1]), float(errors[1]), force_kg.size),
        r_squared=1 - float(np.sum(residual**2) / np.sum((np.log(time_s) - np.log(time_s).mean()) ** 2)),
    )


def _log_time(force: FloatArray, critical: float, w_prime: float) -> FloatArray:
    logs: FloatArray = np.log(w_prime) - np.log(force - critical)
    return logs


def _estimate(value: float, error: float, count: int) -> Estimate:
    half = float(t.ppf(0.975, count - 2)) * error
    return Estimate(value=value, low=max(0.0, value - half), high=value + half)


def _require_trials(trials: Sequence[Exhaustion], force: FloatArray) -> None:
    if len(trials) < FEWEST_TRIALS:
        raise InvalidRecording(
            f"{len(trials)} efforts to exhaustion are too few: two always lie on a line, so give at least {FEWEST_TRIALS}"
        )
    if np.ptp(force) < SMALLEST_FORCE_SPREAD * force.max():
        raise InvalidRecording(
            f"the efforts to exhaustion are too alike ({force.min():.3g} to {force.max():.3g} kg): do them at about 80, 60 and "
            "45 % of the largest force"
        )


def _require_sense(fit: ModelFit, force: FloatArray) -> None:
    if not 0 < fit.force_kg.value < force.min() or fit.w_prime_kg_s.value <= 0:
        raise InvalidRecording(
            f"these efforts give a critical force of {fit.force_kg.value:.3g} kg and a W' of {fit.w_prime_kg_s.value:.4g} "
            "kg s, which cannot be: a lower force must last longer. Was each of them kept up to failure, rested?"
        )


def _notes(force: FloatArray, time: FloatArray, fits: Sequence[ModelFit]) -> list[Note]:
    notes = []
    order = np.argsort(force)
    if np.any(np.diff(time[order]) >= 0):
        notes.append(Note(code="not_monotone", message="A higher force lasted longer than a lower one: repeat one of the two."))
    low, high = BEST_DURATIONS_S
    if time.min() < low or time.max() > high or time.max() < 2 * time.min():
        said = "Efforts should fail between one and fifteen minutes under load, the longest after at least twice the shortest."
        notes.append(Note(code="durations", message=said))
    linear, hyperbolic = fits[0].force_kg.value, fits[1].force_kg.value
    if abs(linear - hyperbolic) > DISAGREEMENT * linear:
        said = f"The models disagree ({linear:.1f} and {hyperbolic:.1f} kg): the efforts do not determine critical force well."
        notes.append(Note(code="models_disagree", message=said))
    return notes
