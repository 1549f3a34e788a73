"""Set-up, and the commands that people and CI give."""

import os
import shutil
import subprocess

import pytest

SOURCES = ("requirements.txt", "pyproject.toml", "docker/system-packages.txt")
COUNTING_SETUP = '#!/bin/sh\necho called >> calls\nmkdir -p "$(dirname "$1")"\ntouch "$1"\n'


@pytest.fixture
def checkout(root, tmp_path):
    """A copy of what `make` reads, in which the set-up only counts how often it is called."""
    for name in ("Makefile", *SOURCES, ".ci/run"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    _program(tmp_path / ".ci" / "setup", COUNTING_SETUP)
    return tmp_path


def _program(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def make(folder, *targets, **environment):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS", "PYTEST"))}
    return subprocess.run(
        ["make", *targets], cwd=folder, env=clean | environment, capture_output=True, text=True, check=False, timeout=60
    )


def calls(checkout):
    return len((checkout / "calls").read_text().splitlines()) if (checkout / "calls").exists() else 0


def test_second_run_sets_nothing_up(checkout):
    assert [make(checkout, "setup").returncode for _ in range(3)] == [0, 0, 0]
    assert calls(checkout) == 1


@pytest.mark.parametrize("source", SOURCES)
def test_changed_source_sets_up_again(checkout, source):
    make(checkout, "setup")
    with (checkout / source).open("a") as file:
        file.write("# changed\n")
    make(checkout, "setup")
    assert calls(checkout) == 2


def test_second_run_is_offline(checkout, assert_no_network):
    make(checkout, "setup")
    assert assert_no_network(["make", "setup"], cwd=checkout).returncode == 0
    assert calls(checkout) == 1


@pytest.mark.parametrize("target", ["demo", "test", "lab", "up", "bench", "check"])
def test_every_target_sets_up_first(checkout, target):
    plan = make(checkout, "--dry-run", target)
    assert plan.returncode == 0
    assert plan.stdout.splitlines()[0].startswith(".ci/setup .venv/ready-")


def test_data_beside_the_clone_are_found_unless_named(checkout):
    (checkout.parent / "shared" / "data").mkdir(parents=True, exist_ok=True)
    show = ["--eval", "show:; @echo $$ASCENSION_DATA", "show"]
    named = make(checkout, *show, ASCENSION_DATA="elsewhere").stdout.strip()
    os_environ = {k: v for k, v in os.environ.items() if k != "ASCENSION_DATA"}
    found = subprocess.run(
        ["make", *show], cwd=checkout, env=os_environ, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert (named, found) == ("elsewhere", str(checkout.parent / "shared" / "data"))


def test_python_that_is_too_old_is_refused(root, tmp_path):
    _program(tmp_path / "python3.9", "#!/bin/sh\nexit 1\n")
    done = subprocess.run(
        [root / ".ci/setup", tmp_path / "venv" / "ready", tmp_path / "python3.9"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(
    ("output", "code", "last"),
    [
        ("3 passed in 1.20s", 0, "3 passed in 1.20s"),
        ("1 failed, 2 passed in 61.20s (0:01:01)", 2, "1 failed, 2 passed in 61.20s (0:01:01)"),
    ],
)
def test_ci_ends_with_the_summary_and_the_exit_code(checkout, tmp_path, output, code, last):
    _program(tmp_path / "bin" / "make", f"#!/bin/sh\necho '{output}'\necho 'make: *** [test] Error' >&2\nexit {code}\n")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=checkout, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == last
