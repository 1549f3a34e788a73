"""The report: one HTML page that holds the video, the skeleton over it and the measures, and needs no network."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ascension_core.errors import OutputNotWritable
from ascension_core.movement.series import Series
from ascension_core.pose.track import PoseTrack
from ascension_core.progress import Progress, silent
from ascension_core.report.caption import clock
from ascension_core.report.climb import LIMBS, angle_sentence, holds_used, measure_rows, move_rows
from ascension_core.report.drawing import PoseStyle
from ascension_core.report.holds import HoldStyle
from ascension_core.report.html import embedded_json, environment, joined, policy
from ascension_core.report.overlay import hip_centre
from ascension_core.report.packing import pack_panels, pack_skeleton, pack_track
from ascension_core.report.page_clip import Clip, copy_output, media, place, read_clip
from ascension_core.report.page_facts import facts, person_row, privacy, table
from ascension_core.report.panels import panels, side, visibility_series
from ascension_core.report.rendering import Output, render
from ascension_core.report.wall_map import WallMap, pack_map, wall_map
from ascension_core.report.wall_packing import pack_wall
from ascension_core.report.words import describe
from ascension_core.results import Analysis
from ascension_core.wall.camera import CameraTrack

SECTIONS = (
    "_summary.html",
    "_contacts.html",
    "_moves.html",
    "_wall.html",
    "_movement.html",
    "_charts.html",
    "_people.html",
    "_details.html",
)
"""The parts of the page beside the video, in order; each is a template of its own."""

SPEEDS = ((0.25, "¼"), (0.5, "½"), (1, "1"), (2, "2"))

SHORTCUTS = (
    (("space", "k"), "Play or pause"),
    ((",", "."), "One frame back or forward"),
    (("←", "→"), "One second; five with shift"),
    (("<", ">"), "Slower or faster"),
    (("[", "]"), "Start and end of a loop"),
    (("l",), "Loop from here, to here, off"),
    (("h",), "Holds"),
    (("s", "t"), "Skeleton, trail"),
    (("c", "v"), "Centre, video"),
    (("Home", "End"), "First or last frame"),
    (("f",), "Full screen"),
    (("?",), "This help"),
)


SPAN_KINDS = {"rest": "resting", "shake": "shaking out", "cut_loose": "feet cut loose"}


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
    longest_map_px
        Longer side of the page's copy of the wall's picture.
    style, holds
        How the body and the holds are drawn.
    """

    max_short_side: int = 540
    crf: int = 27
    max_embedded_bytes: int = 32 * 1024**2
    trail_s: float = 1.5
    charts_shown: int = 6
    longest_map_px: int = 1400
    style: PoseStyle = field(default_factory=PoseStyle)
    holds: HoldStyle = field(default_factory=HoldStyle)


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
    camera: CameraTrack | None = None,
    wall_path: Path | None = None,
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
    camera
        How the camera moved before the wall of `analysis`; without it the page shows no holds.
    wall_path
        The picture that `analysis.wall.picture` describes; without it the page has no map of the wall.

    Raises
    ------
    VideoError
        If the video cannot be read.
    OutputNotWritable
        If the page cannot be written; then nothing is left behind.
    ValueError
        If a series, `centre` or `camera` has another number of frames than the track, or the track has none.
    """
    options = options or ReportOptions()
    _check_lengths(track, measures, centre, camera)
    try:
        with tempfile.TemporaryDirectory(prefix=".ascension-", dir=out_path.parent) as folder:
            if clip_path is None:
                clip_path = Path(folder) / "clip.mp4"
                render(video_path, [clip_output(video_path, clip_path, options)], progress, "report")
            clip = read_clip(clip_path, out_path, _start_s(analysis), options.max_embedded_bytes)
            page = Path(folder) / "page.html"
            drawn = wall_map(analysis, track, camera, wall_path, options.longest_map_px) if camera and wall_path else None
            html = render_page(analysis, track, measures, clip, options=options, centre=centre, camera=camera, drawn=drawn)
            page.write_text(html, "utf-8")
            if clip.file:
                place(clip_path, out_path.with_name(clip.file), keep=clip_path.parent != Path(folder))
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
    return copy_output(video_path, clip_path, options.max_short_side, options.crf)


def render_page(
    analysis: Analysis,
    track: PoseTrack,
    measures: Sequence[Series],
    clip: Clip,
    *,
    options: ReportOptions,
    centre: NDArray[np.float64] | None,
    camera: CameraTrack | None = None,
    drawn: WallMap | None = None,
) -> str:
    """The HTML of the report."""
    plots = panels([*measures, visibility_series(track)])
    wall = pack_wall(analysis, camera)
    duration = _duration_s(track)
    css = f":root{{--ratio:{clip.size[0] / clip.size[1]:.5f}}}\n{joined('css', 'css')}"
    script = f'(() => {{\n"use strict";\n{joined("js", "js")}}})();\n'
    return (
        environment()
        .get_template("report.html")
        .render(
            policy=policy(css, script, media(clip)),
            css=Markup(css),
            js=Markup(script),
            data=embedded_json(
                {
                    "track": pack_track(track, hip_centre(track) if centre is None else centre),
                    "skeleton": pack_skeleton(options.style, options.holds),
                    "panels": pack_panels(plots),
                    "wall": wall,
                    "map": drawn and pack_map(drawn),
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
            has_wall=wall is not None,
            lanes=wall is not None and bool(holds_used(analysis)),
            limbs=LIMBS,
            span_kinds={span.kind: SPAN_KINDS[span.kind] for span in analysis.climb.spans} if analysis.climb else {},
            moves=move_rows(analysis.climb) if analysis.climb else [],
            map=drawn,
            angle=angle_sentence(analysis.wall) if analysis.wall else "",
            movement=measure_rows(analysis.movement),
            unknown=[measure.title for measure in analysis.movement if measure.value is None],
            panels=plots,
            side=side,
            charts_shown=options.charts_shown,
            people=[person_row(person, k, duration) for k, person in enumerate(analysis.people, 1)],
            measures_table=table(analysis, measures),
            facts=facts(analysis),
            privacy=privacy(clip.file),
            centre_label="Hips" if centre is None else "Centre of mass",
            duration=f"{duration:.2f}",
            duration_text=clock(duration),
            speeds=SPEEDS,
            shortcuts=SHORTCUTS,
        )
    )


def _check_lengths(
    track: PoseTrack, measures: Sequence[Series], centre: NDArray[np.float64] | None, camera: CameraTrack | None
) -> None:
    if len(track) == 0:
        raise ValueError("A report needs a track of at least one frame")
    lengths = {series.name: len(series.values) for series in measures}
    if centre is not None:
        lengths["centre"] = len(centre)
    if camera is not None:
        lengths["camera"] = len(camera)
    wrong = {name: length for name, length in lengths.items() if length != len(track)}
    if wrong:
        raise ValueError(f"Expected {len(track)} frames as in the track, got {wrong}")


def _duration_s(track: PoseTrack) -> float:
    last = float(np.median(np.diff(track.time))) if len(track) > 1 else 1 / 30
    return float(track.time[-1]) + last


def _start_s(analysis: Analysis) -> float:
    """The page opens where the climber is first seen."""
    return (analysis.summary.first_seen_ms or 0.0) / 1000
