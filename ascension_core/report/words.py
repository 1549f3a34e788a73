"""What an analysis says, in words and a few numbers for people who climb."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ascension_core.movement.series import Series
from ascension_core.pose.track import PoseTrack
from ascension_core.report.climb import climb_sentence, counts, holds_used
from ascension_core.report.panels import coverage
from ascension_core.results import Analysis

_WHOLE = 0.995
_LONG_GAP_S = 1.0
_CLEAR, _UNCLEAR = 0.8, 0.5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number worth reading first."""

    value: str
    unit: str
    label: str


@dataclass(frozen=True, slots=True)
class Words:
    """The top of a report: one sentence, the figures, and what else has to be said."""

    lead: str
    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]


def describe(analysis: Analysis, track: PoseTrack, measures: Iterable[Series]) -> Words:
    """Say what the analysis found; nothing is said about what was not seen."""
    said = (climb_sentence(analysis), _estimated(analysis), _longest_gap(track), _others(analysis), _clarity(analysis))
    return Words(_lead(analysis), _figures(analysis, measures), tuple(sentence for sentence in said if sentence))


def percent(part: float, whole: float = 1.0) -> int:
    """A share in whole percent that says 100 or 0 only when it is all or nothing."""
    share = 100 * part / whole if whole else 0.0
    return round(share) if share <= 0 or share >= 100 else min(99, max(1, round(share)))


def seconds(time_s: float) -> str:
    """Minutes and seconds to a tenth, such as ``1:05.3``."""
    tenths = round(time_s * 10)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def _lead(analysis: Analysis) -> str:
    summary = analysis.summary
    length = _length(analysis.video.duration_ms / 1000)
    if summary.frames_observed == 0:
        return f"No climber could be followed in this {length} clip."
    if summary.frames_observed + summary.frames_interpolated >= _WHOLE * summary.frames:
        return f"The climber was followed through the whole of this {length} clip."
    share = percent(summary.frames_observed + summary.frames_interpolated, summary.frames)
    return f"The climber was followed through {share} % of this {length} clip."


def _length(duration_s: float) -> str:
    whole = round(duration_s)
    return f"{whole}‑second" if whole < 120 else f"{round(duration_s / 60)}‑minute"


def _figures(analysis: Analysis, measures: Iterable[Series]) -> tuple[Figure, ...]:
    summary, video = analysis.summary, analysis.video
    figures = [
        Figure(f"{video.duration_ms / 1000:.1f}", "s", "length of the clip"),
        Figure(str(percent(summary.frames_observed, summary.frames)), "%", "of it measured"),
    ]
    if analysis.climb is not None:
        climb = analysis.climb
        figures += [
            Figure(f"{(climb.end_ms - climb.start_ms) / 1000:.1f}", "s", "of climbing"),
            Figure(str(sum(counts(move) for move in climb.moves)), "", "hand moves"),
            Figure(str(len(holds_used(analysis))), "", "holds used"),
        ]
    height = next((series for series in measures if series.name == "hip_height"), None)
    if height is not None and coverage(height) > 0:
        figures.append(Figure(f"{_spread(height):.1f}", height.unit, "between lowest and highest hips"))
    return tuple(figures)


def _spread(series: Series) -> float:
    return float(np.nanmax(series.values) - np.nanmin(series.values))


def _estimated(analysis: Analysis) -> str | None:
    summary = analysis.summary
    if not summary.frames_interpolated:
        return None
    share = percent(summary.frames_interpolated, summary.frames)
    return f"In {share} % of it the pose is estimated from the moments before and after; there it is drawn dashed."


def _longest_gap(track: PoseTrack) -> str | None:
    seen = np.flatnonzero(track.known.any(1))
    if len(seen) < 2:
        return None
    lengths = np.diff(track.time[seen])
    longest = int(np.argmax(lengths))
    if lengths[longest] < _LONG_GAP_S:
        return None
    return f"The longest stretch out of sight is {lengths[longest]:.1f} s, from {seconds(track.time[seen[longest]])}."


def _others(analysis: Analysis) -> str | None:
    others = sum(not person.is_climber for person in analysis.people)
    if not others:
        return None
    return "One other person was seen and left out." if others == 1 else f"{others} other people were seen and left out."


def _clarity(analysis: Analysis) -> str | None:
    summary = analysis.summary
    if not summary.frames_observed:
        return None
    if summary.mean_visibility >= _CLEAR:
        return "The joints are clear almost everywhere."
    if summary.mean_visibility < _UNCLEAR:
        return "Many joints are uncertain in this clip; the less certain, the paler they are drawn."
    return "Some joints are uncertain at times; the less certain, the paler they are drawn."
