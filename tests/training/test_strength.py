import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidGrade, InvalidOption, ModelError
from ascension_core.training.athlete import Athlete
from ascension_core.training.grades import Grade
from ascension_core.training.strength import TARGETS, Question, StrengthModel
from ascension_core.training.strength_features import FEATURES, NAMES, to_features

CLIMBER = {
    "female": 0.0,
    "age_years": 28.0,
    "height_m": 1.78,
    "mass_kg": 70.0,
    "span_m": 1.82,
    "years_climbing": 6.0,
    "max_hang_added_kg": 30.0,
    "max_hang_edge_mm": 20.0,
    "max_hang_duration_s": 10.0,
    "pull_ups": 15.0,
    "weighted_pull_up_added_kg": 35.0,
    "push_ups": 30.0,
}


@pytest.fixture(scope="module")
def model() -> StrengthModel:
    return StrengthModel.load()


def width(model: StrengthModel, measures: dict[str, float]) -> float:
    estimate = model.expect(measures).boulder
    return estimate.high - estimate.low


def test_a_typical_climber_is_expected_where_such_climbers_are(model: StrengthModel) -> None:
    expected = model.expect(CLIMBER)
    assert 6.5 < expected.boulder.median < 8.5
    assert expected.boulder.low < expected.boulder.median < expected.boulder.high
    assert 18 < expected.sport.median < 21
    assert expected.n_similar > 30
    assert expected.missing == ("repeaters", "critical_force")


def test_every_known_test_narrows_the_interval(model: StrengthModel) -> None:
    body = {name: CLIMBER[name] for name in ("female", "age_years", "height_m", "mass_kg", "years_climbing")}
    hang = body | {"max_hang_added_kg": 30.0}
    assert width(model, {}) > width(model, body) > width(model, hang) > width(model, CLIMBER)


def test_unusual_climbers_get_wider_intervals(model: StrengthModel) -> None:
    odd = CLIMBER | {"max_hang_added_kg": 80.0, "weighted_pull_up_added_kg": 0.0, "pull_ups": 2.0}
    assert width(model, odd) > 1.3 * width(model, CLIMBER)


def test_another_survey_is_less_sure_than_a_known_one_and_lies_between(model: StrengthModel) -> None:
    row = to_features(CLIMBER)
    first, other, second = (model.predict(row, survey=number) for number in (0.0, 0.5, 1.0))
    assert first.median < other.median < second.median
    assert other.high - other.low > first.high - first.low


def test_the_current_grade_is_below_the_hardest_of_the_year(model: StrengthModel) -> None:
    current = model.expect(CLIMBER, question=Question.CURRENT).boulder.median
    assert 0.3 < model.expect(CLIMBER).boulder.median - current < 1.3


@settings(max_examples=80)
@given(
    st.lists(st.booleans(), min_size=12, max_size=12),
    st.integers(0, 2**31),
    st.sampled_from([feature for feature in FEATURES if feature.sign]),
    st.sampled_from(TARGETS),
)
def test_more_strength_never_lowers_the_grade_whatever_is_known(
    known: list[bool], seed: int, feature: object, target: str
) -> None:
    model, random = StrengthModel.load(), np.random.default_rng(seed)
    number = NAMES.index(feature.name)
    rows = np.tile([random.uniform(*one.limits) for one in FEATURES], (9, 1))
    rows[:, ~np.array(known)] = np.nan
    rows[:, number] = np.linspace(*feature.limits, 9)
    steps = np.diff(model.predict(rows, target).median) * feature.sign
    assert (steps >= -1e-9).all()


def test_the_weakest_link_is_the_test_that_lags(model: StrengthModel) -> None:
    weak = CLIMBER | {"max_hang_added_kg": 5.0, "weighted_pull_up_added_kg": 60.0}
    first = model.expect(weak, goal="V8").weakest[0]
    assert (first.test, first.worth > 0.5, first.percentile < 25) == ("hang", True, True)
    assert "men of V8" in first.reason
    assert str(first.n) in first.reason


def test_a_goal_of_the_athlete_is_what_it_is_compared_with(model: StrengthModel) -> None:
    document = {"age_years": 28, "mass_kg": 70, "years_climbing": 6, "tests": {"pull_ups": {"reps": 8}}}
    athlete = Athlete.parse(document | {"goals": [{"style": "sport", "grade": "7c"}]})
    expected = model.expect(athlete)
    assert expected.compared_with == Grade("french", "7c")
    assert [link.test for link in expected.weakest] == ["pull_ups"]
    assert model.expect(athlete, goal="V4").compared_with == Grade("v", "V4")


def test_levels_grow_with_the_grade_and_tell_how_many_people(model: StrengthModel) -> None:
    medians = [model.levels_for(f"V{grade}")["hang"].median for grade in (4, 6, 8, 10)]
    assert medians == sorted(medians)
    assert all(level.n >= 10 for grade in range(18) for level in model.levels_for(f"V{grade}").values())
    assert model.levels_for("V5", group="female")["pull_ups"].median < model.levels_for("V5", group="male")["pull_ups"].median


def test_percentiles_are_of_the_same_sex(model: StrengthModel) -> None:
    man, woman = (model.expect(CLIMBER | {"female": sex}).percentiles["pull_ups"] for sex in (0.0, 1.0))
    assert woman > man


def test_unknown_names_are_refused(model: StrengthModel) -> None:
    with pytest.raises(InvalidOption, match="boulder_ever"):
        model.predict(to_features(CLIMBER), "boulder_ever")
    with pytest.raises(InvalidOption, match="juniors"):
        model.levels_for("V5", group="juniors")
    with pytest.raises(InvalidGrade):
        model.levels_for("V99")


def test_it_reads_back_what_it_wrote(model: StrengthModel, tmp_path: Path) -> None:
    model.save(tmp_path / "copy.json")
    copy = StrengthModel.load(tmp_path / "copy.json")
    assert copy.to_document() == model.to_document()
    assert [path.name for path in tmp_path.iterdir()] == ["copy.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 99},
        {"inputs": ["hang"]},
        {"covariance": [[1.0]]},
        {"mean": "text"},
        {"spreads": {"boulder_current": [1]}},
        {"levels": {}},
    ],
)
def test_a_damaged_file_is_an_error_of_ours(model: StrengthModel, tmp_path: Path, change: dict[str, object]) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(model.to_document() | change))
    with pytest.raises(ModelError, match=r"broken\.json"):
        StrengthModel.load(broken)
    broken.write_bytes(b"\x80\x04pickle")
    with pytest.raises(ModelError):
        StrengthModel.load(broken)
    with pytest.raises(ModelError):
        StrengthModel.load(tmp_path / "none.json")


def test_the_file_is_small_and_its_card_says_the_same_people(model: StrengthModel, root: Path) -> None:
    folder = root / "ascension_core" / "training" / "weights"
    assert (folder / "strength.json").stat().st_size < 200_000
    card = (folder / "strength.md").read_text()
    for count in model.provenance["data"].values():
        assert f"{count} climbers" in card
    assert "chose themselves" in card


def test_it_cannot_be_changed(model: StrengthModel) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.climbers = {}  # type: ignore[misc]
