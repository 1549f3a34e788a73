import numpy as np
import pytest

from ascension_core.training.athlete import Athlete
from ascension_core.training.strength_features import FEATURES, NAMES, measures_of, to_features

ATHLETE = {"age_years": 28, "sex": "female", "mass_kg": 60, "height_m": 1.7, "span_m": 1.74, "years_climbing": 6}


def feature(measures: dict[str, float], name: str) -> float:
    return float(to_features(measures)[0, NAMES.index(name)])


def athlete(**tests: object) -> Athlete:
    return Athlete.parse(ATHLETE | {"tests": tests})


def test_nothing_known_gives_nothing() -> None:
    assert np.isnan(to_features({})).all()


def test_measures_become_ratios_and_differences() -> None:
    measures = measures_of(athlete(max_hang={"edge_mm": 20, "duration_s": 10, "added_kg": 18}, pull_ups={"reps": 9}))
    assert feature(measures, "hang") == pytest.approx(1.3)
    assert feature(measures, "pull_ups") == 9
    assert feature(measures, "ape") == pytest.approx(0.04)
    assert feature(measures, "female") == 1
    assert np.isnan(feature(measures, "pull"))


def test_body_mass_of_the_test_day_counts() -> None:
    tests = {"mass_kg": 62, "weighted_pull_up": {"added_kg": 31}}
    assert feature(measures_of(athlete(**tests)), "pull") == pytest.approx(1.5)


def test_values_beyond_what_the_model_was_shown_count_as_its_limit() -> None:
    row = to_features({"mass_kg": 60.0, "max_hang_added_kg": 400.0, "pull_ups": 90.0, "years_climbing": 70.0})[0]
    for number, known in enumerate(FEATURES):
        assert np.isnan(row[number]) or known.limits[0] <= row[number] <= known.limits[1]
    assert row[NAMES.index("hang")] == 2.2


def test_a_max_hang_counts_before_a_peak_force_and_a_peak_stands_in() -> None:
    assert feature({"mass_kg": 60.0, "max_hang_added_kg": 18.0, "peak_force_kg": 10.0}, "hang") == pytest.approx(1.3)
    assert feature({"mass_kg": 60.0, "peak_force_kg": 45.0}, "hang") == pytest.approx(1.29, abs=0.02)


@pytest.mark.parametrize("changed", [{"edge_mm": 10}, {"added_kg": 5}, {"on_s": 10}, {"hands": 1}])
def test_repeaters_of_another_kind_are_not_compared(changed: dict[str, float]) -> None:
    same = {"edge_mm": 20, "seconds": 110}
    assert measures_of(athlete(repeaters=same))["repeaters_s"] == 110
    assert "repeaters_s" not in measures_of(athlete(repeaters=same | changed))
    assert measures_of(athlete(repeaters={"edge_mm": 20, "reps": 11}))["repeaters_s"] == 110


def test_critical_force_of_two_hands_is_halved() -> None:
    one = measures_of(athlete(critical_force={"force_kg": 15, "peak_kg": 42}))
    two = measures_of(athlete(critical_force={"force_kg": 30, "peak_kg": 84, "hands": 2}))
    assert one == two
