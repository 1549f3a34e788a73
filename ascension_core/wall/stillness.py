"""Whether a frame shows the same view as an earlier one, for a tenth of a millisecond.

A few small patches of the wall are compared. People, shadows and reflections change some of them, exposure changes all of
them alike, and a camera that moves shifts nearly all of them: so a share of them decides.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from ascension_core.wall.registration import shrunk_by

Floats = NDArray[np.float64]
Image = NDArray[np.uint8]

_PATCH = 15  # samples a side
_SHIFT_PX = 0.3  # of a small picture: what counts as moved
_LIKE = 0.8  # correlation of a patch with itself, later
_AGREEING = 0.6
_FEWEST = 6
MOST = 40
"""Patches that are compared."""


class Anchor:
    """Patches of one frame.

    Parameters
    ----------
    image
        (H, W, 3) RGB.
    points
        (N, 2) where something can be seen, in pixels of the frame; at most `MOST` are used.
    """

    def __init__(self, image: Image, points: Floats) -> None:
        self._step = shrunk_by((image.shape[1], image.shape[0]))
        reach = (np.arange(_PATCH) - _PATCH // 2) * self._step
        rows, columns = (points[:, [1]] + reach).astype(int), (points[:, [0]] + reach).astype(int)
        inside = (rows[:, 0] >= 0) & (columns[:, 0] >= 0)
        inside &= (rows[:, -1] < image.shape[0]) & (columns[:, -1] < image.shape[1])
        self._rows, self._columns = rows[inside][:MOST], columns[inside][:MOST]
        self._patches = self._read(image)
        down, across = np.gradient(self._patches, axis=(1, 2)) if len(self._patches) else (self._patches, self._patches)
        self._slopes = np.stack([across, down], -1).reshape(len(self._patches), -1, 2)
        self._inverse = np.linalg.pinv(np.swapaxes(self._slopes, 1, 2) @ self._slopes)

    @classmethod
    def of(cls, image: Image, points: Floats) -> Self | None:
        """An anchor, or None where there are too few points to tell by."""
        anchor = cls(image, points)
        return anchor if len(anchor._patches) >= _FEWEST else None

    def sees(self, image: Image, people: Floats) -> bool:
        """Whether a frame shows the same view; `people` are (N, 4) boxes in its pixels that are left out of account."""
        free = ~self._covered(people)
        if free.sum() < _FEWEST:
            return False
        now = self._read(image)
        like = (now * self._patches).sum((1, 2)) > _LIKE
        change = (now - self._patches).reshape(len(now), -1, 1)
        shift = np.linalg.norm((self._inverse @ np.swapaxes(self._slopes, 1, 2) @ change)[..., 0], axis=1)
        same = like & (shift < _SHIFT_PX)
        return bool(same[free].mean() >= _AGREEING)

    def _read(self, image: Image) -> Floats:
        """(N, 15, 15) green samples, each patch with mean 0 and norm 1."""
        patches = image[self._rows[:, :, None], self._columns[:, None, :], 1].astype(float)
        patches -= patches.mean((1, 2), keepdims=True)
        norm = np.linalg.norm(patches, axis=(1, 2), keepdims=True)
        return np.asarray(patches / np.maximum(norm, 1e-6))

    def _covered(self, people: Floats) -> NDArray[np.bool_]:
        boxes = np.asarray(people, float).reshape(-1, 1, 4)
        across = (boxes[..., 0] <= self._columns[:, -1]) & (self._columns[:, 0] <= boxes[..., 2])
        down = (boxes[..., 1] <= self._rows[:, -1]) & (self._rows[:, 0] <= boxes[..., 3])
        return np.asarray((across & down).any(0))
