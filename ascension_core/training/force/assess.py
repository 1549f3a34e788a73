"""From a force analysis to the tests of an athlete's assessment."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import numpy as np

from ascension_core.errors import InvalidRecording
from ascension_core.training.assessment import Assessment, CriticalForce, MaxHang, Repeaters
from ascension_core.training.force.analysis import ForceAnalysis


def to_assessment(
    analysis: ForceAnalysis,
    *,
    date: dt.date | None = None,
    edge_mm: float | None = None,
    hands: Literal[1, 2] = 1,
) -> Assessment:
    """The test that the recording holds, as an assessment of one day.

    A hang is told by the mass added to the body, a gauge measures the whole force: the body mass is subtracted, so `added_kg`
    is negative where somebody pulls less than they weigh.

    Parameters
    ----------
    analysis
        Of one recording, made with the body mass unless it is a critical force test.
    date, edge_mm, hands
        Of the test; depth of the edge in millimetres.

    Raises
    ------
    InvalidRecording
        If the body mass or the edge is needed and missing, or no pull lasted a second.
    """
    mass = analysis.body_mass_kg
    if analysis.critical_force is not None:
        return Assessment(date=date, mass_kg=mass, critical_force=_critical(analysis, edge_mm, hands))
    if mass is None or edge_mm is None:
        missing = "the body mass" if mass is None else "the depth of the edge"
        raise InvalidRecording(f"{analysis.recording}: {missing} is needed to tell a pull on a gauge as a hang")
    if analysis.protocol == "repeaters":
        return Assessment(date=date, mass_kg=mass, repeaters=_repeaters(analysis, mass, edge_mm, hands))
    return Assessment(date=date, mass_kg=mass, max_hang=_max_hang(analysis, mass, edge_mm, hands))


def _critical(analysis: ForceAnalysis, edge_mm: float | None, hands: Literal[1, 2]) -> CriticalForce:
    result = analysis.critical_force
    assert result is not None
    return CriticalForce(
        force_kg=result.force_kg.value,
        w_prime_kg_s=max(0.0, result.w_prime_kg_s.value),
        peak_kg=result.peak_kg,
        edge_mm=edge_mm,
        hands=hands,
    )


def _max_hang(analysis: ForceAnalysis, mass: float, edge_mm: float, hands: Literal[1, 2]) -> MaxHang:
    """The highest mean over the longest of the usual durations, up to 7 s, that a pull lasted."""
    lasted = [window for window in analysis.best_means_kg if float(window) <= 7]
    if not lasted:
        raise InvalidRecording(f"{analysis.recording}: no pull lasted a second, so none can be told as a hang")
    longest = max(lasted, key=float)
    return MaxHang(edge_mm=edge_mm, duration_s=float(longest), added_kg=analysis.best_means_kg[longest] - mass, hands=hands)


def _repeaters(analysis: ForceAnalysis, mass: float, edge_mm: float, hands: Literal[1, 2]) -> Repeaters:
    efforts = analysis.efforts
    on = float(np.median([effort.duration_s for effort in efforts]))
    period = float(np.median(np.diff([effort.start_s for effort in efforts])))
    force = float(np.median([effort.mean_kg for effort in efforts]))
    return Repeaters(
        edge_mm=edge_mm,
        on_s=on,
        off_s=max(0.0, period - on),
        added_kg=force - mass,
        hands=hands,
        seconds=efforts[-1].end_s - efforts[0].start_s,
        reps=len(efforts),
    )
