"""Flatbuffer surgery on TensorFlow Lite networks: prune them, give them metadata, bundle them for MediaPipe Tasks.

Everything here maps bytes to bytes and is deterministic, so that what comes out can be checked by sha256.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

import ai_edge_litert.schema_py_generated as tfl
import flatbuffers
import numpy as np

ALIGNMENT = 16
"""TFLite maps weights straight from the file and wants them aligned so (`force_align: 16` in its schema)."""

LANDMARK_OUTPUTS = ("landmarks", "pose_flag", "segmentation", "heatmap", "world_landmarks")
"""Outputs of BlazePose's landmark networks: (1, 195), (1, 1), (1, 256, 256, 1), (1, 64, 64, 39), (1, 117)."""

WITHOUT_SEGMENTATION = (0, 1, 3, 4)
"""Positions in `LANDMARK_OUTPUTS` of all that Ascension reads."""


def prune(network: bytes, outputs: Sequence[int]) -> bytes:
    """Drop every operator, tensor and weight of a network that does not contribute to some of its outputs.

    Parameters
    ----------
    network
        A TFLite file with one subgraph and no signatures.
    outputs
        Positions of the outputs to keep, among the network's outputs and in that order.

    Raises
    ------
    ValueError
        If the network has several subgraphs or signatures.
    """
    model = _unpack(network)
    if len(model.subgraphs) != 1 or model.signatureDefs:
        raise ValueError("only networks with one subgraph and without signatures can be pruned")
    graph = model.subgraphs[0]
    graph.outputs = np.array([graph.outputs[k] for k in outputs], np.int32)
    graph.operators = _contributing(graph)
    _drop_unused_tensors(graph)
    _drop_unused_buffers(model)
    return _pack(model)


def with_image_normalization(network: bytes, name: str, *, mean: float = 0.0, std: float = 255.0) -> bytes:
    """Add the metadata without which MediaPipe Tasks refuses a landmark network: how pixels become its input.

    The network then sees ``(pixel - mean) / std``; BlazePose's landmark networks expect 0 to 1.
    """
    model = _unpack(network)
    buffer = tfl.BufferT()
    buffer.data = np.frombuffer(_metadata(name, mean, std), np.uint8)
    entry = tfl.MetadataT()
    entry.name, entry.buffer = b"TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    return _pack(model)


def task_bundle(detector: bytes, landmarks: bytes) -> bytes:
    """A ``.task`` file as MediaPipe's PoseLandmarker reads it: both networks stored uncompressed and aligned in a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("pose_detector.tflite", detector), ("pose_landmarks_detector.tflite", landmarks)):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            entry.extra = _padding(packed.tell() + 30 + len(name))
            archive.writestr(entry, content)
    return packed.getvalue()


class _AlignedBuffer(tfl.BufferT):  # type: ignore[misc]
    """A buffer of weights that keeps its alignment when packed; the generated code forgets it."""

    def Pack(self, builder: flatbuffers.Builder) -> int:  # noqa: N802  (overrides generated code)
        data = None
        if self.data is not None and len(self.data):
            content = bytes(self.data)
            builder.StartVector(1, len(content), ALIGNMENT)
            builder.head -= len(content)
            builder.Bytes[builder.head : builder.head + len(content)] = content
            data = builder.EndVector()
        tfl.BufferStart(builder)
        if data is not None:
            tfl.BufferAddData(builder, data)
        tfl.BufferAddOffset(builder, self.offset)
        tfl.BufferAddSize(builder, self.size)
        return int(tfl.BufferEnd(builder))


def _unpack(network: bytes) -> Any:
    return tfl.ModelT.InitFromObj(tfl.Model.GetRootAs(network, 0))


def _pack(model: Any) -> bytes:
    model.buffers = [_AlignedBuffer(b.data, b.offset, b.size) for b in model.buffers]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _contributing(graph: Any) -> list[Any]:
    """Operators on which the outputs depend; TFLite stores them in order of execution, so one walk back finds them."""
    needed = {int(t) for t in graph.outputs}
    kept = []
    for operator in reversed(graph.operators):
        if needed.intersection(map(int, operator.outputs)):
            needed.update(map(int, operator.inputs))
            kept.append(operator)
    return kept[::-1]


def _drop_unused_tensors(graph: Any) -> None:
    ends = [graph.inputs, graph.outputs]
    used = {int(t) for ids in (*ends, *(i for o in graph.operators for i in (o.inputs, o.outputs))) for t in ids}
    renumbered = _renumber(used - {-1})  # -1 stands for an optional input that is absent
    graph.tensors = [graph.tensors[t] for t in renumbered]
    for operator in graph.operators:
        operator.inputs, operator.outputs = (_translate(ids, renumbered) for ids in (operator.inputs, operator.outputs))
    graph.inputs, graph.outputs = (_translate(ids, renumbered) for ids in ends)


def _drop_unused_buffers(model: Any) -> None:
    tensors = model.subgraphs[0].tensors
    of_metadata = [] if model.metadataBuffer is None else [int(b) for b in model.metadataBuffer]
    entries = model.metadata or []
    # Buffer 0 is empty by definition: it belongs to every tensor without weights.
    renumbered = _renumber({0, *of_metadata, *(t.buffer for t in tensors), *(e.buffer for e in entries)})
    model.buffers = [model.buffers[b] for b in renumbered]
    for owner in (*tensors, *entries):
        owner.buffer = renumbered[owner.buffer]
    if of_metadata:
        model.metadataBuffer = _translate(of_metadata, renumbered)


def _renumber(used: Iterable[int]) -> dict[int, int]:
    """New index of each old one, in the old order."""
    return {old: new for new, old in enumerate(sorted(used))}


def _translate(indices: Iterable[int], renumbered: dict[int, int]) -> np.ndarray[Any, np.dtype[np.int32]]:
    return np.array([renumbered.get(int(k), -1) for k in indices], np.int32)


def _metadata(name: str, mean: float, std: float) -> bytes:
    """TFLite metadata that names the outputs and says how an RGB image becomes the input."""
    from mediapipe.tasks.metadata import metadata_schema_py_generated as schema  # slow to import; needed on a pull only

    unit = schema.ProcessUnitT()
    unit.optionsType, unit.options = schema.ProcessUnitOptions.NormalizationOptions, schema.NormalizationOptionsT()
    unit.options.mean, unit.options.std = [mean], [std]
    content = schema.ContentT()
    content.contentPropertiesType = schema.ContentProperties.ImageProperties
    content.contentProperties = schema.ImagePropertiesT()
    content.contentProperties.colorSpace = schema.ColorSpaceType.RGB
    image = schema.TensorMetadataT()
    image.name, image.content, image.processUnits = "image", content, [unit]
    graph = schema.SubGraphMetadataT()
    graph.inputTensorMetadata = [image]
    graph.outputTensorMetadata = [schema.TensorMetadataT() for _ in LANDMARK_OUTPUTS]
    for tensor, output in zip(graph.outputTensorMetadata, LANDMARK_OUTPUTS, strict=True):
        tensor.name = output
    model = schema.ModelMetadataT()
    model.name, model.subgraphMetadata = name, [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"M001")
    return bytes(builder.Output())


def _padding(offset: int) -> bytes:
    """One well-formed extra field of a zip entry that moves what follows `offset` to an aligned place."""
    length = -(offset + 4) % ALIGNMENT
    return b"\x35\xd9" + length.to_bytes(2, "little") + bytes(length)
