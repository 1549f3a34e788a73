"""One picture to judge a track by eye: evenly spaced frames of a clip with the skeleton drawn over them.

    python -m experiments.sheets CLIP TRACK --frames 20 --out sheet.jpg

Orange is the person's own left, blue the right, white the trunk. The more certain a limb, the brighter its line; a
filled dot was measured in that frame, a ring is interpolated. Tiles are cropped around the climber (`--whole`: not).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import AscensionError, InvalidDataset, InvalidOption, OutputNotWritable
from ascension_core.pose.keypoints import EDGES, PAIRS, Keypoint
from ascension_core.pose.track import PoseTrack
from ascension_core.video import open_video

Image = NDArray[np.uint8]
Window = tuple[float, float, float, float]

TILE = (240, 320)
"""Width and height of a tile in pixels."""
MARGIN = 1.5
"""Height of the crop in heights of the skeleton: enough of the wall to see whether it is the right person."""
LEFT, RIGHT, TRUNK = (255, 140, 0), (40, 160, 255), (255, 255, 255)

_LEFTS, _RIGHTS = ({pair[side] for pair in PAIRS} for side in (0, 1))
_TRUNK = {Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP}


def contact_sheet(clip: Path, track: PoseTrack, *, frames: int = 20, columns: int = 5, whole: bool = False) -> Image:
    """Draw evenly spaced frames of a clip with their skeletons, tile by tile.

    Parameters
    ----------
    clip
        The video that the track belongs to.
    track
        Track with one row for each frame of the video.
    frames
        Number of tiles; fewer where the track is shorter.
    columns
        Tiles in a row.
    whole
        Show the whole frame, not the surroundings of the climber.

    Returns
    -------
    (H, W, 3) uint8 RGB.

    Raises
    ------
    InvalidDataset
        If the video has fewer frames than the track.
    InvalidOption
        If `frames` or `columns` is less than 1, or the track is empty.
    """
    if min(frames, columns, len(track)) < 1:
        raise InvalidOption("a sheet needs at least one frame, one column and a track that is not empty")
    wanted = np.unique(np.linspace(0, len(track) - 1, frames).round().astype(int)).tolist()
    tiles = [_tile(image, track, index, whole=whole) for index, image in _frames(clip, wanted)]
    if len(tiles) < len(wanted):
        raise InvalidDataset(f"{clip} ends before frame {wanted[len(tiles)]} of the track: is it the same clip?")
    return _grid(tiles, columns)


def draw_skeleton(
    image: Image, points: NDArray[np.float64], visibility: NDArray[np.float64], observed: NDArray[np.bool_]
) -> None:
    """Draw one skeleton into an image, in place.

    Parameters
    ----------
    image
        (H, W, 3) uint8 RGB.
    points
        (33, 2) x and y in pixels of `image`, ``nan`` where unknown.
    visibility
        (33,) 0 to 1: how strongly each point is painted.
    observed
        (33,) true: a filled dot; false: a ring.
    """
    known = np.isfinite(points[:, 0]) & np.isfinite(points[:, 1])
    for a, b in EDGES:
        if known[a] and known[b]:
            _line(image, points[a], points[b], _colour(a, b), float(min(visibility[a], visibility[b])))
    for k in np.flatnonzero(known[11:]) + 11:
        centre = _pixel(points[k])
        cv2.circle(image, centre, 3, _colour(int(k), int(k)), -1 if observed[k] else 1, cv2.LINE_AA)


def _frames(clip: Path, wanted: Sequence[int]) -> Iterator[tuple[int, Image]]:
    """The wanted frames (ascending indices) of a clip as RGB."""
    pending = set(wanted)
    with open_video(clip) as video:
        for frame in video.frames():
            if frame.index in pending:
                pending.remove(frame.index)
                yield frame.index, frame.image
            if not pending:
                return


def _tile(image: Image, track: PoseTrack, index: int, *, whole: bool) -> Image:
    points = track.image[index]
    height, width = image.shape[:2]
    window = _around(points) if track.known[index].any() and not whole else (0.0, 0.0, float(width), float(height))
    to_tile = _into_tile(window)
    tile = _warp(image, to_tile)
    draw_skeleton(tile, points @ to_tile[:, :2].T + to_tile[:, 2], track.visibility[index], track.observed[index])
    note = "" if track.observed[index].any() else ("  interpolated" if track.known[index].any() else "  no pose")
    _write(tile, f"{index}  {track.time[index]:.2f} s{note}")
    return tile


def _warp(image: Image, to_tile: NDArray[np.float64]) -> Image:
    """A tile of the image; shrunk by area first, for an affine warp alone would alias."""
    scale = min(1.0, float(to_tile[0, 0]))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rest = np.hstack([to_tile[:, :2] / scale, to_tile[:, 2:]])
    return np.asarray(cv2.warpAffine(small, rest, TILE, borderValue=(24, 24, 24)), np.uint8)


def _around(points: NDArray[np.float64]) -> Window:
    """x, y, width and height of the crop around a skeleton, with the tile's proportions."""
    low, high = np.nanmin(points, 0), np.nanmax(points, 0)
    span = np.maximum(high - low, 1.0)
    height = MARGIN * max(span[1], span[0] * TILE[1] / TILE[0])
    size = np.array([height * TILE[0] / TILE[1], height])
    x, y = (low + high - size) / 2
    return float(x), float(y), float(size[0]), float(size[1])


