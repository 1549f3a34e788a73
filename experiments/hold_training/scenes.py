"""Which pictures show the same piece of wall, so that none is learned from while another is kept aside.

    python -m experiments.hold_training.scenes FOLDER... --aside FILE

Prints the pairs of an aside and a training photo that local features join by one homography: a flat wall, seen twice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import AscensionError
from experiments.hold_training.data import Floats, Image, LabelledImage, aside_names, read_images, split

LONG_SIDE_PX: Final = 640
FEATURES: Final = 500
CLOSE: Final = 50
"""Hamming distance of two ORB descriptors of 256 bits that may show the same spot (Rublee et al., 2011)."""
FEWEST: Final = 18
"""Spots that two pictures must share under one homography; unrelated walls were seen to reach 14."""
OFF_PX: Final = 5.0


@dataclass(frozen=True)
class Features:
    """Local features of a picture.

    Attributes
    ----------
    name
        Of the photo.
    points
        (N, 2) pixels of the picture shrunk to `LONG_SIDE_PX`.
    descriptors
        (N, 32) uint8.
    """

    name: str
    points: Floats
    descriptors: NDArray[np.uint8]


def features(name: str, image: Image) -> Features:
    """ORB features of a picture."""
    scale = LONG_SIDE_PX / max(image.shape[:2])
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    points, descriptors = cv2.ORB.create(FEATURES).detectAndCompute(grey, None)
    described = np.array([] if descriptors is None else descriptors, np.uint8).reshape(-1, 32)  # None of an empty wall
    return Features(name, np.array([point.pt for point in points], np.float32).reshape(-1, 2), described)


def shared_spots(a: Features, b: Features, matcher: Any) -> int:
    """How many spots of two pictures one homography joins."""
    if min(len(a.points), len(b.points)) < FEWEST:
        return 0
    close = [match for match in matcher.match(a.descriptors, b.descriptors) if match.distance < CLOSE]
    if len(close) < FEWEST:
        return 0
    from_points, to_points = a.points[[m.queryIdx for m in close]], b.points[[m.trainIdx for m in close]]
    inside = cv2.findHomography(from_points, to_points, cv2.RANSAC, OFF_PX)[1]
    return 0 if inside is None else int(inside.sum())


def leaks(learned: Sequence[LabelledImage], aside: Sequence[LabelledImage]) -> Iterator[tuple[str, str, int]]:
    """Pairs of photos, one learned from and one kept aside, that show the same piece of wall, and their shared spots."""
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    once = list({image.photo: features(image.photo, image.image) for image in learned}.values())
    for image in {image.photo: image for image in aside}.values():
        own = features(image.photo, image.image)
        found = ((own.name, other.name, shared_spots(own, other, matcher)) for other in once)
        yield from (pair for pair in found if pair[2] >= FEWEST)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--aside", type=Path, required=True)
    given = parser.parse_args(arguments)
    try:
        names = [name for group in aside_names(given.aside).values() for name in group]
        for pair in leaks(*split(read_images(given.folders, None), names)):
            print(json.dumps(pair), flush=True)
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
