"""Find holds and volumes in a picture of a wall.

The network (`weights/HOLDS_MODEL_CARD.md`) tells for every cell of the picture how likely the middle of a hold or a volume
lies there, and how far from it the four sides are (Zhou, Wang and Krähenbühl, "Objects as Points", 2019). It runs at several
scales: the fine one for small holds, coarse ones for what is too large for the network to overlook at once. Peaks are
searched and boxes merged here.

What belongs to the weights stands with them, as JSON in the metadata of the ONNX file:

=============  =====================================================================================================
`classes`      names in the order of the heat map's channels: ``["hold", "volume"]``
`stride`       pixels of the network's input per cell
`mean`, `std`  of the input's three channels (RGB, 0 to 255): the network is given ``(pixel - mean) / std``
`long_sides`   lengths in pixels that the picture's long side is brought to, the finest first
`calibration`  by class, ``{"score": [...], "probability": [...]}``: corners of the line from the network's score to the
               probability of being right, both strictly rising
`threshold`    probability from which on a thing counts as found
=============  =====================================================================================================
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import ModelError
from ascension_core.wall.boxes import areas, averaged, each_once
from ascension_core.wall.holds import Hold, Kind, corners, named

WEIGHTS = Path(__file__).parent / "weights" / "holds.onnx"

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]

_STEP = 32  # the network halves its input five times
_GREY = 114  # what surrounds a picture that does not fill the input
_TOUCHES_PX = 2.0


@dataclass(frozen=True)
class DetectorOptions:
    """How the network's answers become boxes.

    Attributes
    ----------
    minimum_score
        Peaks below are dropped at once, as probability.
    same
        IoU above which two boxes of one kind are one thing.
    same_across_kinds
        The same for a hold and a volume; a hold on a volume is much smaller than the volume, and both stay.
    agree
        IoU from which on boxes of one kind agree so well that their mean is better than the surest of them.
    most
        Peaks looked at in one view, the surest first.
    smallest_coarse_px, largest_fine_px
        Square root of the area, in pixels of the network's input: things smaller than the one are left to the finer scales,
        things larger than the other to the coarser ones.
    magnify
        Small pictures are enlarged by this factor at the most.
    longest
        Pictures longer than this many times their short side (panoramas) are looked at in parts of that shape, each at the
        full scale.
    """

    minimum_score: float = 0.03
    same: float = 0.5
    same_across_kinds: float = 0.8
    agree: float = 0.6
    most: int = 1000
    smallest_coarse_px: float = 20.0
    largest_fine_px: float = 375.0
    magnify: float = 1.6
    longest: float = 2.5


@dataclass(frozen=True)
class Card:
    """What the metadata of the weights say; see the module."""

    classes: tuple[Kind, ...]
    stride: int
    mean: NDArray[np.float32]
    std: NDArray[np.float32]
    long_sides: tuple[int, ...]
    calibration: tuple[tuple[Floats, Floats], ...]
    threshold: float

    @classmethod
    def read(cls, metadata: dict[str, str], path: Path) -> Self:
        """From the metadata of an ONNX file.

        Raises
        ------
        ModelError
            If anything is missing or makes no sense.
        """
        try:
            values: dict[str, Any] = {name: json.loads(metadata[name]) for name in cls.__dataclass_fields__}
            lines = [values["calibration"][kind] for kind in values["classes"]]
            card = cls(
                classes=tuple(values["classes"]),
                stride=int(values["stride"]),
                mean=np.array(values["mean"], np.float32).reshape(3),
                std=np.array(values["std"], np.float32).reshape(3),
                long_sides=tuple(int(side) for side in values["long_sides"]),
                calibration=tuple((np.array(c["score"], float), np.array(c["probability"], float)) for c in lines),
                threshold=float(values["threshold"]),
            )
        except (KeyError, TypeError, ValueError) as cause:
            raise ModelError(f"the metadata of {path.name} cannot be read ({cause!r}): reinstall Ascension") from cause
        if not card._makes_sense():
            raise ModelError(f"the metadata of {path.name} do not fit this version: reinstall Ascension")
        return card

    def probability(self, kind: int, score: Floats) -> Floats:
        """The calibrated probability of the network's scores of one class."""
        return np.asarray(np.interp(score, *self.calibration[kind]))

    def _makes_sense(self) -> bool:
        rising = all(
            len(line) == len(self.calibration[k][0]) >= 2 and bool((np.diff(line) > 0).all())
            for k in range(len(self.calibration))
            for line in self.calibration[k]
        )
        sides = len(self.long_sides) > 0 and min(self.long_sides) >= _STEP and self.stride in (1, 2, 4, 8)
        return rising and sides and set(self.classes) == {"hold", "volume"} and 0 < self.threshold < 1


