"""What the reader of a result must know: what was not seen, and what could not be told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ascension_core.pipelines.following import Following
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pose import people as persons
from ascension_core.results import Note

if TYPE_CHECKING:
    from ascension_core.pipelines.understanding import Attempt, Understanding

_MOVING_TORSOS = 0.5  # a camera that shifts further is worth a note where nothing is measured on the wall
_SEEN_WELL = 0.8  # a smaller share of the frames is worth a note
_MOSTLY = 0.5  # so is a larger share of holds that were not recognised


def notes(understood: Understanding, options: VisionOptions) -> Iterator[Note]:
    """The notes on one video, the most important first."""
    followed, attempt = understood.following, understood.attempt
    yield from _of_video(followed)
    if attempt is not None:
        yield from _of_camera(followed, attempt)
        yield from _of_climb(attempt)
    else:
        if options.wall:
            yield Note(code="no_wall", message="The wall could not be seen well enough to tell holds and moves.")
        if _camera_torsos(followed.people[followed.climber]) > _MOVING_TORSOS:
            message = "The camera moved. Heights and speeds are those in the picture and include the camera's motion."
            yield Note(code="moving_camera", message=message)
    yield from _of_others(followed)


def _of_video(followed: Following) -> Iterator[Note]:
    share = followed.track.known.any(1).mean()
    if followed.truncated:
        yield Note(code="truncated", message="The video file is damaged or ends early. What could be read was analysed.")
    if share < _SEEN_WELL:
        yield Note(
            code="partly_seen", message=f"The climber was seen in {share:.0%} of the video. What is not seen is not measured."
        )


def _of_camera(followed: Following, attempt: Attempt) -> Iterator[Note]:
    camera = attempt.wall.camera
    if len(camera.cuts):
        message = f"The video has {len(camera.cuts) + 1} shots. What is told is of the one that shows the climber longest."
        yield Note(code="cuts", message=message)
    seen = followed.track.known.any(1)
    placed = float(camera.known[seen].mean())
    if placed < _SEEN_WELL:
        message = f"The wall could be followed in {placed:.0%} of what shows the climber. Elsewhere nothing is said of holds."
        yield Note(code="partly_placed", message=message)


def _of_climb(attempt: Attempt) -> Iterator[Note]:
    if attempt.climb is None:
        yield Note(code="no_climb", message="Nobody was seen to climb: no moves are told.")
        return
    held = {contact.hold for contact in attempt.contacts if contact.on_hold}
    inferred = sum(hold.inferred for hold in attempt.holds if hold.id in held)
    if held and inferred / len(held) > _MOSTLY:
        message = f"{inferred} of {len(held)} holds were not recognised: they are marked where a hand or foot rested."
        yield Note(code="few_holds", message=message)


def _of_others(followed: Following) -> Iterator[Note]:
    rivals = [p for p in followed.people if p.climber_score > followed.people[followed.climber].climber_score / 2]
    if len(rivals) > 1:
        message = f"{len(rivals)} people climb in this video. Use --climber left, right, a number or x,y to choose another."
        yield Note(code="several_climbers", message=message)


def _camera_torsos(climber: persons.Person) -> float:
    """How far the picture's content shifted while the climber was seen, in torso lengths."""
    shift = np.ptp([s.camera for s in climber.sightings], axis=0)
    return float(np.linalg.norm(shift) / np.median([s.torso for s in climber.sightings]))
