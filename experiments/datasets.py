"""Evaluation data as typed values, checked once: labelled images, tracks with truth, and the clips on this machine."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import KEYPOINTS, NAMES
from ascension_core.settings import settings

COLUMNS = ("image", "joint", "x_px", "y_px")
UNSCORED_JOINTS = frozenset({"neck", "head_top"})
"""Joints of the Leeds Sports Pose set that are not among the 33 keypoints: accepted and left out."""


@dataclass(frozen=True, slots=True)
class PoseImages:
    """Images with one labelled person each.

    Attributes
    ----------
    paths
        N image files, in the order of their first mention.
    truth
        (N, 33, 2) x and y in pixels of the upright image, ``nan`` where not labelled; left and right are the person's own.
    """

    paths: tuple[Path, ...]
    truth: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.paths)

    def images(self) -> Iterator[NDArray[np.uint8]]:
        """Decode one image after the other: (H, W, 3) uint8 RGB.

        Raises
        ------
        InvalidDataset
            If a file is not an image that can be decoded.
        """
        return (read_image(path) for path in self.paths)


@dataclass(frozen=True, slots=True)
class TrackTruth:
    """Where the climber's keypoints really are in every frame of a clip.

    Attributes
    ----------
    fps
        Frames per second.
    size
        (width, height) of the upright frame in pixels.
    image
        (T, 33, 2) pixels, ``nan`` where unknown.
    visible
        (T, 33) whether each keypoint can be seen (not hidden by the body or anything else); None where the file does not say.
    """

    fps: float
    size: tuple[int, int]
    image: NDArray[np.float64]
    visible: NDArray[np.bool_] | None

    def __len__(self) -> int:
        return len(self.image)


def load_pose_images(folder: Path, limit: int | None = None) -> PoseImages:
    """Read a folder with `joints.csv` (columns image, joint, x_px, y_px) and the images it names under `images/`.

    Parameters
    ----------
    folder
        The data set. Images may lack joints, and files that the table does not name are ignored.
    limit
        Take only this many images, the first ones.

    Raises
    ------
    InvalidDataset
        Saying which file, line and column is wrong.
    """
    table = folder / "joints.csv"
    labels = _read_labels(table)
    names = list(labels)[:limit]
    paths = tuple(_image_path(folder / "images", name) for name in names)
    truth = np.full((len(names), KEYPOINTS, 2), np.nan)
    for row, name in enumerate(names):
        for joint, point in labels[name].items():
            if joint in NAMES:
                truth[row, NAMES.index(joint)] = point
    return PoseImages(paths, truth)


def load_track_truth(path: Path) -> TrackTruth:
    """Read a truth file: one JSON object, perhaps packed by gzip.

    Keys: `fps`, `size` [width, height], `joints` (names, any of the 33 in any order), `keypoints` [frame][joint][2] where a
    point may be null, and perhaps `visible` [frame][joint]. Other keys are left alone.

    Raises
    ------
    InvalidDataset
        Saying which key is missing or wrong.
    """
    document = read_json(path)
    try:
        columns = [_keypoint_index(name, path) for name in document["joints"]]
        if len(set(columns)) < len(columns):
            raise InvalidDataset(f"{path}: a joint is named twice in joints")
        frames = len(document["keypoints"])
        image = _scatter(_array(document["keypoints"], (frames, len(columns), 2), f"{path}: keypoints"), columns)
        fps, (width, height) = float(document["fps"]), document["size"]
        size = (int(width), int(height))
        visible = document.get("visible")
        if visible is not None:
            seen = _array(visible, (frames, len(columns)), f"{path}: visible")
            visible = np.nan_to_num(_scatter(seen, columns)) > 0
    except KeyError as cause:
        raise InvalidDataset(f"{path} lacks the key {cause.args[0]!r}") from cause
    except (TypeError, ValueError, OverflowError) as cause:
        raise InvalidDataset(f"{path} is not a truth file in the documented form: {cause}") from cause
    if not frames or not math.isfinite(fps) or fps <= 0 or min(size) <= 0:
        raise InvalidDataset(f"{path}: needs at least one frame, a positive fps and a positive size")
    return TrackTruth(fps, size, image, visible)


def data_folder() -> Path:
    """The folder of evaluation data on this machine.

    Raises
    ------
    InvalidDataset
        If ASCENSION_DATA is not set or is no folder.
    """
    folder = settings().data
    if folder is None:
        raise InvalidDataset("no evaluation data: set ASCENSION_DATA to the folder that holds clips/, holds/ and pose/")
    if not folder.is_dir():
        raise InvalidDataset(
            f"ASCENSION_DATA is {folder}, which is not a folder: set it to the one that holds clips/, holds/ and pose/"
        )
    return folder


def clips() -> tuple[Path, ...]:
    """Every clip under the data folder, by name."""
    folder = data_folder() / "clips"
    found = tuple(sorted(folder.glob("*.mp4")))
    if not found:
        raise InvalidDataset(f"{folder} holds no .mp4 clip")
    return found


def lsp(limit: int | None = None) -> PoseImages:
    """The labelled people under the data folder (Johnson and Everingham, CVPR 2011)."""
    return load_pose_images(data_folder() / "pose" / "lsp", limit)


def read_image(path: Path) -> NDArray[np.uint8]:
    """Decode one image file: (H, W, 3) uint8 RGB, upright.

    Raises
    ------
    InvalidDataset
        If it cannot be read or decoded.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as cause:
        raise InvalidDataset(f"cannot read the image {path}: {cause.strerror}") from cause
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB) if len(data) else None
    except cv2.error:
        image = None
    if image is None:
        raise InvalidDataset(f"{path} is not an image that can be decoded")
    return np.asarray(image, np.uint8)


