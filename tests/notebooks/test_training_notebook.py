from __future__ import annotations

from pathlib import Path

import nbformat
import papermill
import pytest

from ascension_core.results import Program


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_as_a_job_and_writes_what_the_command_writes(root: Path, personas: Path, tmp_path: Path) -> None:
    executed = tmp_path / "executed.ipynb"
    chosen = {"today": "2026-11-23", "seed": 4, "starts_at": "18:30"}
    parameters = {"athlete": str(personas / "sport-8a.json"), "out": str(tmp_path / "out"), **chosen}
    papermill.execute_notebook(
        root / "notebooks" / "training_program.ipynb", executed, parameters, cwd=root / "notebooks", progress_bar=False
    )
    program = Program.model_validate_json((tmp_path / "out" / "program.json").read_text())
    assert (program.athlete.name, program.seed) == ("Ines", 4)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["load.png", "program.html", "program.ics", "program.json"]
    outputs = [output.get("data", {}) for cell in nbformat.read(executed, 4).cells for output in cell.get("outputs", [])]
    assert sum("image/png" in data for data in outputs) == 1
    assert sum("text/html" in data for data in outputs) >= 3
