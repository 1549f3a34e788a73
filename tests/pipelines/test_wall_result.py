from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ascension_core.movement.contacts import Contact
from ascension_core.movement.moves import Climb, Move, Span
from ascension_core.pipelines.wall_result import climb_result, contact_results, wall_result
from ascension_core.wall.camera import CameraTrack, still
from ascension_core.wall.holds import Hold, Route

SIZE = (200, 100)


@pytest.fixture
def camera() -> CameraTrack:
    return still(np.arange(10) / 10, SIZE)


def test_places_are_shares_of_the_reference_frame(camera: CameraTrack) -> None:
    outline = np.array([[20.0, 10.0], [60.0, 10.0], [60.0, 30.0]])
    hold = Hold("h1", "hold", np.array([20.0, 10.0, 60.0, 30.0]), outline, 0.87654321, "red")
    (told,) = wall_result(camera, [hold], [], camera_file="c").holds
    assert told.box == (0.1, 0.1, 0.2, 0.2)
    assert told.outline == [(0.1, 0.1), (0.3, 0.1), (0.3, 0.3)]
    assert (told.confidence, told.colour, told.inferred) == (0.8765, "red", False)


def test_the_camera_is_told_in_a_few_numbers(camera: CameraTrack) -> None:
    to_wall = camera.to_wall.copy()
    to_wall[7:] = np.nan
    cut = replace(camera, to_wall=to_wall, shot=np.repeat([0, 1], [7, 3]), reference=2, static=False)
    told = wall_result(cut, [], [], camera_file="camera.json.gz")
    assert (told.camera, told.cuts_ms, told.placed_fraction, told.reference_ms) == ("moving", [700.0], 0.7, 200.0)
    assert (told.camera_file, told.picture, told.overhang_deg) == ("camera.json.gz", None, None)


def test_routes_keep_their_order(camera: CameraTrack) -> None:
    routes = [Route("blue", ("h2", "h1"), climbed=True, start=("h2",), top="h1"), Route("red", ("h3",))]
    told = wall_result(camera, [], routes, camera_file="c").routes
    assert [(r.colour, r.holds, r.climbed, r.start, r.top) for r in told] == [
        ("blue", ["h2", "h1"], True, ["h2"], "h1"),
        ("red", ["h3"], False, [], None),
    ]


def test_contacts_come_in_the_order_of_their_starts_in_milliseconds() -> None:
    late = Contact("left_hand", "h1", 1.5, 2.0, np.array([100.0, 50.0]), 0.5, end_open=True)
    early = Contact("right_foot", "ground", 0.0, 1.23456789, np.array([0.0, 100.0]), 1.0, start_open=True)
    told = contact_results([late, early], SIZE)
    assert [(c.limb, c.hold, c.start_ms, c.end_ms) for c in told] == [
        ("right_foot", "ground", 0.0, 1234.568),
        ("left_hand", "h1", 1500.0, 2000.0),
    ]
    assert [c.place for c in told] == [(0.0, 1.0), (0.5, 0.5)]
    assert [(c.start_open, c.end_open) for c in told] == [(True, False), (False, True)]


def test_the_climb_keeps_what_is_not_known() -> None:
    move = Move("left_hand", None, "h2", 1.0, 1.5, None, None)
    span = Span("cut_loose", 2.0, 2.5)
    told = climb_result(Climb(0.5, 9.0, (move,), (span,), "fall", ("h1",), None))
    assert (told.start_ms, told.end_ms, told.ending, told.top_hold) == (500.0, 9000.0, "fall", None)
    assert (told.moves[0].source, told.moves[0].reach_torsos, told.moves[0].style) == (None, None, None)
    assert (told.spans[0].kind, told.spans[0].limb) == ("cut_loose", None)
