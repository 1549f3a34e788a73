"""Truth files of contacts, begun, gone on with, and written by the labeller."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from ascension_core.errors import InvalidDataset, OutputNotWritable
from ascension_core.report.widgets.clip import frame_times
from ascension_core.report.widgets.labeller import ContactLabeller
from ascension_core.video import open_video
from experiments.contact_truth import load_contact_truth
from experiments.datasets import read_json


def label(video: Path, path: Path) -> ContactLabeller:
    """A labeller of a clip that writes to `path`, and goes on with what is there already.

    Raises
    ------
    InvalidDataset
        The file there is not a truth file, or that of another clip.
    VideoError
        The clip cannot be read.
    """
    document = _known(path) if path.exists() else begun(video)
    if tuple(document["size"]) != (size := _size(video)):
        raise InvalidDataset(f"{path} is of a clip of {document['size']} pixels; this one has {list(size)}")
    return ContactLabeller(video, document, lambda given: save(given, path))


def begun(video: Path) -> dict[str, Any]:
    """The document of a clip on which nothing is marked yet."""
    with open_video(video) as reader:
        fps, size = reader.info.frame_rate, [reader.info.width, reader.info.height]
    frames = len(frame_times(video))
    return {
        "fps": round(fps, 4),
        "size": size,
        "labelled_frames": [0, frames - 1],
        "contacts": [],
        "hidden": [],
        "climb": None,
    }


def save(document: Mapping[str, Any], path: Path) -> str:
    """Write a truth file, if what is marked makes one; a line that says what is in it.

    What lasts still at the end is open there.

    Raises
    ------
    InvalidDataset
        Saying which field is missing or wrong; the file stays as it was.
    OutputNotWritable
        The file cannot be written.
    """
    text = _text(ended(document))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".labels-") as scratch:
            written = Path(scratch) / path.name
            written.write_text(text, "utf-8")
            truth = load_contact_truth(written)
            written.replace(path)
    except OSError as cause:
        raise OutputNotWritable(f"{path} cannot be written: {cause.strerror}") from cause
    return f"{len(truth.contacts)} contacts saved in {path.name}"


def ended(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with an end for everything, everything in the order of time."""
    result = copy.deepcopy(dict(document))
    end = round((result["labelled_frames"][1] + 1) / result["fps"], 4)
    for one in result["contacts"]:
        if one["end_s"] is None:
            one |= {"end_s": end, "end_open": True}
    for one in result["hidden"]:
        if one["end_s"] is None:
            one["end_s"] = end
    for name in ("contacts", "hidden"):
        result[name].sort(key=lambda one: (one["start_s"], one["limb"]))
    return {name: value for name, value in result.items() if value is not None}


def table(document: Mapping[str, Any]) -> pd.DataFrame:
    """The contacts of a document, one a row, in the order of their starts."""
    columns = ["limb", "hold", "start_s", "end_s", "xy_start", "start_open", "end_open"]
    rows = sorted(document["contacts"], key=lambda one: float(one["start_s"]))
    return pd.DataFrame([{name: one.get(name) for name in columns} for one in rows], columns=columns)


def _known(path: Path) -> dict[str, Any]:
    load_contact_truth(path)
    document = read_json(path)
    document = document["contacts"] if isinstance(document["contacts"], dict) else document
    return {"hidden": [], "climb": None} | document


def _text(document: Mapping[str, Any]) -> str:
    """JSON with one line for each contact, which is what people compare in git."""
    lines = []
    for name, value in document.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n".join(f"    {json.dumps(one)}" for one in value)
            lines.append(f'  "{name}": [\n{rows}\n  ]')
        else:
            lines.append(f'  "{name}": {json.dumps(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _size(video: Path) -> tuple[int, int]:
    with open_video(video) as reader:
        return reader.info.width, reader.info.height
