import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import InvalidOption, InvalidRecording
from ascension_core.training.force.units import (
    KG_PER,
    SECONDS_PER,
    force_unit,
    infer_time_unit,
    is_unit,
    known_unit,
    names_force,
    names_time,
    time_unit,
)


@pytest.mark.parametrize(
    ("header", "unit"),
    [("Force (N)", "n"), ("weight_kg", "kg"), ("forceKg", "kg"), ("Load [lbs]", "lb"), ("Kraft in kN", "kn"), ("weight", None)],
)
def test_force_unit_of_a_header(header, unit):
    assert names_force(header)
    assert not names_time(header)
    assert force_unit(header) == unit


@pytest.mark.parametrize(
    ("header", "unit"),
    [("Time (s)", "s"), ("elapsedMs", "ms"), ("t [µs]", "us"), ("Zeit", None), ("timestamp", None), ("ms", "ms")],
)
def test_time_unit_of_a_header(header, unit):
    assert names_time(header)
    assert not names_force(header)
    assert time_unit(header) == unit


def test_a_rate_is_neither_time_nor_force():
    assert not names_force("RFD (kg/s)")
    assert not names_time("RFD (kg/s)")


@pytest.mark.parametrize(("cell", "expected"), [("[kg]", True), ("(ms)", True), ("kg max", False), ("12", False), ("", False)])
def test_line_of_units_is_recognised(cell, expected):
    assert is_unit(cell) is expected


def test_units_agree_with_their_definitions():
    assert pytest.approx(9.80665) == KG_PER["kg"] / KG_PER["n"]
    assert pytest.approx(2.2046226) == KG_PER["kg"] / KG_PER["lb"]


def test_unknown_unit_is_named_with_those_there_are():
    with pytest.raises(InvalidOption, match=r"--unit stone.*kg, n, kn, lb"):
        known_unit("stone", KG_PER, "--unit")


@given(rate=st.floats(5, 1000), seconds=st.floats(20, 1500), unit=st.sampled_from(["s", "ms", "us"]))
def test_inferred_time_unit_is_right_or_a_question(rate, seconds, unit):
    times = np.arange(0, seconds, 1 / rate) / SECONDS_PER[unit]
    plausible = [u for u, factor in SECONDS_PER.items() if 1 <= rate * SECONDS_PER[unit] / factor <= 6000]
    if len(plausible) == 1:
        assert infer_time_unit(times) == unit
    else:
        assert unit in plausible


@pytest.mark.parametrize(
    ("rate", "seconds", "unit"), [(80, 250, "s"), (80, 250, "ms"), (10, 250, "ms"), (1000, 20, "s"), (500, 240, "us")]
)
def test_usual_gauges_need_no_unit_of_time(rate, seconds, unit):
    assert infer_time_unit(np.arange(0, seconds, 1 / rate) / SECONDS_PER[unit]) == unit


def test_steps_that_fit_two_units_are_a_question():
    with pytest.raises(InvalidRecording, match=r"more than one fits.*3000 s long if s, 3 s long if ms"):
        infer_time_unit(np.arange(0.0, 3001.0))


def test_times_that_stand_still_are_refused():
    with pytest.raises(InvalidRecording, match="same time"):
        infer_time_unit(np.ones(50))
