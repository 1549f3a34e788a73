import pytest

from ascension_core.training.athlete import Athlete
from ascension_core.training.exercises import library
from ascension_core.training.intensity import added_kg, intensity, maximum_kg, reference

BASE = {"age_years": 30, "mass_kg": 70, "years_climbing": 6, "availability": {"tue": 90}}


def _hang(added: float, date: str) -> dict[str, object]:
    return {"date": date, "max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": added}}


def test_maximum_is_body_and_belt() -> None:
    athlete = Athlete.parse({**BASE, "tests": _hang(20, "2026-11-01")})
    assert maximum_kg(athlete, "max_hang", 10) == pytest.approx(90)


def test_shorter_hangs_bear_more() -> None:
    athlete = Athlete.parse({**BASE, "tests": _hang(20, "2026-11-01")})
    seven = maximum_kg(athlete, "max_hang", 7)
    assert seven is not None
    assert 90 < seven < 100


def test_pull_ups_are_counted_down_to_one_repetition() -> None:
    athlete = Athlete.parse({**BASE, "tests": {"weighted_pull_up": {"added_kg": 20, "reps": 3}, "pull_ups": {"reps": 15}}})
    assert maximum_kg(athlete, "weighted_pull_up", None) == pytest.approx(90 * 1.1)


def test_no_test_no_load() -> None:
    athlete = Athlete.parse(BASE)
    assert maximum_kg(athlete, "max_hang", 10) is None
    exercise = library()["max_hang_added_weight"]
    found = intensity(exercise, athlete, percent=88, duration_s=10, effort=8, maximum=None)
    assert found.percent is None
    assert "test" in found.text


def test_a_change_within_measurement_error_keeps_the_load() -> None:
    document = {**BASE, "tests": _hang(21, "2026-11-01"), "history": [_hang(20, "2026-08-01")]}
    athlete = Athlete.parse(document)
    assert reference(athlete).max_hang.added_kg == 20  # type: ignore[union-attr]
    assert maximum_kg(athlete, "max_hang", 10) == pytest.approx(90)


def test_a_real_change_moves_the_load() -> None:
    athlete = Athlete.parse({**BASE, "tests": _hang(38, "2026-11-01"), "history": [_hang(20, "2026-08-01")]})
    assert maximum_kg(athlete, "max_hang", 10) == pytest.approx(108)


def test_small_steps_add_up_against_the_first_result() -> None:
    history = [_hang(20, "2026-02-01"), _hang(23, "2026-05-01"), _hang(26, "2026-08-01")]
    athlete = Athlete.parse({**BASE, "tests": _hang(38, "2026-11-01"), "history": history})
    assert reference(athlete).max_hang.added_kg == 38  # type: ignore[union-attr]


def test_a_test_that_was_not_repeated_stays() -> None:
    athlete = Athlete.parse({**BASE, "tests": {"pull_ups": {"reps": 12}}, "history": [_hang(20, "2026-08-01")]})
    assert maximum_kg(athlete, "max_hang", 10) == pytest.approx(90)


def test_one_handed_tests_say_nothing_of_two_handed_hangs() -> None:
    tests = {"max_hang": {"edge_mm": 20, "duration_s": 7, "added_kg": -20, "hands": 1}}
    assert maximum_kg(Athlete.parse({**BASE, "tests": tests}), "max_hang", 10) is None


@pytest.mark.parametrize(("percent", "added"), [(100, 20.0), (88, 9.0), (60, -16.0)])
def test_belt_is_rounded_down(percent: float, added: float) -> None:
    assert added_kg(70, percent, 90) == added


def test_assistance_is_said_in_words() -> None:
    athlete = Athlete.parse({**BASE, "tests": _hang(20, "2026-11-01")})
    found = intensity(library()["repeaters_7_3"], athlete, percent=60, duration_s=7, effort=7, maximum=90)
    assert "taken off" in found.text
    assert found.total_kg == pytest.approx(70 + found.added_kg)  # type: ignore[operator]
