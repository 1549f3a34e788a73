"""The camera's motion as a file that every client reads (`docs/wall.md`)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np

from ascension_core.errors import InvalidDataset
from ascension_core.wall.camera import CameraTrack

FORMAT = "ascension.camera"
FORMAT_VERSION = 1

_SIGNIFICANT = 10  # digits of a matrix's numbers: places stay exact to a thousandth of a pixel


def save_camera(camera: CameraTrack, path: Path) -> None:
    """Write the track as gzip-compressed JSON; the same bytes for the same track."""
    text = json.dumps(_document(camera), separators=(",", ":"), allow_nan=False)
    with path.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
        packed.write(text.encode())


def load_camera(path: Path) -> CameraTrack:
    """Read a track that `save_camera` wrote.

    Raises
    ------
    InvalidDataset
        If the file is not a camera track in the documented form.
    """
    try:
        with gzip.open(path, "rt") as packed:
            return _camera(json.load(packed))
    except (OSError, ValueError, KeyError, TypeError, EOFError) as cause:
        raise InvalidDataset(f"{path} is not a readable camera file: {cause}") from cause


def _document(camera: CameraTrack) -> dict[str, Any]:
    rows = zip(camera.to_wall.reshape(-1, 9), camera.known, strict=True)
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "size": list(camera.size),
        "static": camera.static,
        "reference": int(camera.reference),
        "times_ms": np.round(camera.time * 1000, 3).tolist(),
        "to_wall": [[float(f"{v:.{_SIGNIFICANT}g}") for v in row] if known else None for row, known in rows],
        "quality": np.round(camera.quality, 3).tolist(),
        "shot": camera.shot.tolist(),
        "handled": None if camera.handled is None else np.flatnonzero(camera.handled).tolist(),
    }


def _camera(document: dict[str, Any]) -> CameraTrack:
    if document.get("format") != FORMAT or document.get("version") != FORMAT_VERSION:
        raise ValueError(f"expected {FORMAT} version {FORMAT_VERSION}")
    time = np.array(document["times_ms"], float) / 1000
    blank = [np.nan] * 9
    handled = document["handled"]
    width, height = document["size"]
    return CameraTrack(
        time=time,
        to_wall=np.array([blank if row is None else row for row in document["to_wall"]], float).reshape(len(time), 3, 3),
        quality=np.array(document["quality"], float),
        shot=np.array(document["shot"], np.int64),
        reference=int(document["reference"]),
        size=(int(width), int(height)),
        static=bool(document["static"]),
        handled=None if handled is None else np.isin(np.arange(len(time)), handled),
    )
