import json

import pytest

KEYS = {"rows", "mae_grades", "baseline_mae_grades", "coverage_80", "bias_grades"}


@pytest.fixture
def run(ascension_here):
    return lambda *arguments: ascension_here("evaluate", "strength", *arguments)


@pytest.fixture
def survey(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_text("sex,mass_kg,max_hang_added_kg,boulder_grade\nmale,70,30,7\nfemale,58,,V5\n,,,4\n")
    return path


def test_it_prints_one_object(run, survey):
    done = run(survey)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert set(result) >= KEYS
    assert result["rows"] == 3


def test_the_question_changes_the_answer_and_json_is_one_line(run, survey):
    done = run(survey, "--question", "current", "--json")
    assert done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["question"] == "current"


def test_a_bad_survey_is_one_line_and_code_2(run, survey, tmp_path):
    survey.write_text("mass_kg,boulder_grade\nheavy,7\n")
    for path in (survey, tmp_path / "none.csv"):
        done = run(path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("error: ")
