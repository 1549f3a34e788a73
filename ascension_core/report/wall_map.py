"""The picture of the wall with what was held on it, in the order of use, and the way that the hips took."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.track import PoseTrack
from ascension_core.report.climb import holds_used
from ascension_core.report.overlay import hip_centre
from ascension_core.results import Analysis, WallHold
from ascension_core.wall.camera import CameraTrack

Floats = NDArray[np.float64]
Place = Callable[[Floats], Floats]
"""From (..., 2) shares of the reference frame to pixels of the map."""

_QUALITY = 80
_MARK = 1 / 44  # radius of a number, as a share of the map's mean side
_LINE = 1 / 260


@dataclass(frozen=True, slots=True)
class MapHold:
    """A hold on the map; `number` is its place in the order of use and stands at `mark`, the right upper corner of the hold."""

    id: str
    number: int
    hands: bool
    points: str
    mark: tuple[float, float]
    first: float


@dataclass(frozen=True, slots=True)
class WallMap:
    """What the page draws as one SVG; lengths are pixels of the picture `wall.png`."""

    width: int
    height: int
    picture: str
    paths: list[str]
    holds: list[MapHold]
    mark: float
    line: float
    origin: tuple[float, float]
    per_share: tuple[float, float]


def wall_map(analysis: Analysis, track: PoseTrack, camera: CameraTrack, picture: Path, longest_px: int) -> WallMap | None:
    """The map of one analysis; None where it has no picture of the wall, or nothing was held on it.

    Parameters
    ----------
    picture
        The file that `analysis.wall.picture` describes.
    longest_px
        Longer side of the copy that goes into the page.
    """
    if analysis.wall is None or analysis.wall.picture is None or not holds_used(analysis):
        return None
    drawn = analysis.wall.picture
    mean = (drawn.width + drawn.height) / 2
    per_share = np.array(camera.size) * drawn.scale

    def place(shares: Floats) -> Floats:
        return np.asarray((shares - drawn.origin) * per_share)

    return WallMap(
        width=drawn.width,
        height=drawn.height,
        picture=_embedded(picture, longest_px),
        paths=_paths(place(_hips(analysis, track, camera) / camera.size)),
        holds=_holds(analysis, place),
        mark=round(mean * _MARK, 1),
        line=round(mean * _LINE, 1),
        origin=drawn.origin,
        per_share=per_share.tolist(),
    )


def pack_map(drawn: WallMap) -> dict[str, Any]:
    """What the page needs to place the hips on the map: shares of the wall's frame less ``origin``, times ``scale``."""
    return {"origin": list(drawn.origin), "scale": list(drawn.per_share), "hips": [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]}


def _hips(analysis: Analysis, track: PoseTrack, camera: CameraTrack) -> Floats:
    """(T, 2) middle of the hips in wall pixels; ``nan`` outside of the climb."""
    hips = camera.on_wall(hip_centre(track))
    if analysis.climb is not None:
        during = (track.time * 1000 >= analysis.climb.start_ms) & (track.time * 1000 <= analysis.climb.end_ms)
        hips = np.where(during[:, None], hips, np.nan)
    return hips


def _holds(analysis: Analysis, place: Place) -> list[MapHold]:
    """Every hold that was used and has a place on the wall."""
    assert analysis.wall is not None
    holds = {hold.id: hold for hold in analysis.wall.holds}
    first = {contact.hold: contact.start_ms / 1000 for contact in reversed(analysis.contacts)}
    return [
        MapHold(
            id=name,
            number=number,
            hands=any(limb.endswith("hand") for limb in limbs),
            points=" ".join(f"{x:.1f},{y:.1f}" for x, y in place(np.array(holds[name].outline))),
            mark=place(_corner(holds[name])).round(1).tolist(),
            first=first[name],
        )
        for number, (name, limbs) in enumerate(holds_used(analysis).items(), 1)
        if name in holds
    ]


def _corner(hold: WallHold) -> Floats:
    x, y, width, _ = hold.box
    return np.array([x + width, y])


def _paths(points: Floats) -> list[str]:
    """One SVG path for each stretch of known points."""
    known = np.isfinite(points).all(1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    stretches = [points[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True) if end - start > 1]
    return ["M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in stretch) for stretch in stretches]


def _embedded(picture: Path, longest_px: int) -> str:
    """A small copy as a data URL; WebP, since the parts of the wall that nobody saw are transparent."""
    image = cv2.imread(str(picture), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise OSError(f"{picture.name} cannot be read as a picture")
    scale = min(1.0, longest_px / max(image.shape[:2]))
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    _, webp = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return "data:image/webp;base64," + base64.b64encode(webp.tobytes()).decode("ascii")
