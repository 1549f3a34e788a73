"""How steep the wall is, roughly, from how far the hands hang out over the feet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.track import PoseTrack

_HANDS = [Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST]
_FEET = [Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE]
_TRUNK = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
_SURE = 0.5  # calibrated visibility of each of them
_REACH_M = 0.25  # hands this far above the feet: with less, the lean of the line between them says nothing
_SHORTEST_S = 2.0  # of such frames
_GAIN, _OFFSET_DEG = 2.3, 13.6
_STEEPEST_DEG = 60.0
_CAMERA_DEG = 8.0  # by which people tilt a phone without its being known
_POSE_DEG = 3.0  # by which the median lean of one climb differs from another's on the same wall


@dataclass(frozen=True)
class Overhang:
    """The angle of the wall.

    Attributes
    ----------
    deg
        0 is vertical, positive overhanging.
    uncertainty_deg
        Half the width of the interval that holds the truth about two times out of three.
    """

    deg: float
    uncertainty_deg: float


def overhang(track: PoseTrack, on_wall: NDArray[np.bool_]) -> Overhang | None:
    """The angle of the wall; None where hands and feet were not seen surely for two seconds of the climb.

    The line from the feet to the hands lies along the wall. Its lean in MediaPipe's metric landmarks is too small (the
    network flattens bodies that are not upright) and relative to the camera, whose own tilt is not known. So the median
    lean is stretched by a line through walls of known angle: synthetic vertical ones, speed walls (5 degrees, by the rule
    of the sport) and a MoonBoard (40 degrees, by its maker). Of six such climbs the line misses 4 degrees in the root mean
    square, but only one of them is steep: it tells a roof from a slab, no more, and the uncertainty says so.

    Parameters
    ----------
    on_wall
        (T,) frames of the climb.
    """
    lean = _lean_deg(track)[on_wall]
    lean = lean[np.isfinite(lean)]
    step_s = float(np.median(np.diff(track.time))) if len(track) > 1 else 0.0
    if len(lean) * step_s < _SHORTEST_S:
        return None
    deg = float(np.clip(_GAIN * np.median(lean) + _OFFSET_DEG, -_STEEPEST_DEG / 2, _STEEPEST_DEG))
    return Overhang(deg, float(_GAIN * np.hypot(_CAMERA_DEG, _POSE_DEG)))


def _lean_deg(track: PoseTrack) -> NDArray[np.float64]:
    """(T,) how far the line from the feet to the hands leans towards the camera, ``nan`` where they are not sure."""
    way = track.world[:, _HANDS].mean(1) - track.world[:, _FEET].mean(1)
    sure = (track.visibility[:, [*_HANDS, *_FEET, *_TRUNK]] > _SURE).all(1)
    usable = sure & (way[:, 1] < -_REACH_M)
    with np.errstate(invalid="ignore"):
        lean = np.degrees(np.arctan2(-way[:, 2], -way[:, 1]))
    return np.asarray(np.where(usable, lean, np.nan))
