import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.training.strength_gaussian import Moments, fit_moments, weights_for

SIGNS = np.array([1.0, -1.0, 0.0])


def people(count: int = 4000, seed: int = 1) -> np.ndarray:
    """Three inputs and a grade that is 2 + 3a - b exactly known but for noise of 0.5."""
    random = np.random.default_rng(seed)
    inputs = random.multivariate_normal([1.0, 0.0, -1.0], [[1, 0.5, 0.2], [0.5, 1, 0.1], [0.2, 0.1, 1]], count)
    grade = 2 + 3 * inputs[:, 0] - inputs[:, 1] + random.normal(0, 0.5, count)
    return np.column_stack([inputs, grade])


def test_without_gaps_it_is_plain_regression() -> None:
    weights = weights_for(fit_moments(people()), np.array([True] * 3), 3, SIGNS, ridge=0.0)
    assert weights.coefficients == pytest.approx([3, -1, 0], abs=0.05)
    assert weights.intercept == pytest.approx(2, abs=0.05)
    assert weights.sd == pytest.approx(0.5, abs=0.02)


def test_gaps_do_not_bias_what_is_found() -> None:
    table = people()
    random = np.random.default_rng(2)
    table[random.random(table.shape) < 0.3] = np.nan
    table[table[:, 0] > 2.0, 1] = np.nan  # missing at random: by a known column, not by its own value
    weights = weights_for(fit_moments(table), np.array([True] * 3), 3, SIGNS, ridge=0.0)
    assert weights.coefficients == pytest.approx([3, -1, 0], abs=0.15)


def test_missing_inputs_widen_the_answer_by_what_they_would_have_told() -> None:
    moments = fit_moments(people())
    widths = [weights_for(moments, np.array(k), 3, SIGNS, ridge=0.0).sd for k in ([1, 1, 1], [1, 0, 0], [0, 0, 1], [0, 0, 0])]
    assert widths == sorted(widths)
    assert widths[-1] == pytest.approx(people()[:, 3].std(), rel=0.01)


def test_an_input_that_never_varies_changes_nothing() -> None:
    plain = fit_moments(people())
    table = np.insert(people(), 3, np.nan, axis=1)
    table[:, 3] = 7.0
    moments = fit_moments(table)
    signs = np.append(SIGNS, 0.0)
    with_it = weights_for(moments, np.array([True] * 4), 4, signs, ridge=0.0)
    without = weights_for(plain, np.array([True] * 3), 3, SIGNS, ridge=0.0)
    assert with_it.coefficients[3] == pytest.approx(0, abs=1e-9)
    assert with_it.coefficients[:3] == pytest.approx(without.coefficients, abs=1e-6)


@settings(max_examples=60)
@given(
    st.integers(0, 2**31),
    st.lists(st.booleans(), min_size=5, max_size=5),
    st.lists(st.sampled_from([-1, 0, 1]), min_size=5, max_size=5),
)
def test_coefficients_stay_on_their_side_for_any_distribution_and_subset(
    seed: int, known: list[bool], signs: list[int]
) -> None:
    root = np.random.default_rng(seed).normal(size=(6, 6))
    moments = Moments(np.zeros(6), root @ root.T + 0.1 * np.eye(6))
    weights = weights_for(moments, np.array(known), 5, np.array(signs, dtype=float), ridge=0.1)
    assert (weights.coefficients * np.array(signs) >= -1e-9).all()
    assert (weights.coefficients[~np.array(known)] == 0).all()
    assert 0 <= weights.sd <= np.sqrt(moments.covariance[5, 5]) * (1 + 1e-6)
