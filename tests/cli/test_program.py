"""`ascension program` as people and machines call it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ascension_core.results import Program

TODAY = ("--today", "2026-11-23")
FILES = ["load.png", "program.html", "program.ics", "program.json"]


Here = Callable[..., subprocess.CompletedProcess[str]]
Refused = Callable[[Any], str]


@pytest.fixture
def refused(tmp_path: Path, ascension_here: Here) -> Refused:
    """The error that an athlete's document gives: one line, code 2, nothing written."""

    def run_within(document: Any) -> str:
        athlete = tmp_path / "athlete.json"
        athlete.write_text(document if isinstance(document, str) else json.dumps(document))
        done = ascension_here("program", athlete, "--out", tmp_path / "out", *TODAY)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert [p.name for p in tmp_path.iterdir()] == ["athlete.json"]
        return done.stderr

    return run_within


@pytest.fixture(scope="module")
def office(personas: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((personas / "office-v5.json").read_text())
    return document


def test_tells_a_person_where_to_look(
    ascension_here: Here, personas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = ascension_here("program", personas / "beginner.json", *TODAY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "medical advice" in done.stdout
    assert str(Path("beginner-program") / "program.html") in done.stdout
    assert sorted(p.name for p in (tmp_path / "beginner-program").iterdir()) == FILES


def test_tells_a_machine_the_program_that_it_wrote(ascension_here: Here, personas: Path, tmp_path: Path) -> None:
    options = ("--out", tmp_path, "--json", "--seed", 7, "--at", "18:30", *TODAY)
    done = ascension_here("program", personas / "old-pulley.json", *options)
    assert (done.returncode, done.stderr) == (0, "")
    program = Program.model_validate_json(done.stdout)
    assert program == Program.model_validate_json((tmp_path / "program.json").read_text())
    assert program.seed == 7
    assert b"T183000\r\n" in (tmp_path / "program.ics").read_bytes()


def test_makes_no_connection(assert_no_network: Any, ascension: tuple[str, ...], personas: Path, tmp_path: Path) -> None:
    done = assert_no_network([*ascension, "program", personas / "beginner.json", "--out", tmp_path / "out", *TODAY])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "is not JSON"), ("{", "is not JSON"), ("[1]", "the document"), ('{"a": 1, "a": 2}', "a"), ("\x00", "JSON")],
)
def test_what_is_no_athlete_is_refused(refused: Refused, text: str, said: str) -> None:
    assert said in refused(text)


# Each field of the athlete wrong in turn; the message begins with the path of the field.
WRONG = {
    "id": {"id": 5},
    "name": {"name": ["Mara"]},
    "age_years": {"age_years": "old"},
    "sex": {"sex": "f"},
    "mass_kg": {"mass_kg": "61 bananas"},
    "height_m": {"height_m": "tall"},
    "span_m": {"span_m": -1},
    "years_climbing": {"years_climbing": -2},
    "sessions_per_week": {"sessions_per_week": 2.5},
    "availability": {"availability": {"funday": 90}},
    "availability.mon": {"availability": {"mon": -5}},
    "equipment": {"equipment": ["hang_board"]},
    "goals[0].grade": {"goals": [{"grade": "V77", "style": "boulder", "date": "2027-03-28"}]},
    "goals[0].style": {"goals": [{"grade": "V7", "style": "dancing", "date": "2027-03-28"}]},
    "goals[0].date": {"goals": [{"grade": "V7", "style": "boulder", "date": "spring"}]},
    "injuries[0].site": {"injuries": [{"site": "tail", "severity": 1}]},
    "injuries[0].severity": {"injuries": [{"site": "finger", "severity": 4}]},
    "injuries[0].since": {"injuries": [{"site": "finger", "severity": 1, "since": "long ago"}]},
    "other_sports[0].days": {"other_sports": [{"name": "running", "days": ["someday"], "minutes": 30, "load": "low"}]},
    "other_sports[0].minutes": {"other_sports": [{"name": "running", "days": ["mon"], "minutes": 0, "load": "low"}]},
    "other_sports[0].load": {"other_sports": [{"name": "running", "days": ["mon"], "minutes": 30, "load": "huge"}]},
    "boulder_grade": {"boulder_grade": "hard"},
    "sport_grade": {"sport_grade": 8},
    "tests.date": {"tests": {"date": 5}},
    "tests.max_hang.edge_mm": {"tests": {"max_hang": {"edge_mm": -20, "duration_s": 10, "added_kg": 14, "hands": 2}}},
    "tests.max_hang.added_kg": {"tests": {"max_hang": {"edge_mm": 20, "duration_s": 10, "added_kg": "much", "hands": 2}}},
    "tests.pull_ups.reps": {"tests": {"pull_ups": {"reps": "nine"}}},
    "log[0].date": {"log": [{"date": "yesterday", "status": "done"}]},
    "log[0].status": {"log": [{"date": "2026-11-20", "status": "perhaps"}]},
    "log[0].effort": {"log": [{"date": "2026-11-20", "status": "done", "effort": 11}]},
    "vision_findings[0].code": {"vision_findings": [{"code": "hair"}]},
    "vision_findings[0].severity": {"vision_findings": [{"code": "feet", "severity": 9}]},
    "wieght_kg": {"wieght_kg": 61},
}


@pytest.mark.parametrize("field", WRONG)
def test_a_wrong_field_is_named(refused: Refused, office: dict[str, Any], field: str) -> None:
    told = refused(office | WRONG[field])
    assert told.startswith(f"error: {field}"), told


@pytest.mark.parametrize("field", ["age_years", "mass_kg", "years_climbing"])
def test_a_missing_field_is_named(refused: Refused, office: dict[str, Any], field: str) -> None:
    told = refused({name: value for name, value in office.items() if name != field})
    assert told.startswith(f"error: {field}: is missing"), told


def test_swapped_height_and_mass_are_asked_about(refused: Refused, office: dict[str, Any]) -> None:
    told = refused(office | {"height_m": 61, "mass_kg": 168})
    assert "swapped" in told
    assert "?" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["missing.json"],
        ["."],
        ["{persona}", "--today", "soon"],
        ["{persona}", "--today", "1066-10-14"],
        ["{persona}", "--seed", "-1"],
        ["{persona}", "--seed", "many"],
        ["{persona}", "--at", "25:00"],
        ["{persona}", "--adapt", "missing.json"],
        ["{persona}", "--adapt", "{persona}"],
        ["{persona}", "--out", "in-the-way"],
        [],
    ],
)
def test_wrong_arguments_are_code_2_and_no_traceback(
    ascension_here: Here, personas: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in-the-way").write_text("")
    given = [argument.format(persona=personas / "beginner.json") for argument in arguments]
    done = ascension_here("program", *given)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "Traceback" not in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["in-the-way"]
