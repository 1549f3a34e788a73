import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.training.force import ForceRecording
from ascension_core.training.force.baseline import baseline_notes, estimate_baseline
from experiments.force_synthetic import AllOut, all_out_recording, pulses


@settings(max_examples=20)
@given(offset=st.floats(-8, 8), drift=st.floats(-0.8, 0.8), seed=st.integers(0, 1000))
def test_offset_and_drift_are_found_under_an_all_out_test(offset, drift, seed):
    time, force = all_out_recording(
        AllOut(), noise_kg=0.1, tremor=0.05, effort_spread=0.05, offset_kg=offset, drift_kg_per_min=drift, seed=seed
    )
    found = estimate_baseline(ForceRecording(time, force))
    np.testing.assert_allclose(found.at(time), offset + drift / 60 * time, atol=0.15)
    assert found.noise_kg == pytest.approx(0.1, abs=0.06)  # a drift too small to be sure of widens it


def test_residual_load_in_one_rest_does_not_move_the_line():
    time, force = all_out_recording(AllOut(), noise_kg=0.05)
    held = force + np.where((time > 112) & (time < 115), 1.5, 0.0)
    assert estimate_baseline(ForceRecording(time, held)).at(time)[-1] == pytest.approx(0, abs=0.05)


def test_short_recording_has_an_offset_and_no_drift():
    time, force = pulses(np.array([4.0]), np.array([40.0]), 5.0)
    found = estimate_baseline(ForceRecording(time, force - 2))
    assert found.offset_kg == pytest.approx(-2)
    assert found.drift_kg_per_min == 0


def test_hold_without_rest_is_not_taken_for_one():
    time = np.arange(0, 60, 0.0125)
    found = estimate_baseline(ForceRecording(time, 20 + 25 * np.exp(-time / 20)))
    assert (found.offset_kg, found.rest_s) == (0, 0)
    assert [note.code for note in baseline_notes(found, 45)] == ["no_rest"]


def test_notes_say_what_was_subtracted():
    time, force = all_out_recording(AllOut(), offset_kg=-3, drift_kg_per_min=0.5)
    assert [note.code for note in baseline_notes(estimate_baseline(ForceRecording(time, force)), 50)] == ["tare", "drift"]
