"""From one athlete's file to a `Program`, its page, its calendar file and its picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ascension_core.errors import InvalidOption, InvalidProgram
from ascension_core.pipelines.assessment import assessed
from ascension_core.pipelines.outputs import staged
from ascension_core.pipelines.versions import PipelineVersion, answered_by, current_options
from ascension_core.progress import Progress, silent
from ascension_core.results import AssessmentReport, Note, Program
from ascension_core.training.example import example_athlete

if TYPE_CHECKING:
    from ascension_core.training.athlete import Athlete

PROGRAM_FILE = "program.json"
PAGE_FILE = "program.html"
CALENDAR_FILE = "program.ics"
LOAD_FILE = "load.png"

_ANY_DAY = date(2026, 1, 5)
_LARGEST_SEED = 2**31 - 1  # what the solver takes
_MOST_BYTES = 64 * 1024**2
_WANTED = "Give the program.json of an earlier run."


@dataclass(frozen=True)
class ProgramOptions:
    """How a program is made.

    Attributes
    ----------
    today
        The day on which planning starts; None for the day on which it runs.
    seed
        Chooses among programs that are equally good; the same seed gives the same program. None is 0. An adapted program
        keeps its own.
    adapt
        A `program.json` made before, which is carried on instead of starting anew: what lies before `today` stays.
    starts_at
        Local time at which sessions begin in the calendar file; None for all-day events.
    version
        The pipeline version whose strength model is asked and which the program names; None for what is installed.
    """

    today: date | None = None
    seed: int | None = None
    adapt: Path | None = None
    starts_at: time | None = None
    version: PipelineVersion | None = None

    def __post_init__(self) -> None:
        if self.seed is not None and self.adapt is not None:
            raise InvalidOption("seed cannot be chosen for a program that is carried on: it keeps its own.")
        if self.today is not None and not 2000 <= self.today.year < 2200:
            raise InvalidOption(f"today must lie between the years 2000 and 2199, got {self.today}.")
        if self.seed is not None and not 0 <= self.seed <= _LARGEST_SEED:
            raise InvalidOption(f"seed must be between 0 and {_LARGEST_SEED}, got {self.seed}.")


def make_program(
    athlete: Path | Mapping[str, Any], out: Path, options: ProgramOptions | None = None, progress: Progress = silent
) -> Program:
    """Plan (or adapt) an athlete's program and write everything into `out`; see `docs/program-page.md` for the files.

    Files appear together when all of them are complete; older ones of the same names are replaced.

    Parameters
    ----------
    athlete
        File of the athlete's document, or the document itself.
    out
        Folder for the results.

    Raises
    ------
    InvalidAthlete
        The athlete's document cannot be used; the message names each field that is wrong.
    InvalidProgram, InvalidOption
        The program to adapt cannot be used, or is not one of this athlete and day.
    OutputNotWritable
        The folder cannot be made or written.
    """
    from ascension_core.training.athlete import Athlete

    options = options or ProgramOptions()
    known = Athlete.parse(athlete) if isinstance(athlete, Mapping) else Athlete.load(athlete)
    earlier = read_program(options.adapt) if options.adapt else None
    with staged(out) as folder:
        progress("plan", 0.0, "weighing the weeks")
        program = planned(known, options, earlier)
        progress("plan", 1.0)
        _write(folder, program, options)
        progress("write", 1.0)
    return program


@cache
def warm() -> None:
    """Make a program for an example, so that the first one of this process takes no longer than the next.

    What is imported, compiled, read or drawn for the first time takes twice as long as planning does.
    """
    with TemporaryDirectory(prefix="ascension-warm-") as folder:
        make_program(example_athlete(_ANY_DAY), Path(folder), current_options("training", today=_ANY_DAY))


def read_program(path: Path) -> Program:
    """A program from its JSON document.

    Raises
    ------
    InvalidProgram
        There is no such file, or it is not a program of this version.
    """
    from pydantic import ValidationError

    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidProgram(f"{path}: larger than {_MOST_BYTES // 1024**2} MB, so it is not a program. {_WANTED}")
        return Program.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidProgram(f"{path} cannot be read: {error.strerror or error}. {_WANTED}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the document"
        raise InvalidProgram(f"{path} is not a program: {where}: {first['msg']}. {_WANTED}") from error


def planned(athlete: Athlete, options: ProgramOptions, earlier: Program | None = None) -> Program:
    """The program alone; `earlier` is one to be carried on, which stands for that of the options.

    Raises
    ------
    InvalidProgram, InvalidOption
        The program to adapt is not one of this athlete and day.
    """
    from ascension_core.training.adaptation import adapt
    from ascension_core.training.program import plan
    from ascension_core.training.weakest import weakest_quality

    today = options.today or date.today()
    report = assessed(athlete, today, options.version)
    weakest = weakest_quality(report)
    if earlier:
        program = adapt(earlier, athlete, today=today, weakest_link=weakest)
    else:
        program = plan(athlete, today=today, seed=options.seed or 0, weakest_link=weakest)
    program = program.model_copy(update={"pipeline": answered_by("training", options.version, options)})
    return _explained(program, report) if weakest else program


def _explained(program: Program, report: AssessmentReport) -> Program:
    """The program with the comparison that chose what is trained first."""
    assert report.weakest is not None
    reason = Note(code="weakest_link", message=f"{report.weakest.reason} It comes first wherever age and injuries allow.")
    return program.model_copy(update={"explanations": [reason, *program.explanations]})


def _write(folder: Path, program: Program, options: ProgramOptions) -> None:
    from ascension_core.report.load_chart import write_load
    from ascension_core.report.program_page import write_program_page
    from ascension_core.training.calendar import program_calendar

    calendar = program_calendar(program, options.starts_at)
    (folder / PROGRAM_FILE).write_text(program.model_dump_json(indent=2) + "\n", "utf-8")
    (folder / CALENDAR_FILE).write_bytes(calendar)
    write_load(folder / LOAD_FILE, program)
    write_program_page(folder / PAGE_FILE, program, calendar)
