"""Training programs: `plan` makes one, `adapt` changes what is left of one, `violations` checks one from scratch.

A program is planned on two levels. Pure rules cut the time to the goal into mesocycles and weeks and set each week's load
(`ascension_core.training.periodisation`, `ascension_core.training.load`); a constraint solver places sessions on days
(`ascension_core.training.scheduling`); exercises are then chosen within each session's minutes
(`ascension_core.training.prescription`). Everything is deterministic: the same athlete, day and seed give the same program.
"""

from __future__ import annotations

from ascension_core.training.adaptation import adapt
from ascension_core.training.planning import plan
from ascension_core.training.violations import Violation, violations

__all__ = ["Violation", "adapt", "plan", "violations"]
