from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.movement.contacts import GROUND, SMEAR, Contact
from ascension_core.movement.metrics.handling import (
    FEET,
    HANDS,
    explored,
    holding_time,
    left_share,
    progress_moves,
    settle_time,
    whole_contacts,
)
from ascension_core.movement.moves import Move

SETTLED = {"still": 0.5, "least_s": 0.1}


def move(limb="left_hand", start=0.0, target="h2", readjustment=False):
    return Move(limb, "h1", target, start, start + 0.3, None, None, readjustment)


def contact(limb="left_hand", start=0.0, end=1.0, hold="h1", **open_ends):
    return Contact(limb, hold, start, end, np.zeros(2), 1.0, **open_ends)


def test_moves_that_get_somewhere_are_those_that_reach_something_new():
    moves = [move(), move(target=None), move(target=GROUND), move(readjustment=True), move("left_foot", target=SMEAR)]
    assert progress_moves(moves, HANDS) == [moves[0]]
    assert progress_moves(moves, FEET) == [moves[4]]


def test_whole_contacts_were_seen_from_beginning_to_end_within_the_climb():
    whole = contact(start=1, end=2)
    others = [
        contact(start=0, end=2),
        contact(start=1, end=9),
        contact(start=1, end=2, start_open=True),
        contact(start=1, end=2, end_open=True),
        contact(start=1, end=2, hold=GROUND),
        contact("left_foot", start=1, end=2),
    ]
    assert whole_contacts([whole, *others], HANDS, (0.5, 5)) == [whole]


def test_time_on_holds_is_cut_to_the_climb_and_counts_once():
    contacts = [
        contact(start=0, end=2),
        contact(start=1.5, end=3),
        contact(start=8, end=12),
        contact(hold=SMEAR, start=4, end=6),
    ]
    assert holding_time(contacts, "left_hand", (1, 10)) == pytest.approx(4)
    assert holding_time(contacts, "right_hand", (1, 10)) == 0


@given(st.floats(0, 100), st.floats(0.01, 100))
def test_sides_share_the_whole(left, right):
    assert left_share(left, right) + left_share(right, left) == pytest.approx(1)


def test_nothing_has_no_sides():
    assert np.isnan(left_share(0, 0))


def test_a_touch_that_no_other_limb_built_upon_is_exploration():
    touches = [contact(start=1, end=2), contact(start=3, end=4), contact(start=5, end=6)]
    moves = [move("left_foot", start=1.5), move("left_hand", start=3.5), move("right_hand", start=6.0)]
    assert explored(touches, moves, []) == touches[1:]  # only the own hand moved in the second, nobody within the third


def test_leaving_a_hold_to_shake_out_is_no_exploration():
    touch = contact(start=3, end=4)
    assert explored([touch], [], [(4.0, 6.0)]) == []
    assert explored([touch], [], [(5.0, 6.0)]) == [touch]


def arriving(settle=0.4, fps=50.0):
    """A foot that comes in at 2 torso lengths per second, and from first touch at 1 s takes `settle` seconds to rest."""
    time = np.arange(0, 3, 1 / fps)
    x = 2 * np.minimum(time, 1 + settle)
    return time, np.stack([x, 0 * x], 1)


@pytest.mark.parametrize("settle", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("fps", [25.0, 50.0])
def test_a_foot_settles_when_it_stops(settle, fps):
    time, foot = arriving(settle, fps)
    assert settle_time(time, foot, (1.0, 3.0), **SETTLED) == pytest.approx(settle, abs=1.01 / fps)


def test_a_glance_of_rest_is_not_rest():
    time, foot = arriving(0.6)
    foot[(time > 1.2) & (time < 1.26)] = foot[time > 1.2][0]
    assert settle_time(time, foot, (1.0, 3.0), **SETTLED) == pytest.approx(0.6, abs=0.03)


def test_a_foot_that_never_rests_or_was_not_seen_has_no_time():
    time, foot = arriving(5.0)
    assert np.isnan(settle_time(time, foot, (1.0, 3.0), **SETTLED))
    time, foot = arriving(0.4)
    assert np.isnan(settle_time(time, foot, (5.0, 6.0), **SETTLED))
    foot[(time > 1.1) & (time < 1.3)] = np.nan
    assert np.isnan(settle_time(time, foot, (1.0, 3.0), **SETTLED))
