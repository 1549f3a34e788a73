"""The radar of an assessment: where each test lies among climbers of the athlete's grade and of the goal grade."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.projections.polar import PolarAxes
from numpy.typing import NDArray

from ascension_core.report import palette
from ascension_core.results import AssessmentReport, Standing

LABELS: Final = {
    "hang": "Max hang",
    "pull": "Weighted\npull-up",
    "pull_ups": "Pull-ups",
    "push_ups": "Push-ups",
    "repeaters": "Repeaters",
    "critical_force": "Critical\nforce",
}
RINGS: Final = (25, 50, 75)
MIDDLE: Final = 50


def write_radar(path: Path, report: AssessmentReport) -> None:
    """Write the picture as PNG.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    figure = radar(report)
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=160, facecolor=palette.PAPER, metadata={"Software": None})


def radar(report: AssessmentReport) -> Figure:
    """Percentiles of every test on one axis each; the middle ring is the median climber, bars are measurement error."""
    figure = Figure(figsize=(7.2, 7.0), layout=ConstrainedLayoutEngine(h_pad=0.2, w_pad=0.2), facecolor=palette.PAPER)
    axis = figure.add_subplot(projection="polar")
    assert isinstance(axis, PolarAxes)
    angles = np.linspace(0, 2 * np.pi, len(report.standings), endpoint=False)
    _draw_rings(axis)
    _draw_labels(axis, report.standings, angles)
    if report.compared_with_goal:
        goal = [one.percentile_goal for one in report.standings]
        _draw_shape(axis, angles, goal, palette.RIGHT_INK, f"among {report.compared_with_goal}", dashed=True)
    now = [one.percentile_now for one in report.standings]
    _draw_errors(axis, angles, [one.percentile_now_range for one in report.standings])
    _draw_shape(axis, angles, now, palette.LEFT_INK, f"among {report.compared_with_now}")
    if any(value is not None for value in now):
        figure.legend(loc="outside lower center", frameon=False, fontsize=10, labelcolor=palette.INK)
    return figure


def _draw_rings(axis: PolarAxes) -> None:
    axis.set_theta_zero_location("N")
    axis.set_theta_direction(-1)
    axis.set_ylim(0, 100)
    axis.set_facecolor("white")
    axis.set_yticks(RINGS, [f"{ring} %" if ring != MIDDLE else "median" for ring in RINGS], fontsize=8, color=palette.MUTED_INK)
    axis.set_rlabel_position(30)
    axis.grid(color=palette.RULE, linewidth=0.8)
    axis.spines["polar"].set_color(palette.RULE)
    around = np.linspace(0, 2 * np.pi, 200)
    axis.plot(around, np.full(200, MIDDLE), color=palette.MUTED_INK, linewidth=1.2, linestyle=(0, (1, 2)))


def _draw_labels(axis: PolarAxes, standings: Sequence[Standing], angles: NDArray[np.float64]) -> None:
    axis.set_xticks(angles, [_label(one) for one in standings])
    axis.tick_params(axis="x", pad=16)
    for text, one in zip(axis.get_xticklabels(), standings, strict=True):
        text.set_color(palette.MUTED_INK if one.value is None else palette.INK)
        text.set_fontsize(10)
        text.set_fontweight("normal" if one.value is None else "bold")


def _label(one: Standing) -> str:
    name = LABELS.get(one.name, one.title)
    if one.value is None:
        return f"{name}\n(not tested)"
    if one.percentile_now is None and one.percentile_goal is None:
        return f"{name}\n(nobody to\ncompare with)"
    return name


def _draw_shape(
    axis: PolarAxes,
    angles: NDArray[np.float64],
    values: Sequence[float | None],
    colour: str,
    label: str,
    *,
    dashed: bool = False,
) -> None:
    """Points at the tests that are known, joined where neighbouring axes both are: nothing is drawn across a gap."""
    style: dict[str, Any] = {"color": colour, "linewidth": 2, "linestyle": (0, (4, 2)) if dashed else "solid", "zorder": 3}
    around = [*zip(angles, values, strict=True)]
    for (start, one), (end, other) in zip(around, [*around[1:], around[0]], strict=True):
        if one is not None and other is not None:
            axis.plot([start, end], [one, other], **style)
            if not dashed:
                axis.fill([start, start, end], [0, one, other], color=colour, alpha=0.12, linewidth=0, zorder=2)
    known = [(angle, value) for angle, value in around if value is not None]
    if known:
        where, shares = zip(*known, strict=True)
        axis.plot(where, shares, "D" if dashed else "o", color=colour, markersize=6, label=label, zorder=4, clip_on=False)


def _draw_errors(axis: PolarAxes, angles: NDArray[np.float64], ranges: Sequence[tuple[float, float] | None]) -> None:
    for angle, ends in zip(angles, ranges, strict=True):
        if ends is not None:
            axis.plot([angle, angle], ends, color=palette.LEFT_INK, linewidth=5, alpha=0.3, solid_capstyle="round", zorder=3)
