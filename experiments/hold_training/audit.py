"""Find labels that cannot be right, by comparing them with what a detector sees.

    python -m experiments.hold_training.audit FOLDER... --out corrections.json [--model WEIGHTS]

Two kinds of faults: labels of a picture that was turned since, and labels of another picture. What a detector is sure of and
nobody labelled was looked at, too: in this set those are bolt holes, tags with a problem's name, heads and shoes, not
forgotten holds. So they are kept as places to look at more often in training, not as labels that lack.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ascension_core.errors import AscensionError
from ascension_core.wall.boxes import iou
from ascension_core.wall.detector import WEIGHTS, HoldDetector
from experiments.hold_training.data import Corrections, Floats, LabelledImage, read_images, turned

SURE: Final = 0.25
"""Score from which a detection tells where labels should be."""
VERY_SURE: Final = 0.4
"""Score from which a detection without a label is worth a look in training."""
SAME: Final = 0.4
"""IoU from which a detection confirms a label."""
APART: Final = 0.1
"""IoU below which a detection belongs to no label."""
FEWEST: Final = 6
"""Labels, and detections, below which nothing is concluded about the whole picture."""
MISPLACED: Final = 0.35
"""Share of confirmed labels below which they are taken for misplaced."""


def audit(pictures: Iterable[tuple[LabelledImage, Floats]]) -> Corrections:
    """Judge labelled pictures by detections.

    Parameters
    ----------
    pictures
        Each with its detections, (N, 6): left, top, right, bottom in pixels, score, class.
    """
    turned_, dropped, confusing = [], [], {}
    for image, detections in pictures:
        boxes = image.boxes
        sure = detections[detections[:, 4] >= SURE]
        if min(len(boxes), len(sure)) >= FEWEST and confirmed(boxes, sure) < MISPLACED:
            boxes = turned(boxes, image.image.shape)
            if confirmed(boxes, sure) < MISPLACED:
                dropped.append(image.name)
                continue
            turned_.append(image.name)
        missing = unlabelled(boxes, detections)
        if len(missing):
            confusing[image.name] = missing.round(1).tolist()
    return Corrections(tuple(turned_), tuple(dropped), confusing)


def confirmed(boxes: Floats, detections: Floats) -> float:
    """Share of labels (N, 4) that a detection (M, 6) confirms."""
    return float((iou(boxes.astype(float), detections[:, :4].astype(float)).max(axis=1) >= SAME).mean())


def unlabelled(boxes: Floats, detections: Floats) -> Floats:
    """(K, 4) sure detections (M, 6) that overlap no label (N, 4)."""
    found = detections[detections[:, 4] >= VERY_SURE, :4]
    if not len(boxes):
        return found
    return np.asarray(found[iou(found.astype(float), boxes.astype(float)).max(axis=1) < APART], np.float32)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=WEIGHTS)
    given = parser.parse_args(arguments)
    try:
        detector = HoldDetector(given.model, threads=2)
        images = read_images(given.folders, None)
        found = audit((image, detector.detections(image.image).astype(np.float32)) for image in images)
        found.write(given.out)
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    places = sum(len(boxes) for boxes in found.confusing.values())
    print(f"{len(images)} pictures: {len(found.turned)} turned, {len(found.dropped)} dropped, {places} confusing places")
    return 0


if __name__ == "__main__":
    sys.exit(main())
