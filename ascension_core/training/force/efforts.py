"""Efforts: when somebody pulled, how hard, and how the force rose and fell."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ascension_core.errors import InvalidRecording
from ascension_core.results import Contract
from ascension_core.training.force.baseline import Baseline, largest
from ascension_core.training.force.development import RateOfDevelopment, rate_of_development
from ascension_core.training.force.recording import FloatArray, ForceRecording

WINDOWS_S = (1.0, 3.0, 5.0, 7.0, 10.0)


@dataclass(frozen=True, slots=True)
class EffortOptions:
    """When a pull counts as one.

    Attributes
    ----------
    on, off
        Shares of the recording's own largest force at which an effort is recognised, and at which it begins and ends. A
        contraction at critical force is about a third of the largest (15 to 65 % among the climbers of Giles et al. 2021),
        a finger left on the edge in a rest weighs a few percent: a tenth tells them apart.
    noises
        Both thresholds lie at least this many standard deviations of the resting gauge (half as many for `off`) above zero.
    shortest_s
        What is shorter is a touch, not an effort.
    join_s
        Efforts parted by less are one, in which the grip slipped.
    loaded
        Share of such a joined effort that must be under load, lest noise about the threshold add up to an effort.
    least_kg
        A recording whose largest force is smaller holds no pull.
    """

    on: float = 0.10
    off: float = 0.05
    noises: float = 8.0
    shortest_s: float = 0.4
    join_s: float = 0.3
    loaded: float = 0.7
    least_kg: float = 1.0


class Effort(Contract):
    """One pull; forces are above the baseline."""

    start_s: float = Field(description="from the first sample of the recording")
    end_s: float
    duration_s: float
    peak_kg: float
    mean_kg: float = Field(description="mean over time from start to end")
    impulse_kg_s: float = Field(description="force summed over time")
    end_kg: float = Field(description="median of the last second before the hand let go")
    time_to_peak_s: float
    fatigue: float = Field(description="loss from the peak to the end force, as a share of the peak")
    best_means_kg: dict[str, float] = Field(description="highest mean over so many seconds, for those that it lasted")
    development: RateOfDevelopment
    cut: bool = Field(description="the recording begins, ends or has a gap within it")


def find_efforts(recording: ForceRecording, baseline: Baseline, options: EffortOptions = EffortOptions()) -> list[Effort]:
    """Efforts in order of time.

    Raises
    ------
    InvalidRecording
        If there is none.
    """
    force = recording.force_kg - baseline.at(recording.time_s)
    top = largest(force)
    if top < options.least_kg:
        raise InvalidRecording(
            f"{recording.name}: nobody pulls in this recording, its largest force is {top:.2g} kg: is the unit right?"
        )
    on = max(options.on * top, options.noises * baseline.noise_kg)
    off = max(options.off * top, options.noises / 2 * baseline.noise_kg)
    spans = [span for piece in recording.pieces() for span in _spans(recording.time_s, force, piece, (on, off), options)]
    if not spans:
        raise InvalidRecording(f"{recording.name}: no pull of at least {options.shortest_s} s stands out from the noise")
    return [_measure(recording.time_s, force, baseline.noise_kg, span) for span in spans]


Span = tuple[float, float, bool]


def _spans(
    time: FloatArray, force: FloatArray, piece: slice, thresholds: tuple[float, float], options: EffortOptions
) -> list[Span]:
    """Start, end and whether it is cut, of each effort in one stretch without gaps."""
    t, f = time[piece], force[piece]
    loaded = _hysteresis(f, *thresholds)
    edges = np.flatnonzero(np.diff(loaded)) + 1
    spans = [_crossings(t, f, a, b, thresholds[1]) for a, b in pairwise([0, *edges.tolist(), t.size]) if loaded[a]]
    whole = [span for span in _joined(spans, options.join_s) if span[1] - span[0] >= options.shortest_s]
    return [span for span in whole if _loaded_share(t, loaded, span) >= options.loaded]


def _loaded_share(t: FloatArray, loaded: NDArray[np.bool_], span: Span) -> float:
    inside = loaded[slice(*np.searchsorted(t, span[:2]).tolist())]
    return float(np.mean(inside)) if inside.size else 1.0


def _hysteresis(force: FloatArray, on: float, off: float) -> NDArray[np.bool_]:
    """Loaded from the last crossing of `off` before `on` is passed until `off` is passed downwards."""
    above_off = force >= off
    run = np.cumsum(np.concatenate([[True], above_off[1:] != above_off[:-1]]))
    passed = np.zeros(run[-1] + 1, dtype=np.bool_)
    passed[run[force >= on]] = True
    loaded: NDArray[np.bool_] = passed[run] & above_off
    return loaded


def _crossings(t: FloatArray, f: FloatArray, a: int, b: int, off: float) -> Span:
    """Times at which the force crosses `off`, between samples."""
    start = t[0] if a == 0 else np.interp(off, [f[a - 1], f[a]], [t[a - 1], t[a]])
    end = t[-1] if b == t.size else t[b - 1] + (f[b - 1] - off) / (f[b - 1] - f[b]) * (t[b] - t[b - 1])
    return float(start), float(end), a == 0 or b == t.size


def _joined(spans: list[Span], gap_s: float) -> list[Span]:
    joined: list[Span] = []
    for start, end, cut in spans:
        if joined and start - joined[-1][1] < gap_s:
            joined[-1] = (joined[-1][0], end, cut or joined[-1][2])
        else:
            joined.append((start, end, cut))
    return joined


def _measure(whole_time: FloatArray, whole_force: FloatArray, noise: float, span: Span) -> Effort:
    start, end, cut = span
    near = slice(*np.searchsorted(whole_time, [start - 1.0, end + 1.0]).tolist())
    time, force = whole_time[near], whole_force[near]
    inside = (time > start) & (time < end)
    t = np.concatenate([[start], time[inside], [end]])
    f = np.interp(t, time, force)
    impulse = float(np.trapezoid(f, t))
    peak = int(np.argmax(f))
    ending = _end_force(t, f)
    return Effort(
        start_s=start,
        end_s=end,
        duration_s=end - start,
        peak_kg=float(f[peak]),
        mean_kg=impulse / (end - start),
        impulse_kg_s=impulse,
        end_kg=ending,
        time_to_peak_s=float(t[peak]) - start,
        fatigue=1 - ending / float(f[peak]),
        best_means_kg={f"{w:g}": best_mean(t, f, w) for w in WINDOWS_S if w <= end - start},
        development=rate_of_development(time, force, start, float(t[peak]), noise),
        cut=cut,
    )


def best_mean(time: FloatArray, force: FloatArray, window_s: float) -> float:
    """Highest mean force over any stretch of this length, kg."""
    steps = np.diff(time) * (force[1:] + force[:-1]) / 2
    impulse = np.concatenate([[0.0], np.cumsum(steps)])
    starts = time[time <= time[-1] - window_s]
    starts = np.append(starts, time[-1] - window_s)
    return float(np.max(np.interp(starts + window_s, time, impulse) - np.interp(starts, time, impulse)) / window_s)


def _end_force(time: FloatArray, force: FloatArray) -> float:
    """Median of the last second before release: the last moment at which the force is still half of the effort's median."""
    middle = float(np.quantile(force, 0.5, weights=np.gradient(time), method="inverted_cdf"))
    release = time[np.flatnonzero(force >= 0.5 * middle)[-1]]
    begin = max(time[0], release - 1.0)
    grid = np.linspace(begin, release, 51)
    return float(np.median(np.interp(grid, time, force)))
