"""Movement measures: how a climb was moved, each in one number (`docs/movement.md`)."""

from ascension_core.movement.metrics.ascent import MetricOptions
from ascension_core.movement.metrics.measures import movement_measures

__all__ = ["MetricOptions", "movement_measures"]
