"""``ascension assess``."""

import json
from pathlib import Path

import pytest

ATHLETES = Path(__file__).parents[1] / "training" / "athletes"


@pytest.fixture
def run(ascension_here):
    return lambda *arguments: ascension_here("assess", *arguments)


def test_tells_a_person_what_the_tests_say_and_where_the_page_is(run, tmp_path):
    done = run(ATHLETES / "full.json", "--out", tmp_path / "out", "--today", "2026-11-22")
    assert done.returncode == 0, done.stderr
    assert "Boulder: V" in done.stdout
    assert "Critical force test: critical force: 16 -> 18.35 kg: no detectable change." in done.stdout
    assert "medical advice" in done.stdout
    assert str(tmp_path / "out" / "assessment.html") in done.stdout
    assert (tmp_path / "out" / "assessment.html").is_file()


def test_prints_one_json_object_for_machines(run, tmp_path):
    done = run(ATHLETES / "sparse.json", "--out", tmp_path / "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "out" / "assessment.json").read_text())
    assert done.stdout.count("\n") == 1


def test_a_question_is_one_line_and_code_2(run, tmp_path):
    path = tmp_path / "athlete.json"
    path.write_text(json.dumps({"age_years": 30, "mass_kg": 154, "height_m": 1.75, "years_climbing": 31}))
    done = run(path, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert 'mass_kg: a body mass of 154 kg: was it in pounds? Then write "154 lb"' in done.stderr
    assert "; years_climbing: 31 years of climbing at the age of 30" in done.stderr
    assert not (tmp_path / "out").exists()