def read_json(path: Path) -> dict[str, Any]:
    """Read a truth file: one JSON object, perhaps packed by gzip.

    Raises
    ------
    InvalidDataset
        If it cannot be read, or is not one JSON object.
    """
    try:
        raw = path.read_bytes()
        document = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    except OSError as cause:
        raise InvalidDataset(f"cannot read {path}: {cause.strerror or cause}") from cause
    except (ValueError, EOFError, RecursionError) as cause:
        raise InvalidDataset(f"{path} is not JSON: {cause}") from cause
    if not isinstance(document, dict):
        raise InvalidDataset(f"{path} is not a truth file: it must hold one JSON object")
    return document


def _read_labels(table: Path) -> dict[str, dict[str, tuple[float, float]]]:
    """Points by image and joint, images in the order of their first mention."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            return _parse_labels(table, csv.reader(file))
    except OSError as cause:
        raise InvalidDataset(f"cannot read {table}: {cause.strerror}") from cause
    except (UnicodeDecodeError, csv.Error) as cause:
        raise InvalidDataset(f"{table} is not a CSV text file in UTF-8: {cause}") from cause


def _parse_labels(table: Path, rows: Iterable[list[str]]) -> dict[str, dict[str, tuple[float, float]]]:
    numbered = enumerate(rows, start=1)
    columns = _column_indices(table, next(numbered, (1, []))[1])
    labels: dict[str, dict[str, tuple[float, float]]] = {}
    for line, row in numbered:
        if not any(cell.strip() for cell in row):
            continue
        where = f"{table}, row {line}"
        image, joint, *point = _cells(row, columns, where)
        if joint not in NAMES and joint not in UNSCORED_JOINTS:
            raise InvalidDataset(f"{where}: unknown joint {joint!r}; known are {', '.join([*NAMES, *sorted(UNSCORED_JOINTS)])}")
        joints = labels.setdefault(image, {})
        if joint in joints:
            raise InvalidDataset(f"{where}: {joint} of {image} is given twice")
        joints[joint] = (_number(point[0], "x_px", where), _number(point[1], "y_px", where))
    if not labels:
        raise InvalidDataset(f"{table} has no rows: give one for each image and joint")
    return labels


def _column_indices(table: Path, header: list[str]) -> list[int]:
    names = [name.strip() for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise InvalidDataset(f"{table} lacks the column {', '.join(missing)}; its first line must name {', '.join(COLUMNS)}")
    return [names.index(name) for name in COLUMNS]


def _cells(row: list[str], columns: list[int], where: str) -> list[str]:
    if len(row) <= max(columns):
        raise InvalidDataset(f"{where}: has {len(row)} cells, too few for {', '.join(COLUMNS)}")
    return [row[column].strip() for column in columns]


def _number(text: str, column: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidDataset(f"{where}: {column} is {text!r}, not a finite number")
    return value


def _image_path(images: Path, name: str) -> Path:
    """A file under `images`; a data set must not reach outside its own folder."""
    parts = (PurePath(name), PureWindowsPath(name))
    if not name or any(p.is_absolute() or p.anchor or ".." in p.parts for p in parts):
        raise InvalidDataset(f"image {name!r}: must be a path relative to {images}, without '..'")
    path = images / name
    if not path.is_file():
        raise InvalidDataset(f"image {name!r} is named in joints.csv, but there is no file {path}")
    return path


def _keypoint_index(name: str, path: Path) -> int:
    if name not in NAMES:
        raise InvalidDataset(f"{path}: unknown joint {name!r}; known are {', '.join(NAMES)}")
    return NAMES.index(name)


def _array(rows: Any, shape: tuple[int, ...], what: str) -> NDArray[np.float64]:
    """Nested lists as an array of the given shape, null as nan, wherever it stands."""
    if len(shape) == 0:
        value = math.nan if rows is None else float(rows)
        if math.isinf(value):
            raise InvalidDataset(f"{what}: {rows} is not a finite number")
        return np.array(value)
    if rows is None:
        return np.full(shape, np.nan)
    if not isinstance(rows, list) or len(rows) != shape[0]:
        raise InvalidDataset(
            f"{what}: expected a list of {shape[0]}, got {len(rows) if isinstance(rows, list) else type(rows).__name__}"
        )
    return np.array([_array(row, shape[1:], what) for row in rows], float).reshape(shape)


def _scatter(values: NDArray[np.float64], columns: list[int]) -> NDArray[np.float64]:
    """Columns of a file's joints put where the 33 keypoints have them, nan elsewhere."""
    wide = np.full((len(values), KEYPOINTS, *values.shape[2:]), np.nan)
    wide[:, columns] = values
    return wide
