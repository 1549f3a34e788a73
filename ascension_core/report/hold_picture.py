"""A still picture of a wall with its holds drawn on it, each in its own colour and with its name."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ascension_core.report import palette
from ascension_core.report.drawing import Image, PoseStyle
from ascension_core.report.holds import draw_label
from ascension_core.report.palette import rgb
from ascension_core.wall.holds import Hold

_LEAST_SIDE = 1600  # small pictures are enlarged: names must be readable
_MOST_FACTOR = 3.0
_LINE = 1 / 600  # of the long side
_NAME = 1 / 110
_DIM = 0.72


def hold_picture(image: Image, holds: Sequence[Hold]) -> Image:
    """A new picture of the (H, W, 3) RGB `image`, perhaps enlarged, with the outlines and names of its holds; volumes bold."""
    factor = float(np.clip(_LEAST_SIDE / max(image.shape[:2]), 1.0, _MOST_FACTOR))
    large = cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC) if factor > 1 else image
    canvas = np.asarray(large * _DIM, np.uint8)
    long_side = max(canvas.shape[:2])
    line = max(1, round(long_side * _LINE))
    for hold in sorted(holds, key=lambda hold: -hold.size):
        corners = np.rint(hold.outline * factor * 16).astype(np.int32)
        bold = 2 * line if hold.kind == "volume" else line
        for colour, width in ((palette.HALO, bold + 2), (palette.HOLDS.get(hold.colour or "", palette.HOLD), bold)):
            cv2.polylines(canvas, [corners], True, rgb(colour), width, cv2.LINE_AA, 4)
    for hold in holds:
        draw_label(canvas, hold.id, hold.outline * factor, long_side * _NAME, PoseStyle())
    return canvas
