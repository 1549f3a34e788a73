"""From a video to everything that is known about the attempt, before any picture is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ascension_core.movement.climb import find_climb
from ascension_core.movement.contacts import Contact
from ascension_core.movement.metrics import movement_measures
from ascension_core.movement.moves import Climb
from ascension_core.movement.overhang import Overhang, overhang
from ascension_core.movement.touch import find_contacts
from ascension_core.pipelines.following import Following, follow
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.stages import Stages
from ascension_core.pipelines.versions import vision_weights
from ascension_core.pipelines.wall import WallReading
from ascension_core.pipelines.watching import WallWatch
from ascension_core.progress import Progress, silent
from ascension_core.results import MovementMeasure
from ascension_core.wall.holds import Hold, Route
from ascension_core.wall.routes import climbed

if TYPE_CHECKING:
    from ascension_core.movement.body import BodyMeasures
    from ascension_core.pose.track import PoseTrack


@dataclass(frozen=True, eq=False)
class Attempt:
    """What was done on a wall.

    Attributes
    ----------
    wall
        The wall, and how the camera moved before it.
    holds
        Those of the wall, and those that hands and feet gave away.
    routes
        By colour; the climbed one is marked and comes first.
    contacts
        Who held what, and when, in the order of the starts.
    climb
        None where nobody was seen to climb.
    angle
        How steep the wall is, as far as the climb tells.
    """

    wall: WallReading
    holds: tuple[Hold, ...]
    routes: tuple[Route, ...]
    contacts: tuple[Contact, ...]
    climb: Climb | None
    angle: Overhang | None


@dataclass(frozen=True, eq=False)
class Understanding:
    """What one video showed.

    Attributes
    ----------
    following
        The climber's track, and who else was seen.
    attempt
        None where it was not asked for, or no wall could be seen.
    measures
        Of the body in every frame.
    movement
        Of the climb; empty where none was seen.
    seconds
        Time taken by each stage.
    """

    following: Following
    attempt: Attempt | None
    measures: BodyMeasures
    movement: list[MovementMeasure]
    seconds: dict[str, float]


def understand(video: Path, options: VisionOptions | None = None, progress: Progress = silent) -> Understanding:
    """Follow the climber, read the wall, and find what was held and how it was climbed.

    Raises
    ------
    VideoError, NoClimberFound, ModelError
        See `following.follow`.
    """
    options = options or VisionOptions()
    clock = Stages()
    followed, watch = _followed(video, options, progress)
    attempt = None
    if watch is not None:
        with clock("wall"):
            weights = vision_weights(options).holds
            wall = WallReading.of(watch, followed.track, options.reading, progress, weights=weights)
        with clock("contacts"):
            attempt = None if wall is None else _attempt(wall, followed, options)
    with clock("measure"):
        measures, movement = _measured(followed, attempt, options)
    return Understanding(followed, attempt, measures, movement, followed.seconds | clock.seconds)


def _followed(video: Path, options: VisionOptions, progress: Progress) -> tuple[Following, WallWatch | None]:
    if not options.wall:
        return follow(video, options, progress), None
    watch = WallWatch(options.reading)
    return follow(video, options, progress, watch=watch), watch


def _attempt(wall: WallReading, followed: Following, options: VisionOptions) -> Attempt:
    track, camera = followed.track, wall.camera
    touches = find_contacts(track, camera, wall.survey.holds, options.reading.contacts)
    climb = find_climb(track, camera, touches.contacts, touches.holds, options.reading.climb)
    held = _seconds_held(touches.contacts, climb)
    routes = climbed(wall.survey.routes, touches.holds, held, climb.start_holds if climb else ())
    return Attempt(wall, touches.holds, tuple(routes), touches.contacts, climb, _angle(followed.track, climb))


def _angle(track: PoseTrack, climb: Climb | None) -> Overhang | None:
    return None if climb is None else overhang(track, (track.time >= climb.start) & (track.time <= climb.end))


def _seconds_held(contacts: Sequence[Contact], climb: Climb | None) -> dict[str, float]:
    """How long each hold was held during the climb, all limbs together."""
    held: dict[str, float] = defaultdict(float)
    for contact in contacts:
        if climb is not None and contact.on_hold:
            held[contact.hold] += max(0.0, min(contact.end, climb.end) - max(contact.start, climb.start))
    return {hold: seconds for hold, seconds in held.items() if seconds > 0}


def _measured(
    followed: Following, attempt: Attempt | None, options: VisionOptions
) -> tuple[BodyMeasures, list[MovementMeasure]]:
    """Of the body, on the wall and within the climb where both are known; and of the climb."""
    from ascension_core.movement.body import body_measures

    if attempt is None:
        return body_measures(followed.track, height_m=options.height_m), []
    camera, climb = attempt.wall.camera, attempt.climb
    span = None if climb is None else (climb.start, climb.end)
    measures = body_measures(followed.track, height_m=options.height_m, camera=camera, span=span)
    if climb is None:
        return measures, []
    movement = movement_measures(
        followed.track, camera, attempt.contacts, climb, com_px=measures.com_px, height_m=options.height_m
    )
    return measures, movement
