"""All holds of a wall from its views: found in each, put together, outlined, named by colour and grouped into routes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.progress import Progress, silent
from ascension_core.wall.boxes import areas, count
from ascension_core.wall.detector import HoldDetector
from ascension_core.wall.fusion import Look, fuse
from ascension_core.wall.holds import Hold, Route
from ascension_core.wall.outlines import described
from ascension_core.wall.routes import routes

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

_MOSTLY = 0.8


@dataclass(frozen=True, eq=False)
class WallView:
    """A picture of the wall, or of a part of it.

    Attributes
    ----------
    image
        (H, W, 3) uint8 RGB.
    to_wall
        (3, 3) homography from its pixels to wall coordinates.
    seen
        (H, W) pixels that show the wall and not somebody before it; None where all do.
    """

    image: Image
    to_wall: Floats
    seen: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Survey:
    """What is on a wall.

    Attributes
    ----------
    holds
        In wall coordinates, from the lowest.
    colours
        (N, 3) OKLab colour of each, ``nan`` where it is not known.
    routes
        Holds of one colour, the largest route first.
    """

    holds: list[Hold]
    colours: Floats
    routes: list[Route]


def survey(detector: HoldDetector, views: Sequence[WallView], canvas: WallView, progress: Progress = silent) -> Survey:
    """Find the holds of a wall.

    Parameters
    ----------
    detector
        The network with its rules.
    views
        What it looks at.
    canvas
        Where outlines and colours are taken from: the picture itself, or the wall put together without people, whose
        `to_wall` only scales and shifts.
    """
    holds = detector.holds(together(detector, views, progress))
    to_canvas = np.asarray(np.linalg.inv(canvas.to_wall), float)
    on_canvas = [hold.carried(to_canvas) for hold in holds]
    outlined, colours = described(canvas.image, on_canvas)
    shown = _shown(on_canvas, canvas)
    colours[~shown] = np.nan
    best = [new if seen else old for new, old, seen in zip(outlined, on_canvas, shown, strict=True)]
    found = [hold.carried(canvas.to_wall) for hold in best]
    return Survey(found, colours, routes(found, colours))


def together(detector: HoldDetector, views: Sequence[WallView], progress: Progress = silent) -> Floats:
    """(N, 6) boxes in wall coordinates, probability and kind of what all views together show likely enough."""
    found = fuse(list(_looks(detector, views, progress)))
    return np.asarray(found[found[:, 4] >= detector.card.threshold])


def _looks(detector: HoldDetector, views: Sequence[WallView], progress: Progress) -> Iterable[Look]:
    for number, view in enumerate(views):
        height, width = view.image.shape[:2]
        yield Look(detector.detections(view.image), view.to_wall, (width, height), view.seen)
        progress("holds", (number + 1) / len(views), f"{number + 1} views")


def _shown(holds: Sequence[Hold], canvas: WallView) -> NDArray[np.bool_]:
    """(N,) whether the canvas shows most of a hold; elsewhere there is no outline and no colour to be had."""
    if canvas.seen is None or not holds:
        return np.ones(len(holds), np.bool_)
    boxes = np.array([hold.box for hold in holds])
    return np.asarray(count(canvas.seen, boxes) / np.maximum(areas(boxes), 1e-9) >= _MOSTLY)
