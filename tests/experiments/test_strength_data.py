from pathlib import Path

import pandas as pd
import pytest

from ascension_core.errors import InvalidDataset
from experiments.strength_data import Survey, load_surveys

POWER = {
    "age": 30, "sex": "Female", "max_boulder": "V6", "max_sport": "5.12a/b", "exp": "3-4 years", "height": 65, "weight": 130,
    "span": 66, "pullup": 10, "pushup": 20, "continuous": 30, "maxhang": 40, "weightedpull": 30, "repeaters1": 100,
    "sportgrade": "5.11c/d", "bouldergrade": "V5",
}  # fmt: skip
GILES = {
    "SEX": "Male", "AGE (YRS)": 30, "HEIGHT (CM)": 178, "BODY MASS (KG)": 70, "YRS CLIMBING": 8, "SPORT GRADE IRCRA": 20,
    "BOULDER GRADE IRCRA": 22, "PEAK FORCE (KG)": 49, "PEAK FORCE % BODY MASS": "70%", "CF (KG)": 17.5,
}  # fmt: skip


def read(folder: Path, *changes: dict[str, object], giles: tuple[dict[str, object], ...] = ({},)) -> Survey:
    pd.DataFrame([POWER | change for change in changes]).to_csv(folder / "power-company-assessment.csv", index=False)
    pd.DataFrame([GILES | change for change in giles]).to_csv(folder / "giles-2020-critical-force.csv", index=False)
    return load_surveys(folder)


def test_units_and_grades(tmp_path: Path) -> None:
    survey = read(tmp_path, {})
    row, grades = survey.measures.iloc[0], survey.grades.iloc[0]
    assert row["mass_kg"] == pytest.approx(58.97, abs=0.01)
    assert row["height_m"] == pytest.approx(1.651)
    assert row["max_hang_added_kg"] == pytest.approx(18.14, abs=0.01)
    assert (row["years_climbing"], row["female"]) == (3.5, 1.0)
    assert (grades["boulder_past_year"], grades["boulder_current"]) == (6, 5)
    assert grades["sport_current"] < grades["sport_past_year"]
    assert survey.grades.iloc[1]["sport_past_year"] == 20
    assert list(survey.source) == ["power_company", "giles"]


@pytest.mark.parametrize(
    ("change", "measure", "reason"),
    [
        ({"height": 160}, "height_m", "height outside"),
        ({"weight": 650}, "mass_kg", "body mass outside"),
        ({"span": 2}, "span_m", "ape index"),
        ({"maxhang": 200}, "max_hang_added_kg", "max hang over"),
        ({"maxhang": 0, "continuous": 0}, "max_hang_added_kg", "not held for 3 s"),
        ({"weightedpull": 300}, "weighted_pull_up_added_kg", "weighted pull-up over"),
        ({"weightedpull": 0, "pullup": 0}, "weighted_pull_up_added_kg", "no pull-up possible"),
        ({"pullup": 200}, "pull_ups", "pull-ups over"),
        ({"pushup": 330}, "push_ups", "push-ups over"),
    ],
)
def test_what_cannot_be_true_becomes_unknown_and_is_counted(
    tmp_path: Path, change: dict[str, object], measure: str, reason: str
) -> None:
    survey = read(tmp_path, change)
    assert pd.isna(survey.measures.iloc[0][measure])
    assert sum(count for why, count in survey.cleaning.counts.items() if reason in why) == 1
    assert len(survey) == 2


def test_span_in_centimetres_is_understood(tmp_path: Path) -> None:
    assert read(tmp_path, {"span": 168}).measures.iloc[0]["span_m"] == pytest.approx(1.68)


def test_exchanged_grade_columns_are_put_right(tmp_path: Path) -> None:
    grades = read(tmp_path, {"sportgrade": "V5", "bouldergrade": "5.11c/d"}).grades.iloc[0]
    assert grades["boulder_current"] == 5
    assert 15 < grades["sport_current"] < 18


def test_a_short_hang_at_body_weight_counts_with_its_time(tmp_path: Path) -> None:
    row = read(tmp_path, {"maxhang": 0, "continuous": 6}).measures.iloc[0]
    assert (row["max_hang_added_kg"], row["max_hang_duration_s"]) == (0, 6)


def test_the_same_person_counts_once_and_the_ungraded_do_not(tmp_path: Path) -> None:
    silent = dict.fromkeys(("max_boulder", "max_sport", "sportgrade", "bouldergrade"))
    assert len(read(tmp_path, {}, {}, {"age": 31}, silent | {"weight": 140})) == 2


def test_a_mass_that_its_own_percentages_deny_is_forgotten(tmp_path: Path) -> None:
    survey = read(tmp_path, {}, giles=({}, {"BODY MASS (KG)": 90}))
    assert list(survey.measures["mass_kg"].isna()) == [False, False, True]


def test_a_missing_table_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InvalidDataset, match="ASCENSION_DATA"):
        load_surveys(tmp_path)


def test_counts_on_the_real_tables(data_dir: Path) -> None:
    survey = load_surveys(data_dir / "athletes")
    assert survey.source.value_counts().to_dict() == {"power_company": 596, "giles": 121}
    assert survey.cleaning.counts["power_company: current boulder and sport grades exchanged"] == 81
    assert survey.grades.notna().sum().to_dict() == {
        "boulder_current": 523,
        "boulder_past_year": 536,
        "sport_current": 458,
        "sport_past_year": 527,
    }
