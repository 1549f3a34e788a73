import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.training.strength_levels import SCALES, Levels, build_levels, modelled, natural, percentile


def made() -> Levels:
    """Sixty climbers from V2 to V7, ten of each; the hang grows with the grade."""
    grades = np.repeat(np.arange(2.0, 8.0), 10)
    columns = {scale.name: np.full(60, np.nan) for scale in SCALES}
    columns["hang"] = 1.0 + 0.05 * grades + np.tile(np.linspace(-0.02, 0.02, 10), 6)
    columns["pull_ups"] = np.where(grades < 6, 10.0, np.nan)
    return build_levels(columns, np.tile([0.0, 1.0], 30), grades, np.full(60, 15.0))


def test_each_grade_with_ten_people_stands_for_itself() -> None:
    level = made().boulder["all"][4]["hang"]
    assert (level.n, level.low, level.high) == (10, 4.0, 4.0)
    assert level.median == pytest.approx(120.0, abs=0.2)


def test_a_grade_with_too_few_borrows_its_neighbours_and_says_so() -> None:
    level = made().boulder["female"][4]["hang"]
    assert (level.n, level.low, level.high) == (15, 3.0, 5.0)


def test_a_test_that_nobody_did_is_left_out() -> None:
    assert "push_ups" not in made().boulder["all"][4]
    assert "push_ups" not in made().people["all"]


def test_the_document_reads_back() -> None:
    assert Levels.from_document(made().to_document()) == made()


@given(st.sampled_from([scale.name for scale in SCALES]), st.floats(0.5, 2.0))
def test_units_go_both_ways(name: str, value: float) -> None:
    assert modelled(name, float(natural(name, np.array([value + 5]))[0])) == pytest.approx(value + 5)


@given(st.lists(st.floats(0, 100), min_size=5, max_size=5), st.floats(-10, 110), st.floats(-10, 110))
def test_percentiles_grow_with_the_value(quantiles: list[float], a: float, b: float) -> None:
    ordered = tuple(sorted(quantiles))
    low, high = (percentile(ordered, (0.1, 0.25, 0.5, 0.75, 0.9), value) for value in sorted((a, b)))
    assert 5 <= low <= high <= 95
