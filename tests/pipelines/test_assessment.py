"""From an athlete's file to the files of an assessment."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ascension_core.errors import InvalidAthlete, OutputNotWritable
from ascension_core.pipelines.assessment import PAGE_FILE, RADAR_FILE, REPORT_FILE, make_assessment
from ascension_core.results import AssessmentReport

ATHLETES = Path(__file__).parents[1] / "training" / "athletes"
TODAY = date(2026, 11, 22)


def test_everything_is_written_and_the_report_reads_back(tmp_path: Path) -> None:
    report = make_assessment(ATHLETES / "full.json", tmp_path / "out", today=TODAY)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == sorted([REPORT_FILE, PAGE_FILE, RADAR_FILE])
    assert AssessmentReport.model_validate_json((tmp_path / "out" / REPORT_FILE).read_bytes()) == report
    assert report.models[0].name == "strength"
    assert len(report.models[0].sha256) == 64


def test_the_same_file_gives_the_same_files(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        make_assessment(ATHLETES / "strong.json", tmp_path / folder, today=TODAY)
    for name in (REPORT_FILE, PAGE_FILE, RADAR_FILE):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_wrong_file_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = tmp_path / "athlete.json"
    wrong.write_text('{"age_years": 30, "mass_kg": 178, "height_m": 72, "years_climbing": 3}')
    with pytest.raises(InvalidAthlete, match="were they swapped"):
        make_assessment(wrong, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable):
        make_assessment(ATHLETES / "sparse.json", tmp_path / "file" / "out")
