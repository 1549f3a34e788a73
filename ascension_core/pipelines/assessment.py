"""From one athlete's file to an `AssessmentReport`, its radar picture and its page."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ascension_core.pipelines.outputs import staged
from ascension_core.pipelines.versions import PipelineVersion, answered_by
from ascension_core.progress import Progress, silent
from ascension_core.results import AssessmentReport, ModelVersion

if TYPE_CHECKING:
    from ascension_core.training.athlete import Athlete

REPORT_FILE = "assessment.json"
PAGE_FILE = "assessment.html"
RADAR_FILE = "radar.png"


def make_assessment(
    athlete_path: Path,
    out: Path,
    *,
    today: date | None = None,
    version: PipelineVersion | None = None,
    progress: Progress = silent,
) -> AssessmentReport:
    """Assess an athlete and write report, radar and page into `out`; they appear together when all are complete.

    Parameters
    ----------
    today
        The day of the report; None for the day on which it runs.
    version
        Of ``training`` or ``strength``, whose model is asked; None for the one that comes with the package.

    Raises
    ------
    InvalidAthlete
        The athlete's file cannot be used; the message names each field that is wrong.
    ModelError
        The strength model is missing or damaged.
    OutputNotWritable
        The folder cannot be made or written.
    """
    from ascension_core.report.assessment_page import write_assessment_page
    from ascension_core.report.radar import write_radar
    from ascension_core.training.athlete import Athlete

    athlete = Athlete.load(athlete_path)
    with staged(out) as folder:
        progress("assess", 0.0)
        report = assessed(athlete, today or date.today(), version)
        progress("assess", 0.5, "drawing")
        (folder / REPORT_FILE).write_text(report.model_dump_json(indent=2) + "\n", "utf-8")
        write_radar(folder / RADAR_FILE, report)
        write_assessment_page(folder / PAGE_FILE, report, (folder / RADAR_FILE).read_bytes())
    progress("assess", 1.0)
    return report


def assessed(athlete: Athlete, today: date, version: PipelineVersion | None = None) -> AssessmentReport:
    """The report alone, from the model of a version or the one that comes with the package."""
    from ascension_core.training.assessing import assess
    from ascension_core.training.strength import WEIGHTS, StrengthModel

    weights = version.path("strength") if version else WEIGHTS
    model = StrengthModel.load(weights)
    used = ModelVersion(name="strength", sha256=sha256(weights.read_bytes()).hexdigest())
    report = assess(athlete, model, today=today, model_version=used)
    return report.model_copy(update={"pipeline": answered_by("strength", version)})
