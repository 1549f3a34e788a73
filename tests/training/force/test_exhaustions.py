import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidRecording
from ascension_core.training.force import Exhaustion, ForceRecording, analyze_force, combine_exhaustions, from_exhaustions
from experiments.force_synthetic import pulses


def trials(critical, w_prime, forces, scatter=0.0, seed=0):
    random = np.random.default_rng(seed)
    return [
        Exhaustion(force_kg=f, time_s=w_prime / (f - critical) * np.exp(scatter * random.standard_normal())) for f in forces
    ]


@settings(max_examples=40)
@given(critical=st.floats(10, 30), w_prime=st.floats(300, 2500))
def test_both_models_recover_exact_exhaustions(critical, w_prime):
    found = from_exhaustions(trials(critical, w_prime, [1.3 * critical, 1.6 * critical, 2.2 * critical]))
    for fit in found.fits:
        assert fit.force_kg.value == pytest.approx(critical, rel=0.01)
        assert fit.w_prime_kg_s.value == pytest.approx(w_prime, rel=0.03)
        assert fit.r_squared > 0.999


def test_intervals_hold_the_truth_as_often_as_they_say():
    results = [from_exhaustions(trials(18, 1100, [24, 28, 34, 42], 0.06, seed)) for seed in range(100)]
    for model in (0, 1):
        inside = [r.fits[model].force_kg.low <= 18 <= r.fits[model].force_kg.high for r in results]
        assert np.mean(inside) >= 0.85


def test_three_efforts_give_a_wide_interval_and_five_a_narrow_one():
    three = from_exhaustions(trials(18, 1100, [24, 30, 40], 0.05))
    six = from_exhaustions(trials(18, 1100, [23, 25, 28, 32, 36, 42], 0.05))
    assert three.force_kg.half_width > 2 * six.force_kg.half_width


def test_recordings_are_combined():
    analyses = []
    for force in (24.0, 30.0, 40.0):
        count = round(1150 / (force * 6.8 / 7 - 18) / 7)
        recording = ForceRecording(*pulses(5 + 10.0 * np.arange(count), np.full(count, force), 7.0))
        analyses.append(analyze_force(recording, protocol="repeaters"))
    found = combine_exhaustions(analyses, body_mass_kg=70)
    assert found.method == "exhaustions"
    assert found.force_kg.value == pytest.approx(18, rel=0.05)
    assert found.w_prime_kg_s.value == pytest.approx(1150, rel=0.15)
    assert found.share_of_body_mass == pytest.approx(found.force_kg.value / 70)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([(30, 100), (40, 50)], "2 efforts to exhaustion are too few"),
        ([(30, 100), (30.5, 98), (31, 90)], "too alike"),
        ([(24, 60), (30, 100), (40, 160)], "which cannot be: a lower force must last longer"),
    ],
)
def test_efforts_that_determine_nothing_are_refused(given, message):
    with pytest.raises(InvalidRecording, match=message):
        from_exhaustions([Exhaustion(force_kg=f, time_s=t) for f, t in given])


def test_doubtful_efforts_are_marked():
    found = from_exhaustions([Exhaustion(force_kg=f, time_s=t) for f, t in [(24, 150), (30, 155), (40, 50), (50, 35)]])
    assert {"not_monotone", "durations"} <= {note.code for note in found.notes}
