"""How a video is analysed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import get_args

from ascension_core.errors import InvalidOption
from ascension_core.movement.climb import ClimbOptions
from ascension_core.movement.touch import ContactOptions
from ascension_core.pipelines.choices import Model
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.pose.follow import FollowOptions
from ascension_core.pose.scan import ScanOptions
from ascension_core.pose.smoothing import CleanOptions
from ascension_core.wall.estimator import CameraOptions
from ascension_core.wall.mosaic import MosaicOptions
from ascension_core.wall.views import ViewOptions


@dataclass(frozen=True)
class WallOptions:
    """How the wall is read.

    Attributes
    ----------
    looks
        Views in which holds are looked for, besides the picture that is put together from all of them.
    looks_moving
        The same where the camera moves: no view shows the whole wall then.
    camera, views, mosaic
        Options of the steps.
    contacts, climb
        What counts as a contact, and as a move.
    """

    looks: int = 3
    looks_moving: int = 6
    camera: CameraOptions = field(default_factory=CameraOptions)
    views: ViewOptions = field(default_factory=ViewOptions)
    mosaic: MosaicOptions = field(default_factory=MosaicOptions)
    contacts: ContactOptions = field(default_factory=ContactOptions)
    climb: ClimbOptions = field(default_factory=ClimbOptions)


@dataclass(frozen=True)
class VisionOptions:
    """How a video is analysed.

    Attributes
    ----------
    model
        Landmark network: lite, full or heavy.
    climber
        Whom to follow: None for the one who climbs, ``left``, ``right``, ``N`` (from the left), ``x,y`` (shares).
    every
        Only every N-th frame is measured; those in between are interpolated.
    fast
        Measure fewer frames where the climber moves slowly.
    wall
        Whether to find the wall, its holds, and what was held.
    overlay, report
        Whether to write the overlay video and the report page.
    height_m
        The athlete's height: lengths are then given in metres.
    scan, follow, clean, reading
        Options of the steps; `reading` is that of the wall.
    version
        The pipeline version whose weights are used and which the result names; None for what is installed.
    """

    model: Model = "full"
    climber: str | None = None
    every: int = 1
    fast: bool = False
    wall: bool = True
    overlay: bool = True
    report: bool = True
    height_m: float | None = None
    scan: ScanOptions = field(default_factory=ScanOptions)
    follow: FollowOptions = field(default_factory=FollowOptions)
    clean: CleanOptions = field(default_factory=CleanOptions)
    reading: WallOptions = field(default_factory=WallOptions)
    version: PipelineVersion | None = None

    def __post_init__(self) -> None:
        if self.model not in get_args(Model):
            raise InvalidOption(f"model must be lite, full or heavy, got {self.model!r}.")
        if not 1 <= self.every <= 1000:
            raise InvalidOption(f"every must be between 1 and 1000, got {self.every}.")

    def as_result(self) -> dict[str, str | int | float | bool | None]:
        """The options that a caller chose, as the result names them."""
        names = ("model", "climber", "every", "fast", "wall", "overlay", "report", "height_m")
        return {name: getattr(self, name) for name in names}
