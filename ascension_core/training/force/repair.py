"""What gauges and radio links do to a recording, undone: order, duplicates, spikes, and the sign of the pull."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from ascension_core.errors import InvalidRecording
from ascension_core.results import Note
from ascension_core.training.force.recording import FEWEST_SAMPLES, FloatArray, ForceRecording

DAY_S = 86400.0
MOST_KG = 5000.0
MOST_HOURS = 25.0
# Radio packets may arrive out of order, but not by as much as this; a longer way back is a second recording.
LONGEST_DISORDER_S = 1.0
# No muscle gains or loses a fifth of the largest force and regains it within a tenth of a second: electronics do.
SPIKE_SHARE = 0.2
SPIKE_S = 0.1
# Rest that is this many times nearer to zero than the farthest reading tells on which side of zero the pulls are.
FLIPPED_RATIO = 5.0


def repaired(
    time_s: FloatArray, force_kg: FloatArray, lines: NDArray[np.int64], name: str, notes: list[Note], *, clock: bool = False
) -> ForceRecording:
    """A recording from raw columns; each repair that changed something is noted.

    Parameters
    ----------
    time_s, force_kg, lines
        (N,) each; the line of the file that each sample comes from.
    clock
        The times may be those of a clock, which passes midnight.

    Raises
    ------
    InvalidRecording
        If times run backwards, or too few samples are left.
    """
    if time_s.size < FEWEST_SAMPLES:
        raise InvalidRecording(f"{name} holds {time_s.size} samples: that is too few to be a recording of a pull")
    _require_size(time_s, force_kg, lines, name)
    notes = list(notes)
    time = _past_midnight(time_s) if clock else time_s
    time, force = _ordered(time, force_kg, lines, name, notes)
    time, force = _distinct(time, force, notes)
    if time.size < FEWEST_SAMPLES:
        raise InvalidRecording(f"{name} holds {time.size} samples of different times: that is too few to be a recording")
    force = _without_spikes(time, force, notes)
    force = _pull_positive(force, notes)
    return ForceRecording(time - time[0], force, name, tuple(notes))


def _require_size(time_s: FloatArray, force_kg: FloatArray, lines: NDArray[np.int64], name: str) -> None:
    """Refuse numbers that no gauge can have meant, before anything is computed from them."""
    at = int(np.argmax(np.abs(force_kg)))
    if abs(force_kg[at]) > MOST_KG:
        raise InvalidRecording(f"{name}, line {lines[at]}: {force_kg[at]:.4g} kg is beyond every gauge: is the unit right?")
    hours = (float(time_s.max()) - float(time_s.min())) / 3600
    if hours > MOST_HOURS:
        raise InvalidRecording(f"{name} spans {hours:.4g} hours: is the unit of time right? Say it with --time-unit")


def _past_midnight(time: FloatArray) -> FloatArray:
    """Clock times that fall by more than half a day have begun a new one."""
    days = np.concatenate([[0.0], np.cumsum(np.diff(time) < -DAY_S / 2)])
    return time + days * DAY_S


def _ordered(
    time: FloatArray, force: FloatArray, lines: NDArray[np.int64], name: str, notes: list[Note]
) -> tuple[FloatArray, FloatArray]:
    behind = np.maximum.accumulate(time) - time
    if behind.max() > LONGEST_DISORDER_S:
        at = int(np.argmax(behind > LONGEST_DISORDER_S))
        raise InvalidRecording(
            f"{name}, line {lines[at]}: the time runs {behind[at]:.4g} s backwards: are there two recordings in the file, "
            "or are time and force the other way round?"
        )
    late = int(np.count_nonzero(behind > 0))
    if late:
        notes.append(Note(code="reordered", message=f"{late} samples stood after later ones and were put in order."))
    order = np.argsort(time, kind="stable")
    return time[order], force[order]


def _distinct(time: FloatArray, force: FloatArray, notes: list[Note]) -> tuple[FloatArray, FloatArray]:
    """One sample for each time: the mean of those that share it."""
    unique, place, counts = np.unique(time, return_inverse=True, return_counts=True)
    repeated = time.size - unique.size
    if not repeated:
        return time, force
    notes.append(Note(code="duplicates", message=f"{repeated} samples repeat the time of another; their mean was taken."))
    return unique, np.bincount(place, weights=force) / counts


def _without_spikes(time: FloatArray, force: FloatArray, notes: list[Note]) -> FloatArray:
    """Single samples that stand out from both neighbours become the mean of these."""
    smooth = median_filter(force, size=5, mode="nearest")
    least = SPIKE_SHARE * float(np.ptp(smooth))
    up, down = np.diff(force)[:-1], np.diff(force)[1:]
    lonely = (np.minimum(np.abs(up), np.abs(down)) > least) & (up * down < 0) & (time[2:] - time[:-2] < SPIKE_S)
    if least == 0 or not lonely.any():
        return force
    at = np.flatnonzero(lonely) + 1
    clean = force.copy()
    clean[at] = (force[at - 1] + force[at + 1]) / 2
    notes.append(Note(code="spikes", message=f"{at.size} single samples that no muscle can have made were replaced."))
    return clean


def _pull_positive(force: FloatArray, notes: list[Note]) -> FloatArray:
    """Some gauges count a pull as negative: then the far end of the readings lies below zero and the near end close to it."""
    low, high = np.quantile(median_filter(force, size=5, mode="nearest"), [0.001, 0.999])
    if not -low > FLIPPED_RATIO * abs(high):
        return force
    notes.append(Note(code="sign_flipped", message="The gauge counts a pull as negative; the sign was turned."))
    return -force
