"""The whole experiment on the real tables, small: what it measures must be what the model card claims."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.training.strength import StrengthModel
from ascension_core.training.strength_features import NAMES
from experiments.strength import MAIN, Result, Settings, conformal, keep_columns, run
from experiments.strength_plots import figures, inputs_of
from experiments.strength_tracking import metrics, track, write_weights


@pytest.fixture(scope="module")
def result(data_dir: Path) -> Result:
    return run(Settings(folds=4, repeats=1), data_dir / "athletes")


def test_it_beats_both_baselines_on_unseen_climbers(result: Result) -> None:
    whole = result.report.loc[f"{MAIN}, all tests"]
    assert whole["mae_high"] < whole["mae_line"] < whole["mae_mean"]
    assert whole["mae"] < 1.45
    assert abs(whole["bias"]) < 0.15


def test_its_intervals_hold(result: Result) -> None:
    rows = result.report.drop(f"{MAIN}, nothing")
    for name in ("all tests", "columns of a survey", "women", "men", "table power_company"):
        assert rows.loc[f"{MAIN}, {name}", "coverage"] == pytest.approx(0.8, abs=0.03), name
    assert (rows["coverage"] > 0.74).all()


def test_fewer_tests_mean_wider_intervals(result: Result) -> None:
    widths = [result.report.loc[f"{MAIN}, {name}", "width"] for name in ("all tests", "hang and body", "no tests", "nothing")]
    assert widths == sorted(widths)


def test_a_table_it_never_saw_is_predicted_better_than_by_its_own_mean(result: Result) -> None:
    giles = result.transfer.loc["power_company to giles"]
    assert giles["mae"] < giles["mae_own_mean"] < giles["mae_mean"]


@pytest.mark.slow
def test_repeated_runs_agree_to_the_last_digit(result: Result, data_dir: Path) -> None:
    again = run(Settings(folds=4, repeats=1), data_dir / "athletes")
    pd.testing.assert_frame_equal(result.report, again.report)
    assert again.model.to_document() == result.model.to_document()


def test_the_model_that_ships_is_the_one_that_is_fitted_today(result: Result) -> None:
    shipped = StrengthModel.load()
    assert np.allclose(shipped.moments.mean, result.model.moments.mean, rtol=1e-4)
    assert np.allclose(shipped.moments.covariance, result.model.moments.covariance, rtol=1e-3, atol=1e-4)
    assert shipped.levels == result.model.levels


def test_conformal_factors_leave_a_tenth_on_each_side() -> None:
    random = np.random.default_rng(0).standard_exponential(20000)
    table = pd.DataFrame({"truth": random * 3.0, "median": 0.0, "sd": 3.0, "row": np.arange(20000)})
    assert conformal(table) == pytest.approx((np.log(1 / 0.9), np.log(10)), abs=0.05)


def test_columns_are_forgotten_by_name() -> None:
    kept = keep_columns(np.ones((2, len(NAMES))), ("hang", "age"))
    assert np.isfinite(kept).sum() == 4


def test_plots_and_slopes(result: Result, tmp_path: Path) -> None:
    for name, figure in figures(result).items():
        figure.savefig(tmp_path / f"{name}.png")
    assert len(list(tmp_path.iterdir())) == 5
    slopes = inputs_of(result.model)
    assert slopes["hang"] > 0.3
    assert slopes["pull"] > 0.3


def test_the_files_that_ship(result: Result, data_dir: Path, tmp_path: Path) -> None:
    write_weights(result, data_dir / "athletes", tmp_path)
    assert StrengthModel.load(tmp_path / "strength.json").climbers == result.model.climbers
    card = (tmp_path / "strength.md").read_text()
    assert "{" not in card
    assert "sha256" in card


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_run_is_tracked_with_its_numbers_plots_and_data(result: Result, data_dir: Path, tracking_store: Path) -> None:
    import mlflow

    run_id = track(result, data_dir / "athletes", tracking_store)
    found = mlflow.MlflowClient(f"sqlite:///{tracking_store / 'mlflow.db'}")
    logged = found.get_run(run_id)
    assert logged.data.metrics.keys() == metrics(result).keys()
    assert logged.data.params["ridge"] == str(result.settings.options.ridge)
    assert {"git_commit", "sha256.giles-2020-critical-force.csv"} <= logged.data.tags.keys()
    names = {artifact.path for artifact in found.list_artifacts(run_id)}
    assert {"coverage.png", "levels.png", "strength.json", "report.csv", "MODEL_CARD.md", "cleaning.json"} <= names


@pytest.mark.parametrize("wrong", [{"folds": 1}, {"repeats": 0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidOption):
        Settings(**wrong)
