"""Kinds of session, read once from ``data/sessions.yaml`` and checked against the exercise library."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ascension_core.errors import InvalidDataset
from ascension_core.training.exercises import Library, Part, Quality, library
from ascension_core.training.rules import Exclusion, Limits, exclusion

Condition = Literal["fingers_due", "pulling_due", "power_phase", "new_on_ropes"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slot(_Entry):
    """One place in a session, and the exercises that can fill it."""

    part: Part
    rank: int = Field(ge=1, description="1 is needed; higher ranks are added while minutes last")
    pool: tuple[str, ...]
    key: bool = Field(False, description="what the session is about")
    turns: bool = Field(False, description="another exercise of the pool in each mesocycle")
    drill: bool = Field(False, description="works on what the video analysis found")
    only: Condition | None = None
    unless: Condition | None = None


class SessionKind(_Entry):
    """A recipe for sessions; the head of ``data/sessions.yaml`` explains the fields."""

    id: str
    title: str
    why: str
    quality: Quality
    effort: int = Field(ge=1, le=10)
    hard: bool
    max_fingers: bool
    once: bool = False
    minutes: tuple[int, int]
    instead: tuple[str, ...] = Field((), alias="else")
    slots: tuple[Slot, ...]

    @model_validator(mode="after")
    def _has_one_key(self) -> Self:
        if sum(slot.key for slot in self.slots) != 1:
            raise ValueError(f"{self.id}: exactly one slot is the key")
        return self

    @property
    def key(self) -> Slot:
        """The slot that the session is about."""
        return next(slot for slot in self.slots if slot.key)


class SessionKinds(_Entry):
    """All kinds of session."""

    kinds: tuple[SessionKind, ...]

    def check(self, exercises: Library) -> Self:
        """Return it if every name in it is known; raise InvalidDataset otherwise."""
        names = {kind.id for kind in self.kinds}
        for kind in self.kinds:
            unknown = [e for slot in kind.slots for e in slot.pool if e not in exercises]
            unknown += [other for other in kind.instead if other not in names]
            if unknown:
                raise InvalidDataset(f"session kind {kind.id}: unknown {', '.join(unknown)}")
        return self


@cache
def session_kinds() -> dict[str, SessionKind]:
    """The kinds that ship with Ascension, by id."""
    text = (files("ascension_core.training") / "data" / "sessions.yaml").read_text(encoding="utf-8")
    try:
        kinds = SessionKinds.model_validate(yaml.safe_load(text)).check(library())
    except (ValidationError, yaml.YAMLError) as cause:
        raise InvalidDataset(f"the kinds of session are damaged: {cause}") from cause
    return {kind.id: kind for kind in kinds.kinds}


def obstacle(kind: SessionKind, who: Limits) -> Exclusion | None:
    """Why a kind of session is not for this athlete: what excludes the first exercise of its key; None if any is allowed."""
    found = [exclusion(library()[name], who) for name in kind.key.pool]
    return None if any(reason is None for reason in found) else found[0]


def possible_kind(wanted: str, who: Limits, unwanted: frozenset[str] = frozenset()) -> SessionKind:
    """The kind wanted, or the nearest one that the athlete can do."""
    kinds = session_kinds()
    queue = [wanted]
    for name in queue:
        if obstacle(kinds[name], who) is None and name not in unwanted:
            return kinds[name]
        queue.extend(other for other in kinds[name].instead if other not in queue)
    return kinds["prehab"]
