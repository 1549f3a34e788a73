from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.movement.metrics.timing import covered, hesitations, immobility_ratio, merged, share

stretches = st.lists(st.tuples(st.floats(0, 10), st.floats(0, 10)).map(lambda ab: (min(ab), max(ab))), max_size=6)
OPTIONS = {"still": 0.2, "least_s": 1.0}


def test_shares_are_of_time_and_not_of_frames():
    time = np.array([0.0, 1, 2, 2.1, 2.2, 2.3, 2.4])  # two slow seconds, then quick frames
    slow = time <= 2
    assert share(time, slow, np.ones(7, bool)) == pytest.approx(2.55 / 2.55 - 0.4 / 2.55 + 0.0, abs=0.1)
    assert share(time, slow, np.ones(7, bool)) > slow.mean()


def test_shares_are_of_what_is_known():
    time = np.arange(10.0)
    known = time < 4
    assert share(time, time < 2, known) == pytest.approx(0.5)
    assert np.isnan(share(time, time < 2, np.zeros(10, bool)))
    assert np.isnan(share(np.zeros(0), np.zeros(0, bool), np.zeros(0, bool)))


def test_immobility_is_the_share_of_slow_time():
    speed = np.array([0.0, 0.1, 0.3, 1.0, np.nan, 0.19, 0.2, 0.5])
    assert immobility_ratio(np.arange(8.0), speed, 0.2) == pytest.approx(3 / 7)


@given(st.lists(st.floats(0, 5), min_size=2, max_size=30), st.floats(0, 5), st.floats(0, 5))
def test_a_higher_threshold_never_makes_a_climber_more_mobile(speeds, a, b):
    time = np.arange(len(speeds)) / 30
    low, high = (immobility_ratio(time, np.array(speeds), limit) for limit in sorted((a, b)))
    assert low <= high


@given(stretches, st.randoms())
def test_covered_time_counts_once_in_any_order(parts, random):
    shuffled = parts.copy()
    random.shuffle(shuffled)
    total = covered(parts, (2.0, 7.0))
    assert 0 <= total <= 5
    assert covered(shuffled + parts, (2.0, 7.0)) == pytest.approx(total)
    assert total >= max([min(b, 7) - max(a, 2) for a, b in parts], default=0) - 1e-12


def test_overlapping_stretches_become_one():
    assert merged([(3, 4), (0, 2), (1, 2.5), (8, 9)], (0.5, 6)) == [(0.5, 2.5), (3, 4)]


def pausing():
    """Moves until 2 s and from 5 s on; the hips rest between 1.5 and 6 s."""
    time = np.arange(0, 8, 0.1)
    speed = np.where((time > 1.5) & (time < 6), 0.05, 0.6)
    return time, speed, [(0.0, 2.0), (5.0, 7.5)]


def test_a_pause_lasts_from_the_end_of_a_move_to_the_start_of_the_next():
    time, speed, moves = pausing()
    ((start, end),) = hesitations(time, speed, moves, [], **OPTIONS)
    assert (start, end) == (pytest.approx(2.1), pytest.approx(4.9))


def test_rests_and_short_pauses_are_no_hesitation():
    time, speed, moves = pausing()
    assert hesitations(time, speed, moves, [(2.0, 5.0)], **OPTIONS) == []
    assert hesitations(time, speed, moves, [(2.5, 4.5)], **OPTIONS) == []
    assert hesitations(time, speed, moves, [], still=0.2, least_s=3.5) == []


def test_waiting_at_the_top_is_no_hesitation():
    time, speed, moves = pausing()
    assert hesitations(time, speed, moves[:1], [], **OPTIONS) == []
    assert hesitations(time, speed, [], [], **OPTIONS) == []


def test_a_gap_ends_a_pause():
    time, speed, moves = pausing()
    speed[30:32] = np.nan  # at 3 s: 0.9 s before it, 1.7 s after
    ((start, _),) = hesitations(time, speed, moves, [], **OPTIONS)
    assert start == pytest.approx(3.2)
