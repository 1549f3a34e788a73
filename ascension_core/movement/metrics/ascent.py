"""The climb alone, in torso lengths on the wall: what all measures are taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption
from ascension_core.movement.angles import visible_angles
from ascension_core.movement.body import MIN_VISIBILITY, STRAIGHT_DEG, believed
from ascension_core.movement.contacts import LIMBS, SMEAR, Contact
from ascension_core.movement.moves import Climb
from ascension_core.movement.placing import on_wall, points_on_wall
from ascension_core.pose.filters import finite, zero_phase
from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scale import body_scale
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

UP = np.array([1.0, -1.0])
"""From wall coordinates, whose y points down, to right and up."""


@dataclass(frozen=True, slots=True)
class MetricOptions:
    """How a climb is measured.

    Attributes
    ----------
    min_visibility
        Points below this calibrated visibility are taken as unknown.
    min_coverage
        A measure that rests on a smaller share of the climb has no value: what happened in less than half of it does not
        describe it.
    least_moves
        Fewest events (moves, contacts) that a mean, a median or a share is taken of.
    cutoff_hz
        Low-pass on the path of the hips: 3 Hz is what the six points a second hold that Watts et al. (2016) digitised.
    still
        Torso lengths per second below which the hips are immobile: about 0.1 m/s. Our choice: above the 0.03 to 0.1 at which
        the hips of a climber at rest seem to move in finished tracks.
    hesitation_s
        Shortest pause that counts: our choice, about twice the time that a reach takes (0.5 s, White and Olsen 2010).
    straight_deg
        Elbow angle from which an arm is straight (Beltrán Beltrán et al. 2023).
    settled, settled_s
        A foot rests when it is slower than so many torso lengths per second for so many seconds: our choice.
    """

    min_visibility: float = MIN_VISIBILITY
    min_coverage: float = 0.5
    least_moves: int = 3
    cutoff_hz: float = 3.0
    still: float = 0.2
    hesitation_s: float = 1.0
    straight_deg: float = STRAIGHT_DEG
    settled: float = 0.5
    settled_s: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.min_visibility <= 1 or not 0 <= self.min_coverage <= 1:
            raise InvalidOption("min_visibility and min_coverage must lie between 0 and 1")
        if any(getattr(self, field.name) < 0 for field in fields(self)) or self.least_moves < 1 or self.cutoff_hz <= 0:
            raise InvalidOption("options of movement measures must not be negative, least_moves at least 1, cutoff_hz above 0")


@dataclass(frozen=True, eq=False)
class Ascent:
    """The frames of the climb. Lengths are torso lengths, x to the right and y up; ``nan`` where unknown.

    Attributes
    ----------
    time
        (n,) seconds of the video.
    hips_raw, hips
        (n, 2) middle of the hips, as finished and low-passed.
    com
        (n, 2) centre of mass.
    elbows
        (n, 2) angles of the left and the right elbow in degrees.
    toes
        (n, 2, 2) tips of the left and the right foot.
    hands_seen, feet_seen
        (n, 2) whether the left and the right wrist, or tip of the foot, are known.
    places
        (n, 4, 2) where each of `contacts.LIMBS` holds or stands; ``nan`` while it does not.
    """

    time: Floats
    hips_raw: Floats
    hips: Floats
    com: Floats
    elbows: Floats
    toes: Floats
    hands_seen: Bools
    feet_seen: Bools
    places: Floats


def ascent(
    track: PoseTrack,
    camera: CameraTrack,
    contacts: Sequence[Contact],
    climb: Climb,
    *,
    com_px: Floats,
    options: MetricOptions,
) -> Ascent:
    """Carry a track to the wall, cut it to the climb, and scale it by one torso length: the median over the climb.

    Parameters
    ----------
    com_px
        (T, 2) centre of mass in image pixels.
    """
    wall = on_wall(track, camera)
    scale = body_scale(wall)
    inside = (track.time >= climb.start) & (track.time <= climb.end)
    torso_px = float(np.median(scale[inside])) if inside.any() else np.nan
    seen = believed(wall, options.min_visibility)
    angles = visible_angles(seen.image, scale)
    points = seen.image[inside] / torso_px * UP
    time = track.time[inside]
    hips = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(1)
    toes = points[:, [Keypoint.LEFT_FOOT_INDEX, Keypoint.RIGHT_FOOT_INDEX]]
    wrists = points[:, [Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST]]
    return Ascent(
        time=time,
        hips_raw=hips,
        hips=_low_passed(time, hips, options.cutoff_hz),
        com=points_on_wall(camera, com_px)[inside] / torso_px * UP,
        elbows=np.stack([angles["left_elbow"], angles["right_elbow"]], axis=1)[inside],
        toes=toes,
        hands_seen=finite(wrists),
        feet_seen=finite(toes),
        places=held_places(time, contacts) / torso_px * UP,
    )


def held_places(time: Floats, contacts: Sequence[Contact]) -> Floats:
    """(T, 4, 2) place of each limb's contact with a hold, or of a foot's with the bare wall; ``nan`` while there is none."""
    places = np.full((len(time), len(LIMBS), 2), np.nan)
    for contact in contacts:
        if contact.on_hold or (contact.hold == SMEAR and contact.limb.endswith("foot")):
            places[(time >= contact.start) & (time < contact.end), LIMBS.index(contact.limb)] = contact.place
    return places


def _low_passed(time: Floats, points: Floats, cutoff_hz: float) -> Floats:
    track = points[:, None]
    return zero_phase(time, track, finite(track), cutoff_hz=cutoff_hz, median_s=0.0)[:, 0]
