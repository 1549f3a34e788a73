from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_small_and_tracks_what_it_found(
    execute, data_dir: Path, tracking_store: Path, tmp_path: Path
) -> None:
    found = execute("strength_model", folds=2, repeats=1, out=str(tmp_path / "out"))
    assert sum("image/png" in data for data in found) == 5
    assert sum("text/html" in data for data in found) >= 4
    result = json.loads((tmp_path / "out" / "strength.json").read_text())
    assert 0.5 < result["summary"]["boulder_past_year_all_tests.mae"] < 2
    assert (tracking_store / "artifacts").is_dir()
    assert len(list(tracking_store.glob(f"artifacts/{result['mlflow_run']}/artifacts/levels.png"))) == 1
