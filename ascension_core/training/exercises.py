"""The exercise library: what a program is made of, read once from ``data/exercises.yaml`` and checked as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ascension_core.errors import InvalidDataset
from ascension_core.training.athlete import Equipment, FindingCode, Site, Style

Part = Literal["warm_up", "main", "supplement", "cool_down"]
Level = Literal[1, 2, 3]


class Quality(StrEnum):
    """What an exercise trains; for the energetic ones, the energy system that it lives on."""

    FINGER_STRENGTH = "finger_strength"
    FINGER_ENDURANCE = "finger_endurance"
    POWER = "power"
    POWER_ENDURANCE = "power_endurance"
    AEROBIC_CAPACITY = "aerobic_capacity"
    PULLING_STRENGTH = "pulling_strength"
    CORE = "core"
    ANTAGONIST = "antagonist"
    MOBILITY = "mobility"
    TECHNIQUE = "technique"
    TACTICS = "tactics"
    CONDITIONING = "conditioning"


ENERGY_SYSTEM: Final[Mapping[Quality, str]] = {
    Quality.FINGER_STRENGTH: "anaerobic alactic",
    Quality.FINGER_ENDURANCE: "anaerobic lactic and aerobic",
    Quality.POWER: "anaerobic alactic",
    Quality.POWER_ENDURANCE: "anaerobic lactic",
    Quality.AEROBIC_CAPACITY: "aerobic",
    Quality.PULLING_STRENGTH: "anaerobic alactic",
    Quality.CORE: "anaerobic alactic",
    Quality.ANTAGONIST: "not limited by energy",
    Quality.MOBILITY: "not limited by energy",
    Quality.TECHNIQUE: "not limited by energy",
    Quality.TACTICS: "as the climb demands",
    Quality.CONDITIONING: "aerobic",
}
"""The energy system behind each quality (Hörst, Training for Climbing; Anderson, The Rock Climber's Training Manual)."""

SHARED_LOAD: Final[Mapping[Site, tuple[Site, ...]]] = {
    Site.FOREARM: (Site.FINGER, Site.WRIST),
    Site.FOOT: (Site.ANKLE,),
    Site.NECK: (Site.SHOULDER,),
    Site.SKIN: (Site.FINGER,),
}
"""Sites that the library does not list are loaded as much as the most loaded of these neighbours."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Dose(_Part):
    """How much of an exercise: each a pair, least and most."""

    sets: tuple[int, int]
    reps: tuple[int, int] | None = None
    duration_s: tuple[float, float] | None = Field(None, description="work of one repetition, or of the set without reps")
    between_s: float = Field(0, ge=0, description="pause between the repetitions of a set")
    rest_s: float = Field(ge=0)
    effort: int = Field(ge=1, le=10)
    percent: tuple[float, float] | None = None

    @model_validator(mode="before")
    @classmethod
    def _pairs(cls, values: Any) -> Any:
        ranges = {"sets", "reps", "duration_s", "percent"}
        return {k: [v, v] if k in ranges and isinstance(v, int | float) else v for k, v in dict(values).items()}

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        for name in ("sets", "reps", "duration_s", "percent"):
            pair = getattr(self, name)
            if pair is not None and not 0 < pair[0] <= pair[1]:
                raise ValueError(f"{name} must be [least, most], both above 0")
        if self.reps is None and self.duration_s is None:
            raise ValueError("give reps, duration_s or both: a dose without either says nothing")
        return self


class Requirement(_Part):
    """What an athlete must bring before an exercise makes sense."""

    age: float = 0
    years: float = 0
    pull_ups: int = 0


class Exercise(_Part):
    """One entry of the library; the head of ``data/exercises.yaml`` explains every field."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]+$")
    name: str = Field(min_length=3)
    about: str = Field(min_length=20)
    cues: tuple[str, ...] = Field(min_length=2)
    quality: Quality
    part: Part
    needs: tuple[frozenset[Equipment], ...] = ()
    load: dict[Site, Level] = Field(default_factory=dict)
    requires: Requirement = Requirement()
    avoid: dict[Site, Level] = Field(default_factory=dict)
    tags: frozenset[Literal["max_hang", "campus", "added_load", "test", "weekly_under_16"]] = frozenset()
    styles: frozenset[Style] = frozenset()
    percent_of: Literal["max_hang", "weighted_pull_up"] | None = None
    fixes: frozenset[FindingCode] = frozenset()
    instead: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    dose: dict[str, Dose]
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def energy_system(self) -> str:
        """The energy system that it lives on."""
        return ENERGY_SYSTEM[self.quality]

    def load_at(self, site: Site) -> int:
        """How hard it loads a site: 0 not at all, 1 light, 2 moderate, 3 maximal."""
        if site in self.load:
            return self.load[site]
        return max((self.load.get(near, 0) for near in SHARED_LOAD.get(site, ())), default=0)

    def dose_in(self, phase: str) -> Dose:
        """The dose in a phase of training."""
        return self.dose.get(phase, self.dose["default"])


class Library(_Part):
    """All exercises, with the sources that they cite."""

    sources: dict[str, str]
    equipment_groups: dict[str, frozenset[Equipment]]
    exercises: Annotated[tuple[Exercise, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _refers_to_what_is_there(self) -> Self:
        known = [e.id for e in self.exercises]
        twice = sorted({i for i in known if known.count(i) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: stands twice")
        for exercise in self.exercises:
            _check_references(exercise, set(known), self.sources)
        return self

    def __getitem__(self, exercise_id: str) -> Exercise:
        """The exercise of that id; KeyError where there is none."""
        return _index(self)[exercise_id]

    def __contains__(self, exercise_id: object) -> bool:
        """Whether there is an exercise of that id."""
        return exercise_id in _index(self)

    def __hash__(self) -> int:
        """By identity: a library is loaded once."""
        return id(self)

    def substitutes(self, exercise_id: str) -> Iterator[Exercise]:
        """Every exercise that may stand in for another one, the nearest first."""
        queue, seen = list(self[exercise_id].instead), {exercise_id}
        while queue:
            current = queue.pop(0)
            if current not in seen:
                seen.add(current)
                queue.extend(self[current].instead)
                yield self[current]


def _check_references(exercise: Exercise, known: set[str], sources: Mapping[str, str]) -> None:
    if "default" not in exercise.dose:
        raise ValueError(f"{exercise.id}: dose needs a default")
    for other in (*exercise.instead, *exercise.next):
        if other not in known or other == exercise.id:
            raise ValueError(f"{exercise.id}: {other} is no other exercise of the library")
    for source in exercise.sources:
        if source not in sources:
            raise ValueError(f"{exercise.id}: source {source} is not listed")
    if exercise.percent_of is None and any(dose.percent for dose in exercise.dose.values()):
        raise ValueError(f"{exercise.id}: percent without percent_of")


@cache
def _index(library: Library) -> Mapping[str, Exercise]:
    return {e.id: e for e in library.exercises}


def read_library(text: str) -> Library:
    """Read a library from YAML.

    Raises
    ------
    InvalidDataset
        If it is not YAML, a field is wrong, or a reference leads nowhere.
    """
    try:
        return Library.model_validate(yaml.safe_load(text))
    except (ValidationError, yaml.YAMLError) as cause:
        raise InvalidDataset(f"the exercise library is damaged: {cause}") from cause


@cache
def library() -> Library:
    """The library that ships with Ascension."""
    return read_library((files("ascension_core.training") / "data" / "exercises.yaml").read_text(encoding="utf-8"))
