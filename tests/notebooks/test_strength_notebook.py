from __future__ import annotations

from pathlib import Path

import nbformat
import papermill
import pytest


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_small_and_tracks_what_it_found(root: Path, data_dir: Path, tmp_path: Path) -> None:
    executed = tmp_path / "executed.ipynb"
    small = {"folds": 2, "repeats": 1, "store": str(tmp_path / "mlruns")}
    notebook = root / "notebooks" / "strength_model.ipynb"
    papermill.execute_notebook(notebook, executed, small, cwd=root, progress_bar=False)
    outputs = [output for cell in nbformat.read(executed, 4).cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 5
    assert sum("text/html" in output.get("data", {}) for output in outputs) >= 4
    assert (tmp_path / "mlruns" / "mlflow.db").is_file()
    assert len(list((tmp_path / "mlruns" / "artifacts").glob("*/artifacts/levels.png"))) == 1


def test_the_notebook_has_parameters_and_no_outputs(root: Path) -> None:
    cells = nbformat.read(root / "notebooks" / "strength_model.ipynb", 4).cells
    assert [cell.metadata.get("tags", []) for cell in cells if cell.metadata.get("tags")] == [["parameters"]]
    assert not any(cell.get("outputs") for cell in cells)
