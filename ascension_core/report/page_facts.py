"""What a report says in tables: who was seen, the measures, and how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ascension_core.movement.series import Series
from ascension_core.report.words import percent, seconds
from ascension_core.results import Analysis, Person


def person_row(person: Person, number: int, duration: float) -> dict[str, Any]:
    """One line of the list of people."""
    first, last = person.first_ms / 1000, person.last_ms / 1000
    return {
        "name": f"Person {number}",
        "is_climber": person.is_climber,
        "first": seconds(first),
        "last": seconds(last),
        "x": f"{100 * first / duration:.2f}",
        "width": f"{max(1.0, 100 * (last - first) / duration):.2f}",
        "share": percent(person.seen_fraction),
    }


def table(analysis: Analysis, measures: Sequence[Series]) -> list[dict[str, str | int]]:
    """The lines of the table of body measures."""
    labels = {series.name: series.label for series in measures}
    return [
        {
            "label": labels.get(m.name, m.name.replace("_", " ").capitalize()),
            "unit": m.unit,
            "median": _number(m.median),
            "low": _number(m.p10),
            "high": _number(m.p90),
            "coverage": percent(m.coverage),
        }
        for m in analysis.measures
        if m.median is not None
    ]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if abs(value) >= 20 else f"{value:.1f}" if abs(value) >= 2 else f"{value:.2f}"


def facts(analysis: Analysis) -> list[tuple[str, str]]:
    """What produced the result, for whoever wants to know or to repeat it."""
    video = analysis.video
    rate = f"{video.frame_rate:.2f} frames per second{', varying' if video.variable_frame_rate else ''}"
    said = [
        ("File", video.file_name),
        ("Video", f"{video.width} × {video.height}, {video.codec}, {rate}, {video.frames} frames"),
        ("Made by", f"{analysis.software.name} {analysis.software.version}"),
        ("Made on", f"{analysis.created_at:%d %B %Y, %H:%M %Z}".rstrip()),
        *(("Model", f"{model.name} ({model.sha256[:12]})") for model in analysis.models),
    ]
    if analysis.options:
        said.append(("Options", ", ".join(f"{name} {value}" for name, value in sorted(analysis.options.items()))))
    if analysis.seconds:
        said.append(("Time taken", ", ".join(f"{stage} {taken:.1f} s" for stage, taken in analysis.seconds.items())))
    return said


def privacy(video_file: str | None) -> str:
    """Where the video is, and what that means."""
    where = (
        f"The video is too large to sit inside this page and lies beside it as {video_file}: keep the two files together. "
        if video_file
        else "The video is inside this page. "
    )
    return (
        f"{where}Whoever has it can see everyone in it, so share it only as they would like. "
        "The page loads nothing from the network and sends nothing anywhere."
    )
