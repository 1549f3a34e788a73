"""Efforts in rhythm: contractions of an intermittent test, and what kind of test a recording holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from ascension_core.results import Contract
from ascension_core.training.force.efforts import Effort

Protocol = Literal["max", "repeaters", "critical"]

# The test of Giles et al. (2021) and McClean et al. (2023): 24 contractions of 7 s, 3 s of rest between them.
WORK_S, REST_S = 7.0, 3.0
CONTRACTIONS = 24
# Contractions follow a beep: starts may stray by a quarter of the period, and the hand may let go early or late.
STRAY = 0.25
FEWEST_IN_RHYTHM = 4
# An all-out test is told from one at a fixed load by its fall: among the climbers of Giles et al. (2021) critical force was
# at most 65 % of the peak; a fixed load stays where it is until the last contraction or two.
ALL_OUT_SHARE = 0.85
# From so many contractions in the 7:3 rhythm, falling, a recording is taken for an all-out test, if an incomplete one.
FEWEST_ALL_OUT = 10


class Contraction(Contract):
    """One slot of the rhythm; a grip that slips and takes hold again within it is the same contraction."""

    start_s: float
    end_s: float
    loaded_s: float = Field(description="time under load within it")
    impulse_kg_s: float
    mean_kg: float = Field(description="impulse over the time under load")
    peak_kg: float
    end_kg: float
    cut: bool


class Fatigue(Contract):
    """How the means of successive efforts fall."""

    index: float = Field(description="share by which the last three means (on average) lie below the highest")
    decrement: float = Field(description="share by which all means (on average) lie below the highest: Glaister et al. 2008")


def contractions(efforts: Sequence[Effort], period_s: float = WORK_S + REST_S) -> list[Contraction]:
    """Efforts that begin within three quarters of a period from the first of a group are one contraction."""
    groups: list[list[Effort]] = []
    for effort in efforts:
        if groups and effort.start_s - groups[-1][0].start_s < (1 - STRAY) * period_s:
            groups[-1].append(effort)
        else:
            groups.append([effort])
    return [_contraction(group) for group in groups]


def longest_train(found: Sequence[Contraction]) -> list[Contraction]:
    """The longest unbroken run in the 7:3 rhythm, the first of equals: without the warm-up pulls before it."""
    return max(trains(found), key=len, default=[])


def trains(found: Sequence[Contraction], work_s: float = WORK_S, rest_s: float = REST_S) -> list[list[Contraction]]:
    """Unbroken runs in the rhythm, in order; single contractions may be missing within one."""
    period = work_s + rest_s
    runs: list[list[Contraction]] = [[]]
    for one in found:
        if not _fits(one, work_s, rest_s):
            runs.append([])
            continue
        spacing = one.start_s - runs[-1][-1].start_s if runs[-1] else period
        if min(abs(spacing - period), abs(spacing - 2 * period)) > STRAY * period:
            runs.append([])
        runs[-1].append(one)
    return [run for run in runs if run]


def recognise(efforts: Sequence[Effort]) -> Protocol:
    """``critical`` where contractions of 7 s with 3 s rest fall, ``repeaters`` where others keep a rhythm, else ``max``."""
    train = longest_train(contractions(efforts))
    if len(train) >= FEWEST_ALL_OUT and falls(train):
        return "critical"
    return "repeaters" if in_rhythm(efforts) else "max"


def falls(train: Sequence[Contraction]) -> bool:
    """Whether the means of the last three contractions lie well below those of the first three."""
    means = [one.mean_kg for one in train]
    return bool(np.mean(means[-3:]) < ALL_OUT_SHARE * np.mean(means[:3]))


def in_rhythm(efforts: Sequence[Effort]) -> bool:
    """Whether efforts are equally long and equally far apart, with rests no longer than twice the effort."""
    if len(efforts) < FEWEST_IN_RHYTHM:
        return False
    spacing = np.diff([effort.start_s for effort in efforts])
    work = np.array([effort.duration_s for effort in efforts[:-1]])
    typical, length = np.median(spacing), np.median(work)
    regular = np.mean(np.abs(spacing - typical) <= STRAY * typical) >= 0.75
    alike = np.mean(np.abs(work - length) <= STRAY * length) >= 0.75
    return bool(regular and alike and typical <= 3 * length)


def fatigue(means_kg: Sequence[float]) -> Fatigue | None:
    """Fatigue over three efforts or more; None over fewer.

    Source of `decrement`: Glaister et al., Journal of Strength and Conditioning Research 22 (2008) 1597-1601.
    """
    if len(means_kg) < 3:
        return None
    best = max(means_kg)
    return Fatigue(index=1 - float(np.mean(means_kg[-3:])) / best, decrement=1 - float(np.mean(means_kg)) / best)


def _fits(one: Contraction, work_s: float, rest_s: float) -> bool:
    """Neither a short pull nor one that went on into the next."""
    return 0.4 * work_s <= one.end_s - one.start_s <= work_s + 0.9 * rest_s


def _contraction(group: Sequence[Effort]) -> Contraction:
    impulse = sum(effort.impulse_kg_s for effort in group)
    loaded = sum(effort.duration_s for effort in group)
    return Contraction(
        start_s=group[0].start_s,
        end_s=group[-1].end_s,
        loaded_s=loaded,
        impulse_kg_s=impulse,
        mean_kg=impulse / loaded,
        peak_kg=max(effort.peak_kg for effort in group),
        end_kg=group[-1].end_kg,
        cut=any(effort.cut for effort in group),
    )
