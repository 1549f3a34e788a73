"""Figures for notebooks, in the colours of the overlay and the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from ascension_core.movement.series import Series
from ascension_core.pose.keypoints import NAMES
from ascension_core.pose.track import PoseTrack
from ascension_core.report import palette
from ascension_core.report.caption import clock
from ascension_core.report.climb import LIMBS, PLACES
from ascension_core.report.drawing import Image
from ascension_core.report.overlay import OverlayOptions, PosePainter, nearest
from ascension_core.report.panels import Panel, panels, side
from ascension_core.report.rendering import fitted, resized
from ascension_core.results import Analysis
from ascension_core.video import open_video

_INKS = {"left": palette.LEFT_INK, "right": palette.RIGHT_INK, None: palette.TRUNK_INK}


def filmstrip(video_path: Path, track: PoseTrack, times_s: Sequence[float], *, short_side: int = 360) -> Figure:
    """Frames of the video at these times (seconds) side by side, with the body drawn over them."""
    frames = _painted_frames(video_path, track, times_s, short_side)
    figure, axes = plt.subplots(1, len(frames), figsize=(2.6 * len(frames), 3.6), squeeze=False, layout="constrained")
    for axis, (time, image) in zip(axes[0], frames, strict=True):
        axis.imshow(image)
        axis.set_axis_off()
        axis.set_title(clock(time), fontsize=9, color=palette.MUTED_INK)
    return figure


def measures_over_time(track: PoseTrack, measures: Sequence[Series], *, most: int = 6) -> Figure:
    """The first `most` plots of the report below each other; left and right share one."""
    shown = panels(measures)[:most]
    if not shown:
        raise ValueError("None of these measures has a value")
    size = (9, 1.5 * len(shown) + 0.4)
    figure, axes = plt.subplots(len(shown), 1, figsize=size, sharex=True, squeeze=False, layout="constrained")
    for axis, panel in zip(axes[:, 0], shown, strict=True):
        _draw_panel(axis, track, panel)
    axes[-1, 0].set_xlabel("time (s)")
    return figure


def visibility_map(track: PoseTrack) -> Figure:
    """Visibility of every keypoint in every frame; pale where a keypoint is uncertain, empty where it is unknown."""
    colours = LinearSegmentedColormap.from_list("visibility", [palette.RULE, palette.CENTRE, palette.CENTRE_INK])
    figure, axis = plt.subplots(figsize=(9, 5.6), layout="constrained")
    shown = np.where(track.known, track.visibility, np.nan).T
    extent = (float(track.time[0]), float(track.time[-1]), len(NAMES) - 0.5, -0.5)
    picture = axis.imshow(shown, aspect="auto", cmap=colours, vmin=0, vmax=1, interpolation="nearest", extent=extent)
    axis.set_yticks(range(len(NAMES)), [name.replace("_", " ") for name in NAMES], fontsize=7)
    axis.set_xlabel("time (s)")
    figure.colorbar(picture, ax=axis, label="visibility", shrink=0.6)
    return figure


def contact_lanes(analysis: Analysis) -> Figure:
    """What each hand and foot held over time; grey is the ground, a frame the bare wall, and the climb is shaded."""
    figure, axis = plt.subplots(figsize=(9, 2.4), layout="constrained")
    limbs = list(LIMBS)
    if analysis.climb is not None:
        axis.axvspan(analysis.climb.start_ms / 1000, analysis.climb.end_ms / 1000, color=palette.RULE, alpha=0.5, zorder=0)
    for contact in analysis.contacts:
        start, end = contact.start_ms / 1000, contact.end_ms / 1000
        ink = palette.RULE if contact.hold == "ground" else _INKS[contact.limb.partition("_")[0]]
        fill = "none" if contact.hold == "smear" else ink
        axis.barh(limbs.index(contact.limb), end - start, left=start, height=0.7, facecolor=fill, edgecolor=ink)
        if contact.hold not in PLACES:
            place = (start + 0.03, limbs.index(contact.limb))
            axis.text(*place, contact.hold, fontsize=6, color=palette.PAPER, va="center", clip_on=True)
    axis.set_yticks(range(len(limbs)), list(LIMBS.values()), fontsize=8)
    axis.invert_yaxis()
    axis.set_xlim(0, analysis.video.duration_ms / 1000)
    axis.set_xlabel("time (s)")
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def _painted_frames(video_path: Path, track: PoseTrack, times_s: Sequence[float], short_side: int) -> list[tuple[float, Image]]:
    with open_video(video_path) as reader:
        size = fitted(reader.info.width, reader.info.height, short_side)
        paint = PosePainter(track, size, OverlayOptions(caption=False))
        wanted = {nearest(track.time, time) for time in times_s} - {None}
        return [
            (f.time, paint(resized(f.image, size), f.time)) for f in reader.frames() if nearest(track.time, f.time) in wanted
        ]


def _draw_panel(axis: Axes, track: PoseTrack, panel: Panel) -> None:
    for series in panel.series:
        axis.plot(track.time, series.values, color=_INKS[side(series)], linewidth=1.3, label=side(series))
    axis.set_title(f"{panel.label} ({panel.unit})" if panel.unit else panel.label, loc="left", fontsize=9, color=palette.INK)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", color=palette.RULE, linewidth=0.8)
    if len(panel.series) > 1:
        axis.legend(frameon=False, fontsize=8, loc="upper right", ncols=2)
