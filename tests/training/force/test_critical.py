import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidRecording
from ascension_core.training.force import ForceRecording, analyze_force
from ascension_core.training.force.critical import fit_decay
from experiments.force_synthetic import AllOut, all_out_recording, pulses, with_results

HAND = {"noise_kg": 0.1, "tremor": 0.05, "effort_spread": 0.04}


def critical_force(test, protocol="auto", body_mass_kg=None, **disturbance):
    recording = ForceRecording(*all_out_recording(test, **disturbance))
    return analyze_force(recording, protocol=protocol, body_mass_kg=body_mass_kg).critical_force


def test_clean_test_gives_back_what_it_was_made_of():
    test = with_results(17.0, 48.0, 1000.0, 24)
    found = critical_force(test, body_mass_kg=68.0)
    assert found.force_kg.value == pytest.approx(17, rel=0.012)
    assert found.w_prime_kg_s.value == pytest.approx(1000, rel=0.01)
    assert found.share_of_body_mass == pytest.approx(17 / 68, rel=0.012)
    assert found.w_prime_per_body_mass_s == pytest.approx(1000 / 68, rel=0.01)
    assert found.share_of_peak == pytest.approx(17 / (48 * 7 / 6.8), rel=0.012)
    assert found.complete
    assert found.notes == []
    assert sum(found.impulses_above_kg_s) == pytest.approx(found.w_prime_kg_s.value)


@settings(max_examples=25)
@given(
    critical=st.floats(10, 30),
    ratio=st.floats(1.9, 4),
    constant=st.floats(1.5, 4.5),
    count=st.sampled_from([24, 30]),
    offset=st.floats(-5, 5),
    drift=st.floats(-0.5, 0.5),
    seed=st.integers(0, 10_000),
)
def test_recovered_through_noise_tare_and_drift(critical, ratio, constant, count, offset, drift, seed):
    test = AllOut(critical, ratio * critical, constant, count)
    found = critical_force(
        test, offset_kg=offset, drift_kg_per_min=drift, seed=seed, noise_kg=0.1, tremor=0.05, effort_spread=0.02
    )
    assert found.force_kg.value == pytest.approx(test.critical_kg, rel=0.06)
    # The noise of the last three contractions, which critical force is the mean of, counts in every contraction.
    noise = 0.02 * critical / np.sqrt(3) * 7 * count
    assert found.w_prime_kg_s.value == pytest.approx(test.w_prime_kg_s, rel=0.1, abs=4 * noise)


def test_intervals_hold_the_truth_as_often_as_they_say():
    test = AllOut()
    results = [critical_force(test, seed=seed, **HAND) for seed in range(60)]
    inside = np.mean([r.force_kg.low <= test.critical_kg <= r.force_kg.high for r in results])
    w_inside = np.mean([r.w_prime_kg_s.low <= test.w_prime_kg_s <= r.w_prime_kg_s.high for r in results])
    assert inside >= 0.85
    assert w_inside >= 0.85
    assert np.median([r.force_kg.half_width / r.force_kg.value for r in results]) < 0.08


def test_scale_is_kept():
    time, force = all_out_recording(AllOut(), seed=1, **HAND)
    one = analyze_force(ForceRecording(time, force)).critical_force
    two = analyze_force(ForceRecording(time, 2 * force)).critical_force
    assert two.force_kg.value == pytest.approx(2 * one.force_kg.value)
    assert two.w_prime_kg_s.value == pytest.approx(2 * one.w_prime_kg_s.value)
    assert two.share_of_peak == pytest.approx(one.share_of_peak)


@settings(max_examples=15)
@given(rate=st.floats(10, 500), shift=st.floats(0, 100))
def test_rate_and_beginning_of_the_recording_change_little(rate, shift):
    time, force = all_out_recording(AllOut(), seed=2, **HAND)
    other = np.arange(time[0], time[-1], 1 / rate)
    one = analyze_force(ForceRecording(time, force)).critical_force
    two = analyze_force(ForceRecording(other + shift, np.interp(other, time, force))).critical_force
    assert two.force_kg.value == pytest.approx(one.force_kg.value, rel=0.01)
    assert two.w_prime_kg_s.value == pytest.approx(one.w_prime_kg_s.value, rel=0.02)


