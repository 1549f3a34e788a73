"""A track and its measures as small base64 arrays for the page (little-endian, row by row)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.track import PoseTrack
from ascension_core.report.drawing import BONES, JOINTS, PoseStyle
from ascension_core.report.holds import HoldStyle
from ascension_core.report.overlay import steady_torso
from ascension_core.report.panels import Panel, side

UNKNOWN = -32768
"""Stands for nan in 16-bit coordinates."""

STEPS = 16000
"""Steps of a 16-bit coordinate per width or height: a fifteenth of a pixel at 1080p, and two frames of room on each side."""


def pack_track(track: PoseTrack, centre: NDArray[np.float64]) -> dict[str, Any]:
    """The track for the page.

    Notes
    -----
    ``time`` float64 (T,) seconds; ``points`` int16 (T, 33, 2) in `STEPS` per frame size, `UNKNOWN` for nan; ``centre``
    likewise (T, 2); ``visibility`` uint8 (T, 33), 255 is 1; ``observed`` one bit per keypoint, 5 bytes a frame, first
    keypoint in the highest bit; ``torso`` float32 (T,) pixels, which sets the width of lines.
    """
    return {
        "size": list(track.size),
        "steps": STEPS,
        "unknown": UNKNOWN,
        "time": base64_of(track.time, "<f8"),
        "points": base64_of(_quantised(track.image, track.size), "<i2"),
        "centre": base64_of(_quantised(centre, track.size), "<i2"),
        "visibility": base64_of(np.rint(np.clip(np.nan_to_num(track.visibility), 0, 1) * 255), "u1"),
        "observed": base64_of(np.packbits(track.observed, axis=-1), "u1"),
        "torso": base64_of(steady_torso(track), "<f4"),
    }


def pack_skeleton(style: PoseStyle, holds: HoldStyle) -> dict[str, Any]:
    """What the page needs to draw a body and holds as the overlay video does."""
    return {
        "bones": [list(bone) for bone in BONES],
        "joints": list(JOINTS),
        "middles": [[Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR], [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]],
        "style": asdict(style),
        "holds": asdict(holds),
    }


def pack_panels(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """The plots for the page: float32 values with nan."""
    return [
        {
            "label": panel.label,
            "unit": panel.unit,
            "series": [{"name": s.name, "side": side(s), "values": base64_of(s.values, "<f4")} for s in panel.series],
        }
        for panel in panels
    ]


def _quantised(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    steps = np.clip(np.rint(points / size * STEPS), UNKNOWN + 1, -UNKNOWN - 1)
    return np.where(np.isfinite(points).all(-1, keepdims=True), steps, UNKNOWN)


def base64_of(values: NDArray[Any], kind: str) -> str:
    """Numbers of this NumPy kind, row by row, as base64."""
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode("ascii")
