"""Which measures share a plot, and in which order plots come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ascension_core.movement.series import Series
from ascension_core.pose.keypoints import BODY
from ascension_core.pose.track import PoseTrack

FIRST = ("hip_height", "com_speed", "trunk_tilt", "elbow_angle", "knee_angle", "hips_speed")
"""Names, without their side, of what a climber looks at first; everything else follows in the order in which it came."""

SIDES = ("left", "right")


@dataclass(frozen=True, slots=True)
class Panel:
    """Series that share one plot: a measure of the whole body, or the left and the right one of a pair."""

    name: str
    label: str
    unit: str
    series: tuple[Series, ...]


def panels(measures: Iterable[Series]) -> list[Panel]:
    """Group measures into plots, the most telling first; a measure without any value is left out."""
    groups: dict[str, list[Series]] = {name: [] for name in FIRST}
    for series in measures:
        if coverage(series) > 0:
            groups.setdefault(_without_side(series), []).append(series)
    return [Panel(name, _label(group), group[0].unit, tuple(group)) for name, group in groups.items() if group]


def side(series: Series) -> str | None:
    """``left``, ``right``, or None for a measure of the whole body."""
    first = series.name.partition("_")[0]
    return first if first in SIDES else None


def coverage(series: Series) -> float:
    """Share of frames with a value, 0 to 1."""
    return float(np.isfinite(series.values).mean()) if len(series.values) else 0.0


def visibility_series(track: PoseTrack) -> Series:
    """Mean visibility of the twelve body joints in percent, ``nan`` where none of them is known."""
    known = track.known[:, BODY].any(1)
    return Series(
        "visibility", "Visibility of the joints", "%", np.where(known, 100 * track.visibility[:, BODY].mean(1), np.nan)
    )


def _without_side(series: Series) -> str:
    return series.name if side(series) is None else series.name.partition("_")[2]


def _label(group: list[Series]) -> str:
    which = side(group[0])
    words = [word for word in group[0].label.split() if word.lower() != which]
    return " ".join(words)[:1].upper() + " ".join(words)[1:]
