from __future__ import annotations

from pathlib import Path

import pytest

from ascension_core.results import Analysis


@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.filterwarnings("default")
def test_the_notebook_writes_what_the_command_writes(execute, root: Path, short_clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    found = execute("vision", cwd=root / "notebooks", video=str(short_clip), out=str(out), every=2, overlay=False)
    analysis = Analysis.model_validate_json((out / "analysis.json").read_text())
    assert analysis.options["every"] == 2
    files = ["analysis.json", "camera.json.gz", "report.html", "track.json.gz", "wall.png"]
    assert sorted(p.name for p in out.iterdir()) == files
    assert sum("image/png" in data for data in found) == 5
    assert sum("application/vnd.ascension.progress+json" in data for data in found) == 1
