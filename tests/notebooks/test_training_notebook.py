from __future__ import annotations

import json
from pathlib import Path

import pytest

from ascension_core.results import Program


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_the_notebook_takes_an_athletes_document_and_writes_what_the_command_writes(
    execute, personas: Path, tmp_path: Path
) -> None:
    athlete = json.loads((personas / "sport-8a.json").read_text())
    out = tmp_path / "out"
    found = execute("training_program", athlete=athlete, out=str(out), today="2026-11-23", seed=4, starts_at="18:30")
    program = Program.model_validate_json((out / "program.json").read_text())
    assert (program.athlete.name, program.seed) == ("Ines", 4)
    assert sorted(p.name for p in out.iterdir()) == ["load.png", "program.html", "program.ics", "program.json"]
    assert sum("image/png" in data for data in found) == 1
    assert sum("text/html" in data for data in found) >= 3
