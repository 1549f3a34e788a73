from pathlib import Path

import pytest
import yaml

from ascension_core.errors import InvalidSweep
from ascension_core.platform.jobs import find_kind
from experiments.sweep.plan import check_kind, load_plan

SWEEP = """
name: try
kind: sum
parameters: {mode: a}
space:
  options/x: {type: float, low: -4, high: 4, step: 0.5}
  options/size: {type: int, low: 1, high: 8, log: true}
  mode: {type: categorical, choices: [a, b]}
objectives:
  - {path: summary/loss, direction: minimize}
trials: 6
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        file = tmp_path / "sweep.yaml"
        file.write_text(text)
        return file

    return write


def test_plan_says_what_is_drawn_and_what_jobs_get(write):
    plan = load_plan(write(SWEEP))
    assert {name: type(drawn).__name__ for name, drawn in plan.distributions.items()} == {
        "options/x": "FloatDistribution",
        "options/size": "IntDistribution",
        "mode": "CategoricalDistribution",
    }
    assert (plan.parallel, plan.priority, plan.sampler.name, plan.goals) == (2, "low", "tpe", ["loss"])
    chosen = {"options/x": 0.5, "options/size": 2, "mode": "b"}
    assert plan.job_parameters(chosen) == {"mode": "b", "options": {"x": 0.5, "size": 2}}
    assert plan.parameters == {"mode": "a"}
    assert plan.job_parameters({"options/x": 0.1 + 0.2})["options"] == {"x": 0.3}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: try", "name: A try", "name: String should match"),
        ("trials: 6", "", "trials: Field required"),
        ("trials: 6", "trials: 0", "trials: .*greater than or equal to 1"),
        ("trials: 6", "trials: '6'", "trials: .*valid integer"),
        ("trials: 6", "trials: 6\npruner: median", "pruner: Extra inputs"),
        ("low: -4", "low: '-4'", "space.options/x.low: .*valid number"),
        ("low: -4", "low: .nan", "space.options/x.low: .*finite"),
        ("low: -4", "low: 5", "space.options/x: .*low <= high"),
        ("step: 0.5", "step: 0.3", "space.options/x: steps of 0.3 from -4.0 do not end at 4.0"),
        ("step: 0.5", "log: true", "space.options/x: .*low"),
        ("type: float, ", "", "space.options/x: Unable to extract tag"),
        ("type: int", "type: integer", "space.options/size: Input tag 'integer'"),
        ("low: 1", "low: 1.5", "space.options/size.low: .*valid integer"),
        ("choices: [a, b]", "choices: []", "space.mode.choices: .*at least 1"),
        ("choices: [a, b]", "choices: [[a]]", "space.mode.choices.0"),
        ("minimize", "least", "objectives.0.direction: .*'maximize' or 'minimize'"),
        ("summary/loss", "''", "objectives.0.path: .*at least 1"),
        ("trials: 6", "trials: 6\nsampler: {name: annealing}", "sampler.name: .*'tpe', 'random' or 'grid'"),
        ("step: 0.5}", "log: false}\nsampler: {name: grid}\nx:", "x: Extra inputs"),
        ("name: try", "- try", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(write, old, new, message):
    with pytest.raises(InvalidSweep, match=f"sweep.yaml:? .*{message}"):
        load_plan(write(SWEEP.replace(old, new, 1)))


@pytest.mark.parametrize(("text", "message"), [("", "the document"), ("just words", "the document"), ("a: \x00", "no YAML")])
def test_a_file_that_is_no_sweep_is_refused(write, text, message):
    with pytest.raises(InvalidSweep, match=message):
        load_plan(write(text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidSweep, match=r"none\.yaml cannot be read: No such file"):
        load_plan(tmp_path / "none.yaml")


def test_a_grid_needs_steps(write):
    text = SWEEP.replace(", step: 0.5", "") + "sampler: {name: grid}\n"
    with pytest.raises(InvalidSweep, match=r"space\.options/x\.step: a grid needs a step"):
        load_plan(write(text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{mode: a}", "{mode: c}", r"parameters: sum: mode: 'c' is not one of"),
        ("{mode: a}", "{options: 3}", r"parameters: sum: options: 3 is not of type 'object'"),
        ("{mode: a}", "{out: here}", r"parameters: sum: out: the worker sets this folder"),
        ("high: 4", "high: 12", r"space\.options/x: sum: options: x: 12"),
        ("[a, b]", "[a, c]", r"space\.mode: sum: mode: 'c' is not one of"),
        ("  mode: {", "  mode/deep: {", r"space\.mode/deep: .*holds a value already"),
        ("options/size", "options/sise", r"space\.options/sise: sum: options: .*'sise' was unexpected"),
    ],
)
def test_what_the_notebook_would_not_take_is_found_before_it_runs(write, sums, old, new, message):
    file = write(SWEEP.replace(old, new, 1))
    with pytest.raises(InvalidSweep, match=message):
        check_kind(load_plan(file), find_kind("sum", sums), file)


@pytest.mark.parametrize("name", ["pose", "stills"])
def test_sweeps_of_the_repository_fit_their_notebooks(root, name):
    file = Path(root, "experiments", f"{name}.yaml")
    plan = load_plan(file)
    check_kind(plan, find_kind(plan.kind, root / "notebooks"), file)
    assert plan.name == name == yaml.safe_load(file.read_text())["name"]
