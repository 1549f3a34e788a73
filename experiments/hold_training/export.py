"""From a trained network to the file that ships: ONNX with everything the runtime must know in its metadata.

    python -m experiments.hold_training.export NETWORK FOLDER... --corrections FILE --aside FILE --out holds.onnx

Scores are calibrated, and the threshold chosen, on the pictures that were kept aside. A network that has seen them too cannot
be calibrated on them: `--like OTHER.onnx` takes all of that from the export of the network that it was trained on from.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ascension_core.errors import AscensionError
from ascension_core.wall.detector import HoldDetector
from experiments.hold_evaluation import Floats, evaluate, match
from experiments.hold_images import KINDS
from experiments.hold_training.calibration import best_threshold, calibrate
from experiments.hold_training.data import LabelledImage, aside_names, read_images, split
from experiments.hold_training.metadata import read_metadata, write_metadata
from experiments.hold_training.network import MEAN, SCALE, STRIDE, HoldNetwork
from experiments.hold_training.pytorch import Tensor, nn, torch

OPSET: Final = 17
AS_IT_IS: Final = {"score": [0.0, 1.0], "probability": [0.0, 1.0]}


@dataclass(frozen=True)
class ExportOptions:
    """How the network is used.

    Attributes
    ----------
    long_sides
        Lengths in pixels to which a picture's long side is brought, the finest first.
    quality_share
        Exponent of the predicted IoU in the score; that of the heat is the rest up to 1.
    """

    long_sides: tuple[int, ...] = (1440, 960, 640, 448)
    quality_share: float = 0.4


class Exported(nn.Module):
    """Normalised pictures to scores, 0 to 1, and distances to the four sides."""

    def __init__(self, network: HoldNetwork, quality_share: float) -> None:
        super().__init__()
        self.network, self.share = network, quality_share

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 2, H/4, W/4) and (1, 4, H/4, W/4), the latter in pixels of the input."""
        logits, sides, quality = self.network(image)
        return logits.sigmoid() ** (1 - self.share) * quality.sigmoid() ** self.share, sides


def load_network(path: Path) -> HoldNetwork:
    """A network as `Training.save` wrote it, ready for use."""
    network = HoldNetwork()
    network.load_state_dict(torch.load(path, weights_only=True))
    return network.eval()


def write_onnx(network: HoldNetwork, path: Path, options: ExportOptions) -> None:
    """Write the graph, with scores that are not calibrated yet."""
    axes = {"image": {2: "height", 3: "width"}} | {name: {2: "rows", 3: "columns"} for name in ("score", "sides")}
    torch.onnx.export(
        Exported(network.to(memory_format=torch.contiguous_format), options.quality_share),
        (torch.zeros(1, 3, 320, 320),),
        str(path),
        dynamo=False,
        opset_version=OPSET,
        input_names=["image"],
        output_names=["score", "sides"],
        dynamic_axes=axes,
    )
    write_metadata(
        path,
        {
            "classes": list(KINDS),
            "stride": STRIDE,
            "mean": [MEAN] * 3,
            "std": [SCALE] * 3,
            "long_sides": list(options.long_sides),
            "quality_share": options.quality_share,
            "calibration": dict.fromkeys(KINDS, AS_IT_IS),
            "threshold": 0.5,
        },
    )


def write_like(network: HoldNetwork, path: Path, other: Path) -> None:
    """Write the graph with the sides, the calibration and the threshold of another export."""
    known = read_metadata(other)
    write_onnx(network, path, ExportOptions(tuple(known["long_sides"]), known["quality_share"]))
    write_metadata(path, {name: known[name] for name in ("calibration", "threshold")})


def detect_all(path: Path, images: Sequence[LabelledImage], threads: int = 2) -> tuple[list[Floats], list[Floats]]:
    """What the exported network finds in pictures, and what is labelled in them; as `hold_evaluation` takes them."""
    detector = HoldDetector(path, threads)
    return [detector.detections(image.image) for image in images], [image.truth for image in images]


def calibrated(path: Path, images: Sequence[LabelledImage]) -> dict[str, Any]:
    """Calibrate an exported network on pictures it has not learned from, set its threshold; how well it does there."""
    found, truths = detect_all(path, images)
    lines = {kind: calibrate(match(found, truths, k)) for k, kind in enumerate(KINDS)}
    write_metadata(path, {"calibration": lines})
    found, truths = detect_all(path, images)
    threshold = best_threshold([match(found, truths, k) for k in range(len(KINDS))])
    write_metadata(path, {"threshold": round(threshold, 3)})
    return evaluate(found, truths, threshold)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--corrections", type=Path)
    parser.add_argument("--aside", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--long-sides", type=int, nargs="+", default=ExportOptions.long_sides)
    parser.add_argument("--quality-share", type=float, default=ExportOptions.quality_share)
    parser.add_argument("--like", type=Path)
    given = parser.parse_args(arguments)
    try:
        if given.like is not None:
            write_like(load_network(given.network), given.out, given.like)
            return 0
        groups = aside_names(given.aside)
        _, aside = split(read_images(given.folders, given.corrections), [name for names in groups.values() for name in names])
        write_onnx(load_network(given.network), given.out, ExportOptions(tuple(given.long_sides), given.quality_share))
        print(json.dumps(calibrated(given.out, aside)))
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
