"""`Athlete`: who trains, for what, with what, when, and what was measured.

Documents are read with `Athlete.load` or `Athlete.parse`, which raise `InvalidAthlete` with the path of every field that
is wrong. Quantities may carry units at the edge (see `ascension_core.training.units`); inside they are in the unit of
the field's name.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StrictFloat, model_validator
from pydantic_core import PydanticCustomError

from ascension_core.training.assessment import Assessment
from ascension_core.training.entry import Entry, ask, read_json, validated
from ascension_core.training.grades import Discipline, Grade, GradeSystem, parse_grade
from ascension_core.training.plausibility import questions
from ascension_core.training.units import Kilograms, Metres, Minutes, Seconds, Whole, Years


class Weekday(StrEnum):
    """Days of the week; ``list(Weekday)[date.weekday()]`` is a date's day."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Equipment(StrEnum):
    """What the athlete can train on."""

    GYM_BOULDER = "gym_boulder"
    GYM_ROPE = "gym_rope"
    AUTO_BELAY = "auto_belay"
    SPEED_WALL = "speed_wall"
    BOARD = "board"
    HANGBOARD = "hangboard"
    CAMPUS_BOARD = "campus_board"
    PULL_UP_BAR = "pull_up_bar"
    WEIGHTS = "weights"
    RINGS = "rings"
    BANDS = "bands"
    NO_HANG_BLOCK = "no_hang_block"
    FORCE_GAUGE = "force_gauge"
    OUTDOOR_ROCK = "outdoor_rock"
    FOAM_ROLLER = "foam_roller"
    BIKE = "bike"


class Site(StrEnum):
    """Where an injury or a pain is."""

    FINGER = "finger"
    WRIST = "wrist"
    FOREARM = "forearm"
    ELBOW = "elbow"
    SHOULDER = "shoulder"
    NECK = "neck"
    BACK = "back"
    HIP = "hip"
    KNEE = "knee"
    ANKLE = "ankle"
    FOOT = "foot"
    SKIN = "skin"


class Style(StrEnum):
    """What kind of climbing a goal is about."""

    BOULDER = "boulder"
    SPORT = "sport"
    TRAD = "trad"
    SPEED = "speed"


class FindingCode(StrEnum):
    """What the analysis of a video can point at."""

    FEET = "feet"
    HIPS = "hips"
    LOCK_OFF = "lock_off"
    PACING = "pacing"
    BALANCE = "balance"
    DYNAMICS = "dynamics"
    READING = "reading"


def _grade_for(discipline: Discipline) -> BeforeValidator:
    def read(value: Any) -> Any:
        return value if value is None else parse_grade(value, discipline=discipline)

    return BeforeValidator(read)


def _weekday(value: Any) -> Any:
    return value.strip().lower()[:3] if isinstance(value, str) and value.strip().lower() in _DAY_NAMES else value


_DAY_NAMES = {
    name[:length]
    for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for length in (2, 3, 4, len(name))
}

Day = Annotated[Weekday, BeforeValidator(_weekday)]
AvailableMinutes = Annotated[Minutes, Field(ge=0, le=24 * 60)]


class Goal(Entry):
    """What the athlete trains for. Speed goals have a time instead of a grade."""

    style: Style
    grade: Grade | None = Field(
        None, description='"7A+", "V7", "7b", "5.12b"; Font for boulder and French for sport unless system says'
    )
    system: GradeSystem | None = Field(None, description="the grade's system, where its text alone does not tell")
    date: dt.date | None = Field(None, description="when it is to be climbed")
    time_s: Annotated[Seconds, Field(gt=0, le=3600)] | None = Field(None, description="speed goals: s")
    name: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _read_grade(cls, values: Any) -> Any:
        if not isinstance(values, Mapping) or values.get("grade") is None:
            return values
        style = values.get("style")
        if style not in [*Style, None]:
            return {name: value for name, value in values.items() if name != "grade"}  # the style's own check reports it
        discipline: Discipline = "boulder" if style in (Style.BOULDER, None) else "route"
        try:
            grade = parse_grade(values["grade"], discipline=discipline, system=_system(values.get("system")))
        except PydanticCustomError as cause:
            raise PydanticCustomError("grade", "{why}", {"field": "grade", "why": cause.message()}) from cause
        return {**values, "grade": grade, "system": grade.system}

    @model_validator(mode="after")
    def _has_a_target(self) -> Self:
        if self.style is Style.SPEED:
            if self.time_s is None:
                raise PydanticCustomError("goal", "a speed goal needs its time in seconds", {"field": "time_s"})
        elif self.grade is None:
            raise PydanticCustomError("goal", "is missing: which grade is the goal?", {"field": "grade"})
        return self


