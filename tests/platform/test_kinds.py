"""Notebooks as kinds of jobs, and what they refuse."""

import json

import pytest

from ascension_core.errors import InvalidJob
from ascension_core.platform.jobs.kinds import LARGEST_PARAMETERS, find_kind, kinds

HOSTILE_NAMES = [
    "../vision",
    "/etc/passwd",
    "vision.ipynb",
    "vision\0",
    "",
    "VISION",
    "vision; drop table jobs",
    "reading",
    "a" * 500,
]


def test_every_notebook_with_parameters_is_a_kind(notebooks):
    assert list(kinds(notebooks)) == ["training", "vision"]


def test_types_come_from_values_and_rules_from_metadata(notebooks):
    kind = find_kind("vision", notebooks)
    properties = kind.schema["properties"]
    assert kind.defaults == {"video": None, "out": "out", "model": "full", "every": 1, "fast": False}
    assert (properties["every"], properties["fast"]) == ({"type": "integer"}, {"type": "boolean"})
    assert properties["model"] == {"enum": ["lite", "full"]}
    assert (kind.named("input"), kind.named("output")) == ({"video"}, {"out"})


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_name_that_is_no_kind_is_refused(notebooks, name):
    with pytest.raises(InvalidJob, match="no kind of job"):
        find_kind(name, notebooks)


@pytest.mark.parametrize(
    "parameters",
    [
        {"every": 2, "model": "lite", "fast": True},
        {"video": "videos/3f/clip.mp4"},
        {"video": None},
        {},
    ],
)
def test_good_parameters_pass_as_they_are(notebooks, parameters):
    assert find_kind("vision", notebooks).check(parameters) == parameters


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"every": "2"}, "every"),
        ({"every": 1.5}, "every"),
        ({"every": True}, "every"),
        ({"fast": 1}, "fast"),
        ({"model": "huge'; drop table jobs; --"}, "model"),
        ({"unknown": 1}, "unknown"),
        ({"video": "../../etc/passwd"}, "video"),
        ({"video": "/etc/passwd"}, "video"),
        ({"video": "file:///etc/passwd"}, "video"),
        ({"out": "/etc"}, "out"),
    ],
)
def test_wrong_parameter_is_named(notebooks, parameters, named):
    with pytest.raises(InvalidJob, match=named):
        find_kind("vision", notebooks).check(parameters)


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"text": "x" * LARGEST_PARAMETERS}, "bytes"),
        ({"a": float("nan")}, "no JSON"),
        ({"a": object()}, "no JSON"),
        ({"a": "zero\0"}, "zero character"),
        (nested(40), "deep"),
        (nested(5000), "deep"),
    ],
)
def test_value_that_no_row_should_hold_is_refused(notebooks, value, reason):
    with pytest.raises(InvalidJob, match=reason):
        find_kind("training", notebooks).check({"athlete": value})


def test_sql_in_a_text_is_just_a_text(notebooks):
    text = {"seed": "'; drop table jobs; --"}
    assert find_kind("training", notebooks).check(text) == text


def test_notebook_that_changed_is_read_again(tmp_path, write_notebook):
    write_notebook(tmp_path / "a.ipynb", "n = 1")
    assert find_kind("a", tmp_path).defaults == {"n": 1}
    write_notebook(tmp_path / "a.ipynb", "n = 1\nm = 2.5")
    assert find_kind("a", tmp_path).defaults == {"n": 1, "m": 2.5}


@pytest.mark.parametrize(
    ("cell", "rules"),
    [("n = open('x')", None), ("n = (", None), ("n = 1", {"m": {"type": "integer"}}), ("n = 1", {"n": {"type": "whole"}})],
)
def test_parameters_cell_that_cannot_be_understood_is_said_with_the_file(tmp_path, cell, rules, write_notebook):
    write_notebook(tmp_path / "odd.ipynb", cell, rules)
    write_notebook(tmp_path / "good.ipynb", "n = 1")
    with pytest.raises(InvalidJob, match=r"odd\.ipynb"):
        find_kind("odd", tmp_path)
    assert find_kind("good", tmp_path).defaults == {"n": 1}


def test_file_that_is_no_notebook_is_said(tmp_path):
    (tmp_path / "odd.ipynb").write_text(json.dumps([1, 2]))
    with pytest.raises(InvalidJob, match=r"odd\.ipynb"):
        find_kind("odd", tmp_path)


def test_missing_folder_is_said(tmp_path):
    with pytest.raises(InvalidJob, match="ASCENSION_NOTEBOOKS"):
        kinds(tmp_path / "none")


def test_all_notebooks_of_the_repository_are_understood(root):
    assert {"vision", "training_program", "strength_model"} <= set(kinds(root / "notebooks"))


def test_notebook_says_what_comes_out(tmp_path, write_notebook):
    write_notebook(tmp_path / "climb.ipynb", "n = 1", result="analysis.json", stores="analysis", experiment="vision")
    write_notebook(tmp_path / "plain.ipynb", "n = 1")
    said = [(kind.result, kind.stores, kind.experiment) for kind in kinds(tmp_path).values()]
    assert said == [("analysis.json", "analysis", "vision"), (None, None, None)]


@pytest.mark.parametrize(
    "said",
    [
        {"result": "../analysis.json"},
        {"result": "/etc/passwd"},
        {"result": 7},
        {"result": ""},
        {"result": "a.json", "stores": "jobs"},
        {"result": "a.json", "stores": ["analysis"]},
        {"stores": "analysis"},
        {"experiment": ""},
        {"experiment": 7},
        {"experiment": "a/../b"},
    ],
)
def test_notebook_that_says_nonsense_of_its_result_is_refused(tmp_path, write_notebook, said):
    write_notebook(tmp_path / "climb.ipynb", "n = 1", **said)
    with pytest.raises(InvalidJob, match="cannot be understood"):
        kinds(tmp_path)
