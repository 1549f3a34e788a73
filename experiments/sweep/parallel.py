"""Trials as lines across axes of their own scales: which values go together with good results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_WIDTH_IN, _HEIGHT_IN = 1.5, 4.2  # of an axis


def parallel_coordinates(columns: dict[str, Sequence[Any]], goal: str) -> Figure:
    """Draw one line for each row.

    Parameters
    ----------
    columns
        Values of N rows by name, numbers or anything else.
    goal
        The column of numbers that colours the lines.
    """
    figure = Figure((_WIDTH_IN * len(columns), _HEIGHT_IN), layout="constrained")
    axes = figure.subplots()
    heights = np.column_stack([_heights(column) for column in columns.values()])
    scale = Normalize(min(columns[goal]), max(columns[goal]))
    for row, value in sorted(zip(heights, columns[goal], strict=True), key=lambda line: line[1]):
        axes.plot(row, color=colormaps["viridis"](scale(value)), alpha=0.8, linewidth=1.4)
    for place, values in enumerate(columns.values()):
        _axis(axes, place, values)
    axes.set_xticks(range(len(columns)), [name.replace("/", "/\n") for name in columns], fontsize=8)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.margins(x=0.06)
    figure.colorbar(ScalarMappable(scale, "viridis"), ax=axes, label=goal)
    return figure


def _heights(values: Sequence[Any]) -> Floats:
    """(N,) places on an axis, 0 to 1."""
    scale = _ticks(values)
    numbers = np.array([values[n] if _is_number(values[n]) else list(scale).index(str(values[n])) for n in range(len(values))])
    low, high = numbers.min(), numbers.max()
    return np.asarray((numbers - low) / (high - low) if high > low else np.full(len(numbers), 0.5), float)


def _axis(axes: Axes, place: int, values: Sequence[Any]) -> None:
    axes.axvline(place, color="0.6", linewidth=0.8, zorder=0)
    ticks = _ticks(values)
    on_white = {"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1}
    for height, text in zip(np.linspace(0, 1, len(ticks)) if len(ticks) > 1 else [0.5], ticks, strict=True):
        axes.text(place, height, f" {text}", fontsize=8, va="center", bbox=on_white)


def _ticks(values: Sequence[Any]) -> Sequence[str]:
    """What stands on an axis: the ends of numbers, every other value."""
    if all(map(_is_number, values)):
        return [f"{end:g}" for end in sorted({min(values), max(values)})]
    return sorted({str(value) for value in values})


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
