from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.filterwarnings("default")
def test_the_notebook_judges_options_on_the_clip_of_the_repository(execute, tmp_path: Path) -> None:
    execute("evaluate_pose", options={"model": "lite", "fast": True, "clean": {"cutoff_hz": 6}}, out=str(tmp_path / "out"))
    result = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert (result["options"]["model"], result["options"]["clean"]["cutoff_hz"]) == ("lite", 6.0)
    summary = result["summary"]
    assert 70 < summary["clip_pck_at_0.2_low"] < summary["clip_pck_at_0.2"] < summary["clip_pck_at_0.2_high"] <= 100
    assert summary["clip_cpu_seconds"] > 0
    assert result["clip"]["frames"] == 420