class HoldDetector:
    """The network with its rules. Make it once, call it for each picture; not for several threads at once.

    Parameters
    ----------
    path
        The weights.
    threads
        How many threads the network may use. The result does not depend on it.

    Raises
    ------
    ModelError
        If the weights are missing or damaged.
    """

    def __init__(self, path: Path = WEIGHTS, threads: int = 1, options: DetectorOptions | None = None) -> None:
        self.options = options or DetectorOptions()
        self._session = _session(path, threads)
        self.card = Card.read(dict(self._session.get_modelmeta().custom_metadata_map), path)
        self._levels = np.asfortranarray((np.arange(256, dtype=np.float32)[:, None] - self.card.mean) / self.card.std)

    def __call__(self, image: Image) -> list[Hold]:
        """Holds and volumes of an (H, W, 3) uint8 RGB picture that are likely enough to be shown, from the lowest."""
        return self.holds(self.detections(image, self.card.threshold))

    def holds(self, detections: Floats) -> list[Hold]:
        """Detections as holds with names; their outlines are their boxes, their colours not told yet."""
        return named(
            Hold("", self.card.classes[int(row[5])], row[:4].copy(), corners(row[:4]), float(row[4])) for row in detections
        )

    def detections(self, image: Image, minimum_score: float | None = None) -> Floats:
        """(N, 6) left, top, right, bottom in pixels, probability, and class, the surest first.

        Parameters
        ----------
        image
            (H, W, 3) uint8 RGB.
        minimum_score
            Least probability; that of the options by default.
        """
        looks = [
            self._look(image, window, rank) for window in self._windows(image) for rank in range(len(self.card.long_sides))
        ]
        peaks = np.concatenate(looks)
        found = each_once(peaks, self.options.same, self.options.same_across_kinds)
        found = averaged(found, peaks, self.options.agree)
        least = self.options.minimum_score if minimum_score is None else minimum_score
        return np.asarray(found[found[:, 4] >= least])

    def _windows(self, image: Image) -> Iterator[tuple[int, int, int, int]]:
        """Left, top, right, bottom of the parts that are looked at: the whole, save for panoramas."""
        height, width = image.shape[:2]
        short, long = sorted((height, width))
        span = min(long, max(1, int(self.options.longest * short)))
        parts = 1 if span == long else 1 + int(np.ceil((long - span) / (span - short)))
        for start in np.linspace(0, long - span, parts).astype(int).tolist():
            yield (start, 0, start + span, height) if width > height else (0, start, width, start + span)

    def _look(self, image: Image, window: tuple[int, int, int, int], rank: int) -> Floats:
        """(N, 6) what the network sees in a window of the picture at one of its scales."""
        left, top, right, bottom = window
        view = image[top:bottom, left:right]
        small = _resized(view, self.card.long_sides[rank], self.options.magnify)
        heat, sides = self._session.run(None, {self._session.get_inputs()[0].name: self._input(small)})
        found = self._decoded(heat[0], sides[0])
        found = found[self._of_scale(found, rank)]
        scale = np.array([view.shape[1] / small.shape[1], view.shape[0] / small.shape[0]])
        found[:, :4] = np.clip(found[:, :4] * np.tile(scale, 2), 0, np.tile([view.shape[1], view.shape[0]], 2))
        found[:, :4] += (left, top, left, top)
        return np.asarray(found[(areas(found) > 0) & ~_cut(found, window, image)])

    def _input(self, small: Image) -> NDArray[np.float32]:
        """(1, 3, H, W) normalised, filled up with grey to a multiple of 32."""
        height, width = (-(-length // _STEP) * _STEP for length in small.shape[:2])
        filled = np.empty((1, 3, height, width), np.float32)
        for channel, levels in enumerate(self._levels.T):
            filled[0, channel] = levels[_GREY]
            filled[0, channel, : small.shape[0], : small.shape[1]] = cv2.LUT(np.ascontiguousarray(small[..., channel]), levels)
        return filled

    def _decoded(self, heat: NDArray[np.float32], sides: NDArray[np.float32]) -> Floats:
        """(N, 6) boxes in pixels of the input at the peaks of the (C, h, w) heat map; `sides` (4, h, w)."""
        peaks = heat >= np.stack([cv2.dilate(channel, np.ones((3, 3), np.uint8)) for channel in heat])
        kind, y, x = np.nonzero(peaks)
        score = np.zeros(len(kind))
        for k in range(len(heat)):
            score[kind == k] = self.card.probability(k, heat[k, y[kind == k], x[kind == k]].astype(float))
        order = np.argsort(-score, kind="stable")[: self.options.most]
        order = order[score[order] >= self.options.minimum_score]
        kind, y, x, score = kind[order], y[order], x[order], score[order]
        middle = (np.column_stack([x, y]) + 0.5) * self.card.stride
        reach = sides[:, y, x].T.astype(float)
        return np.column_stack([middle - reach[:, :2], middle + reach[:, 2:], score, kind])

    def _of_scale(self, found: Floats, rank: int) -> NDArray[np.bool_]:
        """Which boxes (in pixels of the input) this scale is the right one for."""
        size = np.sqrt(areas(found))
        finest, coarsest = rank == 0, rank == len(self.card.long_sides) - 1
        fits = (finest or size >= self.options.smallest_coarse_px) & (coarsest or size <= self.options.largest_fine_px)
        return np.asarray((size > 0) & fits)


def _session(path: Path, threads: int) -> Any:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # before the import, which would start its reporter's thread
    import onnxruntime

    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_mem_pattern = False  # the input's size changes from picture to picture
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # idle threads leave the cores to decoding
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as cause:  # onnxruntime's own errors share no base but this one
        raise ModelError(f"the hold detector's weights {path.name} cannot be read: reinstall Ascension") from cause


def _resized(view: Image, long_side: int, magnify: float) -> Image:
    """The view with its long side brought to a length, enlarged by `magnify` at the most."""
    height, width = view.shape[:2]
    factor = min(long_side / max(height, width), magnify)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return np.asarray(cv2.resize(view, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR), np.uint8)


def _cut(found: Floats, window: tuple[int, int, int, int], image: Image) -> NDArray[np.bool_]:
    """Which boxes end at a side of the window that is not one of the picture: the neighbouring window sees them whole."""
    left, top, right, bottom = window
    height, width = image.shape[:2]
    inner = np.array([left > 0, top > 0, right < width, bottom < height])
    return np.asarray((inner & (np.abs(found[:, :4] - (left, top, right, bottom)) < _TOUCHES_PX)).any(1))
