import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.training.strength_protocol import (
    duration_factor,
    edge_factor,
    hang_ratio,
    hang_ratio_from_peak,
    pull_ratio,
    sustainable_fraction,
)


def test_the_reference_test_is_left_as_it_is() -> None:
    assert hang_ratio(70.0, 21.0, 20.0, 10.0) == pytest.approx(1.3)
    assert hang_ratio(70.0, 21.0, np.nan, np.nan) == pytest.approx(1.3)
    assert pull_ratio(70.0, 35.0, 1.0) == pytest.approx(1.5)
    assert pull_ratio(70.0, 35.0, np.nan) == pytest.approx(1.5)


def test_edges_span_the_published_range() -> None:
    assert edge_factor(40.0) / edge_factor(10.0) == pytest.approx(575.7 / 350.8)
    assert edge_factor(5.0) == edge_factor(10.0)


def test_fractions_agree_with_the_published_medians() -> None:
    held = sustainable_fraction(np.array([5.0, 7.0, 10.0, 40.0]))
    assert held == pytest.approx([0.92, 0.90, 0.86, 0.65], abs=0.012)


def test_the_hang_time_at_body_weight_agrees_with_the_max_hang_of_the_same_climbers() -> None:
    """Medians of our table: body weight for 35 to 47 s beside 1.30 to 1.42 body weights for 10 s."""
    for seconds, ratio in ((35.0, 1.305), (47.0, 1.418)):
        assert hang_ratio(70.0, 0.0, 20.0, seconds) == pytest.approx(ratio, rel=0.1)


@given(st.floats(6, 45), st.floats(6, 45), st.floats(3, 60), st.floats(3, 60))
def test_a_smaller_edge_or_a_longer_hang_makes_the_same_load_worth_more(a: float, b: float, s: float, t: float) -> None:
    small, large = sorted((a, b))
    short, long = sorted((s, t))
    assert hang_ratio(70, 10, small, 10) >= hang_ratio(70, 10, large, 10)
    assert hang_ratio(70, 10, 20, long) >= hang_ratio(70, 10, 20, short)
    assert duration_factor(short) >= duration_factor(long)


def test_one_hand_is_half_of_two_and_a_peak_is_more_than_a_hang() -> None:
    assert hang_ratio(70.0, 0.0, 20.0, 10.0, 1.0) == pytest.approx(2.0)
    assert hang_ratio_from_peak(70.0, 70.0) == pytest.approx(2.0 * sustainable_fraction(10.0))


def test_repetitions_count_by_epley_up_to_twenty() -> None:
    assert pull_ratio(70.0, 0.0, 15.0) == pytest.approx(1.5)
    assert pull_ratio(70.0, 0.0, 60.0) == pull_ratio(70.0, 0.0, 20.0)