def _into_tile(window: Window) -> NDArray[np.float64]:
    """(2, 3) affine map that fits a window into a tile, centred."""
    x, y, width, height = window
    scale = min(TILE[0] / width, TILE[1] / height)
    shift = np.array([TILE[0] - scale * width, TILE[1] - scale * height]) / 2 - scale * np.array([x, y])
    return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])


def _grid(tiles: Sequence[Image], columns: int) -> Image:
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    blank = np.zeros((TILE[1], TILE[0], 3), np.uint8)
    padded = [*tiles, *[blank] * (rows * columns - len(tiles))]
    return np.vstack([np.hstack(padded[r * columns : (r + 1) * columns]) for r in range(rows)])


def _line(
    image: Image, start: NDArray[np.float64], end: NDArray[np.float64], colour: tuple[int, int, int], strength: float
) -> None:
    shade = tuple(round(c * (0.25 + 0.75 * strength)) for c in colour)
    cv2.line(image, _pixel(start), _pixel(end), shade, 2, cv2.LINE_AA)


def _pixel(point: NDArray[np.float64]) -> tuple[int, int]:
    x, y = np.clip(point, -10_000, 10_000).round().astype(int).tolist()
    return x, y


def _colour(a: int, b: int) -> tuple[int, int, int]:
    if a != b and {a, b} <= _TRUNK:
        return TRUNK
    if {a, b} <= _LEFTS:
        return LEFT
    return RIGHT if {a, b} <= _RIGHTS else TRUNK


def _write(tile: Image, text: str) -> None:
    tile[:20] //= 4
    cv2.putText(tile, text, (6, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.sheets", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("track", type=Path, help="file written by PoseTrack.save")
    parser.add_argument("--frames", type=int, default=20)
    parser.add_argument("--columns", type=int, default=5)
    parser.add_argument("--whole", action="store_true", help="whole frames instead of crops around the climber")
    parser.add_argument("--out", type=Path, default=Path("sheet.jpg"))
    options = parser.parse_args(arguments)
    try:
        sheet = contact_sheet(
            options.clip, PoseTrack.load(options.track), frames=options.frames, columns=options.columns, whole=options.whole
        )
        _save(options.out, sheet)
    except AscensionError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(options.out)
    return 0


def _save(path: Path, sheet: Image) -> None:
    if path.suffix not in {".jpg", ".jpeg", ".png"}:
        raise OutputNotWritable(f"cannot write {path}: give a name that ends in .jpg or .png")
    temporary = path.with_name(f".{path.name}.part")
    try:
        temporary.write_bytes(cv2.imencode(path.suffix, cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))[1].tobytes())
        temporary.replace(path)
    except OSError as cause:
        raise OutputNotWritable(f"cannot write {path}: {cause.strerror}") from cause


if __name__ == "__main__":
    sys.exit(main())
