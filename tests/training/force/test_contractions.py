import numpy as np
import pytest

from ascension_core.training.force import ForceRecording, find_efforts
from ascension_core.training.force.baseline import Baseline
from ascension_core.training.force.contractions import contractions, fatigue, longest_train, recognise
from experiments.force_synthetic import AllOut, all_out_recording, pulses


def efforts_of(time, force):
    return find_efforts(ForceRecording(time, force), Baseline(offset_kg=0.0))


def repeaters(count, force=30.0, work=7.0, rest=3.0):
    return efforts_of(*pulses(5 + (work + rest) * np.arange(count), np.full(count, force), work))


@pytest.mark.parametrize(
    ("efforts", "protocol"),
    [
        (efforts_of(*all_out_recording(AllOut())), "critical"),
        (efforts_of(*all_out_recording(AllOut(contractions=30))), "critical"),
        (efforts_of(*all_out_recording(AllOut(asymptote_kg=30.0))), "critical"),
        (repeaters(24), "repeaters"),
        (repeaters(6), "repeaters"),
        (repeaters(8, work=5.0, rest=5.0), "repeaters"),
        (repeaters(3), "max"),
        (repeaters(5, work=5.0, rest=120.0), "max"),
        (efforts_of(*pulses(np.array([5.0]), np.array([50.0]), 5.0)), "max"),
    ],
    ids=["all-out", "30 contractions", "shallow", "24 level", "6 level", "5 to 5", "three", "long rests", "one"],
)
def test_protocols_are_recognised(efforts, protocol):
    assert recognise(efforts) == protocol


def test_warm_up_and_single_maximal_pulls_are_left_out_of_the_train():
    starts = np.concatenate([[5.0, 35.0, 95.0], 200 + 10.0 * np.arange(24)])
    found = contractions(efforts_of(*pulses(starts, np.full(27, 30.0), 7.0)))
    train = longest_train(found)
    assert len(train) == 24
    assert train[0].start_s == pytest.approx(200, abs=0.05)


def test_missing_contraction_does_not_break_the_train():
    starts = np.delete(5 + 10.0 * np.arange(24), 13)
    assert len(longest_train(contractions(efforts_of(*pulses(starts, np.full(23, 30.0), 7.0))))) == 23


def test_slip_within_a_contraction_is_one_contraction():
    time, force = pulses(5 + 10.0 * np.arange(6), np.full(6, 30.0), 7.0)
    force[(time > 27) & (time < 28.2)] = 0
    found = contractions(efforts_of(time, force))
    assert len(found) == 6
    assert found[2].loaded_s == pytest.approx(5.8, abs=0.1)
    assert found[2].mean_kg == pytest.approx(30, rel=0.05)


def test_early_and_late_starts_stay_in_the_rhythm():
    starts = 5 + 10.0 * np.arange(24) + np.random.default_rng(0).uniform(-0.8, 0.8, 24)
    assert len(longest_train(contractions(efforts_of(*pulses(starts, np.full(24, 30.0), 7.0))))) == 24


def test_fatigue_of_known_means():
    found = fatigue([50.0, 40.0, 30.0, 20.0, 10.0])
    assert found.index == pytest.approx(0.6)
    assert found.decrement == pytest.approx(0.4)
    assert fatigue([50.0, 40.0]) is None
