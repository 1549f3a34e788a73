"""The networks of the vision pipelines, loaded once per process.

What they need is imported with them: BentoML imports a service in two processes, of which only one answers.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio.to_thread

from ascension_core.errors import VideoTooLarge
from ascension_core.pipelines import versions
from ascension_core.pipelines.choices import Model
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.results import Analysis, HoldMap
from ascension_core.settings import settings
from services.inference.slots import Slots

if TYPE_CHECKING:
    from ascension_core.pipelines.options import VisionOptions
    from ascension_core.pipelines.skeleton import Skeletal
    from ascension_core.wall.detector import HoldDetector

_SKELETON_S, _ANALYSIS_S = 0.2, 20.0
_ANALYSES_WAITING = 2  # each takes as long as its video: a line of them would outlast any client


@dataclass(frozen=True)
class Vision:
    """What answers.

    Attributes
    ----------
    version
        Of the pipeline; None for what is installed.
    skeletal, detector
        One of each: a request has them to itself.
    pictures, videos
        The lines of requests before the networks, and of those for whole analyses.
    """

    version: PipelineVersion | None
    skeletal: Skeletal
    detector: HoldDetector
    pictures: Slots
    videos: Slots

    def holds(self, file: Path) -> HoldMap:
        """The holds of a picture or video; see `map_holds`."""
        from ascension_core.pipelines.holds import map_holds

        with TemporaryDirectory(prefix="ascension-holds-") as folder:
            return map_holds(file, Path(folder), version=self.version, detector=self.detector)

    def analyze(self, file: Path, climber: str | None, height_m: float | None, model: Model | None) -> Analysis:
        """What one short video shows, without the files that are made for people to look at.

        Raises
        ------
        VideoTooLarge
            It is longer than the setting allows.
        VideoError, NoClimberFound, InvalidOption
            See `analyze`.
        """
        from ascension_core.pipelines.vision import analyze
        from ascension_core.video import probe

        limit_s = settings().service_video_s
        if probe(file).duration_s > limit_s:
            raise VideoTooLarge(f"the video is longer than {limit_s:.0f} s: upload it, and ask for a job of kind vision")
        with TemporaryDirectory(prefix="ascension-analysis-") as folder:
            return analyze(file, Path(folder), self._options(climber, height_m, model))

    def _options(self, climber: str | None, height_m: float | None, model: Model | None) -> VisionOptions:
        from ascension_core.pipelines.options import VisionOptions

        asked = {"climber": climber, "height_m": height_m, "overlay": False, "report": False}
        asked |= {} if model is None else {"model": model}
        return VisionOptions(**asked) if self.version is None else versions.options(self.version, **asked)  # type: ignore[arg-type]


def load() -> Vision:
    """Load the version that this process was told to run, and use everything once.

    Raises
    ------
    ModelError
        Weights are missing or damaged.
    """
    from ascension_core.pipelines.holds import hold_detector
    from ascension_core.pipelines.skeleton import Skeletal
    from ascension_core.pipelines.vision import warm

    version = versions.current("vision")
    options = None if version is None else versions.options(version)
    warm(options.model if options else "full")
    skeletal, detector = Skeletal.load(options), hold_detector(version)
    return Vision(
        version, skeletal, detector, Slots(settings().service_waiting, _SKELETON_S), Slots(_ANALYSES_WAITING, _ANALYSIS_S)
    )


@asynccontextmanager
async def engine() -> AsyncIterator[Vision]:
    """The networks, loaded in a thread."""
    yield await anyio.to_thread.run_sync(load)
