import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.training.athlete import Athlete, LoggedSession
from ascension_core.training.load import LEAST_HABIT, habitual_load, logged_load, other_load, session_load
from ascension_core.training.rules import carried_load, load_ceiling

TODAY = dt.date(2026, 11, 22)
BASE = {"age_years": 30, "mass_kg": 70, "years_climbing": 6, "availability": {"tue": 90, "thu": 90}}

loads = st.floats(200, 5000)


def test_load_is_minutes_times_effort() -> None:
    assert session_load(90, 6) == 540


def test_skipped_is_nothing_and_silence_is_the_plan() -> None:
    done = LoggedSession(date=TODAY, status="done")
    assert logged_load(done, 60, 5) == 300
    assert logged_load(done.model_copy(update={"effort": 7.0, "minutes": 100.0}), 60, 5) == 700
    assert logged_load(LoggedSession(date=TODAY, status="skipped"), 60, 5) == 0


def test_habit_comes_from_sessions_and_days() -> None:
    assert habitual_load(Athlete.parse({**BASE, "sessions_per_week": 2}), TODAY) == pytest.approx(2 * 90 * 5.5)
    assert habitual_load(Athlete.parse({**BASE, "sessions_per_week": 0}), TODAY) == LEAST_HABIT


def test_habit_comes_from_the_log_where_it_is_long_enough() -> None:
    log = [
        {"date": (TODAY - dt.timedelta(days=d)).isoformat(), "status": "done", "effort": 5, "minutes": 60}
        for d in (28, 25, 21, 18, 14, 11, 7, 4)
    ]
    assert habitual_load(Athlete.parse({**BASE, "log": log}), TODAY) == pytest.approx(2 * 300)


def test_other_sports_count() -> None:
    athlete = Athlete.parse(
        {**BASE, "other_sports": [{"name": "run", "days": ["mon", "wed"], "minutes": 60, "load": "medium"}]}
    )
    assert other_load(athlete.other_sports) == 2 * 60 * 5


@given(before=loads, planned=loads)
def test_a_week_as_planned_carries_its_plan(before: float, planned: float) -> None:
    assert carried_load(before, planned, planned, is_light=False) == planned
    assert carried_load(before, planned, None, is_light=False) == planned


@given(before=loads, planned=loads, done=st.floats(0, 9000))
def test_nothing_done_raises_what_is_carried_over_the_plan(before: float, planned: float, done: float) -> None:
    assert carried_load(before, planned, done, is_light=False) <= planned


def test_missed_weeks_lower_the_ceiling_step_by_step() -> None:
    once = carried_load(1000, 1050, 0, is_light=False)
    twice = carried_load(once, 1050, 0, is_light=False)
    assert (once, twice) == (800, 640)
    assert load_ceiling(twice, is_deload=False, is_taper=False, weeks_to_end=9) == pytest.approx(704)


def test_light_weeks_carry_on() -> None:
    assert carried_load(1000, 600, 600, is_light=True) == 1000
    assert carried_load(1000, 600, 0, is_light=True) == 900


def test_taper_falls_to_the_end() -> None:
    last, before = (load_ceiling(1000, is_deload=False, is_taper=True, weeks_to_end=w) for w in (0, 1))
    assert last < before < 1000
