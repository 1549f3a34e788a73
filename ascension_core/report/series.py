"""`Series`: one number per frame with what a reader needs to know about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Series:
    """A measure over the frames of a track.

    Attributes
    ----------
    name
        Identifier, such as ``left_knee_angle``. The ``left_`` and the ``right_`` one of a name are shown together.
    label
        What a climber calls it, such as "Left knee angle".
    unit
        Unit for people: "°", "torso lengths", "torso lengths/s", "m"; empty for a plain number.
    values
        (T,) one value per frame of the track; ``nan`` where it could not be measured.

    Raises
    ------
    ValueError
        If `values` has more than one dimension.
    """

    name: str
    label: str
    unit: str
    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        values = np.asarray(self.values, float)
        if values.ndim != 1:
            raise ValueError(f"Series {self.name!r} must hold one value per frame, got shape {values.shape}")
        object.__setattr__(self, "values", values)

    @property
    def side(self) -> str | None:
        """``left``, ``right``, or None for a measure of the whole body."""
        first = self.name.partition("_")[0]
        return first if first in SIDES else None

    @property
    def coverage(self) -> float:
        """Share of frames with a value, 0 to 1."""
        return float(np.isfinite(self.values).mean()) if len(self.values) else 0.0


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that share one plot: a measure of the whole body, or the left and right of a pair."""

    label: str
    unit: str
    series: tuple[Series, ...]


def panels(measures: Mapping[str, Series] | Iterable[Series]) -> list[Panel]:
    """Group measures into plots in the order in which they came; measures without any value are left out."""
    series = measures.values() if isinstance(measures, Mapping) else measures
    groups: dict[str, list[Series]] = {}
    for one in series:
        if one.coverage > 0:
            groups.setdefault(_group(one), []).append(one)
    return [Panel(_panel_label(group), group[0].unit, tuple(group)) for group in groups.values()]


def matching(measures: Mapping[str, Series], words: Iterable[str]) -> Iterator[Series]:
    """The measures whose name contains all of these words, in order."""
    wanted = tuple(words)
    return (series for series in measures.values() if all(word in series.name for word in wanted))


def _group(series: Series) -> str:
    return series.name if series.side is None else series.name.partition("_")[2]


def _panel_label(group: list[Series]) -> str:
    first = group[0]
    if first.side is None:
        return first.label
    plain = first.label.lower().replace(first.side, "", 1).split()
    return " ".join(plain).capitalize()
