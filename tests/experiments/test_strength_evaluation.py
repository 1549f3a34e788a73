from pathlib import Path

import numpy as np
import pytest

from ascension_core.errors import InvalidDataset
from ascension_core.training.strength import Question, StrengthModel
from experiments.strength_evaluation import COLUMNS, evaluate_strength

HEADER = (
    "sex,age_years,height_cm,mass_kg,span_cm,years_climbing,max_hang_added_kg,max_hang_edge_mm,max_hang_duration_s,"
    "pull_ups,weighted_pull_up_added_kg,weighted_pull_up_reps,push_ups,boulder_grade"
)
ROW = "male,28,178,70,182,6,30,20,10,15,35,1,30,7"


@pytest.fixture(scope="module")
def model() -> StrengthModel:
    return StrengthModel.load()


@pytest.fixture
def survey(tmp_path: Path):
    def write(*lines: str) -> Path:
        path = tmp_path / "survey.csv"
        path.write_text("\n".join(lines))
        return path

    return write


def test_scores_are_what_they_say(model, survey) -> None:
    result = evaluate_strength(survey(HEADER, ROW, ROW.removesuffix("7") + "9"), model)
    expected = model.expect(
        {
            "female": 0.0, "age_years": 28, "height_m": 1.78, "mass_kg": 70, "span_m": 1.82, "years_climbing": 6,
            "max_hang_added_kg": 30, "pull_ups": 15, "weighted_pull_up_added_kg": 35, "push_ups": 30,
        }
    ).boulder  # fmt: skip
    errors = expected.median - np.array([7, 9])
    assert result["rows"] == 2
    assert result["mae_grades"] == pytest.approx(np.abs(errors).mean())
    assert result["bias_grades"] == pytest.approx(errors.mean())
    assert result["coverage_80"] == np.mean([expected.low <= grade <= expected.high for grade in (7, 9)])
    assert result["baseline_mae_grades"] == pytest.approx(np.abs(np.array([7, 9]) - model.means["boulder_past_year"]).mean())
    assert result["own_mean_mae_grades"] == 1


@pytest.mark.parametrize("column", [*COLUMNS, "sex"])
def test_any_column_may_be_absent_or_empty(model, survey, column: str) -> None:
    names = HEADER.split(",")
    values = ROW.split(",")
    place = names.index(column)
    without = evaluate_strength(
        survey(",".join(names[:place] + names[place + 1 :]), ",".join(values[:place] + values[place + 1 :])), model
    )
    empty = evaluate_strength(survey(HEADER, ",".join([*values[:place], "", *values[place + 1 :]])), model)
    assert without["mae_grades"] == empty["mae_grades"]


def test_one_column_is_enough(model, survey) -> None:
    assert evaluate_strength(survey("pull_ups,boulder_grade", "12,5", ",6"), model)["rows"] == 2


def test_another_question_is_another_grade(model, survey) -> None:
    path = survey(HEADER, ROW)
    hardest, current = (
        evaluate_strength(path, model, question=question) for question in (Question.PAST_YEAR, Question.CURRENT)
    )
    assert current["bias_grades"] < hardest["bias_grades"]


def test_edges_and_repetitions_are_taken_into_account(model, survey) -> None:
    small = evaluate_strength(survey(HEADER, ROW.replace(",20,10,", ",12,10,")), model)
    sets = evaluate_strength(survey(HEADER, ROW.replace("35,1,", "35,5,")), model)
    plain = evaluate_strength(survey(HEADER, ROW), model)
    assert small["bias_grades"] > plain["bias_grades"]
    assert sets["bias_grades"] > plain["bias_grades"]


def test_rows_without_a_grade_and_impossible_values_are_counted(model, survey) -> None:
    height = ROW.replace("178", "17.8")
    result = evaluate_strength(survey(HEADER, ROW, ROW.removesuffix("7"), height), model)
    assert (result["rows"], result["rows_without_grade"]) == (2, 1)
    assert result["set_aside"] == {"height_cm outside 120 to 220": 1}


def test_a_zero_beside_many_pull_ups_was_not_tested(model, survey) -> None:
    zero = evaluate_strength(survey(HEADER, ROW.replace(",35,1,", ",0,1,")), model)
    empty = evaluate_strength(survey(HEADER, ROW.replace(",35,1,", ",,1,")), model)
    assert zero["mae_grades"] == empty["mae_grades"]
    assert sum(zero["set_aside"].values()) == 1


@pytest.mark.parametrize("grade", ["V7", "v7", "7.0"])
def test_grades_may_be_written_with_their_v(model, survey, grade: str) -> None:
    assert evaluate_strength(survey(HEADER, ROW.removesuffix("7") + grade), model)["rows"] == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "not a table"),
        ((HEADER,), "no climbers"),
        ((HEADER, ROW.removesuffix("7")), "no row has a boulder_grade"),
        (("a,b", "1,2"), "no column 'boulder_grade'"),
        (("boulder_grade,colour", "5,red"), "none of the columns"),
        (("boulder_grade,heigth_cm", "5,170"), "did you mean 'height_cm'"),
        (("boulder_grade,pull_ups,pull_ups", "5,10,10"), "'pull_ups' stands there twice"),
        ((HEADER, ROW.replace("178", "5 ft 10")), "row 2, height_cm: '5 ft 10' is not a number"),
        ((HEADER, ROW, ROW.replace(",15,", ",-15,")), "row 3, pull_ups: -15 is below zero"),
        ((HEADER, ROW.replace(",15,", ",inf,")), "row 2, pull_ups"),
        ((HEADER, ROW.replace("male", "banana")), "row 2, sex: 'banana'"),
        ((HEADER, ROW.removesuffix("7") + "7A"), "row 2, boulder_grade: '7A' is not a V grade"),
        ((HEADER, ROW.removesuffix("7") + "V30"), "outside the V scale"),
        ((HEADER, ROW + ",1,2"), "not a table"),
    ],
)
def test_a_bad_survey_is_an_error_that_says_where(model, survey, lines, message: str) -> None:
    with pytest.raises(InvalidDataset, match=message):
        evaluate_strength(survey(*lines), model)


def test_binary_and_absent_files_are_refused(model, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\xff\xfe\x00")
    for name in ("a.csv", "none.csv", "."):
        with pytest.raises(InvalidDataset):
            evaluate_strength(tmp_path / name, model)