def test_second_test_in_the_recording_is_said():
    time, force = all_out_recording(AllOut(), **HAND)
    twice = ForceRecording(np.concatenate([time, time + 600]), np.concatenate([force, 0.8 * force]))
    found = analyze_force(twice)
    assert "several_tests" in {note.code for note in found.notes}
    assert found.critical_force.force_kg.value == pytest.approx(17, rel=0.05)


def test_same_seed_same_interval():
    assert critical_force(AllOut(), **HAND) == critical_force(AllOut(), **HAND)


def test_incomplete_test_is_marked_and_its_interval_reaches_the_truth():
    long = AllOut(constant=6.0)
    found = critical_force(AllOut(constant=6.0, contractions=14), **HAND)
    assert not found.complete
    assert {"incomplete", "no_plateau"} <= {note.code for note in found.notes}
    assert found.force_kg.low < long.asymptote_kg < found.force_kg.value
    assert found.force_kg.half_width > 3 * critical_force(long, **HAND).force_kg.half_width
    assert found.w_prime_kg_s.high > long.w_prime_kg_s


def test_test_that_still_falls_at_its_end_is_not_complete():
    found = critical_force(AllOut(constant=14.0), **HAND)
    assert not found.complete
    assert "no_plateau" in {note.code for note in found.notes}


def test_too_few_contractions_are_refused():
    with pytest.raises(InvalidRecording, match=r"needs 24 all-out contractions.*holds 8"):
        critical_force(AllOut(contractions=8), protocol="critical")


def test_level_force_is_refused():
    recording = ForceRecording(*pulses(5 + 10.0 * np.arange(24), np.full(24, 30.0), 7.0), name="level.csv")
    with pytest.raises(InvalidRecording, match=r"level.csv: .*not all-out"):
        analyze_force(recording, protocol="critical")


def test_paced_test_is_marked():
    means = AllOut().means_kg.copy()
    means[:8] = np.linspace(30, 48, 8)
    recording = ForceRecording(*pulses(5 + 10.0 * np.arange(24), means, 7.0))
    codes = {note.code for note in analyze_force(recording, protocol="critical").critical_force.notes}
    assert "paced" in codes


def test_skipped_contraction_is_marked():
    starts, means = np.delete(5 + 10.0 * np.arange(25), 12), np.delete(AllOut(contractions=25).means_kg, 12)
    found = analyze_force(ForceRecording(*pulses(starts, means, 7.0))).critical_force
    assert "skipped" in {note.code for note in found.notes}
    assert found.force_kg.value == pytest.approx(17, rel=0.04)


def test_pounds_read_as_kilograms_ask_for_a_second_look():
    test = with_results(50.0, 110.0, 3500.0, 24)
    codes = {note.code for note in critical_force(test, body_mass_kg=60.0).notes}
    assert "implausible_w_prime" in codes


def test_end_force_is_below_the_mean_where_contractions_fade():
    time, force = all_out_recording(AllOut(), noise_kg=0.05)
    phase = np.clip((time - 5) % 10 / 7, 0, 1)
    found = analyze_force(ForceRecording(time, force * (1.15 - 0.3 * phase))).critical_force
    assert found.end_force_kg < 0.93 * found.force_kg.value


def test_smallest_change_is_that_of_the_published_repeatability():
    found = critical_force(AllOut())
    assert found.smallest_change_kg == pytest.approx(1.96 * np.sqrt(2) * 0.21 * found.force_kg.value, rel=1e-3)
    assert found.smallest_change_kg_s == pytest.approx(1.96 * np.sqrt(2) * 0.132 * found.w_prime_kg_s.value, rel=1e-3)


@given(initial=st.floats(30, 80), asymptote=st.floats(8, 28), constant=st.floats(1, 6))
def test_decay_is_fitted(initial, asymptote, constant):
    found = fit_decay(asymptote + (initial - asymptote) * np.exp(-np.arange(24) / constant))
    assert found.asymptote_kg.value == pytest.approx(asymptote, rel=0.01)
    assert found.contractions == pytest.approx(constant, rel=0.03)
