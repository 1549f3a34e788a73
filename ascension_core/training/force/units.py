"""Units of force-gauge files: what column names say of them, and what the times themselves say where names do not.

Forces are kilograms (kilogram-force, as gauges for climbers show them); one kilogram is 9.80665 newtons by definition
(3rd CGPM, 1901) and one pound is 0.45359237 kilograms (international pound, 1959).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption, InvalidRecording

STANDARD_GRAVITY = 9.80665
KG_PER = {"kg": 1.0, "n": 1 / STANDARD_GRAVITY, "kn": 1000 / STANDARD_GRAVITY, "lb": 0.45359237}
SECONDS_PER = {"s": 1.0, "ms": 1e-3, "us": 1e-6}

# Gauges of climbers send 10 to 1000 samples a second, and a session on one lasts seconds to an hour: a unit of time under
# which a file would lie far outside is not the one that was meant.
PLAUSIBLE_RATE_HZ = (1.0, 6000.0)
PLAUSIBLE_DURATION_S = (1.0, 7200.0)

_FORCE_UNITS = {
    **dict.fromkeys(("kg", "kgs", "kgf", "kilo", "kilos", "kilogram", "kilograms", "kilogramm"), "kg"),
    **dict.fromkeys(("n", "newton", "newtons"), "n"),
    **dict.fromkeys(("kn", "kilonewton", "kilonewtons"), "kn"),
    **dict.fromkeys(("lb", "lbs", "lbf", "pound", "pounds"), "lb"),
}
_TIME_UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds", "sek", "sekunden", "secondes", "segundos"), "s"),
    **dict.fromkeys(("ms", "msec", "millis", "millisecond", "milliseconds", "millisekunden"), "ms"),
    **dict.fromkeys(("us", "µs", "μs", "usec", "micros", "microsecond", "microseconds"), "us"),  # micro sign, Greek mu
}
_FORCE_NAMES = {"force", "weight", "load", "mass", "kraft", "gewicht", "last", "poids", "charge", "fuerza", "peso", "pull"}
_TIME_NAMES = {"time", "times", "timestamp", "t", "elapsed", "zeit", "temps", "tiempo", "datetime", "date", "clock"}


def names_force(header: str) -> bool:
    """Whether a column of this name holds forces (and nothing per second)."""
    words = _words(header)
    return bool(words & (_FORCE_NAMES | _FORCE_UNITS.keys())) and not words & (_TIME_NAMES | _TIME_UNITS.keys())


def names_time(header: str) -> bool:
    """Whether a column of this name holds times."""
    words = _words(header)
    return bool(words & (_TIME_NAMES | _TIME_UNITS.keys())) and not words & (_FORCE_NAMES | _FORCE_UNITS.keys())


def force_unit(header: str) -> str | None:
    """The unit that a column name gives (``Force (N)``, ``weight_kg``), or None."""
    return _unit(header, _FORCE_UNITS)


def time_unit(header: str) -> str | None:
    """The unit that a column name gives (``Time [ms]``, ``elapsedMs``), or None."""
    return _unit(header, _TIME_UNITS)


def is_unit(text: str) -> bool:
    """Whether a cell is nothing but a unit, as in a second header line ``s;kg``."""
    words = _words(text)
    return len(words) == 1 and words <= (_FORCE_UNITS.keys() | _TIME_UNITS.keys())


def known_unit(name: str, units: Mapping[str, float], option: str) -> str:
    """The unit of an option, in the spelling of `units`.

    Raises
    ------
    InvalidOption
        If there is no such unit.
    """
    if name.strip().casefold() not in units:
        raise InvalidOption(f"{option} {name}: there is no such unit here; choose one of {', '.join(units)}")
    return name.strip().casefold()


def infer_time_unit(times: NDArray[np.float64]) -> str:
    """The unit under which these times, with no unit given, are a recording that a gauge can have made.

    Raises
    ------
    InvalidRecording
        If there is none, or more than one: a question that only the one who recorded can answer.
    """
    steps = np.diff(np.unique(times))
    if steps.size == 0:
        raise InvalidRecording("every sample has the same time: export the recording with the time of each sample")
    step, span = float(np.median(steps)), float(np.ptp(times))
    plausible = [unit for unit, seconds in SECONDS_PER.items() if _plausible(step * seconds, span * seconds)]
    if len(plausible) != 1:
        seconds = ", ".join(f"{span * SECONDS_PER[unit]:g} s long if {unit}" for unit in plausible or SECONDS_PER)
        raise InvalidRecording(
            f"the times have no unit, and {'more than one fits' if plausible else 'none fits'} (the recording is {seconds}): "
            "which is it? Say so with --time-unit s, ms or us"
        )
    return plausible[0]


def _plausible(step_s: float, span_s: float) -> bool:
    low, high = PLAUSIBLE_RATE_HZ
    shortest, longest = PLAUSIBLE_DURATION_S
    return low <= 1 / step_s <= high and shortest <= span_s <= longest


def _unit(header: str, units: Mapping[str, str]) -> str | None:
    found = {units[word] for word in _words(header) if word in units}
    return found.pop() if len(found) == 1 else None


def _words(header: str) -> set[str]:
    """Lower-case words of a header, ``forceKg`` being two."""
    apart = re.sub(r"(?<=[a-z]{2})(?=[A-Z])", " ", header)
    return set(re.findall(r"[^\W\d_]+", apart.casefold()))
