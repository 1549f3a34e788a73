from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

Outputs = list[dict[str, Any]]


@pytest.fixture
def execute(root: Path, tmp_path: Path) -> Callable[..., Outputs]:
    """Runs a notebook as plain papermill does; what its cells put out: ``execute("vision", every=2)``.

    It runs in the test's folder, whose ``mlruns`` is then where it keeps its runs.
    """

    def execute(name: str, cwd: Path = tmp_path, **parameters: Any) -> Outputs:
        executed = tmp_path / "executed.ipynb"
        papermill.execute_notebook(root / "notebooks" / f"{name}.ipynb", executed, parameters, cwd=cwd, progress_bar=False)
        return [output.get("data", {}) for cell in nbformat.read(executed, 4).cells for output in cell.get("outputs", [])]

    return execute
