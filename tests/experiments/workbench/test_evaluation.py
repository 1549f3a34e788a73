from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.platform.registry import Registry
from experiments.registry.gate import promote, register
from experiments.workbench.evaluation import SETS, Limits, difference_plot, evaluate, told
from experiments.workbench.runs import Run

mpl.use("Agg")
pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own


@pytest.fixture
def registry(tracking_store, home) -> Registry:
    return Registry(tracking_store)


@pytest.mark.slow
def test_options_that_find_less_are_worse_than_what_is_installed_and_the_run_says_all(registry, tracking_store):
    import mlflow

    options = {"hold_detector": {"minimum_score": 0.9}}
    run = Run("evaluate", {"options": options})
    found = evaluate(["frames"], options, registry, limits=Limits(seconds=2))
    assert found.against == {"hold_detector": "installed"}
    row = found.table.loc["frames", "holds", "all"]
    assert row["low"] <= row["value"] <= row["high"] < row["before"]
    assert row["verdict"] == "worse"
    assert told(found.table).loc[("frames", "holds", "all"), "difference"].startswith("-")
    plot = difference_plot(found.table)
    assert len(plot.axes) == 1

    id_ = run.log(
        found.metrics(), data=found.data, artifacts={"slices": found.table, "differences": plot}, store=tracking_store
    )
    kept = mlflow.get_run(id_).data
    assert kept.params == {"options.hold_detector.minimum_score": "0.9"}
    assert kept.metrics["frames/holds/all"] == pytest.approx(row["value"])
    assert {"frames/holds/all/low", "frames/holds/all/difference", "duration_s"} <= kept.metrics.keys()
    assert {"git_commit", "git_dirty", "sources_sha256", "sha256.hold_detector", "version.numpy"} <= kept.tags.keys()
    assert sorted(file.path for file in mlflow.MlflowClient().list_artifacts(id_)) == ["differences.png", "slices.csv"]


@pytest.mark.slow
def test_the_champion_is_what_options_are_measured_by(registry):
    from experiments.registry.comparison import Comparison
    from experiments.registry.gate import Judgement

    entry = register(registry, "hold_detector", {"minimum_score": 0.9})
    promote(registry, Judgement(entry, None, Comparison("hold_detector", None, entry.number, "quick", ())))
    found = evaluate(["frames"], {}, registry, limits=Limits(seconds=1))
    assert found.against == {"hold_detector": "champion 1"}
    assert found.table.loc[("frames", "holds", "all"), "difference"] > 0


@pytest.mark.slow
def test_without_options_and_champion_there_is_nothing_to_compare_with(registry):
    found = evaluate(["frames"], {}, registry, limits=Limits(seconds=0.5))
    assert np.isnan(found.table["difference"].astype(float)).all()
    assert set(told(found.table)["verdict"]) == {""}
    assert "Nothing to compare" in difference_plot(found.table).axes[0].texts[0].get_text()


def test_unknown_sets_and_pipelines_are_named(registry):
    with pytest.raises(InvalidOption, match="elsewhere"):
        evaluate(["elsewhere"], {}, registry)
    with pytest.raises(InvalidOption, match="cooking"):
        evaluate(["frames"], {"cooking": {}}, registry)
    assert {pipeline for pipeline, _ in SETS.values()} == {"vision", "hold_detector", "strength", "training"}
