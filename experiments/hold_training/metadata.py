"""What the runtime must know of exported weights, kept in the ONNX file itself (see `ascension_core.wall.detector`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from ascension_core.errors import ModelError
from experiments.hold_training import INSTALL

try:
    import onnx
except ImportError as cause:
    raise ModelError(f"training needs ONNX, which is no dependency of Ascension: {INSTALL}") from cause


__all__ = ["onnx", "read_metadata", "write_metadata"]


def write_metadata(path: Path, values: dict[str, Any], *, instead: bool = False) -> None:
    """Set metadata of an ONNX file, each as JSON; others stay, or go if these stand `instead` of them."""
    model = onnx.load(path)
    others = {} if instead else {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, others | {key: json.dumps(value) for key, value in values.items()})
    onnx.save(model, path)


def read_metadata(path: Path) -> dict[str, Any]:
    """Metadata of an ONNX file that `write_onnx` wrote.

    Raises
    ------
    ModelError
        If it cannot be read.
    """
    try:
        return {entry.key: json.loads(entry.value) for entry in onnx.load(path).metadata_props}
    except (OSError, ValueError, DecodeError) as cause:
        raise ModelError(f"{path} is no exported network: make it with python -m experiments.hold_training.export") from cause
