"""``ascension up`` as a whole, and what it refuses."""

import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import InvalidOption, ServerUnavailable
from ascension_core.platform import local
from ascension_core.platform.embedded import running
from ascension_core.settings import settings
from services.up.plan import LAB_PORT, Wanted, free_port, plan


@pytest.fixture
def own_home(home, root, monkeypatch):
    """An empty data folder, and the repository's notebooks."""
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    for name in ("ASCENSION_MLFLOW_URI", "ASCENSION_AMQP_URL"):
        monkeypatch.delenv(name, raising=False)
    settings.cache_clear()
    return home


@pytest.fixture
def taken():
    """A port of loopback that somebody has."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        yield listening.getsockname()[1]


def up(*arguments):
    return CliRunner().invoke(app, ["up", *map(str, arguments)])


@pytest.fixture
def everything(own_home, ascension, models):
    """``ascension up`` until the test ends, and what it has said so far."""
    (own_home / "models").parent.mkdir(exist_ok=True)
    (own_home / "models").symlink_to(models)
    said = []
    with (
        subprocess.Popen([*ascension, "up"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process,
        ThreadPoolExecutor(1) as reader,
    ):
        reader.submit(said.extend, process.stdout)
        try:
            yield process, said
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(120)


@pytest.mark.slow
@pytest.mark.timeout(580)
def test_everything_starts_serves_a_mobile_backend_and_leaves_nothing(own_home, everything, short_clip, eventually):
    process, said = everything
    assert eventually(lambda: process.poll() is not None or "".join(said).find("Logs are in") > 0, timeout_s=300), said
    found = dict((*line.split(), "")[:2] for line in said if line.startswith("  "))
    assert set(found) == {"database", "objects", "mlflow", "worker-1", "scheduler", "api", "vision", "training", "lab"}
    assert "@" not in found["database"]  # no password
    played = subprocess.run(
        [sys.executable, "-m", "services.client.rehearsal", str(short_clip)], capture_output=True, text=True, check=False
    )
    assert played.returncode == 0, played.stderr
    assert json.loads(played.stdout)["deleted"]["complete"]
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 0
    stops = [line.split()[0] for line in said if line.rstrip().endswith("stopped")]
    assert stops.index("mlflow") > stops.index("worker-1")
    assert running(own_home) == {}
    assert local.parts(own_home) is None


@pytest.mark.slow
def test_check_says_where_everything_was_and_leaves_nothing(own_home, ascension):
    command = [*ascension, "up", "--check", "--no-lab", "--no-mlflow", "--workers", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)) == {"database", "objects"}
    assert running(own_home) == {}


def test_interrupt_while_it_starts_leaves_nothing(own_home, ascension, eventually):
    process = subprocess.Popen(
        [*ascension, "up", "--check", "--no-lab", "--workers", "0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert eventually(lambda: running(own_home))
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stdout.read().count(b"Traceback") == 0
    process.stdout.close()
    assert running(own_home) == {}


def test_second_one_on_the_same_folder_is_refused(own_home):
    with local.claim(own_home):
        done = up("--check")
    assert isinstance(done.exception, ServerUnavailable)
    assert "runs already" in str(done.exception)


@pytest.mark.parametrize("option", ["--lab-port", "--mlflow-port", "--api-port"])
def test_taken_port_that_was_asked_for_is_refused(own_home, taken, option):
    done = up("--check", option, taken)
    assert isinstance(done.exception, InvalidOption)
    assert f"port {taken} is taken" in str(done.exception)


def test_taken_usual_port_is_replaced(taken):
    assert free_port(None, taken, "--lab-port") != taken
    assert free_port(None, LAB_PORT, "--lab-port") > 0


def test_broker_of_the_settings_and_one_of_its_own_exclude_each_other(own_home, monkeypatch):
    monkeypatch.setenv("ASCENSION_AMQP_URL", "amqp://elsewhere")
    settings.cache_clear()
    assert isinstance(up("--rabbitmq").exception, InvalidOption)


def test_missing_folder_of_notebooks_is_said(own_home, monkeypatch, tmp_path):
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(tmp_path / "none"))
    settings.cache_clear()
    assert "ASCENSION_NOTEBOOKS" in str(up("--check").exception)


def test_without_workers_nothing_takes_or_makes_jobs(own_home):
    assert [part.name for part in plan(Wanted(workers=0, lab=False))] == ["database", "objects", "mlflow"]


def test_mlflow_of_the_settings_is_used(own_home, monkeypatch):
    monkeypatch.setenv("ASCENSION_MLFLOW_URI", "http://elsewhere:5000")
    settings.cache_clear()
    assert "mlflow" not in {part.name for part in plan(Wanted(lab=False))}


def test_secrets_are_in_no_command_line(own_home):
    words = [word for part in plan(Wanted()) for word in getattr(part, "command", ())]
    lab = next(part for part in plan(Wanted()) if part.name == "lab")
    assert lab.environment()["JUPYTER_TOKEN"] not in words
    assert not any("postgresql" in word for word in words)


def test_programs_report_to_nobody(own_home):
    parts = {part.name: part for part in plan(Wanted())}
    assert "--LabApp.news_url=None" in parts["lab"].command
    assert "--LabApp.extension_manager=readonly" in parts["lab"].command
    assert parts["lab"].environment()["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_processes_of_the_folder_find_its_mlflow(own_home):
    from ascension_core.platform.tracking import tracking_uri

    with local.claim(own_home):
        local.tell(own_home, {"mlflow": "http://127.0.0.1:5999"})
        assert tracking_uri() == "http://127.0.0.1:5999"
    assert tracking_uri().startswith("sqlite:")
