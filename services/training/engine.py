"""The training pipelines, with everything read that they need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import anyio.to_thread

from ascension_core.errors import InvalidOption
from ascension_core.pipelines import versions
from ascension_core.pipelines.assessment import assessed
from ascension_core.pipelines.training import ProgramOptions, planned, warm
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.results import AssessmentReport, Program
from ascension_core.settings import settings
from services.inference.slots import Slots

_PROGRAM_S = 0.2


@dataclass(frozen=True)
class Training:
    """What answers.

    Attributes
    ----------
    version, strength
        Of the pipelines ``training`` and ``strength``; None for what is installed.
    slots
        The line of requests.
    """

    version: PipelineVersion | None
    strength: PipelineVersion | None
    slots: Slots

    def program(self, athlete: Mapping[str, Any], today: date | None, seed: int | None, earlier: Program | None) -> Program:
        """A program; see `planned`.

        Raises
        ------
        InvalidAthlete, InvalidProgram, InvalidOption
            See there.
        """
        from ascension_core.training.athlete import Athlete

        return planned(Athlete.parse(athlete), self._options(today, seed, earlier), earlier)

    def assess(self, athlete: Mapping[str, Any], today: date | None) -> AssessmentReport:
        """What the tests say.

        Raises
        ------
        InvalidAthlete
            The message names each field that is wrong.
        """
        from ascension_core.training.athlete import Athlete

        return assessed(Athlete.parse(athlete), today or date.today(), self.strength)

    def _options(self, today: date | None, seed: int | None, earlier: Program | None) -> ProgramOptions:
        if seed is not None and earlier is not None:
            raise InvalidOption("seed cannot be chosen for a program that is carried on: it keeps its own.")
        asked: dict[str, Any] = {"today": today} | ({} if seed is None else {"seed": seed})
        return ProgramOptions(**asked) if self.version is None else versions.options(self.version, **asked)


def load() -> Training:
    """Load the versions that this process was told to run.

    Raises
    ------
    ModelError
        Weights are missing or damaged.
    """
    warm()
    return Training(versions.current("training"), versions.current("strength"), Slots(settings().service_waiting, _PROGRAM_S))


@asynccontextmanager
async def engine() -> AsyncIterator[Training]:
    """Everything, read in a thread."""
    yield await anyio.to_thread.run_sync(load)
