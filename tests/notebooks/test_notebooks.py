"""What holds for every notebook: a person can open it, and a worker can run it."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest

from ascension_core.errors import InvalidJob
from ascension_core.platform.jobs import Kind, kinds
from experiments.pose_options import PoseOptions

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"), key=lambda path: path.stem)
SHIPPED = [
    "evaluate",
    "evaluate_pose",
    "explore_holds",
    "explore_pose",
    "label_contacts",
    "strength_model",
    "train_hold_detector",
    "training_program",
    "vision",
]


@pytest.fixture(scope="module")
def known() -> dict[str, Kind]:
    return kinds(ROOT / "notebooks")


def cells(path: Path, tag: str) -> list[Any]:
    return [cell for cell in nbformat.read(path, 4).cells if tag in cell.metadata.get("tags", [])]


def test_every_notebook_is_a_kind_of_job(known):
    assert [path.stem for path in NOTEBOOKS] == SHIPPED == sorted(known)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=SHIPPED)
def test_notebook_has_one_cell_of_parameters_one_to_warm_up_and_no_outputs(path):
    assert (len(cells(path, "parameters")), len(cells(path, "warm"))) == (1, 1)
    assert not [cell for cell in nbformat.read(path, 4).cells if cell.get("outputs") or cell.get("execution_count")]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=SHIPPED)
def test_cell_to_warm_up_needs_nothing_of_the_job(path, known):
    (cell,) = cells(path, "warm")
    used = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
    assert not used & known[path.stem].defaults.keys()


@pytest.mark.parametrize("name", SHIPPED)
def test_defaults_are_values_that_the_notebook_takes(name, known):
    kind = known[name]
    assert kind.check({}) == {}
    jsonschema.validate(dict(kind.defaults), kind.schema, jsonschema.Draft202012Validator)
    assert len(kind.named("output")) == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_every_parameter_says_what_it_takes(name, known):
    assert all(rule.keys() & {"type", "enum", "anyOf"} for rule in known[name].schema["properties"].values())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("vision", {"video": "videos/1/climb.mp4", "climber": "0.2, 0.7", "height_m": None}),
        ("vision", {"climber": 2, "height_m": 1.71, "every": 30, "model": "heavy"}),
        ("vision", {"every": None, "model": None, "wall": None, "fast": None}),
        ("training_program", {"athlete": "athletes/1.json", "adapt": "jobs/1/program.json", "today": "2026-11-23"}),
        ("training_program", {"athlete": {"age_years": 30}, "seed": 0, "starts_at": "18:30"}),
        ("strength_model", {"folds": 2, "ridge": 0.0, "track": False}),
        ("train_hold_detector", {"train": True, "size": 96, "long_sides": [640]}),
        ("evaluate_pose", {"options": {"model": "lite", "clean": {"cutoff_hz": 4.5}}, "sets": ["images"], "limit": 5}),
    ],
)
def test_sensible_parameters_are_taken(name, parameters, known):
    assert known[name].check(parameters) == parameters


@pytest.mark.parametrize(
    ("name", "parameters", "named"),
    [
        ("vision", {"video": "../../etc/passwd"}, "video"),
        ("vision", {"video": None}, "video"),
        ("vision", {"every": 31}, "every"),
        ("vision", {"every": 1.5}, "every"),
        ("vision", {"model": "huge"}, "model"),
        ("vision", {"climber": "somebody"}, "climber"),
        ("vision", {"climber": 0}, "climber"),
        ("vision", {"height_m": 17}, "height_m"),
        ("vision", {"out": "elsewhere"}, "out"),
        ("vision", {"wall": "yes"}, "wall"),
        ("training_program", {"athlete": ["a"]}, "athlete"),
        ("training_program", {"athlete": "/secret.json"}, "athlete"),
        ("training_program", {"today": "tomorrow"}, "today"),
        ("training_program", {"seed": -1}, "seed"),
        ("training_program", {"starts_at": "25:00"}, "starts_at"),
        ("strength_model", {"folds": 1}, "folds"),
        ("strength_model", {"store": "elsewhere"}, "store"),
        ("train_hold_detector", {"steps": 0}, "steps"),
        ("train_hold_detector", {"size": 100}, "size"),
        ("train_hold_detector", {"long_sides": []}, "long_sides"),
        ("evaluate_pose", {"options": {"speed": 1}}, "options"),
        ("evaluate_pose", {"options": {"scan": {"interval_s": 0}}}, "options: scan: interval_s"),
        ("evaluate_pose", {"sets": ["everything"]}, "sets"),
        ("evaluate_pose", {"limit": 0}, "limit"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(name, parameters, named, known):
    with pytest.raises(InvalidJob, match=f"{name}: .*{named}"):
        known[name].check(parameters)


def test_pose_options_can_all_be_varied_within_limits_that_hold_their_defaults(known):
    schema, options = known["evaluate_pose"].schema["properties"]["options"], PoseOptions()
    assert schema["properties"].keys() == {field.name for field in fields(PoseOptions)}
    for name in ("scan", "follow", "clean", "effort"):
        group = getattr(options, name)
        values = {field.name: getattr(group, field.name) for field in fields(group)}
        assert schema["properties"][name]["properties"].keys() == values.keys()
        jsonschema.validate({name: values}, schema)


def test_jobs_that_climbers_wait_for_run_with_champions(known):
    assert {name: kind.pipeline for name, kind in known.items() if kind.pipeline} == {
        "vision": "vision",
        "training_program": "training",
    }


def test_an_athlete_is_nothing_for_mlflow(known):
    rules = known["training_program"].schema["properties"]
    assert {name for name, rule in rules.items() if rule.get("personal")} == {"athlete", "adapt"}
    assert known["training_program"].experiment is None
