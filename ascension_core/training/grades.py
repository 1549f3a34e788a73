"""Grades of climbs: Font and V for boulders; French, YDS, UIAA and Ewbank for routes; IRCRA to compare them all.

The comparative table is data (`data/grades.yaml`, with its sources). Scales do not meet: a grade of one covers a range of
another, so conversions give ranges. Boulder and route grades share IRCRA levels because equally able climbers reach them;
such a conversion compares climbers, never climbs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal, Self

import numpy as np
import yaml
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ascension_core.errors import InvalidGrade

Discipline = Literal["boulder", "route"]


class GradeSystem(StrEnum):
    """The systems that are known."""

    FONT = "font"
    V = "v"
    FRENCH = "french"
    YDS = "yds"
    UIAA = "uiaa"
    EWBANK = "ewbank"
    IRCRA = "ircra"

    @property
    def discipline(self) -> Discipline | None:
        """What is graded with it; None for IRCRA, which reports both."""
        if self is GradeSystem.IRCRA:
            return None
        return "boulder" if self in {GradeSystem.FONT, GradeSystem.V} else "route"


@dataclass(frozen=True, slots=True)
class Interval:
    """A closed interval of levels; `low` equals `high` where the table is exact."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """The middle of the interval."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade as it is written in its system.

    Attributes
    ----------
    system
        The grading system.
    text
        In the system's usual spelling: ``7A+``, ``V5``, ``7a+``, ``5.12a``, ``VIII-``, ``24``, ``18``. A slash grade such
        as ``7A/7A+`` names the two ends of a range.

    Raises
    ------
    InvalidGrade
        If the system has no such grade.
    """

    system: GradeSystem
    text: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "system", GradeSystem(self.system))
        _span(self.system, self.text)

    def __str__(self) -> str:
        return self.text

    @classmethod
    def parse(cls, text: str, *, system: GradeSystem | str | None = None, discipline: Discipline | None = None) -> Self:
        """Read a grade as people write it; see `parse_grade`."""
        found = parse(text, system=system, discipline=discipline)
        return cls(found.system, found.text)

    @property
    def ircra(self) -> Interval:
        """Levels of the IRCRA reporting scale that the grade spans (1 to 33)."""
        return _span(self.system, self.text)

    @property
    def discipline(self) -> Discipline | None:
        """``boulder`` or ``route``; None for a bare IRCRA level."""
        return self.system.discipline

    @property
    def v_index(self) -> float:
        """Number on the V scale: VB (and below) is -1, V0 is 0, V17 is 17.

        The strength model counts in these. A grade that spans two V grades lies halfway between them.
        """
        if self.system is GradeSystem.V:
            ends = [_V_INDEX[part] for part in self.text.split("/")]
        elif self.ircra.high < _scales()[GradeSystem.V]["VB"].low:
            return _V_INDEX["VB"]
        else:
            shared = convert(self, GradeSystem.V)
            ends = [_V_INDEX[shared.low.text], _V_INDEX[shared.high.text]]
        return sum(ends) / len(ends)

    def to(self, system: GradeSystem | str) -> GradeRange:
        """The same level in another system; see `convert`."""
        return convert(self, system)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            parse_grade,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda grade: {"system": str(grade.system), "text": grade.text}
            ),
            json_schema_input_schema=core_schema.str_schema(),
        )


@dataclass(frozen=True, slots=True)
class GradeRange:
    """All grades of one system from `low` to `high`; equal where the scales meet."""

    low: Grade
    high: Grade

    @property
    def system(self) -> GradeSystem:
        """The grading system."""
        return self.low.system

    @property
    def exact(self) -> bool:
        """True where one grade covers it."""
        return self.low == self.high

    def __str__(self) -> str:
        return self.low.text if self.exact else f"{self.low.text} to {self.high.text}"


def convert(grade: Grade, system: GradeSystem | str) -> GradeRange:
    """Every grade of `system` that shares an IRCRA level with `grade`.

    Where the target system leaves the level out, the range runs from its neighbour below to its neighbour above.

    Raises
    ------
    InvalidGrade
        If `grade` lies beyond the end of the target system.
    """
    target = _system(system)
    if target is grade.system:
        ends = grade.text.split("/")
        return GradeRange(Grade(target, ends[0]), Grade(target, ends[-1]))
    span = grade.ircra
    if target is GradeSystem.IRCRA:
        return GradeRange(*(Grade(target, _ircra_text(end)) for end in (span.low, span.high)))
    return _from_levels(span, target)


def _from_levels(span: Interval, target: GradeSystem) -> GradeRange:
    scale = _scales()[target]
    names, spans = list(scale), list(scale.values())
    shared = [k for k, own in enumerate(spans) if own.low <= span.high and own.high >= span.low]
    low = shared[0] if shared and spans[shared[0]].low <= span.low else _last(own.high < span.low for own in spans)
    high = shared[-1] if shared and spans[shared[-1]].high >= span.high else _first(own.low > span.high for own in spans)
    ends = [*([] if low is None else [low]), *shared, *([] if high is None else [high])]
    if not shared and (low is None or high is None):
        end = names[0] if low is None else names[-1]
        raise InvalidGrade(
            f"{_NAMES[target]} has no grade for IRCRA {_ircra_text(span.low)}: "
            f"it {'begins' if low is None else 'ends'} at {end} (IRCRA {_ircra_text(scale[end].low)})"
        )
    return GradeRange(Grade(target, names[min(ends)]), Grade(target, names[max(ends)]))


def _first(flags: Iterable[bool]) -> int | None:
    return next((k for k, flag in enumerate(flags) if flag), None)


def _last(flags: Iterable[bool]) -> int | None:
    return max((k for k, flag in enumerate(flags) if flag), default=None)


def from_ircra(level: float, system: GradeSystem | str) -> GradeRange:
    """Grades of `system` at an IRCRA level (1 to 33); halves lie between two levels.

    Raises
    ------
    InvalidGrade
        If the level or the system's own end is passed.
    """
    target = _system(system)
    grade = Grade(GradeSystem.IRCRA, _ircra_text(float(level)))
    if target is GradeSystem.IRCRA:
        return GradeRange(grade, grade)
    return _from_levels(Interval(float(np.floor(level)), float(np.ceil(level))), target)


def v_index_of(level: float) -> float:
    """V index at an IRCRA level, linear between the middles of the V grades; ends are held."""
    levels, indices = _v_curve()
    return float(np.interp(level, levels, indices))


def ircra_of_v(index: float) -> float:
    """IRCRA level at a V index, the inverse of `v_index_of` within the scale."""
    levels, indices = _v_curve()
    return float(np.interp(index, indices, levels))


def from_v_index(index: float) -> Grade:
    """The V grade nearest to a number: -1 is VB, 4.6 is V5; ends are held."""
    nearest = round(min(max(index, -1.0), 17.0))
    return Grade(GradeSystem.V, "VB" if nearest < 0 else f"V{nearest}")


def parse_grade(value: object, *, discipline: Discipline | None = None, system: GradeSystem | str | None = None) -> Grade:
    """Read a grade for a pydantic model: a text, a whole number (Ewbank), ``{"system": ..., "text": ...}`` or a `Grade`.

    Raises
    ------
    PydanticCustomError
        With the message of `InvalidGrade`.
    """
    try:
        return _read(value, discipline, system)
    except InvalidGrade as cause:
        raise PydanticCustomError("grade", "{why}", {"why": str(cause)}) from cause


def _read(value: object, discipline: Discipline | None, system: GradeSystem | str | None) -> Grade:
    if isinstance(value, Grade):
        grade = value
    elif isinstance(value, Mapping):
        grade = _from_mapping(value)
    elif isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1000:
        grade = parse(str(value), system=system, discipline=discipline)
    elif isinstance(value, str):
        grade = parse(value, system=system, discipline=discipline)
    else:
        raise InvalidGrade(f'{_short(value)} is not a grade; write a text such as "7A+", "V5", "7a+" or "5.12a"')
    if discipline and grade.discipline not in {discipline, None}:
        wanted = "a boulder grade such as 7A or V6" if discipline == "boulder" else "a route grade such as 7b or 5.12b"
        raise InvalidGrade(f"{grade.text} is a grade of {_NAMES[grade.system]}, and {wanted} is needed here")
    return grade


def _from_mapping(value: Mapping[Any, Any]) -> Grade:
    if set(value) != {"system", "text"} or not all(isinstance(part, str) for part in value.values()):
        raise InvalidGrade(
            f'{_short(value)} is not a grade; write a text such as "7A+", or {{"system": "font", "text": "7A+"}}'
        )
    return parse(value["text"], system=value["system"])


def parse(text: str, *, system: GradeSystem | str | None = None, discipline: Discipline | None = None) -> Grade:
    """Read a grade as people write it.

    Without `system`, its look decides: ``V5`` is V, ``5.12a`` YDS, ``VIII-`` UIAA, a whole number from 10 Ewbank, ``IRCRA 18``
    IRCRA. ``7a+`` and ``7A+`` are French and Font by `discipline`, or by the letter's case where it is not given.

    Raises
    ------
    InvalidGrade
        If no known system has such a grade; names the nearest that exist.
    """
    tidy = _tidy(text)
    chosen = _guess(tidy, discipline, text) if system is None else _system(system)
    ends = [_spell(part, chosen) for part in _ends(tidy, chosen)]
    known = _known_names(chosen)
    for end in ends:
        if end not in known:
            raise InvalidGrade(f"{_short(text)} is not a grade of {_NAMES[chosen]}{_nearest(end, known)}")
    if len(ends) == 1 or ends[0] == ends[1]:
        return Grade(chosen, ends[0])
    return Grade(chosen, "/".join(ends))


_NAMES: Final = {
    GradeSystem.FONT: "the Font scale",
    GradeSystem.V: "the V scale",
    GradeSystem.FRENCH: "the French sport scale",
    GradeSystem.YDS: "the Yosemite decimal system",
    GradeSystem.UIAA: "the UIAA scale",
    GradeSystem.EWBANK: "the Ewbank scale",
    GradeSystem.IRCRA: "the IRCRA scale",
}

_V_INDEX: Final[Mapping[str, float]] = {"VB": -1.0, "V0-": -0.5, "V0+": 0.5, **{f"V{n}": float(n) for n in range(18)}}

_ROMAN = "(?:XII|XI|X|IX|VIII|VII|VI|V|IV|III|II|I)"
_LOOKS: Final = (
    (GradeSystem.IRCRA, re.compile(r"IRCRA\d{1,2}(?:\.5)?")),
    (GradeSystem.YDS, re.compile(r"5\.\d{1,2}[A-Z]?[-+]?(?:/.+)?")),
    (GradeSystem.V, re.compile(r"V(?:B|-?EASY|\d{1,2})[-+]?(?:[/-].+)?")),
    (GradeSystem.UIAA, re.compile(rf"(?:UIAA)?{_ROMAN}[-+]?(?:/.+)?")),
    (GradeSystem.EWBANK, re.compile(r"\d{2}(?:/\d{2})?")),
)
_LETTERED = re.compile(r"(?:FB|F)?[1-9](?:[A-C]\+?|[-+])?(?:/.+)?", re.IGNORECASE)
_LONGEST = 40


def _tidy(text: str) -> str:
    """Without spaces, and with one kind of dash, plus and slash; the case is kept, for it tells Font from French."""
    dashes = str.maketrans({"–": "-", "—": "-", "−": "-", "‐": "-", "＋": "+", "\\": "/", "|": "/"})
    tidy = re.sub(r"\s+", "", text[: _LONGEST + 1]).translate(dashes)
    if not tidy or len(text) > _LONGEST:
        raise InvalidGrade(f'{_short(text)} is not a grade; write one such as "7A+", "V5", "7a+" or "5.12a"')
    return tidy


def _guess(tidy: str, discipline: Discipline | None, text: str) -> GradeSystem:
    upper = tidy.upper()
    for system, look in _LOOKS:
        if look.fullmatch(upper):
            return system
    if _LETTERED.fullmatch(tidy):
        if not re.search(r"[A-Ca-c+]", tidy[1:]) and discipline is None:
            raise InvalidGrade(
                f'{_short(text)} could be several grades: write "6a" (French), "6A" (Font), "VI" (UIAA), or its system'
            )
        font = discipline == "boulder" or (discipline is None and (tidy[:2].upper() == "FB" or bool(re.search("[A-C]", tidy))))
        return GradeSystem.FONT if font else GradeSystem.FRENCH
    everything = [name for scale in _scales().values() for name in scale]
    raise InvalidGrade(f"{_short(text)} is not a grade of any scale known here{_nearest(tidy, everything)}")


def _ends(tidy: str, system: GradeSystem) -> list[str]:
    """The grade, or the two ends of a slash grade with what the second leaves out (``5.10c/d``, ``V5-6``, ``7A/+``)."""
    tidy = re.sub(r"^(?:fb|ircra|uiaa|f(?=\d))", "", tidy, flags=re.IGNORECASE)
    first, _, second = re.sub(r"(?<=\d)-(?=V?\d)", "/", tidy).partition("/") if system is GradeSystem.V else tidy.partition("/")
    if not second:
        return [first]
    if system is GradeSystem.YDS and len(second) == 1:
        second = first[:-1] + second
    elif system is GradeSystem.V and second.isdigit():
        second = f"V{second}"
    elif second == "+":
        second = first + second
    elif system in {GradeSystem.FONT, GradeSystem.FRENCH} and re.fullmatch(r"[A-Ca-c]\+?", second):
        second = first[0] + second
    return [first, second]


def _spell(part: str, system: GradeSystem) -> str:
    """The usual spelling of one grade of `system`."""
    match system:
        case GradeSystem.FONT | GradeSystem.V:
            upper = part.upper()
            spelled = {"V-EASY": "VB", "VEASY": "VB", "<2": "2", "1": "2"}.get(upper, upper)
            return f"V{spelled}" if system is GradeSystem.V and spelled[:1].isdigit() else spelled
        case GradeSystem.UIAA:
            return _roman(part.upper())
        case GradeSystem.IRCRA:
            return _ircra_text(float(part)) if re.fullmatch(r"\d{1,2}(?:\.[05])?", part) else part
        case GradeSystem.YDS:
            return part.lower() if part.startswith("5.") else f"5.{part.lower()}"
        case _:
            return part.lower()


def _roman(part: str) -> str:
    arabic = re.fullmatch(r"(\d{1,2})([-+]?)", part)
    if not arabic:
        return part
    numerals = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
    number = int(arabic[1])
    return f"{numerals[number]}{arabic[2]}" if 0 < number < len(numerals) else part


def _nearest(wrong: str, known: Any) -> str:
    near = get_close_matches(wrong, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else f"; it runs from {next(iter(known))} to {list(known)[-1]}"


def _system(system: GradeSystem | str) -> GradeSystem:
    try:
        return GradeSystem(system)
    except ValueError as cause:
        raise InvalidGrade(f"{_short(system)} is not a grading system; use one of {', '.join(GradeSystem)}") from cause


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}..."


def _ircra_text(level: float) -> str:
    return f"{level:g}"


def _known_names(system: GradeSystem) -> Mapping[str, Interval]:
    scale = _scales()[system]
    return {**scale, **_between()[system]} if system is not GradeSystem.IRCRA else scale


@cache
def _span(system: GradeSystem, text: str) -> Interval:
    known, ends = _known_names(system), text.split("/")
    if len(ends) > 2 or any(end not in known for end in ends):
        raise InvalidGrade(f"{_short(text)} is not a grade of {_NAMES[system]}{_nearest(text, known)}")
    spans = [known[end] for end in ends]
    if spans[0].low > spans[-1].low or spans[0].high > spans[-1].high:
        raise InvalidGrade(f"{_short(text)} runs backwards; write the easier grade first")
    return Interval(spans[0].low, spans[-1].high)


@cache
def _document() -> Any:
    text = files("ascension_core.training").joinpath("data/grades.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


@cache
def _scales() -> Mapping[GradeSystem, Mapping[str, Interval]]:
    """For each system the grades of the chart, easiest first, with the levels they span."""
    scales: dict[GradeSystem, dict[str, Interval]] = {system: {} for system in GradeSystem}
    for row in _document()["table"]:
        level = float(row["ircra"])
        for system in GradeSystem:
            for name in str(row.get(str(system), "")).split():
                low = scales[system].get(name, Interval(level, level)).low
                scales[system][name] = Interval(low, level)
    halves = np.arange(1.5, len(scales[GradeSystem.IRCRA]), 1.0)
    levels = sorted([*(span.low for span in scales[GradeSystem.IRCRA].values()), *halves.tolist()])
    scales[GradeSystem.IRCRA] = {_ircra_text(level): Interval(level, level) for level in levels}
    return scales


@cache
def _between() -> Mapping[GradeSystem, Mapping[str, Interval]]:
    """Grades in use that the chart leaves out."""
    extra = _document()["between"]
    return {
        system: {name: Interval(*map(float, ends)) for name, ends in extra.get(str(system), {}).items()}
        for system in GradeSystem
    }


@cache
def _v_curve() -> tuple[list[float], list[float]]:
    """Middle level of each V grade, and its index; both increase."""
    scale = _scales()[GradeSystem.V]
    return [span.middle for span in scale.values()], [_V_INDEX[name] for name in scale]
