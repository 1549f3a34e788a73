"""The report: one HTML page that holds the video, the skeleton over it and the measures, and needs no network."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import cv2
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ascension_core.errors import OutputNotWritable
from ascension_core.movement.series import Series
from ascension_core.pose.track import PoseTrack
from ascension_core.progress import Progress, silent
from ascension_core.report.caption import clock
from ascension_core.report.drawing import Image, PoseStyle
from ascension_core.report.html import embedded_json, environment, joined, policy
from ascension_core.report.overlay import hip_centre
from ascension_core.report.packing import pack_panels, pack_skeleton, pack_track
from ascension_core.report.panels import panels, side, visibility_series
from ascension_core.report.rendering import Output, fitted, render
from ascension_core.report.words import describe, percent, seconds
from ascension_core.results import Analysis, Person
from ascension_core.video import open_video

SECTIONS = ("_summary.html", "_charts.html", "_people.html", "_details.html")
"""The parts of the page beside the video, in order; each is a template of its own."""

SPEEDS = ((0.25, "¼"), (0.5, "½"), (1, "1"), (2, "2"))

SHORTCUTS = (
    (("space", "k"), "Play or pause"),
    ((",", "."), "One frame back or forward"),
    (("←", "→"), "One second; five with shift"),
    (("<", ">"), "Slower or faster"),
    (("[", "]"), "Start and end of a loop"),
    (("l",), "Loop from here, to here, off"),
    (("s", "t"), "Skeleton, trail"),
    (("c", "v"), "Centre, video"),
    (("Home", "End"), "First or last frame"),
    (("f",), "Full screen"),
    (("?",), "This help"),
)


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How the page is made.

    Attributes
    ----------
    max_short_side
        The page's copy of the video is scaled down until its shorter side has this many pixels.
    crf
        Constant rate factor of x264 for that copy.
    max_embedded_bytes
        A larger copy lies in a file beside the page, which says so.
    trail_s
        Seconds of the centre's path that are drawn behind it.
    charts_shown
        Plots that are open from the start; the others unfold.
    style
        How the body is drawn.
    """

    max_short_side: int = 540
    crf: int = 27
    max_embedded_bytes: int = 32 * 1024**2
    trail_s: float = 1.5
    charts_shown: int = 6
    style: PoseStyle = field(default_factory=PoseStyle)


@dataclass(frozen=True, slots=True)
class _Clip:
    """The page's copy of the video: inside the page, or the name of a file beside it."""

    size: tuple[int, int]
    poster: str
    base64: Markup | None = None
    file: str | None = None


def write_report(
    out_path: Path,
    analysis: Analysis,
    track: PoseTrack,
    measures: Sequence[Series],
    video_path: Path,
    *,
    options: ReportOptions | None = None,
    progress: Progress = silent,
    centre: NDArray[np.float64] | None = None,
    clip_path: Path | None = None,
) -> None:
    """Write the report of one analysis.

    Parameters
    ----------
    out_path
        The page to make; an older one is replaced. A long video lies beside it as ``<stem>-video.mp4``.
    measures
        What is plotted (`movement.series.series`); each has one value per frame of `track`.
    video_path
        The video that was analysed. The page gets a small upright H.264 copy, which every browser plays and which carries
        neither sound nor the place where the video was filmed.
    centre
        (T, 2) pixels: the centre of mass. By default the middle of the hips is marked.
    clip_path
        The copy, if it has been made already by rendering `clip_output` together with other outputs.

    Raises
    ------
    VideoError
        If the video cannot be read.
    OutputNotWritable
        If the page cannot be written; then nothing is left behind.
    ValueError
        If a series or `centre` has another number of frames than the track, or the track has none.
    """
    options = options or ReportOptions()
    _check_lengths(track, measures, centre)
    try:
        with tempfile.TemporaryDirectory(prefix=".ascension-", dir=out_path.parent) as folder:
            if clip_path is None:
                clip_path = Path(folder) / "clip.mp4"
                render(video_path, [clip_output(video_path, clip_path, options)], progress, "report")
            clip = _clip(clip_path, out_path, _start_s(analysis), options)
            page = Path(folder) / "page.html"
            page.write_text(render_page(analysis, track, measures, clip, options=options, centre=centre), "utf-8")
            if clip.file:
                _place(clip_path, out_path.with_name(clip.file), keep=clip_path.parent != Path(folder))
            page.replace(out_path)
    except OSError as error:
        reason = error.strerror or error
        raise OutputNotWritable(
            f"{out_path.name!r} cannot be written: {reason}. Choose another place, or make room."
        ) from error
    progress("report", 1.0)


def clip_output(video_path: Path, clip_path: Path, options: ReportOptions | None = None) -> Output:
    """The page's copy of the video, to be rendered in one pass with other outputs."""
    options = options or ReportOptions()
    with open_video(video_path) as reader:
        size = fitted(reader.info.width, reader.info.height, options.max_short_side)
    return Output(clip_path, size, _unpainted, options.crf)


