"""Training crops: a window of a picture at a random scale, with other holds pasted in, other light and a worse camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from experiments.hold_training.data import Floats, Image, LabelledImage, pyramid

GREY: Final = 114
"""What lies outside of a picture, in training as in use."""
LEAST_VISIBLE: Final = 0.3
"""A box of which less than this share lies in the crop counts as unknown."""
SMALLEST_PX: Final = 4.0
"""Boxes smaller than this in the crop (geometric mean of the sides, input pixels) count as unknown: less than one cell."""


@dataclass(frozen=True)
class Augmentation:
    """How crops are drawn.

    Attributes
    ----------
    size
        Side of the square crop, in pixels.
    near, far
        Ranges of the long side to which the picture is scaled, in pixels: for holds, and for volumes with much around them.
    near_share
        Share of crops from the near range.
    volume_share
        Share of crops from pictures that have volumes.
    on_label_share, on_confusing_share
        Shares of crops placed around a labelled box, and around something that looks like a hold and is none.
    paste_share
        Share of crops into which holds of other pictures are pasted.
    copy_weight
        How often an augmented copy of a photo is drawn, beside a photo that comes once: its turned boxes are too big.
    """

    size: int = 384
    near: tuple[float, float] = (950.0, 2100.0)
    far: tuple[float, float] = (400.0, 950.0)
    near_share: float = 0.62
    volume_share: float = 0.35
    on_label_share: float = 0.68
    on_confusing_share: float = 0.12
    paste_share: float = 0.3
    copy_weight: float = 0.4


@dataclass(frozen=True)
class Crop:
    """One training sample.

    Attributes
    ----------
    image
        (S, S, 3) uint8 RGB.
    boxes
        (N, 4) pixels of the crop, clipped to it.
    classes
        (N,) index of the class.
    unknown
        (M, 4) regions of objects that the crop hardly shows: no example of their class, and no background either.
    unknown_classes
        (M,) index of the class that is unknown there.
    """

    image: Image
    boxes: Floats
    classes: NDArray[np.int64]
    unknown: Floats
    unknown_classes: NDArray[np.int64]


class Crops:
    """Draws crops from labelled pictures: the same number gives the same crop."""

    def __init__(self, images: Sequence[LabelledImage], options: Augmentation, seed: int) -> None:
        self.images = [image for image in images if len(image.boxes)]
        self.options = options
        self.seed = seed
        self._levels = [pyramid(image.image) for image in self.images]
        copies = _count_copies(self.images)
        weights = np.array([_weight(i, copies[i.photo], options) for i in self.images])
        volumes = np.array([bool((image.classes == 1).any()) for image in self.images])
        self._every = weights / weights.sum()
        self._volumes = weights * volumes / (weights * volumes).sum() if volumes.any() else self._every

    def __getitem__(self, number: int) -> Crop:
        """The crop of that number."""
        random = np.random.default_rng([self.seed, number])
        chances = self._volumes if random.random() < self.options.volume_share else self._every
        index = int(random.choice(len(self.images), p=chances))
        crop = self._window(index, random)
        if random.random() < self.options.paste_share:
            crop = self._paste(crop, random)
        return Crop(degrade(recolour(crop.image, random), random), crop.boxes, crop.classes, crop.unknown, crop.unknown_classes)

    def _window(self, index: int, random: np.random.Generator) -> Crop:
        source = self.images[index]
        matrix = window_matrix(source, self.options, random)
        image = warp(self._levels[index], matrix, self.options.size)
        return labels_in_window(image, source, matrix)

    def _paste(self, crop: Crop, random: np.random.Generator) -> Crop:
        """Holds of another picture, cut out by ellipses, where nothing is labelled yet."""
        index = int(random.choice(len(self.images), p=self._every))
        image, boxes = crop.image.copy(), [*crop.boxes]
        added = 0
        for _ in range(int(random.integers(1, 7))):
            patch = self._patch(index, random)
            if patch is None:
                continue
            height, width = patch.shape[:2]
            left, top = (int(v) for v in random.integers(0, (self.options.size - width, self.options.size - height)))
            box = np.array([left, top, left + width, top + height], np.float32)
            if _touches(box, [*boxes, *crop.unknown]):
                continue
            blend(image, patch, left, top)
            boxes.append(box)
            added += 1
        classes = np.concatenate([crop.classes, np.zeros(added, np.int64)])
        return Crop(image, np.array(boxes, np.float32).reshape(-1, 4), classes, crop.unknown, crop.unknown_classes)

    def _patch(self, index: int, random: np.random.Generator) -> Image | None:
        """A labelled hold of a picture, resized to something between 10 and 90 pixels."""
        source = self.images[index]
        holds = np.flatnonzero(source.classes == 0)
        if not len(holds):
            return None
        left, top, right, bottom = source.boxes[random.choice(holds)].round().astype(int).clip(0)
        cut = source.image[top:bottom, left:right]
        if min(cut.shape[:2]) < 10:
            return None
        scale = math.exp(random.uniform(math.log(10), math.log(90))) / math.sqrt(cut.shape[0] * cut.shape[1])
        scale = min(scale, 2.0)
        width, height = (int(np.clip(round(side * scale), 6, self.options.size // 2)) for side in (cut.shape[1], cut.shape[0]))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(cut, (width, height), interpolation=interpolation), np.uint8)


def _count_copies(images: Sequence[LabelledImage]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for image in images:
        counts[image.photo] = counts.get(image.photo, 0) + 1
    return counts


def _weight(image: LabelledImage, copies: int, options: Augmentation) -> float:
    """Grows with the root of the number of boxes: a single object on a plain background teaches little."""
    return math.sqrt(min(len(image.boxes), 40)) * (options.copy_weight if copies > 1 else 1.0)


def window_matrix(source: LabelledImage, options: Augmentation, random: np.random.Generator) -> NDArray[np.float64]:
    """(2, 3) from the picture to a crop: scaled, a little squeezed, turned and sheared, perhaps mirrored."""
    height, width = source.image.shape[:2]
    low, high = options.near if random.random() < options.near_share else options.far
    scale = math.exp(random.uniform(math.log(low), math.log(high))) / max(height, width)
    squeeze = math.exp(random.uniform(-0.12, 0.12))
    turn = math.radians(random.uniform(-5, 5)) if random.random() < 0.3 else 0.0
    across, down = scale * squeeze * (-1 if random.random() < 0.5 else 1), scale / squeeze
    cos, sin = math.cos(turn), math.sin(turn)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([across, down])
    centre = _centre(source, abs(across), down, options, random)
    return np.column_stack([linear, options.size / 2 - linear @ centre])


def _centre(
    source: LabelledImage, across: float, down: float, options: Augmentation, random: np.random.Generator
) -> NDArray[np.float64]:
    """Point of the picture in the middle of the crop; the crop stays within the picture where it fits."""
    size = np.array([source.image.shape[1], source.image.shape[0]], float)
    scale = np.array([across, down])
    drawn = random.random()
    places = source.boxes if drawn < options.on_label_share else source.confusing
    if drawn < options.on_label_share + options.on_confusing_share and len(places):
        box = places[random.integers(len(places))]
        centre = (box[:2] + box[2:]) / 2 + random.uniform(-0.4, 0.4, 2) * options.size / scale
    else:
        centre = random.uniform(0, 1, 2) * size
    half = np.minimum(options.size / 2 / scale, size / 2)
    return np.asarray(np.clip(centre, half, size - half))


def warp(levels: Sequence[Image], matrix: NDArray[np.float64], size: int) -> Image:
    """The crop, taken from the level of the pyramid that is shrunk by no more than half."""
    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    level = int(np.clip(math.floor(-math.log2(scale)), 0, len(levels) - 1))
    fitted = matrix.copy()
    fitted[:, 0] *= levels[0].shape[1] / levels[level].shape[1]
    fitted[:, 1] *= levels[0].shape[0] / levels[level].shape[0]
    border = (GREY, GREY, GREY)
    return np.asarray(cv2.warpAffine(levels[level], fitted, (size, size), flags=cv2.INTER_LINEAR, borderValue=border), np.uint8)


def labels_in_window(image: Image, source: LabelledImage, matrix: NDArray[np.float64]) -> Crop:
    """Boxes that the crop shows; what is cut off or tiny becomes unknown rather than background."""
    size = image.shape[0]
    boxes = move(source.boxes, matrix)
    clipped = boxes.clip(0, size)
    visible = _area(clipped) / np.maximum(_area(boxes), 1e-6)
    good = (
        (visible >= LEAST_VISIBLE)
        & (np.sqrt(_area(clipped)) >= SMALLEST_PX)
        & ((clipped[:, 2:] - clipped[:, :2]).min(axis=1) >= 2)
    )
    doubtful = ~good & (_area(clipped) > 0)
    labels = [(clipped[chosen].astype(np.float32), source.classes[chosen]) for chosen in (good, doubtful)]
    return Crop(image, *labels[0], *labels[1])


def move(boxes: Floats, matrix: NDArray[np.float64]) -> Floats:
    """Boxes (N, 4) under an affine map: the centre moves, the sides scale; a small turn leaves them upright."""
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    half = (boxes[:, 2:] - boxes[:, :2]) / 2 * np.linalg.norm(matrix[:, :2], axis=0)
    return np.concatenate([centre - half, centre + half], axis=1).astype(np.float32)


def blend(image: Image, patch: Image, left: int, top: int) -> None:
    """Paste a patch through a soft ellipse, in place."""
    height, width = patch.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    share = np.clip((1.06 - np.hypot(x, y)) / 0.12, 0, 1)[..., None]
    part = image[top : top + height, left : left + width]
    part[:] = (share * patch + (1 - share) * part).astype(np.uint8)


def recolour(image: Image, random: np.random.Generator) -> Image:
    """Other paint and other light: hue, saturation, brightness, white balance, gamma, a shadow."""
    if random.random() < 0.8:
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.float32)
        hue = random.uniform(-90, 90) if random.random() < 0.4 else random.uniform(-12, 12)
        hsv[..., 0] = (hsv[..., 0] + hue) % 180
        hsv[..., 1] *= random.uniform(0.5, 1.5)
        hsv[..., 2] = hsv[..., 2] * random.uniform(0.6, 1.4) + random.uniform(-15, 15)
        image = np.asarray(cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)
    curve = np.arange(256, dtype=np.float32)[:, None].repeat(3, axis=1) / 255
    if random.random() < 0.3:
        curve = curve * random.uniform(0.75, 1.25, 3)
    if random.random() < 0.3:
        curve = curve.clip(0, 1) ** math.exp(random.uniform(-0.5, 0.5))
    table = (curve * 255).clip(0, 255).astype(np.uint8)[None]
    image = np.asarray(cv2.LUT(image, table), np.uint8)
    if random.random() < 0.2:
        image = _shade(image, random)
    return np.asarray(image.mean(axis=2, keepdims=True).repeat(3, axis=2), np.uint8) if random.random() < 0.05 else image


def _shade(image: Image, random: np.random.Generator) -> Image:
    """Light that falls off across the picture."""
    size = image.shape[0]
    angle = random.uniform(0, 2 * math.pi)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    ramp = 1 + random.uniform(0.2, 0.6) * (math.cos(angle) * x + math.sin(angle) * y)
    return np.asarray((image * ramp[..., None]).clip(0, 255), np.uint8)


def degrade(image: Image, random: np.random.Generator) -> Image:
    """A worse camera: out of focus, fewer pixels, noise, JPEG."""
    if random.random() < 0.2:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), random.uniform(0.4, 1.6)), np.uint8)
    if random.random() < 0.12:
        fewer = round(image.shape[0] / random.uniform(1.3, 2.5))
        small = cv2.resize(image, (fewer, fewer), interpolation=cv2.INTER_AREA)
        image = np.asarray(cv2.resize(small, image.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.uint8)
    if random.random() < 0.15:
        image = np.asarray((image + random.normal(0, random.uniform(2, 10), image.shape)).clip(0, 255), np.uint8)
    if random.random() < 0.25:
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(25, 90))])[1]
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return image


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[:, 2] - boxes[:, 0]).clip(0) * (boxes[:, 3] - boxes[:, 1]).clip(0), np.float32)


def _touches(box: Floats, others: Sequence[Floats]) -> bool:
    if not others:
        return False
    rest = np.asarray(others)
    return bool(((box[:2] < rest[:, 2:]) & (box[2:] > rest[:, :2])).all(axis=1).any())
