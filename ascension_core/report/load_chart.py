"""The weekly load of a program, laid out for the page and drawn as a picture: information, never a forecast."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil, floor, isfinite, log10
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ascension_core.report import palette
from ascension_core.results import LoadPoint, Program

_TOP, _FLOOR = 8.0, 166.0  # pixels of the page's chart, between which the bars stand
_MOST_NUMBERS = 13  # more week numbers than these would touch each other on a phone


def load_chart(program: Program) -> dict[str, Any] | None:
    """Where bars, lines and numbers of the page's chart stand; None where no load is known.

    Notes
    -----
    Widths are shares of the chart in per cent, heights pixels, so that the chart follows the width of the page while its
    letters keep their size.
    """
    points = program.load
    if not points or (highest := _highest(points)) <= 0:
        return None
    step = _step(highest)
    top = step * ceil(highest / step)
    light = {week.index for week in program.weeks if week.is_deload or week.is_taper}
    every = ceil(len(points) / _MOST_NUMBERS)
    return {
        "floor": _FLOOR,
        "lines": [{"y": _y(k * step, top), "text": f"{k * step:g}"} for k in range(round(top / step) + 1)],
        "bars": [
            _bar(point, k, len(points), top, is_light=point.week in light) | {"show_number": k % every == 0}
            for k, point in enumerate(points)
        ],
        "any_light": bool(light),
        "any_other": any(point.other > 0 for point in points),
        "any_done": any(point.done is not None for point in points),
    }


def draw_load(program: Program) -> Figure:
    """The same as a figure, for notebooks and for ``load.png``."""
    points = program.load
    figure = Figure(figsize=(9, 3.2), layout="constrained")  # not pyplot's, which keeps a state that threads share
    axis = figure.subplots()
    light = {week.index for week in program.weeks if week.is_deload or week.is_taper}
    weeks = [point.week for point in points]
    colours = [f"{palette.LEFT_INK}73" if point.week in light else palette.LEFT_INK for point in points]
    axis.bar([week - 0.1 for week in weeks], [p.planned for p in points], 0.58, color=colours, label="planned")
    if any(point.other > 0 for point in points):
        axis.bar([w + 0.32 for w in weeks], [p.other for p in points], 0.2, color=palette.MUTED_INK, label="other sports")
    limits = [point.ceiling if isfinite(point.ceiling) else float("nan") for point in points]
    lows, highs = [week - 0.5 for week in weeks], [week + 0.5 for week in weeks]
    axis.hlines(limits, lows, highs, color=palette.MUTED_INK, linestyle="dashed", linewidth=1, label="most it may be")
    done = [(point.week, point.done) for point in points if point.done is not None]
    if done:
        axis.plot(*zip(*done, strict=True), "o", color=palette.RIGHT_INK, label="done")
    axis.set_xlim(min(weeks, default=1) - 0.7, max(weeks, default=1) + 0.7)
    axis.set_xlabel("week")
    axis.set_ylabel("minutes × effort")
    axis.set_title("Load, week by week: information, not a forecast of injury", loc="left", fontsize=10, color=palette.INK)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color=palette.RULE, linewidth=0.8)
    axis.set_axisbelow(True)
    figure.legend(frameon=False, fontsize=8, loc="outside lower right", ncols=4)
    return figure


def write_load(out_path: Path, program: Program) -> None:
    """Write the figure as a PNG."""
    draw_load(program).savefig(out_path, dpi=150, facecolor=palette.PAPER)


def _highest(points: Sequence[LoadPoint]) -> float:
    values = [value for p in points for value in (p.planned, p.ceiling, p.other, p.done or 0.0)]
    return max((value for value in values if isfinite(value)), default=0.0)


def _step(highest: float) -> float:
    """A round distance between lines that gives three to six of them."""
    size = 10.0 ** floor(log10(highest / 3))
    return max(size * k for k in (1, 2, 2.5, 5, 10) if size * k <= highest / 3 * 1.0001)


def _y(value: float, top: float) -> float:
    return round(_FLOOR - (_FLOOR - _TOP) * min(value / top, 1.0), 1)


def _bar(point: LoadPoint, k: int, count: int, top: float, *, is_light: bool) -> dict[str, Any]:
    band = 100 / count
    planned, other = _y(point.planned, top), _y(point.other, top)
    return {
        "week": point.week,
        "first": point.start_date.isoformat(),
        "last": (point.start_date + timedelta(days=6)).isoformat(),
        "is_light": is_light,
        "x": round(k * band, 3),
        "band": round(band, 3),
        "end": round((k + 1) * band, 3),
        "middle": round((k + 0.43) * band, 3),
        "planned_x": round((k + 0.14) * band, 3),
        "planned_width": round(0.58 * band, 3),
        "planned_y": planned,
        "planned_height": round(_FLOOR - planned, 1),
        "other_x": round((k + 0.75) * band, 3),
        "other_width": round(0.17 * band, 3),
        "other_y": other,
        "other_height": round(_FLOOR - other, 1),
        "ceiling_y": _y(point.ceiling, top) if isfinite(point.ceiling) else None,
        "done_y": None if point.done is None else _y(point.done, top),
        "planned": f"{point.planned:.0f}",
        "ceiling": f"{point.ceiling:.0f}",
        "other": f"{point.other:.0f}",
        "done": "–" if point.done is None else f"{point.done:.0f}",
        "label": f"Week {point.week}: {point.planned:.0f} planned"
        + (f", {point.other:.0f} in other sports" if point.other else "")
        + (f", {point.done:.0f} done" if point.done is not None else ""),
    }