def render_page(
    analysis: Analysis,
    track: PoseTrack,
    measures: Sequence[Series],
    clip: _Clip,
    *,
    options: ReportOptions,
    centre: NDArray[np.float64] | None,
) -> str:
    """The HTML of the report."""
    plots = panels([*measures, visibility_series(track)])
    duration = _duration_s(track)
    css = f":root{{--ratio:{clip.size[0] / clip.size[1]:.5f}}}\n{joined('css', 'css')}"
    script = f'(() => {{\n"use strict";\n{joined("js", "js")}}})();\n'
    return (
        environment()
        .get_template("report.html")
        .render(
            policy=policy(css, script, _media(clip)),
            css=Markup(css),
            js=Markup(script),
            data=embedded_json(
                {
                    "track": pack_track(track, hip_centre(track) if centre is None else centre),
                    "skeleton": pack_skeleton(options.style),
                    "panels": pack_panels(plots),
                    "video": {"file": clip.file},
                    "duration": duration,
                    "start": _start_s(analysis),
                    "trail": options.trail_s,
                }
            ),
            video_base64=clip.base64,
            video_file=f"./{quote(clip.file)}" if clip.file else None,
            poster=clip.poster,
            size=clip.size,
            ratio=clip.size[0] / clip.size[1],
            title=analysis.video.file_name.rpartition(".")[0] or analysis.video.file_name,
            analysis=analysis,
            words=describe(analysis, track, measures),
            sections=SECTIONS,
            panels=plots,
            side=side,
            charts_shown=options.charts_shown,
            people=[_person(person, k, duration) for k, person in enumerate(analysis.people, 1)],
            measures_table=_table(analysis, measures),
            facts=_facts(analysis),
            privacy=_privacy(clip.file),
            centre_label="Hips" if centre is None else "Centre of mass",
            duration=f"{duration:.2f}",
            duration_text=clock(duration),
            speeds=SPEEDS,
            shortcuts=SHORTCUTS,
        )
    )


def _media(clip: _Clip) -> str:
    """Where the page may take its video from."""
    return "blob: 'self' file:" if clip.file else "blob:"


def _check_lengths(track: PoseTrack, measures: Sequence[Series], centre: NDArray[np.float64] | None) -> None:
    if len(track) == 0:
        raise ValueError("A report needs a track of at least one frame")
    lengths = {series.name: len(series.values) for series in measures}
    if centre is not None:
        lengths["centre"] = len(centre)
    wrong = {name: length for name, length in lengths.items() if length != len(track)}
    if wrong:
        raise ValueError(f"Expected {len(track)} frames as in the track, got {wrong}")


def _unpainted(image: Image, _time_s: float) -> Image:
    return image


def _clip(clip_path: Path, out_path: Path, start_s: float, options: ReportOptions) -> _Clip:
    size, poster = _poster(clip_path, start_s)
    if clip_path.stat().st_size > options.max_embedded_bytes:
        return _Clip(size, poster, file=f"{out_path.stem}-video.mp4")
    return _Clip(size, poster, base64=Markup(base64.b64encode(clip_path.read_bytes()).decode("ascii")))


def _poster(clip_path: Path, start_s: float) -> tuple[tuple[int, int], str]:
    """Size of the clip, and the frame that is on screen at this time as a data URL."""
    with open_video(clip_path) as reader:
        shown = None
        for frame in reader.frames():
            if shown is not None and frame.time > start_s + 1e-3:
                break
            shown = frame
        assert shown is not None
        image = shown.image
        size = (reader.info.width, reader.info.height)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 78])
    return size, "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def _place(clip_path: Path, target: Path, *, keep: bool) -> None:
    if keep:
        target.write_bytes(clip_path.read_bytes())
    else:
        clip_path.replace(target)


def _duration_s(track: PoseTrack) -> float:
    last = float(np.median(np.diff(track.time))) if len(track) > 1 else 1 / 30
    return float(track.time[-1]) + last


def _start_s(analysis: Analysis) -> float:
    """The page opens where the climber is first seen."""
    return (analysis.summary.first_seen_ms or 0.0) / 1000


def _person(person: Person, number: int, duration: float) -> dict[str, Any]:
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


def _table(analysis: Analysis, measures: Sequence[Series]) -> list[dict[str, str | int]]:
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


def _facts(analysis: Analysis) -> list[tuple[str, str]]:
    """What produced the result, for whoever wants to know or to repeat it."""
    video = analysis.video
    rate = f"{video.frame_rate:.2f} frames per second{', varying' if video.variable_frame_rate else ''}"
    facts = [
        ("File", video.file_name),
        ("Video", f"{video.width} × {video.height}, {video.codec}, {rate}, {video.frames} frames"),
        ("Made by", f"{analysis.software.name} {analysis.software.version}"),
        ("Made on", f"{analysis.created_at:%d %B %Y, %H:%M %Z}".rstrip()),
        *(("Model", f"{model.name} ({model.sha256[:12]})") for model in analysis.models),
    ]
    if analysis.options:
        facts.append(("Options", ", ".join(f"{name} {value}" for name, value in sorted(analysis.options.items()))))
    if analysis.seconds:
        facts.append(("Time taken", ", ".join(f"{stage} {taken:.1f} s" for stage, taken in analysis.seconds.items())))
    return facts


def _privacy(video_file: str | None) -> str:
    where = (
        f"The video is too large to sit inside this page and lies beside it as {video_file}: keep the two files together. "
        if video_file
        else "The video is inside this page. "
    )
    return (
        f"{where}Whoever has it can see everyone in it, so share it only as they would like. "
        "The page loads nothing from the network and sends nothing anywhere."
    )
