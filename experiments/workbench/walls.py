"""What two sets of detector options find on one wall."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from ascension_core.errors import InvalidOption
from ascension_core.pipelines.hold_views import WallViews, look_at
from ascension_core.pipelines.stages import threads
from ascension_core.progress import Progress, silent
from ascension_core.report import palette
from ascension_core.report.hold_picture import hold_picture
from ascension_core.wall.boxes import iou
from ascension_core.wall.detector import WEIGHTS, Card, DetectorOptions, HoldDetector
from ascension_core.wall.holds import Hold
from ascension_core.wall.survey import Survey, survey

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

SAME: Final = 0.5
"""IoU from which on two boxes are the same thing."""
_SIDE: Final = 96  # pixels of a crop
_AROUND: Final = 1.5  # how much of the wall around a hold is shown


@dataclass(frozen=True, eq=False)
class Look:
    """What one set of options found.

    Attributes
    ----------
    picture
        The wall; of a video without people, put together from its frames.
    candidates
        (N, 6) left, top, right, bottom in pixels of the picture, probability, class: what it alone shows, unsure things too.
    found
        What all views show surely enough, with outlines and colours, in wall coordinates, and the routes.
    holds
        The same holds in pixels of the picture.
    card
        What the weights say of themselves, the threshold among it.
    """

    picture: Image
    candidates: Floats
    found: Survey
    holds: list[Hold]
    card: Card


def detector_options(document: Mapping[str, Any]) -> DetectorOptions:
    """The options that a document gives, the others as they are by default.

    Raises
    ------
    InvalidOption
        One is unknown, or of another type.
    """
    unknown = document.keys() - DetectorOptions.__dataclass_fields__.keys()
    if unknown:
        raise InvalidOption(f"{sorted(unknown)[0]} is unknown; there are {', '.join(DetectorOptions.__dataclass_fields__)}")
    try:
        return TypeAdapter(DetectorOptions).validate_json(json.dumps(document), strict=True)
    except ValidationError as cause:
        first = cause.errors()[0]
        raise InvalidOption(f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}, got {first['input']!r}") from cause


def looks(path: Path, options: Mapping[str, Mapping[str, Any]], progress: Progress = silent) -> dict[str, Look]:
    """Look at a picture or a video with each set of options, by name.

    Raises
    ------
    InvalidOption
        See `detector_options`.
    ImageError, VideoError
        The file cannot be read.
    """
    detectors = {name: HoldDetector(WEIGHTS, threads(), detector_options(given)) for name, given in options.items()}
    seen = look_at(path, progress)
    return {name: _look(seen, detector, progress) for name, detector in detectors.items()}


def _look(seen: WallViews, detector: HoldDetector, progress: Progress) -> Look:
    found = survey(detector, seen.views, seen.canvas, progress)
    to_picture = np.asarray(np.linalg.inv(seen.canvas.to_wall), float)
    candidates = detector.detections(seen.canvas.image)
    return Look(seen.canvas.image, candidates, found, [hold.carried(to_picture) for hold in found.holds], detector.card)


def table(found: Mapping[str, Look]) -> pd.DataFrame:
    """Holds, volumes, colours and routes of each look."""
    rows = {}
    for name, look in found.items():
        kinds = [hold.kind for hold in look.found.holds]
        rows[name] = {
            "holds": kinds.count("hold"),
            "volumes": kinds.count("volume"),
            "of known colour": sum(hold.colour is not None for hold in look.found.holds),
            "routes": len(look.found.routes),
            "below the threshold": int((look.candidates[:, 4] < look.card.threshold).sum()),
        }
    return pd.DataFrame(rows).T


def routes(look: Look) -> pd.DataFrame:
    """The routes, the largest first."""
    rows = [{"colour": route.colour, "holds": len(route.holds), "names": " ".join(route.holds)} for route in look.found.routes]
    return pd.DataFrame(rows, columns=["colour", "holds", "names"])


def drawn(look: Look) -> Image:
    """The wall with outlines and names."""
    return hold_picture(look.picture, look.holds)


def score_histogram(found: Mapping[str, Look]) -> Figure:
    """How sure the detector was of what it looked at; the line is the threshold from which on a thing counts as found."""
    figure, axis = plt.subplots(figsize=(9, 2.8), layout="constrained")
    inks = (palette.LEFT_INK, palette.RIGHT_INK)
    for (name, look), ink in zip(found.items(), inks, strict=False):
        axis.hist(look.candidates[:, 4], np.linspace(0, 1, 51).tolist(), histtype="step", color=ink, linewidth=1.5, label=name)
        axis.axvline(look.card.threshold, color=palette.MUTED_INK, linewidth=1, linestyle=":")
    axis.set_xlabel("probability")
    axis.set_ylabel("boxes")
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
    return figure


def colour_bars(look: Look) -> Figure:
    """How many holds there are of each colour."""
    names = pd.Series([hold.colour or "unknown" for hold in look.found.holds], dtype=object).value_counts()
    figure, axis = plt.subplots(figsize=(9, 2.4), layout="constrained")
    fills = [palette.HOLDS.get(str(name), palette.HOLD) for name in names.index]
    axis.bar(list(map(str, names.index)), names.to_numpy(), color=fills, edgecolor=palette.INK, linewidth=0.8)
    axis.set_ylabel("holds")
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def crops(look: Look, count: int = 40, columns: int = 10) -> Figure:
    """Boxes around the threshold, the surest first, with their probability: what a higher or lower one would lose or gain."""
    order = np.argsort(np.abs(look.candidates[:, 4] - look.card.threshold), kind="stable")[:count]
    rows = look.candidates[sorted(order.tolist(), key=lambda row: -look.candidates[row, 4])]
    return _tiles(look, rows, columns)


def _tiles(look: Look, rows: Floats, columns: int) -> Figure:
    lines = max(1, -(-len(rows) // columns))
    figure, axes = plt.subplots(lines, columns, figsize=(9, 1.15 * lines), squeeze=False, layout="constrained")
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, row in zip(axes.flat, rows, strict=False):
        axis.imshow(_crop(look.picture, row[:4]))
        taken = row[4] >= look.card.threshold
        axis.set_title(f"{row[4]:.2f}", fontsize=7, pad=2, color=palette.CENTRE_INK if taken else palette.RIGHT_INK)
    return figure


def _crop(picture: Image, box: Floats) -> Image:
    """The surroundings of a box as a square of one size, grey outside of the picture."""
    import cv2

    middle, side = (box[:2] + box[2:]) / 2, max(float((box[2:] - box[:2]).max()) * _AROUND, 8.0)
    scale = _SIDE / side
    to_tile = np.column_stack([np.eye(2) * scale, _SIDE / 2 - middle * scale])
    grey = (114, 114, 114)
    tile = cv2.warpAffine(picture, to_tile, (_SIDE, _SIDE), flags=cv2.INTER_AREA, borderValue=grey)
    return np.asarray(tile, np.uint8)


def only(first: Look, second: Look) -> tuple[list[Hold], list[Hold]]:
    """Holds that only the first look has, and those that only the second has: no box of the other overlaps them enough."""
    same = iou(_boxes(first.holds), _boxes(second.holds)) >= SAME
    met_first, met_second = np.any(same, axis=1).tolist(), np.any(same, axis=0).tolist()
    return (
        [hold for hold, met in zip(first.holds, met_first, strict=True) if not met],
        [hold for hold, met in zip(second.holds, met_second, strict=True) if not met],
    )


def differences(found: Mapping[str, Look]) -> Figure:
    """The wall twice: with the holds that only the first of two looks has, and with those that only the second has."""
    first, second = found.values()
    figure, axes = plt.subplots(1, 2, figsize=(9, 7), layout="constrained")
    for axis, name, holds in zip(axes, found, only(first, second), strict=True):
        axis.imshow(hold_picture(first.picture, holds))
        axis.set_title(f"only {name}: {len(holds)}", fontsize=9, color=palette.MUTED_INK)
        axis.set_axis_off()
    return figure


def _boxes(holds: Sequence[Hold]) -> Floats:
    return np.array([hold.box for hold in holds], float).reshape(-1, 4)
