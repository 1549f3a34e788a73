"""Quantities as people write them."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.training.units import UNITS, convert, quantity, whole

BASE = {dimension: next(iter(units)) for dimension, units in UNITS.items()}
HOSTILE = st.one_of(
    st.text(max_size=80),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.binary(max_size=10),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=6), st.one_of(st.text(max_size=6), st.floats()), max_size=3),
)


@pytest.mark.parametrize(
    ("written", "dimension", "unit", "meant"),
    [
        (70, "mass", "kg", 70),
        ("154 lb", "mass", "kg", 69.853),
        ("154lbs", "mass", "kg", 69.853),
        ("11 st 4 lb", "mass", "kg", 71.668),
        ("70,5 kg", "mass", "kg", 70.5),
        ("-12.5kg", "mass", "kg", -12.5),
        ("−12.5 kg", "mass", "kg", -12.5),
        ("+20 kg", "mass", "kg", 20),
        ({"value": 170, "unit": "lb"}, "mass", "kg", 77.111),
        ("5 ft 10 in", "length", "m", 1.778),
        ("5'10\"", "length", "m", 1.778),
        ("5′10″", "length", "m", 1.778),
        ("5'10", "length", "m", 1.778),
        ("178 cm", "length", "m", 1.78),
        ("1.78", "length", "m", 1.78),
        ("2 cm", "length", "mm", 20),
        ("0.75 inch", "length", "mm", 19.05),
        ("1 min 30 s", "time", "s", 90),
        ("1 h 30", "time", "min", 90),
        ("2 h", "time", "min", 120),
        ("18 months", "span of years", "years", 1.5),
        ("250 N", "force", "kg", 25.493),
        ("0.25 kN", "force", "kg", 25.493),
        ("7000 N s", "impulse", "kg s", 713.80),
    ],
)
def test_reads_what_people_write(written, dimension, unit, meant):
    assert quantity(written, dimension=dimension, unit=unit) == pytest.approx(meant, rel=1e-4)


@pytest.mark.parametrize(
    "written",
    ["about 70", "", "kg", "seventy", "1e999", "nan", "inf", "-inf", "70 bananas", "70 cm", "1 kg -2 kg", "70 70", "1,000 kg",
     "7" * 70, float("nan"), float("inf"), 10**400, True, None, [70], {"value": 70}, {"value": "70 kg", "unit": "kg"},
     {"value": 70, "unit": 3}],
)  # fmt: skip
def test_refuses_what_is_not_a_mass(written):
    with pytest.raises(ValueError, match=r"kg"):
        quantity(written, dimension="mass", unit="kg")


def test_an_unknown_unit_names_the_known_ones():
    with pytest.raises(ValueError, match="'bananas' is not a unit of mass that is known here; use one of kg, g, lb, st"):
        quantity("3 bananas", dimension="mass", unit="kg")


@given(st.sampled_from(sorted(UNITS)), st.data(), st.floats(0.001, 1e6))
def test_every_unit_goes_there_and_back(dimension, data, value):
    unit = data.draw(st.sampled_from(sorted(UNITS[dimension])))
    there = quantity({"value": value, "unit": unit}, dimension=dimension, unit=BASE[dimension])
    assert convert(there, BASE[dimension], unit, dimension=dimension) == pytest.approx(value)


@given(st.integers(4, 7), st.floats(0, 11.9))
def test_feet_and_inches_add_up(feet, inches):
    inches = round(inches, 1)
    assert quantity(f"{feet} ft {inches} in", dimension="length", unit="m") == pytest.approx((12 * feet + inches) * 0.0254)


@given(HOSTILE)
def test_hostile_values_give_a_finite_number_or_a_message(value):
    with suppress(ValueError):
        assert math.isfinite(quantity(value, dimension="mass", unit="kg"))


@pytest.mark.parametrize(("written", "meant"), [(3, 3), (3.0, 3), ("3", 3), ("-2", -2), ("3.0", 3)])
def test_counts_are_whole(written, meant):
    assert whole(written) == meant


@pytest.mark.parametrize("written", [3.5, "three", True, None, float("nan"), float("inf"), 10**30, "", [3], "3 4"])
def test_other_counts_are_refused(written):
    with pytest.raises(ValueError, match="whole number"):
        whole(written)
