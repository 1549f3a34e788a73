"""Pictures of walls with labelled holds: ``images/`` and ``labels/`` in YOLO's text form."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset

KINDS = ("hold", "volume")
"""Names of the classes 0 and 1."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class WallImage:
    """One labelled picture.

    Attributes
    ----------
    path
        The image file.
    shares
        (N, 5) left, top, right, bottom as shares of the upright picture, and the class.
    """

    path: Path
    shares: Floats

    def boxes(self, width: int, height: int) -> Floats:
        """(N, 5) left, top, right, bottom in pixels of the picture, and the class."""
        return self.shares * (width, height, width, height, 1)


def load_wall_images(folder: Path, limit: int | None = None) -> tuple[WallImage, ...]:
    """Read a folder of pictures and their labels, by name.

    Parameters
    ----------
    folder
        ``images/NAME.jpg`` and ``labels/NAME.txt``, one line an object: class (0 hold, 1 volume), then x, y of the middle,
        width and height, or the corners x1 y1 x2 y2 ... of a polygon, whose box is taken; all as shares of the upright
        picture. A picture without a label file shows no hold.
    limit
        Take only this many pictures, the first ones.

    Raises
    ------
    InvalidDataset
        Saying which file and line is wrong.
    """
    images = folder / "images"
    if not images.is_dir():
        raise InvalidDataset(f"{folder} holds no folder images/: give pictures in images/ and YOLO text files in labels/")
    paths = sorted(path for path in images.iterdir() if path.suffix.lower() in SUFFIXES)[:limit]
    if not paths:
        raise InvalidDataset(f"{images} holds no picture ({', '.join(sorted(SUFFIXES))})")
    return tuple(WallImage(path, read_labels(folder / "labels" / f"{path.stem}.txt")) for path in paths)


def read_labels(path: Path) -> Floats:
    """(N, 5) left, top, right, bottom as shares, and class, of a YOLO text file; (0, 5) where there is none."""
    if not path.exists():
        return np.empty((0, 5))
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as cause:
        raise InvalidDataset(f"cannot read the labels {path}: {cause}") from cause
    rows = [_row(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    return np.array(rows, float).reshape(-1, 5)


def _row(line: str, where: str) -> list[float]:
    """Left, top, right, bottom, class."""
    name, *rest = line.split()
    if name not in {str(k) for k in range(len(KINDS))}:
        raise InvalidDataset(f"{where}: unknown class {name!r}; 0 is a hold, 1 a volume")
    values = [_share(text, where) for text in rest]
    if len(values) == 4:
        x, y, width, height = values
        if width <= 0 or height <= 0:
            raise InvalidDataset(f"{where}: width and height must be positive, got {width:g} and {height:g}")
        return [x - width / 2, y - height / 2, x + width / 2, y + height / 2, float(name)]
    if len(values) < 6 or len(values) % 2:
        raise InvalidDataset(f"{where}: {len(values)} numbers after the class; 4 make a box, 6 or more in pairs a polygon")
    return [min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]), float(name)]


def _share(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not -1 <= value <= 2:
        raise InvalidDataset(f"{where}: {text!r} is not a share of the picture (0 to 1)")
    return value
