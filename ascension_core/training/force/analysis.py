"""From a recording to results: baseline, efforts, the kind of test, and what that kind of test says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from ascension_core.errors import InvalidOption, InvalidRecording
from ascension_core.results import Contract, Note
from ascension_core.training.force.baseline import Baseline, baseline_notes, estimate_baseline
from ascension_core.training.force.contractions import (
    FEWEST_ALL_OUT,
    Fatigue,
    Protocol,
    contractions,
    fatigue,
    longest_train,
    recognise,
    trains,
)
from ascension_core.training.force.critical import CriticalForce, all_out
from ascension_core.training.force.development import RECOMMENDED_RATE_HZ, SAMPLES_PER_WINDOW
from ascension_core.training.force.efforts import Effort, find_efforts
from ascension_core.training.force.exhaustions import exhaustion, from_exhaustions
from ascension_core.training.force.recording import ForceRecording

PROTOCOLS = ("auto", "max", "repeaters", "critical")
BODY_MASS_KG = (20.0, 250.0)
# The strongest fingers hold two to two and a half times the body with both hands; newtons read as kilograms are ten times
# too many.
MOST_KG = 300.0
MOST_BODY_MASSES = 4.0


class ForceAnalysis(Contract):
    """What one recording showed. Forces are kilograms above the baseline, times seconds from the first sample."""

    kind: Literal["force"] = "force"
    schema_version: Literal["1.0"] = "1.0"
    recording: str
    samples: int
    duration_s: float
    rate_hz: float = Field(description="samples per second")
    protocol: Protocol
    protocol_recognised: bool = Field(description="found in the recording; false where it was given")
    baseline: Baseline
    peak_kg: float
    best_means_kg: dict[str, float] = Field(description="highest mean over so many seconds in any effort")
    efforts: list[Effort]
    fatigue: Fatigue | None = Field(description="of repeaters and all-out tests")
    critical_force: CriticalForce | None
    body_mass_kg: float | None
    notes: list[Note]


def analyze_force(
    recording: ForceRecording,
    *,
    protocol: str = "auto",
    body_mass_kg: float | None = None,
    tare_kg: float | None = None,
    last: int = 3,
    seed: int = 0,
) -> ForceAnalysis:
    """Analyse one recording.

    Parameters
    ----------
    recording
        From `read_recording`.
    protocol
        ``auto`` recognises it; ``max``, ``repeaters`` or ``critical`` says it.
    body_mass_kg
        For results relative to body mass.
    tare_kg
        What the gauge read at rest; found in the recording where not given.
    last, seed
        See `all_out`.

    Raises
    ------
    InvalidRecording
        If nobody pulls in it, or it is no test of the kind asked for.
    InvalidOption
        If an option is out of its range.
    """
    _check_options(protocol, body_mass_kg, tare_kg, last)
    baseline = estimate_baseline(recording) if tare_kg is None else Baseline(offset_kg=tare_kg)
    efforts = find_efforts(recording, baseline)
    peak = max(effort.peak_kg for effort in efforts)
    _require_human(peak, body_mass_kg, recording.name)
    kind: Protocol = recognise(efforts) if protocol == "auto" else protocol  # type: ignore[assignment]
    critical = _critical(efforts, kind, recording.name, (body_mass_kg, last, seed))
    tare = baseline_notes(baseline, peak) if tare_kg is None else []
    return ForceAnalysis(
        recording=recording.name,
        samples=recording.time_s.size,
        duration_s=recording.duration_s,
        rate_hz=recording.rate_hz,
        protocol=kind,
        protocol_recognised=protocol == "auto",
        baseline=baseline,
        peak_kg=peak,
        best_means_kg=_best(efforts),
        efforts=efforts,
        fatigue=_fatigue(efforts, kind, critical),
        critical_force=critical,
        body_mass_kg=body_mass_kg,
        notes=[*recording.notes, *tare, *_rate_notes(recording.rate_hz), *_test_notes(efforts, critical)],
    )


def combine_exhaustions(analyses: Sequence[ForceAnalysis], *, body_mass_kg: float | None = None) -> CriticalForce:
    """Critical force of several recordings, each of one effort to exhaustion.

    Raises
    ------
    InvalidRecording
        If the efforts do not determine it.
    """
    trials = [exhaustion(analysis.efforts, analysis.recording) for analysis in analyses]
    return from_exhaustions(trials, body_mass_kg=body_mass_kg)


def _critical(
    efforts: Sequence[Effort], kind: Protocol, name: str, options: tuple[float | None, int, int]
) -> CriticalForce | None:
    if kind != "critical":
        return None
    body_mass, last, seed = options
    try:
        return all_out(longest_train(contractions(efforts)), body_mass_kg=body_mass, last=last, seed=seed)
    except InvalidRecording as error:
        raise InvalidRecording(f"{name}: {error}") from error


def _test_notes(efforts: Sequence[Effort], critical: CriticalForce | None) -> list[Note]:
    if critical is None:
        return []
    tests = sum(len(train) >= FEWEST_ALL_OUT for train in trains(contractions(efforts)))
    said = f"The recording holds {tests} tests in this rhythm; only the longest was analysed: put each into a file of its own."
    return [*critical.notes, *([Note(code="several_tests", message=said)] if tests > 1 else [])]


def _fatigue(efforts: Sequence[Effort], kind: Protocol, critical: CriticalForce | None) -> Fatigue | None:
    """Fatigue of efforts that follow one another; separate maximal pulls differ for other reasons."""
    if kind == "max":
        return None
    return fatigue(critical.contraction_means_kg if critical else [effort.mean_kg for effort in efforts])


def _check_options(protocol: str, body_mass_kg: float | None, tare_kg: float | None, last: int) -> None:
    if protocol not in PROTOCOLS:
        raise InvalidOption(f"--protocol {protocol}: choose one of {', '.join(PROTOCOLS)}")
    low, high = BODY_MASS_KG
    if body_mass_kg is not None and not low <= body_mass_kg <= high:
        raise InvalidOption(f"--body-mass {body_mass_kg:g}: between {low:g} and {high:g} kg; is it in another unit?")
    if tare_kg is not None and not abs(tare_kg) <= MOST_KG:
        raise InvalidOption(f"--tare {tare_kg:g}: a reading at rest is within {MOST_KG:g} kg of zero")
    if not 1 <= last <= 6:
        raise InvalidOption(f"last {last}: between 1 and 6 contractions")


def _require_human(peak_kg: float, body_mass_kg: float | None, name: str) -> None:
    most = MOST_BODY_MASSES * body_mass_kg if body_mass_kg else MOST_KG
    if peak_kg > most:
        relative = f", {peak_kg / body_mass_kg:.1f} times the body mass" if body_mass_kg else ""
        raise InvalidRecording(
            f"{name}: a pull of {peak_kg:.0f} kg{relative} is more than fingers hold: are these newtons or pounds? "
            "Say so with --unit"
        )


def _best(efforts: Sequence[Effort]) -> dict[str, float]:
    windows = max((effort.best_means_kg for effort in efforts), key=len)
    return {w: max(e.best_means_kg[w] for e in efforts if w in e.best_means_kg) for w in windows}


def _rate_notes(rate_hz: float) -> list[Note]:
    if rate_hz >= RECOMMENDED_RATE_HZ * 0.95:
        return []
    usable = [
        name for window, name in ((0.05, "50 ms"), (0.1, "100 ms"), (0.2, "200 ms")) if rate_hz * window >= SAMPLES_PER_WINDOW
    ]
    said = (
        f"The gauge sends {rate_hz:.0f} samples a second; rates of force development are best measured at "
        f"{RECOMMENDED_RATE_HZ:.0f} (Maffiuletti et al. 2016): "
        + (f"read those over {' and '.join(usable)} with care." if usable else "none are given.")
    )
    return [Note(code="low_rate", message=said)]