def _system(value: Any) -> GradeSystem | None:
    try:
        return None if value is None else GradeSystem(value)
    except ValueError:
        return None  # the field's own check reports it


class Injury(Entry):
    """Something that hurts or is healing."""

    site: Site
    severity: Annotated[Whole, Field(ge=1, le=3, description="1 niggle, 2 limits training, 3 stops it")]
    side: Literal["left", "right", "both"] | None = None
    since: dt.date | None = None
    notes: str = ""


class OtherSport(Entry):
    """Regular training that is not climbing."""

    name: str = Field(min_length=1)
    days: tuple[Day, ...] = Field(min_length=1)
    minutes: Annotated[Minutes, Field(gt=0, le=24 * 60)]
    load: Literal["low", "medium", "high"]


class LoggedSession(Entry):
    """What became of one session."""

    date: dt.date
    status: Literal["done", "skipped"]
    session_id: str | None = Field(None, description="id of the program's session, if it was one")
    effort: Annotated[StrictFloat, Field(ge=0, le=10, description="session RPE, 0 to 10")] | None = None
    minutes: Annotated[Minutes, Field(ge=0, le=24 * 60)] | None = None
    pain: tuple[Site, ...] = ()
    notes: str = ""


class Finding(Entry):
    """What the analysis of a video found to work on."""

    code: FindingCode
    severity: Annotated[Whole, Field(ge=1, le=3)] = 1
    evidence: str = ""


class Athlete(Entry):
    """Everything that is known of one climber."""

    id: str | None = None
    name: str | None = None
    age_years: Annotated[Years, Field(gt=0)]
    sex: Literal["female", "male", "other"] | None = None
    mass_kg: Annotated[Kilograms, Field(gt=0)]
    height_m: Annotated[Metres, Field(gt=0)] | None = None
    span_m: Annotated[Metres, Field(gt=0)] | None = None
    years_climbing: Annotated[Years, Field(ge=0)]
    sessions_per_week: Annotated[Whole, Field(ge=0, le=14)] | None = Field(None, description="climbing and training, now")
    availability: dict[Day, AvailableMinutes] = Field(default_factory=dict, description="minutes a day; days left out are off")
    equipment: frozenset[Equipment] = frozenset()
    goals: tuple[Goal, ...] = ()
    injuries: tuple[Injury, ...] = ()
    other_sports: tuple[OtherSport, ...] = ()
    boulder_grade: Annotated[Grade | None, _grade_for("boulder")] = Field(None, description="hardest boulder of the past year")
    sport_grade: Annotated[Grade | None, _grade_for("route")] = Field(None, description="hardest redpoint of the past year")
    tests: Assessment = Field(default_factory=Assessment, description="the latest tests")
    history: tuple[Assessment, ...] = Field((), description="earlier assessments, each with its date, oldest first")
    log: tuple[LoggedSession, ...] = ()
    vision_findings: tuple[Finding, ...] = ()
    confirmed: frozenset[str] = Field(frozenset(), description="paths of surprising values that were checked and are right")

    @model_validator(mode="after")
    def _is_plausible(self) -> Self:
        ask(questions(self))
        return self

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an athlete's JSON file.

        Raises
        ------
        InvalidAthlete
            With the path of every field that is wrong, or a question about each that is hard to believe.
        """
        return cls.parse(read_json(path))

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Build an athlete from a JSON document; raises `InvalidAthlete` as `load` does."""
        return validated(cls, document)

    def to_document(self) -> dict[str, Any]:
        """The athlete as a JSON-ready dictionary that `parse` reads back to an equal athlete."""
        document: dict[str, Any] = json.loads(self.model_dump_json(exclude_none=True))
        return document
