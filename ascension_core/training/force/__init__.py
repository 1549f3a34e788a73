"""Force-gauge recordings: reading, efforts, rate of force development, fatigue, critical force and W'."""

from ascension_core.training.force.analysis import ForceAnalysis, analyze_force, combine_exhaustions
from ascension_core.training.force.assess import to_assessment
from ascension_core.training.force.critical import CriticalForce, all_out
from ascension_core.training.force.efforts import Effort, EffortOptions, find_efforts
from ascension_core.training.force.exhaustions import Exhaustion, from_exhaustions
from ascension_core.training.force.reading import read_recording
from ascension_core.training.force.recording import ForceRecording

__all__ = [
    "CriticalForce",
    "Effort",
    "EffortOptions",
    "Exhaustion",
    "ForceAnalysis",
    "ForceRecording",
    "all_out",
    "analyze_force",
    "combine_exhaustions",
    "find_efforts",
    "from_exhaustions",
    "read_recording",
    "to_assessment",
]
