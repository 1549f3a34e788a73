"""From one climbing video to an `Analysis`, its track, its overlay video and its report."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ascension_core.pipelines.choices import Model
from ascension_core.pipelines.following import Following, follow
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.outputs import staged
from ascension_core.pipelines.result import CAMERA_FILE, TRACK_FILE, WALL_FILE, analysis_of
from ascension_core.pipelines.stages import Stages, threads
from ascension_core.pipelines.understanding import Understanding, understand
from ascension_core.pipelines.versions import answered_by, current_options, vision_weights
from ascension_core.progress import Progress, silent
from ascension_core.results import Analysis
from ascension_core.wall.camera_file import save_camera

__all__ = ["Following", "Model", "Understanding", "VisionOptions", "analyze", "follow", "understand", "warm"]

ANALYSIS_FILE = "analysis.json"
OVERLAY_FILE = "overlay.mp4"
REPORT_FILE = "report.html"


def analyze(video: Path, out: Path, options: VisionOptions | None = None, progress: Progress = silent) -> Analysis:
    """Analyse a video and write everything into the folder `out`; see `docs/analyze.md` for the files.

    Files appear together when all of them are complete; older ones of the same names are replaced.

    Raises
    ------
    VideoError, NoClimberFound, ModelError
        See `follow`.
    OutputNotWritable
        The folder cannot be made or written.
    """
    options = options or VisionOptions()
    clock = Stages()
    with staged(out) as folder:
        understood = understand(video, options, progress)
        _save(understood, folder)
        analysis = analysis_of(video, folder / TRACK_FILE, understood, options)
        with clock("render"):
            _pictures(video, folder, analysis, understood, options, progress)
        analysis = analysis.model_copy(update={"seconds": _rounded(understood.seconds | clock.seconds)})
        (folder / ANALYSIS_FILE).write_text(analysis.model_dump_json(indent=2) + "\n")
    return analysis


@cache
def warm(model: Model | None = None) -> None:
    """Import and load what an analysis needs, so that the first one of this process takes no longer than the next.

    Parameters
    ----------
    model
        Landmark network; that of the current version by default.

    Raises
    ------
    ModelError
        Weights are missing.
    """
    import ascension_core.movement.body
    import ascension_core.report.overlay
    import ascension_core.report.page  # noqa: F401  # what these import takes longer than all networks
    from ascension_core.pose.confidence import Confidence
    from ascension_core.pose.networks import Detector, LandmarkNetwork
    from ascension_core.wall.detector import HoldDetector

    options: VisionOptions = current_options("vision", **({} if model is None else {"model": model}))
    weights = vision_weights(options)
    Detector(weights.pose_detector)
    LandmarkNetwork(weights.pose_landmarks, threads=1)
    Confidence.load(weights.confidence)
    HoldDetector(weights.holds, threads=threads())
    answered_by("vision", options.version, options)


def _save(understood: Understanding, folder: Path) -> None:
    """Write what belongs to single frames, and the picture of the wall."""
    understood.following.track.save(folder / TRACK_FILE)
    if understood.attempt is not None:
        wall = understood.attempt.wall
        save_camera(wall.camera, folder / CAMERA_FILE)
        (folder / WALL_FILE).write_bytes(wall.picture.png())


def _pictures(  # noqa: PLR0917
    video: Path, folder: Path, analysis: Analysis, understood: Understanding, options: VisionOptions, progress: Progress
) -> None:
    """Write the overlay video and the report from one pass over the video."""
    from ascension_core.movement.series import series
    from ascension_core.report.overlay import overlay_output
    from ascension_core.report.page import clip_output, write_report
    from ascension_core.report.rendering import render

    clip = folder / ".clip.mp4"
    track, centre, attempt = understood.following.track, understood.measures.com_px, understood.attempt
    camera = attempt.wall.camera if attempt else None
    outputs = [clip_output(video, clip)] if options.report else []
    if options.overlay:
        outputs.append(overlay_output(video, track, folder / OVERLAY_FILE, centre=centre, analysis=analysis, camera=camera))
    if outputs:
        render(video, outputs, progress, "render")
    if options.report:
        write_report(
            folder / REPORT_FILE, analysis, track, series(understood.measures), video, centre=centre, clip_path=clip,
            camera=camera, wall_path=folder / WALL_FILE if attempt else None,
        )  # fmt: skip
        clip.unlink(missing_ok=True)


def _rounded(seconds: dict[str, float]) -> dict[str, float]:
    return {stage: round(value, 3) for stage, value in seconds.items()}
