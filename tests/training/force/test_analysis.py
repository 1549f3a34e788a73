import datetime as dt

import numpy as np
import pytest

from ascension_core.errors import InvalidOption, InvalidRecording
from ascension_core.training.force import ForceAnalysis, ForceRecording, analyze_force, to_assessment
from experiments.force_synthetic import AllOut, all_out_recording, pulses

ALL_OUT = ForceRecording(*all_out_recording(AllOut(), noise_kg=0.1, tremor=0.05))
MAX = ForceRecording(*pulses(np.array([5.0, 65.0, 130.0]), np.array([40.0, 45.0, 43.0]), 5.4), name="max.csv")
REPEATERS = ForceRecording(*pulses(5 + 10.0 * np.arange(9), np.full(9, 35.0), 7.0))


@pytest.mark.parametrize("recording", [ALL_OUT, MAX, REPEATERS])
def test_result_survives_json(recording):
    found = analyze_force(recording, body_mass_kg=70)
    assert ForceAnalysis.model_validate_json(found.model_dump_json()) == found


def test_best_means_are_those_of_the_strongest_effort():
    found = analyze_force(MAX)
    assert found.protocol == "max"
    assert found.protocol_recognised
    assert found.peak_kg == pytest.approx(45)
    assert list(found.best_means_kg) == ["1", "3", "5"]
    assert found.best_means_kg["5"] == pytest.approx(45, rel=0.01)
    assert found.fatigue is None
    assert found.critical_force is None


def test_given_tare_is_subtracted():
    shifted = ForceRecording(MAX.time_s, MAX.force_kg + 4)
    assert analyze_force(shifted, tare_kg=4).peak_kg == pytest.approx(45)
    assert analyze_force(shifted, tare_kg=4).baseline.offset_kg == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"protocol": "speed"}, "--protocol speed: choose one of auto, max, repeaters, critical"),
        ({"body_mass_kg": 700}, "--body-mass 700"),
        ({"body_mass_kg": float("nan")}, "--body-mass nan"),
        ({"tare_kg": float("nan")}, "--tare nan"),
        ({"tare_kg": -1e9}, "--tare -1e"),
        ({"last": 0}, "last 0"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(InvalidOption, match=message):
        analyze_force(MAX, **options)


def test_critical_force_becomes_an_assessment():
    found = analyze_force(ALL_OUT)
    made = to_assessment(found, date=dt.date(2026, 3, 1), edge_mm=20)
    assert made.done == ("critical_force",)
    assert made.critical_force.force_kg == pytest.approx(found.critical_force.force_kg.value)
    assert made.critical_force.w_prime_kg_s == pytest.approx(found.critical_force.w_prime_kg_s.value)
    assert made.critical_force.peak_kg == pytest.approx(found.peak_kg)
    assert made.date == dt.date(2026, 3, 1)


def test_maximal_pull_becomes_a_hang():
    made = to_assessment(analyze_force(MAX, body_mass_kg=70), edge_mm=20)
    assert made.max_hang.duration_s == 5
    assert made.max_hang.added_kg == pytest.approx(45 - 70, abs=0.1)
    assert (made.max_hang.hands, made.mass_kg) == (1, 70)


def test_repeaters_become_repeaters():
    made = to_assessment(analyze_force(REPEATERS, body_mass_kg=70), edge_mm=15, hands=2).repeaters
    assert made.reps == 9
    assert (made.on_s, made.off_s) == pytest.approx((7, 3), abs=0.1)
    assert made.added_kg == pytest.approx(35 * 6.8 / 7 - 70, abs=0.2)
    assert made.seconds == pytest.approx(87, abs=0.2)


@pytest.mark.parametrize(("mass", "edge", "missing"), [(None, 20, "the body mass"), (70, None, "the depth of the edge")])
def test_hang_needs_mass_and_edge(mass, edge, missing):
    with pytest.raises(InvalidRecording, match=f"max.csv: {missing} is needed"):
        to_assessment(analyze_force(MAX, body_mass_kg=mass), edge_mm=edge)


def test_short_pulls_are_no_hang():
    recording = ForceRecording(*pulses(np.array([5.0]), np.array([45.0]), 0.8))
    with pytest.raises(InvalidRecording, match="no pull lasted a second"):
        to_assessment(analyze_force(recording, body_mass_kg=70), edge_mm=20)


@pytest.mark.parametrize(("mass", "said"), [(None, "441 kg is more"), (70, "441 kg, 6.3 times the body mass, is more")])
def test_newtons_read_as_kilograms_are_a_question(mass, said):
    newtons = ForceRecording(MAX.time_s, MAX.force_kg * 9.80665, name="max.csv")
    with pytest.raises(InvalidRecording, match=f"max.csv: a pull of {said.replace(', is', ' is')} than fingers hold"):
        analyze_force(newtons, body_mass_kg=mass)


def test_recording_holds_its_promises():
    with pytest.raises(ValueError, match="increase"):
        ForceRecording(np.zeros(20), np.zeros(20))
    with pytest.raises(ValueError, match="one length"):
        ForceRecording(np.arange(20.0), np.zeros(19))
    with pytest.raises(ValueError, match="finite"):
        ForceRecording(np.arange(20.0), np.full(20, np.nan))
    with pytest.raises(InvalidRecording, match="3 samples"):
        ForceRecording(np.arange(3.0), np.zeros(3))
