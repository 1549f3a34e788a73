"""A picture of a force recording: what was pulled when, and what the test says."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ascension_core.report import palette
from ascension_core.training.force.analysis import ForceAnalysis
from ascension_core.training.force.critical import CriticalForce, decay_curve
from ascension_core.training.force.exhaustions import Exhaustion
from ascension_core.training.force.recording import ForceRecording

# A figure is about 1000 pixels wide: more points per curve are not seen, and peaks must not be lost between them.
_COLUMNS = 2000


def force_figure(recording: ForceRecording, analysis: ForceAnalysis) -> Figure:
    """Force over time with its efforts; below it, for repeaters and all-out tests, their means in order."""
    rows = 1 if analysis.fatigue is None else 2
    figure = Figure(figsize=(11, 3.4 * rows + 0.4), layout="constrained", facecolor=palette.PAPER)
    axes = figure.subplots(rows, 1, squeeze=False)[:, 0]
    _draw_recording(axes[0], recording, analysis)
    if rows == 2:
        _draw_means(axes[1], analysis)
    return figure


def exhaustions_figure(trials: list[Exhaustion], result: CriticalForce) -> Figure:
    """Impulse against time to exhaustion: the slope is critical force, the intercept W'."""
    figure = Figure(figsize=(7, 4.6), layout="constrained", facecolor=palette.PAPER)
    axis = figure.subplots()
    time = np.array([trial.time_s for trial in trials])
    line = np.array([0.0, 1.05 * time.max()])
    label = f"W' {result.w_prime_kg_s.value:.0f} kg s + CF {result.force_kg.value:.1f} kg x time"
    axis.plot(line, result.w_prime_kg_s.value + result.force_kg.value * line, color=palette.RIGHT_INK, label=label)
    axis.plot(time, [trial.impulse_kg_s for trial in trials], "o", color=palette.LEFT_INK, label="efforts to exhaustion")
    for trial in trials:
        place = (trial.time_s, trial.impulse_kg_s)
        axis.annotate(f"{trial.force_kg:.1f} kg", place, textcoords="offset points", xytext=(8, -12), fontsize=8)
    axis.set_xlim(left=0)
    axis.set_ylim(bottom=0)
    _style(axis, "Efforts to exhaustion", "time under load (s)", "impulse (kg s)")
    axis.legend(frameon=False, fontsize=8, loc="upper left")
    return figure


def _draw_recording(axis: Axes, recording: ForceRecording, analysis: ForceAnalysis) -> None:
    time, low, high = _outline(recording.time_s, recording.force_kg - analysis.baseline.at(recording.time_s))
    axis.fill_between(time, low, high, color=palette.LEFT_INK, linewidth=0.8, edgecolor=palette.LEFT_INK)
    for effort in analysis.efforts:
        axis.axvspan(effort.start_s, effort.end_s, color=palette.LEFT, alpha=0.12, linewidth=0)
        axis.plot([effort.start_s, effort.end_s], [effort.mean_kg] * 2, color=palette.INK, linewidth=1.4)
    critical = analysis.critical_force
    if critical is not None:
        _draw_critical(axis, critical, (0.0, recording.duration_s))
    axis.set_xlim(0, recording.duration_s)
    axis.set_ylim(min(0.0, float(np.min(low))), 1.12 * max(float(np.max(high)), analysis.peak_kg))
    title = f"{analysis.recording}: {len(analysis.efforts)} efforts, peak {analysis.peak_kg:.1f} kg"
    _style(axis, title, "time (s)", "force (kg)")
    if critical is not None:
        axis.legend(frameon=False, fontsize=8, loc="upper right")


def _draw_means(axis: Axes, analysis: ForceAnalysis) -> None:
    critical = analysis.critical_force
    means = critical.contraction_means_kg if critical else [effort.mean_kg for effort in analysis.efforts]
    number = np.arange(1, len(means) + 1)
    axis.plot(number, means, "o", color=palette.LEFT_INK, markersize=5, label="mean of each contraction")
    if critical is not None and critical.decay is not None:
        _draw_critical(axis, critical, (0.4, len(means) + 0.6))
        axis.plot(number, decay_curve(critical.decay, len(means)), color=palette.MUTED_INK, linewidth=1, label="fitted fall")
        axis.fill_between(number, critical.force_kg.value, means, color=palette.LEFT, alpha=0.18, label="W'", linewidth=0)
    axis.set_xlim(0.4, len(means) + 0.6)
    axis.set_ylim(0, 1.25 * max(means))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    title = f"The last three means are {analysis.fatigue.index:.0%} below the highest" if analysis.fatigue else ""
    _style(axis, title, "contraction", "mean force (kg)")
    axis.legend(frameon=False, fontsize=8, loc="upper right", ncols=4)


def _draw_critical(axis: Axes, critical: CriticalForce, span: tuple[float, float]) -> None:
    force = critical.force_kg
    axis.fill_between(span, force.low, force.high, color=palette.RIGHT, alpha=0.25, linewidth=0)
    label = f"critical force {force.value:.1f} kg ({force.low:.1f} to {force.high:.1f})"
    axis.plot(span, [force.value] * 2, color=palette.RIGHT_INK, linewidth=1.5, label=label)


def _outline(
    time: NDArray[np.float64], force: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The curve with at most `_COLUMNS` columns: lowest and highest force in each, so that no peak is lost."""
    if time.size <= _COLUMNS:
        return time, force, force
    edges = np.linspace(0, time.size, _COLUMNS, endpoint=False).astype(int)
    return time[edges], np.minimum.reduceat(force, edges), np.maximum.reduceat(force, edges)


def _style(axis: Axes, title: str, x: str, y: str) -> None:
    axis.set_title(title, loc="left", fontsize=10, color=palette.INK)
    axis.set_xlabel(x, fontsize=9)
    axis.set_ylabel(y, fontsize=9)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color=palette.RULE, linewidth=0.8)
    axis.set_facecolor(palette.PAPER)
