from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.movement.climb import find_climb
from ascension_core.movement.contacts import GROUND, Contact
from ascension_core.wall.camera import still
from ascension_core.wall.holds import Hold, corners


def touch(limb, hold, start, end, x=0.0, y=0.0, **opened):
    """A contact at a place in torso lengths of the fixture `climb`."""
    return Contact(limb, hold, start, end, 1000 + 100 * np.array([x, y]), 0.9, **opened)


def hold(name, x, y, colour=None):
    box = 1000 + 100 * np.array([x - 0.1, y - 0.1, x + 0.1, y + 0.1])
    return Hold(name, "hold", box, corners(box), 0.9, colour)


def told(track, contacts, holds=()):
    return find_climb(track, still(track.time, track.size), contacts, holds)


STANCE = [
    touch("left_foot", GROUND, 0.0, 1.0, -0.2, 1.6, start_open=True),
    touch("right_foot", GROUND, 0.0, 1.4, 0.2, 1.6, start_open=True),
    touch("left_hand", "h1", 0.5, 2.0, -0.3, -1.5),
    touch("right_hand", "h2", 0.6, 4.0, 0.3, -1.5),
]
FEET = [
    touch("left_foot", "h3", 1.2, 8.0, -0.2, 1.0, end_open=True),
    touch("right_foot", "h4", 1.7, 8.0, 0.2, 1.0, end_open=True),
]
UP = [touch("left_hand", "h5", 2.4, 6.0, -0.3, -2.2), touch("right_hand", "h6", 4.3, 8.0, 0.1, -2.9, end_open=True)]
TOP = [touch("left_hand", "h6", 6.4, 8.0, -0.1, -2.9, end_open=True)]


def test_climb_begins_with_the_last_foot_and_ends_with_both_hands_on_top(climb):
    told_climb = told(climb(seconds=8), [*STANCE, *FEET, *UP, *TOP])
    assert told_climb.start == pytest.approx(1.4, abs=0.04)
    assert told_climb.end == pytest.approx(6.4)
    assert (told_climb.ending, told_climb.top_hold, told_climb.start_holds) == ("top", "h6", ("h1", "h2"))


def test_moves_go_from_hold_to_hold(climb):
    moves = told(climb(seconds=8), [*STANCE, *FEET, *UP, *TOP]).moves
    assert [(move.limb, move.source, move.target) for move in moves] == [
        ("right_foot", GROUND, "h4"),
        ("left_hand", "h1", "h5"),
        ("right_hand", "h2", "h6"),
        ("left_hand", "h5", "h6"),
    ]
    assert (moves[1].start, moves[1].end, moves[1].style) == (2.0, 2.4, "static")
    assert moves[1].reach_torsos == pytest.approx(0.7)


def test_way_of_a_limb_that_was_out_of_sight_is_not_told(climb):
    track, contacts = climb(seconds=8), [*STANCE, *FEET, touch("left_hand", "h5", 5.0, 6.0, -0.3, -2.2)]
    visibility = track.visibility.copy()
    visibility[(track.time > 2.5) & (track.time < 4.0)] = 0.1
    seen, hidden = (told(t, contacts).moves[-1] for t in (track, track.with_(visibility=visibility)))
    assert (seen.source, seen.start, seen.end) == ("h1", 2.0, 5.0)
    assert (hidden.source, hidden.target, hidden.reach_torsos, hidden.style, hidden.end) == (None, "h5", None, None, 5.0)
    assert hidden.start == pytest.approx(4.0, abs=0.04)


def test_hold_of_the_same_colour_above_means_that_the_top_was_not_reached(climb):
    holds = [hold("h6", 0, -2.9, "red"), hold("h7", 0, -4.0, "red")]
    assert told(climb(seconds=8), [*STANCE, *FEET, *UP, *TOP], holds).ending == "unknown"


def test_somebody_who_only_stands_does_not_climb(climb):
    assert told(climb(seconds=8), STANCE[:2]) is None


def test_clip_without_contacts_has_no_climb(climb):
    assert told(climb(seconds=1), []) is None


