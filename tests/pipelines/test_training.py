"""The whole of training: from an athlete's file to the four files of a program."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest
from icalendar import Calendar

from ascension_core.errors import InvalidAthlete, InvalidOption, InvalidProgram, OutputNotWritable
from ascension_core.pipelines.training import ProgramOptions, make_program, read_program
from ascension_core.results import Program

MONDAY = date(2026, 11, 23)
FILES = ["load.png", "program.html", "program.ics", "program.json"]


@pytest.fixture(scope="module")
def made(personas: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made")
    make_program(personas / "office-v5.json", out, ProgramOptions(today=MONDAY, seed=3))
    return out


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_writes_the_program_its_page_its_calendar_and_its_picture(made: Path) -> None:
    assert names(made) == FILES
    program = read_program(made / "program.json")
    assert (program.athlete.name, program.seed) == ("Mara", 3)
    sessions = [session for week in program.weeks for session in week.sessions]
    assert len(Calendar.from_ical((made / "program.ics").read_bytes()).events) == len(sessions) > 0
    assert (made / "load.png").read_bytes().startswith(b"\x89PNG")
    assert "Mara" in (made / "program.html").read_text("utf-8")


def test_the_same_seed_gives_the_same_files(made: Path, personas: Path, tmp_path: Path) -> None:
    make_program(personas / "office-v5.json", tmp_path, ProgramOptions(today=MONDAY, seed=3))
    for name in FILES[1:]:
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), name


@pytest.mark.usefixtures("no_network")
def test_needs_no_network(personas: Path, tmp_path: Path) -> None:
    make_program(personas / "beginner.json", tmp_path, ProgramOptions(today=MONDAY))


def test_tells_how_far_it_is(personas: Path, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []

    def progress(stage: str, fraction: float, message: str = "") -> None:
        told.append((stage, fraction))

    make_program(personas / "beginner.json", tmp_path, ProgramOptions(today=MONDAY), progress)
    assert told == [("plan", 0.0), ("plan", 1.0), ("write", 1.0)]


def test_sessions_begin_at_the_time_asked_for(personas: Path, tmp_path: Path) -> None:
    make_program(personas / "beginner.json", tmp_path, ProgramOptions(today=MONDAY, starts_at=time(18, 30)))
    starts = {e.decoded("dtstart").time() for e in Calendar.from_ical((tmp_path / "program.ics").read_bytes()).events}
    assert starts == {time(18, 30)}


def test_a_program_is_carried_on_without_rewriting_the_past(
    made: Path, personas: Path, tmp_path: Path, planned: Callable[[str], Program]
) -> None:
    before = read_program(made / "program.json")
    third = before.weeks[2].start_date
    athlete = json.loads((personas / "office-v5.json").read_text())
    first = before.weeks[0].sessions[0]
    athlete["log"] = [{"date": first.date.isoformat(), "status": "skipped", "session_id": first.id}]
    (tmp_path / "athlete.json").write_text(json.dumps(athlete))
    options = ProgramOptions(today=third, adapt=made / "program.json")
    after = make_program(tmp_path / "athlete.json", tmp_path / "out", options)
    assert (after.created_on, after.revised_on, after.seed) == (before.created_on, third, before.seed)
    assert after.weeks[0].sessions[0].status == "skipped"
    kept = [[(s.id, s.date, s.exercises) for s in week.sessions] for week in after.weeks[:2]]
    assert kept == [[(s.id, s.date, s.exercises) for s in week.sessions] for week in before.weeks[:2]]


def test_what_lies_furthest_behind_comes_first_and_is_explained(personas: Path, tmp_path: Path) -> None:
    program = make_program(personas / "sport-8a.json", tmp_path, ProgramOptions(today=MONDAY))
    assert program.goal.weakest_link == "finger_endurance"
    assert program.explanations[0].code == "weakest_link"
    assert program.explanations[0].message.startswith("Critical force")


def test_nothing_is_called_weakest_without_tests(personas: Path, tmp_path: Path) -> None:
    program = make_program(personas / "beginner.json", tmp_path, ProgramOptions(today=MONDAY))
    assert program.goal.weakest_link is None
    assert "weakest_link" not in [note.code for note in program.explanations]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "the document"),
        ("{", "the document"),
        ("[]", "the document"),
        ('{"kind": "analysis"}', "kind"),
        ('{"kind": "program", "schema_version": "9.0"}', "schema_version"),
    ],
)
def test_what_is_no_program_cannot_be_carried_on(personas: Path, tmp_path: Path, text: str, named: str) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(text)
    with pytest.raises(InvalidProgram, match=f"wrong.json is not a program: {named}"):
        make_program(personas / "beginner.json", tmp_path / "out", ProgramOptions(today=MONDAY, adapt=wrong))
    assert names(tmp_path) == ["wrong.json"]


@pytest.mark.parametrize("place", ["missing.json", "."])
def test_a_program_that_cannot_be_read_is_named(personas: Path, tmp_path: Path, place: str) -> None:
    with pytest.raises(InvalidProgram, match="cannot be read"):
        make_program(personas / "beginner.json", tmp_path / "out", ProgramOptions(today=MONDAY, adapt=tmp_path / place))


def test_a_wrong_athlete_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "athlete.json").write_text('{"age_years": 30}')
    with pytest.raises(InvalidAthlete, match="mass_kg"):
        make_program(tmp_path / "athlete.json", tmp_path / "out")
    assert names(tmp_path) == ["athlete.json"]


def test_a_failure_while_writing_keeps_the_older_results(
    personas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ProgramOptions(today=MONDAY)
    make_program(personas / "beginner.json", tmp_path, options)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ascension_core.report.program_page.write_program_page", full)
    with pytest.raises(OutputNotWritable, match="No space left"):
        make_program(personas / "runner-shifts.json", tmp_path, options)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_a_file_in_the_way_is_named(personas: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputNotWritable, match="out"):
        make_program(personas / "beginner.json", tmp_path / "out", ProgramOptions(today=MONDAY))


@pytest.mark.parametrize(
    "options",
    [
        {"seed": -1},
        {"seed": 2**31},
        {"seed": 1, "adapt": Path("program.json")},
        {"today": date(1, 1, 1)},
        {"today": date(9999, 12, 31)},
    ],
)
def test_options_out_of_range_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidOption, match=next(iter(options))):
        ProgramOptions(**options)  # type: ignore[arg-type]
