"""Scrub a clip with the skeletons of one or several tracks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import traitlets
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption
from ascension_core.pose.track import PoseTrack
from ascension_core.report import palette
from ascension_core.report.drawing import PoseStyle
from ascension_core.report.holds import HoldStyle
from ascension_core.report.packing import base64_of, pack_skeleton, pack_track
from ascension_core.report.plots import filmstrip
from ascension_core.report.widgets.clip import ClipWidget, module

STYLES: Final = (
    PoseStyle(),
    PoseStyle(left=palette.CENTRE, right=palette.HOLDS["pink"], trunk=palette.HOLDS["yellow"]),
)
"""How the first and the second track are drawn."""
_PICTURES: Final = 6


class PosePlayer(ClipWidget):
    """A clip with its skeletons: frame by frame with the arrow keys, at any speed, each track shown or hidden.

    Parameters
    ----------
    video
        The clip.
    tracks
        One or two, by the name under which they are shown; each has one row for each frame of the clip.
    curve
        (T,) one value a frame, drawn below the clip: click it to go there. ``nan`` leaves a gap.
    label, unit
        What the curve shows.

    Attributes
    ----------
    frame
        The frame that is shown; setting it goes there.

    Raises
    ------
    InvalidOption
        If there is no track, more than two, or tracks and curve differ in length.
    """

    _esm = module("player.js")

    tracks = traitlets.List(traitlets.Dict()).tag(sync=True)
    curve = traitlets.Dict().tag(sync=True)
    frame = traitlets.Int(0).tag(sync=True)

    def __init__(
        self,
        video: Path,
        tracks: Mapping[str, PoseTrack],
        *,
        curve: NDArray[np.float64] | None = None,
        label: str = "",
        unit: str = "",
    ) -> None:
        first = _checked(tracks, curve)
        times = np.linspace(first.time[0], first.time[-1], _PICTURES)
        super().__init__(
            video,
            first.time,
            first.size,
            filmstrip(video, first, times.tolist(), short_side=240),
            tracks=[_packed(name, track, style) for (name, track), style in zip(tracks.items(), STYLES, strict=False)],
            curve={} if curve is None else _curve(curve, label, unit),
        )


def _checked(tracks: Mapping[str, PoseTrack], curve: NDArray[np.float64] | None) -> PoseTrack:
    """The first of the tracks, if they can be shown together."""
    if not 1 <= len(tracks) <= len(STYLES):
        raise InvalidOption(f"a player shows one track or two, got {len(tracks)}")
    lengths = [*map(len, tracks.values()), *([] if curve is None else [len(curve)])]
    if len(set(lengths)) > 1:
        raise InvalidOption(f"tracks and curve must have one row for each frame, got {', '.join(map(str, lengths))}")
    return next(iter(tracks.values()))


def _packed(name: str, track: PoseTrack, style: PoseStyle) -> dict[str, Any]:
    nowhere = np.full((len(track), 2), np.nan)  # no centre of mass is drawn here
    return {"label": name, "track": pack_track(track, nowhere), "skeleton": pack_skeleton(style, HoldStyle())}


def _curve(values: NDArray[np.float64], label: str, unit: str) -> dict[str, str]:
    return {"values": base64_of(values, "<f4"), "label": label, "unit": unit, "colour": palette.LEFT_INK}
