from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.video.timing import RESTART_S, Clock

stamps = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=60)


@given(stamps, st.floats(1e-3, 1.0))
def test_times_start_at_zero_and_strictly_increase_whatever_the_stamps(stamps: list[float | None], interval: float) -> None:
    clock = Clock(interval)
    times = [clock.time(stamp) for stamp in stamps]
    kept = [time for time in times if time is not None]
    assert kept[:1] == ([0.0] if stamps else [])
    assert all(a < b for a, b in pairwise(kept))
    assert clock.refused == len(times) - len(kept)


@given(st.floats(-1e4, 1e4), st.lists(st.floats(0.001, 10.0), min_size=1, max_size=40))
def test_increasing_stamps_are_kept_relative_to_the_first(first: float, intervals: list[float]) -> None:
    stamps = [first]
    for interval in intervals:
        stamps.append(stamps[-1] + interval)
    clock = Clock(0.04)
    assert [clock.time(stamp) for stamp in stamps] == pytest.approx([stamp - first for stamp in stamps], abs=1e-6)


def test_missing_stamps_follow_by_the_nominal_interval() -> None:
    clock = Clock(0.04)
    assert [clock.time(stamp) for stamp in (None, None, None)] == pytest.approx([0, 0.04, 0.08])


def test_stamps_that_appear_late_continue_from_where_the_clock_is() -> None:
    clock = Clock(0.04)
    assert [clock.time(stamp) for stamp in (None, 50.0, 50.1)] == pytest.approx([0, 0.04, 0.14])


def test_repeated_and_earlier_frames_are_refused_and_counted() -> None:
    clock = Clock(0.04)
    assert [clock.time(stamp) for stamp in (1.0, 1.04, 1.04, 1.02, 1.08)] == [
        0.0,
        pytest.approx(0.04),
        None,
        None,
        pytest.approx(0.08),
    ]
    assert clock.refused == 2


def test_restarted_clock_goes_on_instead_of_losing_the_rest() -> None:
    clock = Clock(0.04)
    times = [clock.time(stamp) for stamp in (0.0, 0.04 + 2 * RESTART_S, 0.0, 0.04)]
    assert times == pytest.approx([0, 2.04, 2.08, 2.12])


def test_interval_must_be_positive() -> None:
    with pytest.raises(ValueError, match="positive"):
        Clock(0)
