"""Measures of the body in every frame: joint angles, centre of mass, speeds, heights and spans (`docs/measures.md`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption
from ascension_core.movement.angles import joint_angles, trunk_tilt, trunk_twist, visible_angles
from ascension_core.movement.mass import Sex, segment_centres, torso_over_stature, whole_body_centre
from ascension_core.movement.placing import on_wall, points_on_wall
from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack

Floats = NDArray[np.float64]
Plane = Literal["image", "world"]

MIN_VISIBILITY = 0.5
"""Calibrated visibility (probability of lying within 0.2 torso lengths of the truth) from which a point is more likely right
than wrong; below it nothing is measured with it."""

STRAIGHT_DEG = 150.0
"""Elbow angle from which an arm counts as straight: our choice, since a straight one seldom measures a full 180 on video."""

HEIGHTS_M = (0.8, 2.5)
HIPS = (Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP)
SPEED_POINTS = {
    "left_hand": (Keypoint.LEFT_WRIST,),
    "right_hand": (Keypoint.RIGHT_WRIST,),
    "left_foot": (Keypoint.LEFT_ANKLE,),
    "right_foot": (Keypoint.RIGHT_ANKLE,),
    "hips": HIPS,
}
SPANS = {
    "hands": ((Keypoint.LEFT_WRIST,), (Keypoint.RIGHT_WRIST,)),
    "feet": ((Keypoint.LEFT_ANKLE,), (Keypoint.RIGHT_ANKLE,)),
    "left_hand_to_hips": ((Keypoint.LEFT_WRIST,), HIPS),
    "right_hand_to_hips": ((Keypoint.RIGHT_WRIST,), HIPS),
    "left_foot_to_hips": ((Keypoint.LEFT_ANKLE,), HIPS),
    "right_foot_to_hips": ((Keypoint.RIGHT_ANKLE,), HIPS),
}


@dataclass(frozen=True, slots=True)
class BodyMeasures:
    """Measures of one track, ``nan`` wherever a point they need is unknown or not believed.

    Attributes
    ----------
    time
        (T,) seconds.
    counted
        (T,) frames that summaries are made of: those of the climb, all where it is not known.
    scale_px
        (T,) pixels of the image per torso length (`pose.scale.body_scale`).
    metres_per_torso
        The athlete's torso length in metres if the height was given; lengths and speeds are then in m and m/s, otherwise
        in torso lengths and torso lengths per second.
    angles_deg
        (T,) for each of `angles.JOINTS`.
    angles_in_space
        True if they are of the three-dimensional `world` keypoints, false if of the image plane.
    com_px
        (T, 2) whole-body centre of mass in pixels of the image.
    com_from_hips
        (T, 2) the same from the middle of the hips in torso lengths, right and up: free of camera and wall.
    com_mass
        (T,) share of the body's mass that was seen.
    segment_com_px
        (T, 14, 2) centres of mass of `mass.SEGMENTS` in pixels of the image.
    speeds
        (T,) for both hands (wrists), both feet (ankles), ``hips`` and ``com``, along the wall where the camera's motion is
        known, otherwise within the image plane.
    trunk_tilt_deg, trunk_twist_deg
        (T,) see `angles.trunk_tilt` and `angles.trunk_twist`.
    hip_height
        (T,) middle of the hips above its lowest position in the counted frames, along the vertical of the image: that of the
        reference frame where the camera's motion is known.
    spans
        (T,) distances in the image plane, for each of `SPANS`.
    straight_arms
        (T,) share of the two arms that are straight: 0, 0.5 or 1.
    """

    time: Floats
    counted: NDArray[np.bool_]
    scale_px: Floats
    metres_per_torso: float | None
    angles_deg: dict[str, Floats]
    angles_in_space: bool
    com_px: Floats
    com_from_hips: Floats
    com_mass: Floats
    segment_com_px: Floats
    speeds: dict[str, Floats]
    trunk_tilt_deg: Floats
    trunk_twist_deg: Floats
    hip_height: Floats
    spans: dict[str, Floats]
    straight_arms: Floats

    @property
    def length_unit(self) -> str:
        """Unit of heights and spans."""
        return "torso lengths" if self.metres_per_torso is None else "m"

    @property
    def speed_unit(self) -> str:
        """Unit of speeds."""
        return f"{self.length_unit}/s"


def body_measures(
    track: PoseTrack,
    *,
    height_m: float | None = None,
    sex: Sex = "mean",
    min_visibility: float = MIN_VISIBILITY,
    angles_from: Plane = "image",
    camera: CameraTrack | None = None,
    span: tuple[float, float] | None = None,
) -> BodyMeasures:
    """Measure the body in every frame of a finished track.

    Parameters
    ----------
    track
        Result of `pose.smoothing.clean`; on a raw track speeds are mostly noise.
    height_m
        The athlete's height. One torso length is then 0.29 times it (`mass.torso_over_stature`).
    sex
        Which of de Leva's tables to use; the mean of both by default.
    min_visibility
        Points below this calibrated visibility are taken as unknown.
    angles_from
        Joint angles of the image plane or of the three-dimensional `world` points. The image is the default: against the
        truth of a synthetic climb its median error is 4.5 degrees and that of the network's depth 18, since a climber seen
        from behind moves mostly along the wall, and the network draws unusual poses towards usual ones.
    camera
        How the camera moved: speeds and heights are then those on the wall, and unknown in frames that it could not place.
        Without it they include the camera's motion.
    span
        First and last second of the climb: other frames do not count. All do without it.

    Raises
    ------
    InvalidOption
        If the height or the visibility is out of range, or angles are asked of `world` where the track has none.
    """
    _check(height_m, min_visibility)
    if angles_from == "world" and len(track) and not np.isfinite(track.world).any():
        raise InvalidOption("angles_from='world' needs a track with world coordinates; use 'image'")
    metres = None if height_m is None else height_m * torso_over_stature(sex)
    scale = body_scale(track)
    seen = believed(track, min_visibility)
    placed = track if camera is None else on_wall(track, camera)
    there = seen if camera is None else believed(placed, min_visibility)
    there_scale = scale if camera is None else body_scale(placed)
    counted = np.ones(len(track), bool) if span is None else (track.time >= span[0]) & (track.time <= span[1])
    angles = joint_angles(seen.world) if angles_from == "world" else visible_angles(seen.image, scale)
    segments = segment_centres(seen.image, sex)
    com, mass = whole_body_centre(segments, sex)
    hips = _middle(seen.image, HIPS)
    unit = metres if metres is not None else 1.0
    return BodyMeasures(
        time=track.time,
        counted=counted,
        scale_px=scale,
        metres_per_torso=metres,
        angles_deg=angles,
        angles_in_space=angles_from == "world",
        com_px=com,
        com_from_hips=(com - hips) * (1, -1) / scale[:, None],
        com_mass=mass,
        segment_com_px=segments,
        speeds=_speeds(there, com if camera is None else points_on_wall(camera, com), there_scale / unit),
        trunk_tilt_deg=trunk_tilt(seen.image, scale),
        trunk_twist_deg=trunk_twist(seen.world),
        hip_height=_height(_middle(there.image, HIPS), there_scale, counted) * unit,
        spans={name: _distance(seen.image, *ends) / scale * unit for name, ends in SPANS.items()},
        straight_arms=_straight(angles["left_elbow"], angles["right_elbow"]),
    )


def believed(track: PoseTrack, min_visibility: float) -> PoseTrack:
    """The track without the points whose visibility is below `min_visibility`."""
    doubted = (track.visibility < min_visibility)[..., None]
    return track.with_(image=np.where(doubted, np.nan, track.image), world=np.where(doubted, np.nan, track.world))


def speed(time: Floats, points: Floats) -> Floats:
    """(T,) length of the velocity of (T, D) points by central differences over true time, one-sided beside a gap.

    ``nan`` where the point itself or both of its neighbours are unknown.
    """
    if len(time) < 2:
        return np.full(len(time), np.nan)
    velocity = np.diff(points, axis=0) / np.diff(time)[:, None]
    edge = np.full((1, points.shape[1]), np.nan)
    before, after = np.concatenate([edge, velocity]), np.concatenate([velocity, edge])
    span = np.concatenate([[np.inf], np.diff(time), [np.inf]])[:, None]
    first, last = span[:-1], span[1:]
    with np.errstate(invalid="ignore"):
        both = (before * last + after * first) / (first + last)  # second order on uneven times
    best = np.where(np.isfinite(both), both, np.where(np.isfinite(before), before, after))
    length: Floats = np.linalg.norm(best, axis=-1)
    return length


def _check(height_m: float | None, min_visibility: float) -> None:
    low, high = HEIGHTS_M
    if height_m is not None and not low <= height_m <= high:
        raise InvalidOption(f"height_m must lie between {low} and {high} metres, got {height_m}")
    if not 0 <= min_visibility <= 1:
        raise InvalidOption(f"min_visibility must lie between 0 and 1, got {min_visibility}")


def _middle(points: Floats, ends: tuple[int, ...]) -> Floats:
    middle: Floats = points[:, list(ends)].mean(1)
    return middle


def _distance(points: Floats, a: tuple[int, ...], b: tuple[int, ...]) -> Floats:
    length: Floats = np.linalg.norm(_middle(points, a) - _middle(points, b), axis=-1)
    return length


def _speeds(track: PoseTrack, com: Floats, scale: Floats) -> dict[str, Floats]:
    tracked = {name: _middle(track.image, ends) for name, ends in SPEED_POINTS.items()} | {"com": com}
    return {name: speed(track.time, points) / scale for name, points in tracked.items()}


def _height(hips: Floats, scale: Floats, counted: NDArray[np.bool_]) -> Floats:
    """Torso lengths above the lowest position; one scale for the whole climb, so that higher is always more."""
    y = hips[:, 1]
    known = y[counted & np.isfinite(y)]
    lowest = known.max() if len(known) else np.nan
    height: Floats = (lowest - y) / (np.median(scale[counted]) if counted.any() else np.nan)
    return height


def _straight(left: Floats, right: Floats) -> Floats:
    return np.where(np.isfinite(left + right), 0.5 * (left >= STRAIGHT_DEG) + 0.5 * (right >= STRAIGHT_DEG), np.nan)
