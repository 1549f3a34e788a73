import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidRecording
from ascension_core.training.force import ForceRecording, analyze_force, find_efforts
from ascension_core.training.force.baseline import Baseline
from ascension_core.training.force.efforts import best_mean
from experiments.force_synthetic import AllOut, all_out_recording, pulses

FLAT = Baseline(offset_kg=0.0)


def efforts_of(time, force, baseline=FLAT):
    return find_efforts(ForceRecording(time, force), baseline)


def test_trapezoids_are_measured():
    first, second = efforts_of(*pulses(np.array([5.0, 30.0]), np.array([50.0, 40.0]), 7.0, rate_hz=1000))
    assert (first.start_s, first.end_s) == pytest.approx((5.01, 11.99), abs=0.002)
    assert first.peak_kg == pytest.approx(50)
    assert first.impulse_kg_s == pytest.approx(50 * 6.8, rel=0.001)
    assert first.mean_kg == pytest.approx(50 * 6.8 / 6.98, rel=0.001)
    assert first.time_to_peak_s == pytest.approx(0.19, abs=0.002)
    assert first.end_kg == pytest.approx(50, rel=0.01)
    assert second.peak_kg == pytest.approx(40)
    assert not first.cut


def test_fall_within_an_effort_is_its_fatigue():
    time = np.arange(0, 40, 0.01)
    force = np.where((time > 5) & (time < 35), 50 - (time - 5), 0.0)
    (effort,) = efforts_of(time, force)
    assert effort.end_kg == pytest.approx(20.5, abs=0.1)
    assert effort.fatigue == pytest.approx(1 - 20.5 / 50, abs=0.005)
    assert effort.best_means_kg["10"] == pytest.approx(45, abs=0.1)
    assert list(effort.best_means_kg) == ["1", "3", "5", "7", "10"]


def test_noise_at_the_threshold_makes_no_further_efforts():
    time, force = pulses(np.array([5.0]), np.array([50.0]), 7.0, rise_s=2.0)
    noisy = force + np.random.default_rng(0).normal(0, 0.4, time.size)
    assert len(efforts_of(time, noisy, Baseline(offset_kg=0, noise_kg=0.4))) == 1


def test_touch_is_no_effort_and_slip_is_one_effort():
    time = np.arange(0, 30, 0.01)
    touched = np.where((time > 2) & (time < 2.2), 20.0, 0.0)
    slipped = np.where((time > 10) & (time < 17) & ~((time > 13) & (time < 13.2)), 50.0, 0.0)
    (effort,) = efforts_of(time, touched + slipped)
    assert (effort.start_s, effort.end_s) == pytest.approx((10, 17), abs=0.03)


def test_efforts_at_the_ends_and_at_gaps_are_cut():
    time, force = pulses(np.array([-2.0, 10.0, 20.0]), np.array([50.0, 50.0, 50.0]), 5.0, tail_s=-2.0)
    kept = ~((time > 12) & (time < 13.5))
    found = efforts_of(time[kept], force[kept])
    assert [effort.cut for effort in found] == [True, True, True, True]
    assert found[1].end_s == pytest.approx(12, abs=0.02)
    assert found[2].start_s == pytest.approx(13.5, abs=0.02)


def test_gauge_that_sends_only_under_load_parts_efforts_by_silence():
    time, force = pulses(5 + 10.0 * np.arange(5), np.full(5, 40.0), 7.0)
    kept = force > 1
    assert len(efforts_of(time[kept], force[kept])) == 5


@pytest.mark.parametrize("force", [0.0, 0.3])
def test_recording_without_a_pull_is_refused(force):
    time = np.arange(0, 20, 0.01)
    with pytest.raises(InvalidRecording, match="nobody pulls"):
        efforts_of(time, force * np.sin(time))


def test_noise_alone_is_no_pull():
    time = np.arange(0, 20, 0.01)
    with pytest.raises(InvalidRecording, match=r"stands out|nobody pulls"):
        analyze_force(ForceRecording(time, np.random.default_rng(1).normal(0, 2, time.size)))


def test_best_mean_of_a_ramp():
    time = np.linspace(0, 10, 101)
    assert best_mean(time, time, 2.0) == pytest.approx(9.0)


TIME, FORCE = all_out_recording(AllOut(contractions=12), noise_kg=0.1, tremor=0.04, effort_spread=0.04, seed=3)


def measures(time, force):
    return analyze_force(ForceRecording(time - time[0], force), protocol="repeaters")


REFERENCE = measures(TIME, FORCE)


def assert_same_efforts(found, scale=1.0, tolerance=0.02, moment_s=0.03):
    assert len(found.efforts) == len(REFERENCE.efforts)
    for one, other in zip(found.efforts, REFERENCE.efforts, strict=True):
        assert one.start_s == pytest.approx(other.start_s, abs=moment_s)
        assert one.duration_s == pytest.approx(other.duration_s, abs=2 * moment_s)
        assert one.mean_kg == pytest.approx(scale * other.mean_kg, rel=tolerance)
        assert one.impulse_kg_s == pytest.approx(scale * other.impulse_kg_s, rel=tolerance)


@settings(max_examples=15)
@given(scale=st.floats(0.2, 5))
def test_forces_scale(scale):
    assert_same_efforts(measures(TIME, scale * FORCE), scale, 1e-6)


@settings(max_examples=15)
@given(shift=st.floats(0, 1e9))
def test_time_shift_changes_nothing(shift):
    assert_same_efforts(measures(TIME + shift, FORCE), tolerance=1e-4)


@settings(max_examples=15)
@given(rate=st.floats(20, 400))
def test_resampling_changes_little(rate):
    time = np.arange(TIME[0], TIME[-1], 1 / rate)
    assert_same_efforts(measures(time, np.interp(time, TIME, FORCE)))


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000), lost=st.floats(0, 0.4))
def test_lost_samples_and_jitter_change_little(seed, lost):
    random = np.random.default_rng(seed)
    kept = random.random(TIME.size) >= lost
    time = TIME[kept] + random.uniform(0, 0.004, np.count_nonzero(kept))
    assert_same_efforts(measures(time, np.interp(time, TIME, FORCE)), tolerance=0.03, moment_s=0.12)


@settings(max_examples=15)
@given(offset=st.floats(-6, 6))
def test_tare_changes_nothing(offset):
    assert_same_efforts(measures(TIME, FORCE + offset), tolerance=0.005)
