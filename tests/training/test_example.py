from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ascension_core.pipelines.training import ProgramOptions, make_program
from ascension_core.training.example import example_athlete


@pytest.mark.parametrize("today", [date(2026, 1, 5), date(2028, 2, 29), date(2039, 12, 31)], ids=str)
def test_a_program_can_be_made_for_the_example_on_any_day(tmp_path: Path, today: date) -> None:
    program = make_program(example_athlete(today), tmp_path, ProgramOptions(today=today))
    assert 11 <= len(program.weeks) <= 12
