"""The worker as a person starts and stops it."""

import json
import signal
import subprocess
import urllib.request

import pytest

from ascension_core.platform.embedded import down
from ascension_core.platform.jobs import Wish, open_jobs
from ascension_core.settings import settings

PARAMETERS = "n = 1"


@pytest.fixture
def place(tmp_path, write_notebook, monkeypatch):
    """A data folder and a folder of notebooks, in the environment."""
    (tmp_path / "notebooks").mkdir()
    write_notebook(tmp_path / "notebooks" / "add.ipynb", PARAMETERS)
    changes = {"HOME": tmp_path / "home", "NOTEBOOKS": tmp_path / "notebooks", "WORK": tmp_path / "work", "LINGER_S": 1}
    for name, value in changes.items():
        monkeypatch.setenv(f"ASCENSION_{name}", str(value))
    settings.cache_clear()
    yield tmp_path
    down(tmp_path / "home")
    settings.cache_clear()


@pytest.fixture
def quiet(monkeypatch):
    """Leaves the logging of the tests as it is."""
    monkeypatch.setattr("services.worker.logs.set_up", lambda form: None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--kinds", "nonsense"], "no kind of job is called nonsense; there are add"),
        (["--kinds", ""], "no kind of job"),
        (["--name", "a/b"], "a worker's name"),
        (["--name", ""], "a worker's name"),
        (["--metrics-port", "70000"], "--metrics-port"),
        (["--warm", "-1"], "--warm"),
        (["--log-format", "xml"], "--log-format"),
    ],
)
def test_options_that_cannot_be_used_are_said(ascension_here, place, quiet, options, said):
    done = ascension_here("worker", *options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not (place / "home").exists()


def test_folder_without_notebooks_is_said(ascension_here, place, quiet, monkeypatch):
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(place / "none"))
    settings.cache_clear()
    done = ascension_here("worker")
    assert (done.returncode, "no folder of notebooks" in done.stderr) == (2, True)


@pytest.mark.slow
def test_worker_does_jobs_until_it_is_told_to_stop(ascension, place, eventually):
    command = [*ascension, "worker", "--name", "w1", "--metrics-port", "0", "--log-format", "json"]
    with open_jobs() as jobs, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as worker:
        address = worker.stdout.readline().strip()
        job = jobs.wait(jobs.submit(Wish("add", {"n": 2})).id, 120)
        assert (job.status, job.result) == ("succeeded", {"files": {}})
        assert eventually(lambda: is_ready(address), 60)
        with urllib.request.urlopen(address, timeout=30) as answer:
            assert 'ascension_jobs_total{kind="add",outcome="succeeded"} 1.0' in answer.read().decode()
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=120)
    assert worker.returncode == 0
    lines = [json.loads(line) for line in said.splitlines()]
    assert [line["message"] for line in lines if line.get("job") == str(job.id)][:1] == ["add: attempt 1 of 5"]
    assert (lines[-1]["message"], list((place / "work").glob("worker-*"))) == ("worker w1 stops", [])


def is_ready(address):
    try:
        with urllib.request.urlopen(address.replace("/metrics", "/readyz"), timeout=30) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        return False
