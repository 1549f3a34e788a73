import os
import resource
import signal
import subprocess
import sys
from importlib.metadata import version

import pytest

from ascension_core import cli
from ascension_core.cli.console import complain
from ascension_core.errors import ModelError


def run(command, *arguments, **environment):
    return subprocess.run(
        [*command, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def test_help_names_the_commands(ascension):
    done = run(ascension, "--help")
    assert done.returncode == 0
    assert "models" in done.stdout


def test_start_imports_nothing_heavy(ascension):
    heavy = ("numpy", "cv2", "mediapipe", "mlflow", "ai_edge_litert", "scipy", "pandas", "av", "matplotlib", "sklearn")
    code = f"import sys, ascension_core.cli; print([m for m in {heavy} if m in sys.modules])"
    assert run([sys.executable], "-c", code).stdout == "[]\n"


def test_help_answers_within_a_second_of_processor_time(ascension):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(ascension, "--help")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


def test_error_of_ours_is_one_line_and_code_2(ascension, tmp_path):
    done = run(ascension, "models", "verify", ASCENSION_HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.startswith("error: missing or damaged: detector")
    assert done.stderr.count("\n") == 1


def test_setting_that_makes_no_sense_is_an_error_of_ours(ascension):
    done = run(ascension, "models", "list", ASCENSION_THREADS="many")
    assert done.returncode == 2
    assert "ASCENSION_THREADS" in done.stderr
    assert "Traceback" not in done.stderr


def test_unknown_command_is_code_2(ascension):
    assert run(ascension, "fly").returncode == 2


def test_version_is_the_package_version(ascension):
    assert run(ascension, "--version").stdout.strip() == version("ascension")


@pytest.mark.parametrize("error", [KeyboardInterrupt, ModelError("no\nway [bold]")])
def test_exit_codes(monkeypatch, capsys, error):
    def command():
        raise error

    monkeypatch.setattr(cli, "app", command)
    with pytest.raises(SystemExit) as left:
        cli.main()
    stderr = capsys.readouterr().err
    assert (left.value.code, stderr) == ((130, "") if error is KeyboardInterrupt else (2, "error: no way [bold]\n"))


def test_long_error_stays_one_line(capsys):
    complain(ModelError("word " * 100))
    assert capsys.readouterr().err.count("\n") == 1


def test_ctrl_c_ends_a_running_command_with_130_and_leaves_nothing(ascension, tmp_path):
    started, scratch, client = tmp_path / "started", tmp_path / "scratch", tmp_path / "bin" / "npm"
    os.mkfifo(started)
    scratch.mkdir()
    client.parent.mkdir()
    client.write_text(f"#!/bin/sh\necho > {started}\nexec /bin/sleep 60\n")
    client.chmod(0o755)
    own = {"ASCENSION_HOME": str(tmp_path / "home"), "TMPDIR": str(scratch), "PATH": str(client.parent)}
    pulling = subprocess.Popen([*ascension, "models", "pull", "lite"], env=os.environ | own, stderr=subprocess.PIPE, text=True)
    started.read_text()  # waits until the client runs, which then never ends
    pulling.send_signal(signal.SIGINT)
    _, stderr = pulling.communicate(timeout=30)
    assert (pulling.returncode, stderr) == (130, "")
    assert list(scratch.iterdir()) == []
    assert [p.name for p in (tmp_path / "home" / "models").iterdir()] == [".lock"]
