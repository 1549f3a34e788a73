"""Labels and detections drawn into pictures, to be judged by eye."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.boxes import iou
from experiments.hold_evaluation import IOU, Floats
from experiments.hold_training.augment import Crop
from experiments.hold_training.data import Image
from experiments.hold_training.judging import Judged

RIGHT, WRONG, MISSED, UNKNOWN = (60, 200, 90), (235, 60, 60), (250, 200, 40), (70, 120, 250)
SIDE: Final = 560


def judged_picture(judged: Judged, row: int, side: int = SIDE) -> Image:
    """One picture, its long side `side` pixels: green what was found, red what is none, yellow what was missed."""
    image, found = judged.images[row], judged.found[row]
    found = found[found[:, 4] >= judged.threshold]
    truth = image.truth
    same = (iou(found, truth) >= IOU) & (found[:, 5, None] == truth[None, :, 4])
    boxes = np.concatenate([truth[~same.any(axis=0), :4], found[:, :4]])
    missed = len(boxes) - len(found)
    colours = [MISSED] * missed + [RIGHT if right else WRONG for right in same.any(axis=1)]
    scale = side / max(image.image.shape[:2])
    small = cv2.resize(image.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return _draw(np.asarray(small, np.uint8), boxes * scale, colours)


def crop_picture(crop: Crop) -> Image:
    """A training crop with its labels: green holds, red volumes, blue what is left open."""
    colours = [(RIGHT, WRONG)[kind] for kind in crop.classes] + [UNKNOWN] * len(crop.unknown)
    return _draw(crop.image.copy(), np.concatenate([crop.boxes, crop.unknown]).astype(float), colours)


def sheet(pictures: Sequence[Image], columns: int = 5) -> Image:
    """Pictures in rows, each in a tile of the largest one's size."""
    height, width = (max(p.shape[axis] for p in pictures) for axis in (0, 1))
    rows = -(-len(pictures) // columns)
    whole = np.full((rows * height, min(columns, len(pictures)) * width, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        top, left = place // columns * height, place % columns * width
        whole[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return whole


def _draw(image: Image, boxes: Floats, colours: Sequence[tuple[int, int, int]]) -> NDArray[np.uint8]:
    for box, colour in zip(boxes.round().astype(int).tolist(), colours, strict=True):
        cv2.rectangle(image, tuple(box[:2]), tuple(box[2:]), colour, 1, cv2.LINE_AA)
    return image
