"""From floats to integers of 8 bits: a network of a third of the size that runs about twice as fast.

    python -m experiments.hold_training.quantise FLOATS.onnx FOLDER... --corrections FILE --aside FILE --out holds.onnx

Ranges of activations are those seen in training crops; pictures that were kept aside are not looked at (Jacob et al.,
"Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018). Weights keep 7 bits:
with 8, processors without VNNI instructions saturate, and would find other holds than those with them (onnxruntime's
documentation of quantisation). Sides, calibration and threshold are taken over.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from ascension_core.errors import AscensionError
from experiments.hold_training.augment import Augmentation, Crops
from experiments.hold_training.data import LabelledImage, aside_names, read_images, split
from experiments.hold_training.metadata import onnx, read_metadata, write_metadata

CROPS: Final = 200
SEED: Final = 0
FLOAT_OPERATIONS: Final = frozenset({"Sigmoid", "Pow", "Exp", "Mul", "Slice"})
"""After the heads: scores and distances need more than 256 steps."""
FLOAT_LAYERS: Final = ("heat.1/Conv", "sides.1/Conv", "network/Clip")
"""The last layer of each head, and what bounds the logarithm of a distance."""


class CropReader:
    """onnxruntime's `CalibrationDataReader` of crops, normalised as `mean` and `std` of the metadata say."""

    def __init__(self, crops: Iterator[NDArray[np.uint8]], mean: Sequence[float], std: Sequence[float]) -> None:
        self._crops = crops
        self._mean, self._std = np.array(mean, np.float32), np.array(std, np.float32)

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        """The next crop as (1, 3, S, S), or None."""
        crop = next(self._crops, None)
        return None if crop is None else {"image": ((crop - self._mean) / self._std).transpose(2, 0, 1)[None].copy()}


def quantise(floats: Path, images: Sequence[LabelledImage], out: Path, crops: int = CROPS, seed: int = SEED) -> None:
    """Write the exported network `floats` with integers of 8 bits.

    Parameters
    ----------
    floats
        As `export` wrote it.
    images
        Labelled pictures that crops are drawn from as in training.
    out
        The file to write.
    crops, seed
        How many, and which.

    Raises
    ------
    ModelError
        If `floats` is no exported network.
    """
    known = read_metadata(floats)
    drawn = Crops(images, Augmentation(), seed)
    reader = CropReader((drawn[number].image for number in range(crops)), known["mean"], known["std"])
    with TemporaryDirectory() as folder:
        folded = Path(folder, "folded.onnx")
        quant_pre_process(floats, folded, skip_symbolic_shape=True)
        quantize_static(
            folded,
            out,
            reader,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            nodes_to_exclude=_kept_as_floats(folded),
        )
    write_metadata(out, known, instead=True)


def _kept_as_floats(path: Path) -> list[str]:
    nodes = onnx.load(path).graph.node
    return [node.name for node in nodes if node.op_type in FLOAT_OPERATIONS or node.name.endswith(FLOAT_LAYERS)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("floats", type=Path)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--corrections", type=Path)
    parser.add_argument("--aside", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        aside = [name for names in aside_names(given.aside).values() for name in names]
        learned, _ = split(read_images(given.folders, given.corrections), aside)
        quantise(given.floats, learned, given.out)
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