def test_body_that_drops_after_a_slip_fell(climb):
    drop = [(0, 0, 0), (5.0, 0, 0), (5.6, 0, 2.5)]
    contacts = [*STANCE, touch("left_hand", "h5", 2.4, 5.0, -0.3, -2.2), touch("left_foot", GROUND, 5.7, 8.0, -0.2, 4.1)]
    fallen = told(climb(seconds=8, hips=drop), contacts)
    assert (fallen.ending, fallen.top_hold) == ("fall", "h5")
    assert fallen.end == pytest.approx(5.0)


def test_hands_that_let_go_together_come_down_on_purpose(climb):
    drop = [(0, 0, 0), (5.0, 0, 0), (5.6, 0, 2.5)]
    hands = [touch("left_hand", "h5", 2.4, 5.0, -0.3, -2.2), touch("right_hand", "h6", 3.5, 5.0, 0.3, -1.5)]
    contacts = [*STANCE[:3], *FEET, *hands, touch("left_foot", GROUND, 5.7, 8.0, -0.2, 4.1)]
    assert told(climb(seconds=8, hips=drop), contacts).ending == "down"


def test_hand_that_comes_back_to_its_hold_readjusts(climb):
    again = [touch("left_hand", "h1", 2.2, 6.0, -0.3, -1.5)]
    moves = told(climb(seconds=8), [*STANCE, *FEET, *again]).moves
    assert [move.readjustment for move in moves] == [False, True]


def test_hand_that_hangs_meanwhile_is_shaken(climb):
    contacts = [*STANCE, *FEET, touch("left_hand", "h1", 4.0, 8.0, -0.3, -1.5, end_open=True)]
    way = [(0, -0.3, -1.5), (2.0, -0.3, -1.5), (2.5, -0.5, 0), (3.5, -0.5, 0), (4.0, -0.3, -1.5)]
    rested = told(climb(seconds=8, left_hand=way), contacts)
    assert [(span.kind, span.limb) for span in rested.spans if span.kind == "shake"] == [("shake", "left_hand")]
    assert [move.limb for move in rested.moves] == ["right_foot"]


def test_feet_in_the_air_are_cut_loose_only_while_they_are_seen(climb):
    track = climb(seconds=8)
    feet = [touch("left_foot", "h3", 1.2, 5.0, -0.2, 1.0), touch("right_foot", "h4", 1.7, 5.0, 0.2, 1.0)]
    contacts = [*STANCE, *feet, *UP]
    (loose,) = [span for span in told(track, contacts).spans if span.kind == "cut_loose"]
    assert (loose.start, loose.end) == pytest.approx((5.0, 8.0), abs=0.05)
    hidden = track.visibility.copy()
    hidden[:, 27:] = 0.1
    assert not [span for span in told(track.with_(visibility=hidden), contacts).spans if span.kind == "cut_loose"]


def test_body_that_stays_rests(climb):
    holding = [touch("left_hand", "h5", 2.4, 8.0, -0.3, -2.2, end_open=True), UP[1]]
    (rest,) = [span for span in told(climb(seconds=8), [*STANCE, *FEET, *holding]).spans if span.kind == "rest"]
    assert (rest.start, rest.end) == pytest.approx((4.3, 8.0), abs=0.05)


@pytest.mark.parametrize(("speed", "style"), [(0.5, "static"), (1.8, "dynamic"), (2.6, "dyno")])
def test_move_is_named_by_the_speed_of_the_hips_and_by_the_feet(climb, speed, style):
    leap = [(0, 0, 0), (4.0, 0, 0), (4.3, 0, -0.3 * speed)]
    feet = [touch("left_foot", "h3", 1.2, 4.0, -0.2, 1.0), touch("right_foot", "h4", 1.7, 4.0, 0.2, 1.0)]
    contacts = [*STANCE, *(feet if style == "dyno" else FEET), *UP]
    (move,) = [m for m in told(climb(seconds=8, hips=leap), contacts).moves if m.target == "h6"]
    assert move.style == style


@settings(max_examples=20)
@given(st.permutations([*STANCE, *FEET, *UP, *TOP]))
def test_order_of_the_contacts_does_not_matter(climb, contacts):
    track = climb(seconds=8, fps=10.0)
    assert told(track, contacts) == told(track, [*STANCE, *FEET, *UP, *TOP])
