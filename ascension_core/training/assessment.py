"""Physical tests of a climber: what was measured, and how.

Every test names its conditions, because 20 kg on a 20 mm edge for 7 s and 20 kg on a 10 mm edge for 5 s are different
results. Protocols and repeatability of each test stand in `ascension_core.training.protocols`.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from ascension_core.training.entry import Entry
from ascension_core.training.units import (
    Centimetres,
    Kilograms,
    KilogramSeconds,
    KilogramsForce,
    Millimetres,
    Seconds,
    Whole,
)

Count = Annotated[Whole, Field(ge=0, le=10_000)]
Hands = Annotated[Whole, Field(ge=1, le=2, description="hands on the edge")]
Edge = Annotated[Millimetres, Field(gt=0, description="depth of the edge, mm")]
Hold = Annotated[Seconds, Field(gt=0, le=3600, description="s")]
AddedMass = Annotated[Kilograms, Field(description="kg added to the body; negative where a pulley or band takes some away")]


class MaxHang(Entry):
    """The heaviest hang that could be held for the whole duration."""

    edge_mm: Edge
    duration_s: Hold
    added_kg: AddedMass
    hands: Hands = 2
    grip: Literal["half_crimp", "open", "full_crimp", "three_finger_drag"] | None = None


class PullUps(Entry):
    """Strict pull-ups in one go, chin over the bar, from straight arms."""

    reps: Count


class PushUps(Entry):
    """Strict push-ups in one go, chest to a fist's height, straight body."""

    reps: Count


class WeightedPullUp(Entry):
    """The heaviest strict pull-up for that many repetitions."""

    added_kg: AddedMass
    reps: Annotated[Whole, Field(ge=1, le=20)] = 1


class Repeaters(Entry):
    """Hangs and short rests in turn until the edge can no longer be held."""

    edge_mm: Edge
    on_s: Hold = 7.0
    off_s: Annotated[Seconds, Field(ge=0, le=600)] = 3.0
    added_kg: AddedMass = 0.0
    hands: Hands = 2
    seconds: Annotated[Seconds, Field(ge=0, le=7200)] | None = Field(None, description="s from the first hang to failure")
    reps: Count | None = Field(None, description="hangs held to the end")

    @model_validator(mode="after")
    def _has_a_result(self) -> Self:
        if self.seconds is None and self.reps is None:
            raise PydanticCustomError("missing", "give seconds or reps: the test has no result without", {"field": "seconds"})
        return self


class CriticalForce(Entry):
    """All-out intermittent force test on a gauge, usually 24 pulls of 7 s with 3 s rest (Giles et al. 2021)."""

    force_kg: Annotated[KilogramsForce, Field(gt=0, description="critical force, kg")]
    w_prime_kg_s: Annotated[KilogramSeconds, Field(ge=0, description="impulse above critical force, kg s")] | None = None
    peak_kg: Annotated[KilogramsForce, Field(gt=0, description="highest force of the test, kg")] | None = None
    edge_mm: Edge | None = None
    hands: Hands = 1


class Core(Entry):
    """Trunk tests; give those that were done."""

    front_lever_s: Annotated[Seconds, Field(ge=0, le=600)] | None = None
    plank_s: Annotated[Seconds, Field(ge=0, le=86400)] | None = None
    toes_to_bar: Count | None = None


class Flexibility(Entry):
    """Range-of-motion tests; give those that were done."""

    sit_and_reach_cm: Annotated[Centimetres, Field(description="cm beyond the toes, negative before them")] | None = None
    foot_raise_cm: Annotated[Centimetres, Field(ge=0, description="cm from the floor to the highest foothold")] | None = None
    lateral_foot_reach_cm: (
        Annotated[Centimetres, Field(ge=0, description="cm from the midline to the farthest foothold sideways")] | None
    ) = None


class Assessment(Entry):
    """The tests of one day; every one of them is optional."""

    date: dt.date | None = None
    mass_kg: Annotated[Kilograms, Field(gt=0)] | None = Field(None, description="body mass on that day, kg, if it was weighed")
    max_hang: MaxHang | None = None
    pull_ups: PullUps | None = None
    push_ups: PushUps | None = None
    weighted_pull_up: WeightedPullUp | None = None
    repeaters: Repeaters | None = None
    critical_force: CriticalForce | None = None
    core: Core | None = None
    flexibility: Flexibility | None = None

    @property
    def done(self) -> tuple[str, ...]:
        """Names of the tests that were done."""
        return tuple(name for name in TESTS if getattr(self, name) is not None)


TESTS: tuple[str, ...] = tuple(name for name in Assessment.model_fields if name not in {"date", "mass_kg"})
"""Names of the tests, in the order of the form."""
