"""MediaPipe's two BlazePose networks, run directly on windows that we choose.

MediaPipe's own graph decides by itself where to look in each frame, one frame after the other. Here the caller
decides, so that the climber can be followed instead of the most conspicuous person, several views of one frame can
be compared, and frames can be worked on side by side. The arithmetic around the networks (anchors, decoding,
refinement by the heat map) follows MediaPipe's `pose_detector_graph` and `pose_landmarks_detector_graph`; a test
holds the results against MediaPipe's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import KEYPOINTS, MIRROR
from ascension_core.pose.roi import Image, Roi

ROI_SCALE = 1.25
"""How much larger than the body's circle BlazePose's window is (`pose_landmarks_detector_graph`)."""

_DETECTOR_SIDE = 224
_DETECTOR_STRIDES = (8, 16, 32, 32, 32)
_LANDMARK_SIDE = 256
_HEATMAP_SIDE = 64
_REFINE_KERNEL = 7
_REFINE_CONFIDENCE = 0.5
_AUXILIARY = (33, 34)
_ALL_POINTS = 39


@dataclass(frozen=True, slots=True)
class Detection:
    """A body as the detector sees it.

    Attributes
    ----------
    score
        Confidence, 0 to 1.
    box
        (4,) x0, y0, x1, y1 of the head and shoulders in pixels of the image.
    points
        (4, 2) px: hip centre, the point that gives the whole body's size and turn, shoulder centre, the same of the upper body.
    """

    score: float
    box: NDArray[np.float64]
    points: NDArray[np.float64]

    @property
    def roi(self) -> Roi:
        """The window around the whole body."""
        return Roi.upright(self.points[0], self.points[1], ROI_SCALE)


@dataclass(frozen=True, slots=True)
class Landmarks:
    """A body as the landmark network sees it in one window.

    Attributes
    ----------
    presence
        Confidence that a body is in the window, 0 to 1.
    image
        (33, 2) pixels of the image.
    depth
        (33,) depth relative to the hips in pixels of the image.
    world
        (33, 3) metres, hips at the origin, axes of the image.
    visibility
        (33,) the network's own estimate that a keypoint is not hidden, 0 to 1.
    inside
        (33,) the network's own estimate that a keypoint lies within the window, 0 to 1.
    peak
        (33,) highest value of the heat map near the keypoint, 0 to 1.
    spread
        (33,) root mean square radius of the heat map near the keypoint, in shares of the window.
    following
        The window that this body suggests for the next frame.
    roi
        The window that was looked at.
    """

    presence: float
    image: NDArray[np.float64]
    depth: NDArray[np.float64]
    world: NDArray[np.float64]
    visibility: NDArray[np.float64]
    inside: NDArray[np.float64]
    peak: NDArray[np.float64]
    spread: NDArray[np.float64]
    following: Roi
    roi: Roi


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep LiteRT's greeting, which no setting turns off, from the terminal; errors are raised all the same."""
    stderr, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)


class _Network:
    """A LiteRT interpreter with one image input."""

    def __init__(self, path: Path, threads: int) -> None:
        from ai_edge_litert.interpreter import Interpreter

        with _hushed():
            self._interpreter: Any = Interpreter(model_path=str(path), num_threads=threads)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = {tuple(o["shape"][1:]): o["index"] for o in self._interpreter.get_output_details()}

    def _run(self, window: NDArray[np.float32]) -> None:
        self._interpreter.set_tensor(self._input, window[None])
        self._interpreter.invoke()

    def _output(self, *shape: int) -> NDArray[np.float32]:
        values: NDArray[np.float32] = self._interpreter.get_tensor(self._outputs[shape])[0]
        return values


