from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ascension_core.movement.contacts import Contact
from ascension_core.movement.moves import Climb
from ascension_core.pipelines.notes import notes
from ascension_core.pipelines.options import VisionOptions
from ascension_core.wall.camera import CameraTrack, still
from ascension_core.wall.holds import Hold

FRAMES = 10
CLIMB = Climb(0.0, 1.0, (), (), "top", (), None)


def sighting(shift: float) -> Any:
    return SimpleNamespace(camera=np.array([shift, 0.0]), torso=100.0)


def following(*, known: int = FRAMES, shift: float = 0.0, truncated: bool = False, scores: tuple[float, ...] = (0.9,)) -> Any:
    seen = np.zeros((FRAMES, 33), bool)
    seen[:known] = True
    people = [SimpleNamespace(climber_score=score, sightings=[sighting(0), sighting(shift)]) for score in scores]
    return SimpleNamespace(track=SimpleNamespace(known=seen), people=people, climber=0, truncated=truncated)


def attempt(camera: CameraTrack | None = None, climb: Climb | None = CLIMB, inferred: tuple[bool, ...] = (False,)) -> Any:
    camera = camera or still(np.arange(FRAMES) / 10, (100, 100))
    box = np.array([0.0, 0.0, 1.0, 1.0])
    holds = [Hold(f"h{k}", "hold", box, box.reshape(2, 2), 1.0, inferred=one) for k, one in enumerate(inferred)]
    contacts = [Contact("left_hand", hold.id, 0.0, 1.0, box[:2], 1.0) for hold in holds]
    contacts.append(Contact("left_foot", "ground", 0.0, 1.0, box[:2], 1.0))
    return SimpleNamespace(wall=SimpleNamespace(camera=camera), holds=holds, contacts=contacts, climb=climb)


def codes(followed: Any, tried: Any, **options: Any) -> list[str]:
    understood: Any = SimpleNamespace(following=followed, attempt=tried)
    return [note.code for note in notes(understood, VisionOptions(**options))]


def test_nothing_is_noted_of_a_good_clip() -> None:
    assert codes(following(shift=500), attempt()) == []


@pytest.mark.parametrize(
    ("followed", "code"),
    [
        (following(truncated=True), "truncated"),
        (following(known=7), "partly_seen"),
        (following(scores=(0.9, 0.5)), "several_climbers"),
    ],
)
def test_what_the_video_lacks_is_noted(followed: Any, code: str) -> None:
    assert codes(followed, attempt()) == [code]


def test_frames_that_could_not_be_placed_are_noted_if_they_show_the_climber() -> None:
    camera = still(np.arange(FRAMES) / 10, (100, 100))
    lost = camera.to_wall.copy()
    lost[7:] = np.nan
    camera = replace(camera, to_wall=lost)
    assert codes(following(), attempt(camera)) == ["partly_placed"]
    assert codes(following(known=8), attempt(camera)) == []


def test_cuts_are_counted_as_shots() -> None:
    camera = replace(still(np.arange(FRAMES) / 10, (100, 100)), shot=np.repeat([0, 1, 2], [4, 3, 3]))
    (note,) = notes(SimpleNamespace(following=following(), attempt=attempt(camera)), VisionOptions())  # type: ignore[arg-type]
    assert note.code == "cuts"
    assert "3 shots" in note.message


def test_that_nobody_climbs_is_noted() -> None:
    assert codes(following(), attempt(climb=None)) == ["no_climb"]


@pytest.mark.parametrize(("inferred", "noted"), [((True, False), False), ((True, True, False), True), ((), False)])
def test_holds_that_were_mostly_not_recognised_are_noted(inferred: tuple[bool, ...], noted: bool) -> None:
    assert ("few_holds" in codes(following(), attempt(inferred=inferred))) == noted


@pytest.mark.parametrize(("shift", "moved"), [(40, False), (60, True)])
def test_without_a_wall_the_camera_is_in_the_measures(shift: float, moved: bool) -> None:
    assert codes(following(shift=shift), None) == ["no_wall"] + ["moving_camera"] * moved
    assert codes(following(shift=shift), None, wall=False) == ["moving_camera"] * moved
