"""Quantities as people write them ("154 lb", "5 ft 10 in", 71.5), read into the unit that a field is named for.

Everything behind the edge is a bare number in the unit of its field's name: kilograms, metres, millimetres of edge, seconds,
years. A force is given as the mass that it would hold (kilograms-force), as climbers and their gauges do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

STANDARD_GRAVITY: Final = 9.80665
"""m/s2, exact by definition (CGPM 1901)."""

POUND_KG: Final = 0.45359237
"""Kilograms in a pound, exact by definition (1959)."""

INCH_M: Final = 0.0254
"""Metres in an inch, exact by definition (1959)."""

_MASS = {"kg": 1.0, "g": 0.001, "lb": POUND_KG, "st": 14 * POUND_KG}
_LENGTH = {"m": 1.0, "cm": 0.01, "mm": 0.001, "in": INCH_M, "ft": 12 * INCH_M}
_TIME = {"s": 1.0, "min": 60.0, "h": 3600.0}
_SPAN_OF_YEARS = {"years": 1.0, "months": 1 / 12, "weeks": 7 / 365.25}
_FORCE = {**_MASS, "N": 1 / STANDARD_GRAVITY, "kN": 1000 / STANDARD_GRAVITY}
_IMPULSE = {"kg s": 1.0, "lb s": POUND_KG, "N s": 1 / STANDARD_GRAVITY}
_ANGLE = {"deg": 1.0, "rad": 180 / math.pi}

UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "mass": _MASS,
    "length": _LENGTH,
    "time": _TIME,
    "span of years": _SPAN_OF_YEARS,
    "force": _FORCE,
    "impulse": _IMPULSE,
    "angle": _ANGLE,
}
"""Every unit that is understood: dimension -> unit -> how many of the dimension's first unit it is worth."""

_SPELLINGS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("kgs", "kilo", "kilos", "kilogram", "kilograms", "kilogramme", "kilogrammes", "kgf"), "kg"),
    **dict.fromkeys(("gram", "grams", "gramme", "grammes"), "g"),
    **dict.fromkeys(("lbs", "lbf", "pound", "pounds", "#"), "lb"),
    **dict.fromkeys(("stone", "stones"), "st"),
    **dict.fromkeys(("metre", "metres", "meter", "meters"), "m"),
    **dict.fromkeys(("centimetre", "centimetres", "centimeter", "centimeters"), "cm"),
    **dict.fromkeys(("millimetre", "millimetres", "millimeter", "millimeters"), "mm"),
    **dict.fromkeys(("inch", "inches", '"', "″", "”", "''"), "in"),
    **dict.fromkeys(("foot", "feet", "'", "′", "’"), "ft"),
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("mins", "minute", "minutes"), "min"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("y", "yr", "yrs", "year"), "years"),
    **dict.fromkeys(("month", "mo"), "months"),
    **dict.fromkeys(("week", "wk", "wks"), "weeks"),
    **dict.fromkeys(("n", "newton", "newtons"), "N"),
    **dict.fromkeys(("kn", "kilonewton", "kilonewtons"), "kN"),
    **dict.fromkeys(("kg*s", "kg·s", "kgs", "kgf s"), "kg s"),
    **dict.fromkeys(("n s", "ns", "n*s", "n·s"), "N s"),
    **dict.fromkeys(("lb*s", "lb·s", "lbf s"), "lb s"),
    **dict.fromkeys(("degree", "degrees", "°"), "deg"),
    **dict.fromkeys(("radian", "radians"), "rad"),
}

_NEXT_SMALLER: Final = {"ft": "in", "st": "lb", "h": "min", "min": "s"}
"""What a bare number means behind one with a unit, as in 5'10."""

_LONGEST_TEXT = 60
_NUMBER = r"[-+−]?(?:\d+(?:\.\d+|,(?!\d{3}(?!\d))\d+)?|\.\d+)(?:[eE][-+]?\d{1,3})?"
_PART = re.compile(rf"\s*({_NUMBER})\s*([^\d\s,.+−-][^\d+−]*?)?\s*(?=$|[-+−]?[\d.])")


def quantity(value: object, *, dimension: str, unit: str) -> float:
    """Read a quantity into `unit`.

    Parameters
    ----------
    value
        A number (already in `unit`), a text such as ``"170 lb"`` or ``"5 ft 10 in"``, or ``{"value": 170, "unit": "lb"}``.
    dimension
        One of `UNITS`.

    Raises
    ------
    ValueError
        If it cannot be read as such a quantity, or is not finite.
    """
    if isinstance(value, Mapping):
        return _from_mapping(value, dimension, unit)
    if isinstance(value, str):
        return _from_text(value, dimension, unit)
    return _number(value, dimension, unit)