class Detector(_Network):
    """Finds bodies in an image or a part of it."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        super().__init__(path, threads)
        self._anchors = _anchors()

    def __call__(self, image: Image, region: Roi, minimum_score: float) -> list[Detection]:
        """Bodies of at least `minimum_score` in `region`, the surest first; each body once."""
        window = region.crop(image, _DETECTOR_SIDE)
        self._run(window.astype(np.float32) / 127.5 - 1)
        with np.errstate(over="ignore"):
            scores = _sigmoid(self._output(len(self._anchors), 1)[:, 0])
        chosen = np.flatnonzero(scores >= minimum_score)
        values = self._output(len(self._anchors), 12)[chosen].astype(float).reshape(-1, 6, 2)
        values[:, [0, 2, 3, 4, 5]] += self._anchors[chosen][:, None] * _DETECTOR_SIDE
        detections = [_to_detection(v, s, region) for v, s in zip(values, scores[chosen].astype(float), strict=True)]
        return suppress(detections)


class LandmarkNetwork(_Network):
    """Finds the 33 keypoints of the body in a window."""

    def __call__(self, image: Image, roi: Roi) -> Landmarks:
        """Keypoints of the body in the window `roi` of `image` (H, W, 3) uint8 RGB."""
        self._run(np.asarray(roi.crop(image, _LANDMARK_SIDE) / np.float32(255), np.float32))
        raw = self._output(5 * _ALL_POINTS).reshape(_ALL_POINTS, 5).astype(float)
        heat = self._output(_HEATMAP_SIDE, _HEATMAP_SIDE, _ALL_POINTS)
        world = self._output(3 * _ALL_POINTS).reshape(_ALL_POINTS, 3)[:KEYPOINTS].astype(float)
        refined, peak, spread = _refine(raw[:, :2] / _LANDMARK_SIDE, heat)
        matrix = roi.to_image(1.0)
        points = refined @ matrix[:, :2].T + matrix[:, 2]
        turn = matrix[:, :2] / roi.size
        order = np.array(MIRROR if roi.mirrored else range(KEYPOINTS))
        following = Roi.upright(points[_AUXILIARY[0]], points[_AUXILIARY[1]], ROI_SCALE)
        return Landmarks(
            presence=float(self._output(1)[0]),
            image=points[order],
            depth=(raw[:KEYPOINTS, 2] / _LANDMARK_SIDE * roi.size)[order],
            world=np.column_stack([world[:, :2] @ turn.T, world[:, 2]])[order],
            visibility=_sigmoid(raw[:KEYPOINTS, 3])[order],
            inside=_sigmoid(raw[:KEYPOINTS, 4])[order],
            peak=peak[:KEYPOINTS][order],
            spread=spread[:KEYPOINTS][order],
            following=following,
            roi=roi,
        )


def suppress(detections: list[Detection], same: float = 0.3) -> list[Detection]:
    """Each body once, the surest first: of those whose boxes overlap by more than `same` the surest stays.

    `same` is MediaPipe's `min_suppression_threshold`. MediaPipe averages the boxes instead; that melts people who stand
    close together into one window, and loses a small climber among spectators.
    """
    kept: list[Detection] = []
    for candidate in sorted(detections, key=lambda d: -d.score):
        if all(overlap(candidate.box, k.box) <= same for k in kept):
            kept.append(candidate)
    return kept


def overlap(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Intersection over union of two boxes x0, y0, x1, y1."""
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    total = float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2])) - shared
    return shared / total if total > 0 else 0.0


def _anchors() -> NDArray[np.float64]:
    """(2254, 2) anchor centres as shares of the window (`SsdAnchorsCalculator`: two per cell and layer, all of size 1)."""
    grids = []
    for stride in _DETECTOR_STRIDES:
        cells = _DETECTOR_SIDE // stride
        y, x = np.mgrid[:cells, :cells]
        centres = (np.column_stack([x.ravel(), y.ravel()]) + 0.5) / cells
        grids.append((stride, np.repeat(centres, 2, 0)))
    # layers of one stride share a grid: their anchors are interleaved cell by cell
    merged = [np.stack([g for s, g in grids if s == stride]) for stride in dict(grids)]
    return np.concatenate([_interleave(layer) for layer in merged])


def _interleave(layers: NDArray[np.float64]) -> NDArray[np.float64]:
    count, anchors, _ = layers.shape
    return layers.reshape(count, anchors // 2, 2, 2).transpose(1, 0, 2, 3).reshape(-1, 2)


def _to_detection(values: NDArray[np.float64], score: float, region: Roi) -> Detection:
    """From the detector's (6, 2) centre, size and four points in pixels of its window."""
    centre, size = values[0], values[1]
    corners = centre + size / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    matrix = region.to_image(_DETECTOR_SIDE)
    mapped = np.concatenate([corners, values[2:]]) @ matrix[:, :2].T + matrix[:, 2]
    return Detection(score, np.concatenate([mapped[:4].min(0), mapped[:4].max(0)]), mapped[4:])


def _refine(
    points: NDArray[np.float64], heat: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Move each point to the centre of gravity of the heat map around it (`RefineLandmarksFromHeatmapCalculator`).

    Returns the points, and the heat map's peak and spread near each.
    """
    side, reach, count = _HEATMAP_SIDE, (_REFINE_KERNEL - 1) // 2, len(points)
    centre = (points * side).astype(int)
    offsets = np.arange(-reach, reach + 1)
    columns, rows = centre[:, 0, None] + offsets, centre[:, 1, None] + offsets
    valid = ((rows >= 0) & (rows < side))[:, :, None] & ((columns >= 0) & (columns < side))[:, None, :]
    at = np.clip(rows, 0, side - 1)[:, :, None], np.clip(columns, 0, side - 1)[:, None, :], np.arange(count)[:, None, None]
    weight = np.where(valid, _sigmoid(heat[at].astype(float)), 0)
    total, peak = weight.sum((1, 2)), weight.max((1, 2))
    safe = np.maximum(total, 1e-9)
    mean_x = (weight * columns[:, None, :]).sum((1, 2)) / safe
    mean_y = (weight * rows[:, :, None]).sum((1, 2)) / safe
    variance = (
        weight * ((columns[:, None, :] - mean_x[:, None, None]) ** 2 + (rows[:, :, None] - mean_y[:, None, None]) ** 2)
    ).sum((1, 2)) / safe
    moved = np.where((peak >= _REFINE_CONFIDENCE)[:, None], np.column_stack([mean_x, mean_y]) / side, points)
    return moved, peak, np.sqrt(variance) / side


def _sigmoid(x: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))))
