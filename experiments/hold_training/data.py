"""Labelled pictures of climbing walls: read, corrected by an audit, grouped by scene and split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from experiments.datasets import read_image
from experiments.hold_images import WallImage, load_wall_images

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]

CORRECTIONS: Final = Path(__file__).with_name("corrections.json")
"""What the audit of the published set found."""
ASIDE: Final = Path(__file__).with_name("aside.json")
"""Photos of that set that were kept aside."""
NOTHING: Final = np.zeros((0, 4), np.float32)
COPY_MARK: Final = ".rf."
"""Stands between the name of a photo and the hash of its export: augmented copies of one photo share the first part."""


@dataclass(frozen=True)
class LabelledImage:
    """One picture with its holds and volumes.

    Attributes
    ----------
    name
        File name without suffix.
    image
        (H, W, 3) uint8 RGB.
    boxes
        (N, 4) left, top, right, bottom in pixels.
    classes
        (N,) index into `hold_images.KINDS`.
    confusing
        (M, 4) regions that a detector took for a hold and that are none: crops are drawn there more often.
    """

    name: str
    image: Image
    boxes: Floats
    classes: NDArray[np.int64]
    confusing: Floats = field(default_factory=lambda: NOTHING)

    @property
    def photo(self) -> str:
        """Name of the photo that this picture is a copy of."""
        return self.name.split(COPY_MARK)[0]

    @property
    def truth(self) -> NDArray[np.float64]:
        """(N, 5) boxes and classes, as `hold_evaluation` takes them."""
        return np.column_stack([self.boxes, self.classes]).astype(float)


@dataclass(frozen=True)
class Corrections:
    """What an audit found wrong with the labels, by file name without suffix.

    Attributes
    ----------
    turned
        Pictures whose labels are turned by 180 degrees.
    dropped
        Pictures whose labels match nothing in them.
    confusing
        Regions (left, top, right, bottom in pixels) that a detector took for a hold and that are none.
    """

    turned: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    confusing: dict[str, list[list[float]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Corrections:
        """Read the file that `write` made.

        Raises
        ------
        InvalidDataset
            If it is not there or not such a file.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            return cls(tuple(document["turned"]), tuple(document["dropped"]), dict(document["confusing"]))
        except OSError as cause:
            raise InvalidDataset(f"cannot read the corrections {path}: {cause.strerror}") from cause
        except (ValueError, KeyError, TypeError) as cause:
            raise InvalidDataset(
                f"{path} holds no corrections: make it with python -m experiments.hold_training.audit"
            ) from cause

    def write(self, path: Path) -> None:
        """Write as JSON, one line for each picture."""
        confusing = ",\n".join(f"  {json.dumps(name)}: {json.dumps(boxes)}" for name, boxes in sorted(self.confusing.items()))
        head = f'"turned": {json.dumps(sorted(self.turned))},\n"dropped": {json.dumps(sorted(self.dropped))}'
        path.write_text(f'{{{head},\n"confusing": {{\n{confusing}\n}}}}\n', encoding="utf-8")


def read_folder(folder: Path) -> list[LabelledImage]:
    """Read a folder of pictures and YOLO labels (`hold_images.load_wall_images`), decoded.

    Raises
    ------
    InvalidDataset
        If there is no picture, one cannot be decoded, or a label is not in that form.
    """
    return [_decoded(labelled) for labelled in load_wall_images(folder)]


def _decoded(labelled: WallImage) -> LabelledImage:
    image = read_image(labelled.path)
    rows = labelled.boxes(image.shape[1], image.shape[0])
    return LabelledImage(labelled.path.stem, image, rows[:, :4].astype(np.float32), rows[:, 4].astype(np.int64))


def corrected(images: Iterable[LabelledImage], corrections: Corrections) -> list[LabelledImage]:
    """The pictures with their labels mended; those beyond mending are left out."""
    return [_mend(image, corrections) for image in images if image.name not in corrections.dropped]


def _mend(image: LabelledImage, corrections: Corrections) -> LabelledImage:
    boxes = turned(image.boxes, image.image.shape) if image.name in corrections.turned else image.boxes
    confusing = np.array(corrections.confusing.get(image.name, []), np.float32).reshape(-1, 4)
    return replace(image, boxes=boxes, confusing=confusing)


def turned(boxes: Floats, shape: Sequence[int]) -> Floats:
    """Boxes (N, 4) turned by 180 degrees within a picture of that shape (H, W, ...)."""
    height, width = shape[:2]
    return np.array([width, height, width, height], np.float32) - boxes[:, [2, 3, 0, 1]]


def split(images: Sequence[LabelledImage], aside: Iterable[str]) -> tuple[list[LabelledImage], list[LabelledImage]]:
    """Training pictures and those kept aside, by the names of their photos."""
    names = set(aside)
    return [i for i in images if i.photo not in names], [i for i in images if i.photo in names]


def read_images(folders: Sequence[Path], corrections: Path | None) -> list[LabelledImage]:
    """All pictures of YOLO folders, their labels corrected."""
    images = [image for folder in folders for image in read_folder(folder)]
    return images if corrections is None else corrected(images, Corrections.read(corrections))


def aside_names(path: Path | None) -> dict[str, list[str]]:
    """Names of photos kept aside, by the name of their group; nothing without a file.

    Raises
    ------
    InvalidDataset
        If the file is not there or holds no such names.
    """
    if path is None:
        return {}
    try:
        return {
            str(group): [str(name) for name in names] for group, names in json.loads(path.read_text(encoding="utf-8")).items()
        }
    except OSError as cause:
        raise InvalidDataset(f"cannot read {path}: {cause.strerror}") from cause
    except (ValueError, AttributeError, TypeError) as cause:
        raise InvalidDataset(f"{path} must hold lists of photos by the name of their group, as JSON") from cause


def grouped(images: Sequence[LabelledImage], names: Mapping[str, Sequence[str]]) -> dict[str, list[LabelledImage]]:
    """Pictures by the group that names their photo."""
    return {group: [image for image in images if image.photo in set(photos)] for group, photos in names.items()}


def digest(folder: Path) -> str:
    """One sha256 over the names and contents of every picture and label of a YOLO folder."""
    total = hashlib.sha256()
    for path in sorted(p for part in ("images", "labels") for p in (folder / part).glob("*") if p.is_file()):
        total.update(path.name.encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def pyramid(image: Image, levels: int = 3) -> list[Image]:
    """The picture, its half, its quarter, ...: shrinking from the next larger one aliases no more than by half."""
    found = [image]
    while len(found) < levels:
        height, width = found[-1].shape[:2]
        half = (max(width // 2, 1), max(height // 2, 1))
        found.append(np.asarray(cv2.resize(found[-1], half, interpolation=cv2.INTER_AREA), np.uint8))
    return found