def convert(value: float, unit: str, to: str, *, dimension: str) -> float:
    """Convert `value` between two units of one dimension.

    Raises
    ------
    ValueError
        If a unit does not belong to the dimension.
    """
    return value * _factor(unit, dimension) / _factor(to, dimension)


def _number(value: object, dimension: str, unit: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(_advice(value, dimension, unit))  # noqa: TRY004  (pydantic turns ValueError into an entry of its report)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number of {unit}")
    return number


def _from_mapping(value: Mapping[Any, Any], dimension: str, unit: str) -> float:
    if set(value) != {"value", "unit"} or not isinstance(value["unit"], str) or isinstance(value["value"], str | Mapping):
        raise ValueError(_advice(dict(value), dimension, unit))
    return _finite(convert(_number(value["value"], dimension, value["unit"]), value["unit"], unit, dimension=dimension), unit)


def _from_text(text: str, dimension: str, unit: str) -> float:
    if len(text) > _LONGEST_TEXT:
        raise ValueError(_advice(text, dimension, unit))
    parts = _parts(text.strip())
    if not parts or any(not written for _, written in parts[:-1]):
        raise ValueError(_advice(text, dimension, unit))
    last_number, last_unit = parts[-1]
    if not last_unit and len(parts) > 1:
        follows = _NEXT_SMALLER.get(_known(parts[-2][1]))
        if follows is None:
            raise ValueError(_advice(text, dimension, unit))
        parts[-1] = (last_number, follows)
    negative = parts[0][0] < 0
    total = sum(abs(number) * _factor(written or unit, dimension) for number, written in parts)
    return _finite((-total if negative else total) / _factor(unit, dimension), unit)


def _parts(text: str) -> list[tuple[float, str]]:
    """Numbers and the units written behind them: ``"5 ft 10 in"`` -> ``[(5, "ft"), (10, "in")]``; empty if it is not that."""
    found: list[tuple[float, str]] = []
    position = 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None or (found and part[1][0] in "-+−"):
            return []
        found.append((float(part[1].replace(",", ".").replace("−", "-")), (part[2] or "").strip()))
        position = part.end()
    return found


def _known(written: str) -> str:
    """The unit that a spelling means; the text itself where it is unknown."""
    lower = " ".join(written.strip().rstrip(".").lower().split())
    return _SPELLINGS.get(lower, "N" if written == "N" else lower)


def _factor(written: str, dimension: str) -> float:
    units = UNITS[dimension]
    unit = _known(written)
    for name in (written, unit):
        if name in units:
            return units[name]
    raise ValueError(f"{written[:20]!r} is not a unit of {dimension} that is known here; use one of {', '.join(units)}")


def _finite(number: float, unit: str) -> float:
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number of {unit}")
    return number


def _advice(value: object, dimension: str, unit: str) -> str:
    others = [name for name in UNITS[dimension] if name != unit]
    example = f'"70 {others[1] if dimension in {"mass", "force"} and len(others) > 1 else others[0]}"'
    return f"{_shown(value)} cannot be read as a {dimension}; write a number of {unit}, or its unit too, such as {example}"


def _shown(value: object) -> str:
    shown = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return shown if len(shown) <= _LONGEST_TEXT else f"{shown[:_LONGEST_TEXT]}..."


def _validator(dimension: str, unit: str) -> BeforeValidator:
    return BeforeValidator(partial(_reported, read=partial(quantity, dimension=dimension, unit=unit)))


def _reported(value: object, *, read: Callable[[object], float | int]) -> float | int:
    try:
        return read(value)
    except ValueError as cause:
        raise PydanticCustomError("quantity", "{why}", {"why": str(cause)}) from cause


def whole(value: object) -> int:
    """Read a count: a whole number, also written as ``3.0`` or ``"3"``.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    text = value.strip() if isinstance(value, str) else repr(value) if type(value) in {int, float} else ""
    if not re.fullmatch(r"[-+]?\d{1,9}(?:\.0)?", text):
        raise ValueError(f"{_shown(value)} is not a whole number")
    return int(float(text))


Whole = Annotated[int, BeforeValidator(partial(_reported, read=whole))]
Kilograms = Annotated[float, _validator("mass", "kg")]
KilogramsForce = Annotated[float, _validator("force", "kg")]
KilogramSeconds = Annotated[float, _validator("impulse", "kg s")]
Metres = Annotated[float, _validator("length", "m")]
Centimetres = Annotated[float, _validator("length", "cm")]
Millimetres = Annotated[float, _validator("length", "mm")]
Seconds = Annotated[float, _validator("time", "s")]
Minutes = Annotated[float, _validator("time", "min")]
Years = Annotated[float, _validator("span of years", "years")]
