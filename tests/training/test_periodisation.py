import datetime as dt
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.training.exercises import Quality
from ascension_core.training.periodisation import (
    KIND_FOR,
    MOST_WEEKS,
    ORDER,
    PHASES,
    WEEK,
    Line,
    WeekFrame,
    block_lengths,
    frames,
    wishes,
)
from ascension_core.training.rules import MOST_LOADING_WEEKS
from ascension_core.training.sessions import session_kinds

MONDAY = dt.date(2026, 11, 23)


@given(weeks=st.integers(1, MOST_WEEKS), short=st.booleans())
def test_blocks_fill_the_weeks(weeks: int, short: bool) -> None:
    blocks = block_lengths(weeks, short=short)
    assert sum(blocks) == weeks
    assert all(length in {3, 4} for length in blocks[:-1])
    assert 1 <= blocks[-1] <= MOST_LOADING_WEEKS


@given(
    weeks=st.integers(1, MOST_WEEKS),
    last_day=st.integers(0, 6),
    line=st.sampled_from(sorted(ORDER)),
    has_date=st.booleans(),
    short=st.booleans(),
)
def test_macrocycle_keeps_its_rhythm(weeks: int, last_day: int, line: Line, has_date: bool, short: bool) -> None:
    end = MONDAY + (weeks - 1) * WEEK + dt.timedelta(days=last_day)
    found = frames(MONDAY, end, line, has_date=has_date, short_blocks=short)
    assert [f.start for f in found] == [MONDAY + i * WEEK for i in range(weeks)]
    assert [f.index for f in found] == list(range(1, weeks + 1))
    runs = [len(list(group)) for light, group in groupby(found, key=lambda f: f.is_light) if not light]
    assert max(runs, default=0) <= MOST_LOADING_WEEKS
    assert found[-1].is_taper == has_date
    assert found[-1].is_light
    assert [f.is_baseline for f in found].count(True) == 1
    assert all(0 <= f.progress <= 1 for f in found)


def test_a_quarter_before_a_boulder_leads_from_base_to_performance() -> None:
    found = frames(MONDAY, MONDAY + 16 * WEEK - dt.timedelta(days=1), "boulder", has_date=True, short_blocks=False)
    phases = list(dict.fromkeys(f.phase for f in found))
    assert phases == ["foundation", "strength", "power", "performance", "taper"]


def test_route_goals_end_in_power_endurance() -> None:
    found = frames(MONDAY, MONDAY + 12 * WEEK - dt.timedelta(days=1), "route", has_date=True, short_blocks=False)
    assert "power_endurance" in {f.phase for f in found}


@pytest.mark.parametrize("line", sorted(ORDER))
def test_all_wishes_are_kinds_of_session(line: Line) -> None:
    kinds = session_kinds()
    for phase in PHASES.values():
        assert set(phase.wishes[line]) <= set(kinds)
    assert set(KIND_FOR.values()) <= set(kinds)


@pytest.mark.parametrize("quality", Quality)
def test_weakest_link_gets_a_session_of_two(quality: Quality) -> None:
    frame = WeekFrame(1, MONDAY, 0, "strength", 0.0)
    assert KIND_FOR[quality] in wishes(frame, "boulder", 2, weakest=quality, technique=False)


def test_findings_make_room_for_technique() -> None:
    frame = WeekFrame(1, MONDAY, 0, "power", 0.0)
    assert "technique" not in wishes(frame, "route", 3, weakest=None, technique=False)
    assert "technique" in wishes(frame, "route", 3, weakest=None, technique=True)


@pytest.mark.parametrize("kind", session_kinds().values(), ids=lambda k: k.id)
def test_what_takes_the_place_of_a_session_is_never_harder(kind) -> None:  # type: ignore[no-untyped-def]
    kinds = session_kinds()
    for name in kind.instead:
        assert kinds[name].effort <= kind.effort
        assert kinds[name].hard <= kind.hard
        assert kinds[name].max_fingers <= kind.max_fingers
