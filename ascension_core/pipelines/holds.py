"""From a picture or a video of a wall to its holds and routes, as a document and as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from ascension_core.pipelines.hold_views import WallViews, look_at
from ascension_core.pipelines.outputs import staged
from ascension_core.pipelines.stages import Stages, threads
from ascension_core.pipelines.versions import PipelineVersion, answered_by
from ascension_core.pipelines.versions import options as version_options
from ascension_core.pipelines.wall_result import hold_result, route_result
from ascension_core.progress import Progress, silent
from ascension_core.results import HoldMap, ModelVersion, Note, Software, WallPicture
from ascension_core.video import file_sha256
from ascension_core.wall.detector import WEIGHTS, HoldDetector
from ascension_core.wall.survey import Survey, survey

HOLDS_FILE = "holds.json"
PICTURE_FILE = "holds.png"


def map_holds(
    path: Path,
    out: Path,
    progress: Progress = silent,
    *,
    version: PipelineVersion | None = None,
    detector: HoldDetector | None = None,
) -> HoldMap:
    """Find the holds of a picture or video and write `holds.json` and `holds.png` into the folder `out`.

    Parameters
    ----------
    version
        Of ``hold_detector`` or ``vision``, whose weights are used; None for those that come with the package.
    detector
        That of the version, for those who load it once and use it often.

    Raises
    ------
    ImageError, VideoError
        The file cannot be read.
    ModelError
        Weights are missing.
    OutputNotWritable
        The folder cannot be made or written.
    """
    clock = Stages()
    with staged(out) as folder:
        with clock("read"):
            seen = look_at(path, progress)
        with clock("holds"):
            found = survey(detector or hold_detector(version), seen.views, seen.canvas, progress)
        with clock("draw"):
            picture = _draw(seen, found, folder / PICTURE_FILE)
        seconds = {stage: round(value, 3) for stage, value in clock.seconds.items()}
        document = _document(path, seen, found, picture, version).model_copy(update={"seconds": seconds})
        (folder / HOLDS_FILE).write_text(document.model_dump_json(indent=2) + "\n")
    return document


def hold_detector(version: PipelineVersion | None = None) -> HoldDetector:
    """The detector of a version, or the one that comes with the package."""
    options = version_options(version) if version and version.pipeline == "hold_detector" else None
    return HoldDetector(_weights(version), threads(), options)


def _weights(version: PipelineVersion | None) -> Path:
    return version.path("holds") if version else WEIGHTS


def _draw(seen: WallViews, found: Survey, path: Path) -> WallPicture:
    from ascension_core.report.hold_picture import hold_picture

    to_canvas = np.asarray(np.linalg.inv(seen.canvas.to_wall), float)
    drawn = hold_picture(seen.canvas.image, [hold.carried(to_canvas) for hold in found.holds])
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))[1].tobytes())
    left, top = seen.canvas.to_wall[:2, 2] / seen.size
    enlarged = drawn.shape[1] / seen.canvas.image.shape[1]
    return WallPicture(
        file=path.name,
        width=drawn.shape[1],
        height=drawn.shape[0],
        origin=(round(float(left), 5), round(float(top), 5)),
        scale=round(float(to_canvas[0, 0]) * enlarged, 5),
    )


def _document(path: Path, seen: WallViews, found: Survey, picture: WallPicture, version: PipelineVersion | None) -> HoldMap:
    from ascension_core import __version__

    return HoldMap(
        created_at=datetime.now(UTC),
        software=Software(version=__version__),
        pipeline=answered_by("hold_detector", version),
        models=[ModelVersion(name="holds", sha256=file_sha256(_weights(version)))],
        source=seen.source,
        file_name=path.name,
        sha256=file_sha256(path),
        width=seen.size[0],
        height=seen.size[1],
        picture=picture,
        views=len(seen.views),
        holds=[hold_result(hold, seen.size) for hold in found.holds],
        routes=[route_result(route) for route in found.routes],
        warnings=list(_warnings(seen, found)),
        seconds={},
    )


def _warnings(seen: WallViews, found: Survey) -> Iterator[Note]:
    if not seen.placed:
        message = "The camera's motion could not be told. One frame stands for the video."
        yield Note(code="camera_unknown", message=message)
    if not found.holds:
        yield Note(code="no_holds", message="No hold was found. Show the wall from nearer, in focus and with enough light.")
