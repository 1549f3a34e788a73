from dataclasses import replace

import pytest

from ascension_core.training.rules import Rule
from ascension_core.training.scheduling import WeekProblem, Wish, clash, place, share_minutes

LIMIT = Wish("limit", 60, 120, 8, hard=True, max_fingers=True)
EASY = Wish("endurance", 45, 120, 4, hard=False, max_fingers=False)

WEEK = WeekProblem(
    wishes=(LIMIT, LIMIT, EASY),
    minutes=(90, 90, 90, 90, 90, 90, 90),
    budget=3000,
    free_days=1,
    hard_days=3,
    no_hard=frozenset(),
)


def test_all_fit_into_a_free_week_with_rest_between_hard_days() -> None:
    days = place(WEEK).days
    assert None not in days
    assert abs(days[0] - days[1]) >= 2  # type: ignore[operator]


def test_the_same_week_is_placed_the_same() -> None:
    place.cache_clear()
    first = place(WEEK)
    place.cache_clear()
    assert place(WEEK) == first


def test_important_wishes_win() -> None:
    days = place(replace(WEEK, minutes=(0, 90, 0, 0, 0, 0, 0))).days
    assert days == (1, None, None)


@pytest.mark.parametrize(
    ("change", "rules"),
    [
        ({"minutes": (30, 30, 30, 30, 30, 30, 30)}, {Rule.AVAILABILITY}),
        ({"minutes": (90, 90, 0, 0, 0, 0, 0)}, {Rule.AVAILABILITY, Rule.HARD_EASY}),
        ({"hard_days": 1}, {Rule.HARD_DAYS}),
        ({"budget": 900}, {Rule.LOAD_RAMP}),
        ({"free_days": 6}, {Rule.REST_DAYS}),
        ({"no_hard": frozenset(range(6))}, {Rule.OTHER_SPORTS}),
        ({"no_hard_from": 2}, {Rule.GOAL_REST}),
    ],
)
def test_clash_names_the_rules(change: dict[str, object], rules: set[Rule]) -> None:
    problem = replace(WEEK, wishes=(LIMIT, LIMIT), **change)  # type: ignore[arg-type]
    days = place(problem).days
    assert None in days
    placed = [i for i, day in enumerate(days) if day is not None]
    found = set(clash(problem, placed, days.index(None)))
    assert found & rules
    assert len(found) <= 3


def test_nothing_clashes_where_all_fit() -> None:
    assert clash(WEEK, [0, 1], 2) == ()


def test_sunday_before_counts() -> None:
    monday_only = replace(WEEK, wishes=(LIMIT,), minutes=(90, 0, 0, 0, 0, 0, 0))
    assert place(monday_only).days == (0,)
    assert place(replace(monday_only, hard_before=True)).days == (None,)
    assert place(replace(monday_only, max_fingers_before=True)).days == (None,)


def test_a_repeating_week_keeps_sunday_from_monday() -> None:
    ends = replace(WEEK, wishes=(LIMIT, LIMIT), minutes=(90, 0, 0, 0, 0, 0, 90))
    assert None not in place(ends).days
    assert None in place(replace(ends, cyclic=True)).days


def test_rhythm_is_kept() -> None:
    for day in range(7):
        usual = frozenset({("limit", day)})
        assert place(replace(WEEK, wishes=(LIMIT,), usual=usual)).days == (day,)


def test_minutes_grow_evenly_within_day_and_load() -> None:
    minutes = share_minutes([LIMIT, EASY], [200, 70], budget=1100)
    assert minutes[1] <= 70
    assert minutes[0] * 8 + minutes[1] * 4 <= 1100
    assert minutes[0] > LIMIT.least
    assert all(m % 5 == 0 for m in minutes)


def test_minutes_never_pass_the_most() -> None:
    assert share_minutes([LIMIT], [500], budget=1e9) == [120]
