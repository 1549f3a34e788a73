from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from ascension_core.results import AssessmentReport, Program
from ascension_core.training.example import example_athlete
from services.training.app import create_app

ATHLETE = example_athlete(date(2026, 11, 23))


@pytest.fixture(scope="module")
def client(serving: Callable[..., AbstractContextManager[httpx.Client]]) -> Iterator[httpx.Client]:
    with serving(create_app()) as client:
        yield client


@pytest.fixture
def athlete(personas: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((personas / "office-v5.json").read_text())
    return found


def test_program_is_planned(client: httpx.Client, athlete: dict[str, Any]) -> None:
    answer = client.post("/program", json={"athlete": athlete, "today": "2026-11-23", "seed": 3})
    program = Program.model_validate_json(answer.content)
    assert program.seed == 3
    assert program.weeks


def test_program_is_carried_on(client: httpx.Client, athlete: dict[str, Any]) -> None:
    first = client.post("/program", json={"athlete": athlete, "today": "2026-11-23"}).json()
    answer = client.post("/program", json={"athlete": athlete, "today": "2026-12-07", "adapt": first})
    program = Program.model_validate_json(answer.content)
    assert (str(program.start), str(program.revised_on)) == (first["start"], "2026-12-07")


def test_tests_are_assessed(client: httpx.Client) -> None:
    answer = client.post("/assess", json={"athlete": ATHLETE, "today": "2026-11-23"})
    assert AssessmentReport.model_validate_json(answer.content).expected


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/program", {}, 422),
        ("/program", {"athlete": {"age_years": -3}}, 422),
        ("/program", {"athlete": ATHLETE, "seed": -1}, 422),
        ("/program", {"athlete": ATHLETE, "today": "1066-10-14"}, 422),
        ("/program", {"athlete": ATHLETE, "adapt": {"weeks": []}}, 422),
        ("/assess", {"athlete": ATHLETE, "colour": "red"}, 422),
        ("/assess", [], 422),
    ],
)
def test_what_cannot_be_used_is_a_problem(client: httpx.Client, path: str, body: Any, status: int) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_an_earlier_program_keeps_its_seed(client: httpx.Client, athlete: dict[str, Any]) -> None:
    first = client.post("/program", json={"athlete": athlete, "today": "2026-11-23"}).json()
    assert client.post("/program", json={"athlete": athlete, "adapt": first, "seed": 4}).status_code == 422
