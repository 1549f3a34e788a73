import signal
import subprocess
from contextlib import closing

import nbformat
import pytest

from ascension_core.platform.embedded import attach
from ascension_core.platform.jobs import open_jobs
from ascension_core.settings import settings

PARAMETERS = 'x = 0.0\nout = "out"'
CELL = """
import json, time
from pathlib import Path
time.sleep(0.3)
Path(out, "result.json").write_text(json.dumps({"summary": {"loss": (x - 2) ** 2}}))
"""
RULES = {"x": {"type": "number", "maximum": 10}, "out": {"type": "string", "format": "output"}}
SWEEP = """
name: {name}
kind: sum
space:
  x: {{type: float, low: -5, high: 5}}
objectives:
  - {{path: summary/loss, direction: minimize}}
trials: 8
parallel: 3
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with one notebook."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "mlruns").mkdir()
    cells = [nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), nbformat.v4.new_code_cell(CELL)]
    said = {"ascension": {"parameters": RULES, "result": "result.json"}}
    said |= {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=said), tmp_path / "notebooks" / "sum.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def write(folder):
    def write(name="cli", change=("", "")):
        file = folder / "sweep.yaml"
        file.write_text(SWEEP.format(name=name).replace(*change))
        return file

    return write


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("minimize", "down"), "error: sweep.yaml: objectives.0.direction: Input should be 'maximize' or 'minimize'"),
        (("high: 5", "high: 50"), "error: sweep.yaml: space.x: sum: x: 50.0 is greater than the maximum of 10"),
        (("kind: sum", "kind: difference"), "error: no kind of job is called 'difference'; there are sum"),
        (("name:", "- name:"), "error: sweep.yaml is no YAML: "),
    ],
)
def test_a_wrong_file_is_one_clear_line(write, home, ascension_here, change, message):
    write(change=change)
    done = ascension_here("sweep", "sweep.yaml")
    assert done.returncode == 2
    assert done.stderr.replace("\n", " ").startswith(message)
    assert not home.exists()


def test_a_missing_file_is_one_clear_line(folder, ascension_here):
    done = ascension_here("sweep", "none.yaml")
    assert (done.returncode, done.stderr) == (2, "error: none.yaml cannot be read: No such file or directory\n")


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    """An installation whose servers stay for the test."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("ASCENSION_HOME", str(home))
    settings.cache_clear()
    with closing(attach("postgres", home, linger_s=1.0)) as server, closing(attach("seaweed", home, linger_s=1.0)):
        server.url()
        yield home
    settings.cache_clear()


@pytest.fixture
def worker(installed, folder, ascension):
    """A real worker."""
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen([*ascension, "worker", "--kinds", "sum"], stdout=log, stderr=log, cwd=folder)
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


@pytest.mark.slow
def test_a_sweep_that_is_killed_is_carried_on_by_the_same_command(worker, write, ascension, eventually):
    command = [*ascension, "sweep", str(write())]
    killed = subprocess.Popen(command, stdout=subprocess.PIPE)
    with open_jobs() as jobs:
        assert eventually(lambda: len(jobs.list(status="succeeded")) >= 2, 240.0)
        killed.kill()
        killed.communicate()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        trials = {job.idempotency_key: job for job in jobs.list()}
    assert sorted(trials) == [f"sweep:cli:{number}" for number in range(8)]
    assert {job.status for job in trials.values()} == {"succeeded"}
    best = min(range(8), key=lambda number: trials[f"sweep:cli:{number}"].result["summary"]["loss"])
    job = trials[f"sweep:cli:{best}"]
    told = done.stdout.splitlines()
    assert told[0] == "cli: 8 trials have ended"
    assert told[1] == f"  trial {best}: loss {job.result['summary']['loss']:g}; x={job.parameters['x']}"
    assert told[2].startswith("MLflow: experiment sweeps, run ")
    assert done.stderr == ""


@pytest.mark.slow
def test_an_interrupted_sweep_leaves_its_trials_with_the_workers(installed, write, ascension, eventually):
    process = subprocess.Popen([*ascension, "sweep", str(write("later"))], stderr=subprocess.PIPE, text=True)
    with open_jobs() as jobs, process:
        try:
            assert eventually(lambda: len(jobs.list(status="queued")) == 3, 240.0)
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=120)
        finally:
            process.kill()
        assert process.returncode == 130
        assert "the same command takes up their results" in said
        assert len(jobs.list(status="queued")) == 3
