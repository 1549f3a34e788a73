import numpy as np
import pytest

from ascension_core.training.force import ForceRecording, analyze_force
from ascension_core.training.force.development import rate_of_development


def pull(rate_hz, constant_s=0.08, peak=50.0):
    """Exponential rise from 5 s on, as in a rapid isometric contraction, held to 10 s."""
    time = np.arange(0, 15, 1 / rate_hz)
    force = np.where(time < 5, 0.0, np.where(time < 10, peak * (1 - np.exp(-(time - 5) / constant_s)), 0.0))
    return time, force


def test_rates_of_a_known_rise():
    time, force = pull(1000)
    found = rate_of_development(time, force, 5.01, 6.0, 0.02)
    assert found.onset_s == pytest.approx(5.0, abs=0.002)
    assert found.rate_100_ms_kg_s == pytest.approx(50 * (1 - np.exp(-0.1 / 0.08)) / 0.1, rel=0.03)
    assert found.rate_200_ms_kg_s == pytest.approx(50 * (1 - np.exp(-0.2 / 0.08)) / 0.2, rel=0.02)
    assert found.steepest_kg_s == pytest.approx(50 * (1 - np.exp(-0.05 / 0.08)) / 0.05, rel=0.03)


@pytest.mark.parametrize(
    ("rate_hz", "known"),
    [
        (1000, (True, True, True)),
        (250, (True, True, True)),
        (125, (True, True, False)),
        (80, (False, True, False)),
        (20, (False,) * 3),
    ],
)
def test_slow_gauges_leave_out_what_they_cannot_resolve(rate_hz, known):
    time, force = pull(rate_hz)
    found = rate_of_development(time, force, 5.02, 6.0, 0.02)
    values = (found.rate_100_ms_kg_s, found.rate_200_ms_kg_s, found.steepest_kg_s)
    assert tuple(value is not None for value in values) == known


@pytest.mark.parametrize(
    ("rate_hz", "said"),
    [(20, "none are given"), (80, "read those over 200 ms with care"), (250, "50 ms and 100 ms and 200 ms")],
)
def test_slow_gauge_is_said(rate_hz, said):
    notes = {note.code: note.message for note in analyze_force(ForceRecording(*pull(rate_hz))).notes}
    assert said in notes["low_rate"]
    assert "Maffiuletti" in notes["low_rate"]


def test_fast_gauge_is_not_blamed():
    assert "low_rate" not in {note.code for note in analyze_force(ForceRecording(*pull(1000))).notes}


def test_noise_moves_the_onset_little():
    time, force = pull(1000)
    noisy = force + np.random.default_rng(0).normal(0, 0.1, time.size)
    (effort,) = analyze_force(ForceRecording(time, noisy)).efforts
    assert effort.development.onset_s == pytest.approx(5.0, abs=0.005)
    assert effort.development.rate_200_ms_kg_s == pytest.approx(50 * (1 - np.exp(-0.2 / 0.08)) / 0.2, rel=0.05)
