"""A number and how sure it is."""

from __future__ import annotations

from pydantic import Field

from ascension_core.results import Contract


class Estimate(Contract):
    """A value with its 95 % interval."""

    value: float
    low: float = Field(description="lower end of the 95 % interval")
    high: float = Field(description="upper end of the 95 % interval")

    @property
    def half_width(self) -> float:
        """Half the length of the interval."""
        return (self.high - self.low) / 2
