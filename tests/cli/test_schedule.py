import json

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import InvalidJob, InvalidSchedule
from ascension_core.platform.jobs import open_jobs
from ascension_core.platform.schedules import fire_due
from ascension_core.settings import settings

NIGHTLY = ("add", "nightly", "30 2 * * *", "vision", "--zone", "Europe/Vienna", "-p", "every=2", "--priority", "low")


@pytest.fixture
def run(database, root, monkeypatch):
    """Runs ``ascension schedule …``; ``run.json`` reads what it prints."""
    monkeypatch.setenv("ASCENSION_DATABASE_URL", database.url())
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    settings.cache_clear()

    def run(*arguments):
        return CliRunner().invoke(app, ["schedule", *map(str, arguments)])

    def run_json(*arguments):
        done = run(*arguments, "--json")
        assert done.exception is None, done.exception
        return json.loads(done.stdout)

    run.json = run_json
    yield run
    settings.cache_clear()


def test_schedule_is_added_and_listed(run):
    added = run.json(*NIGHTLY)
    assert (added["parameters"], added["priority"], added["missed"]) == ({"every": 2}, "low", "last")
    assert run.json("list")["schedules"] == [added]
    first, second = run("list").stdout.splitlines()
    assert first.startswith("nightly: next at ")
    assert " 02:30 Europe/Vienna (" in first
    assert first.endswith(" UTC)")
    assert second.split("  ") == ["", "", "30 2 * * *", "Europe/Vienna", "vision"]


def test_last_job_and_trouble_are_listed(run, root, monkeypatch, tmp_path):
    run(*NIGHTLY)
    job = run.json("run-now", "nightly")
    assert job["parameters"] == {"every": 2}
    assert f"last job {job['id']} queued" in run("list").stdout
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(tmp_path))
    settings.cache_clear()
    with open_jobs() as jobs:
        jobs.database.execute("update schedules set next_slot = now()")
        assert fire_due(jobs) == []
    assert "trouble: no kind of job is called 'vision'" in run("list").stdout


def test_schedule_is_paused_resumed_and_removed(run):
    run(*NIGHTLY)
    assert run("pause", "nightly").stdout == "nightly: paused\n"
    assert run.json("resume", "nightly")["paused"] is False
    assert run("rm", "nightly").exit_code == 0
    assert run("list").stdout == ""


def test_next_slots_are_listed(run):
    run(*NIGHTLY)
    assert len(run.json("next", "nightly", "-n", "3")["slots"]) == 3
    lines = run("next", "nightly", "-n", "2").stdout.splitlines()
    assert all(" 02:30 Europe/Vienna (" in line for line in lines)
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["add", "x", "0 25 * * *", "vision"], "'25' is no hour"),
        (["add", "x", "@daily", "vision", "--zone", "Vienna"], "do you mean Europe/Vienna"),
        (["add", "x", "@daily", "vison"], "no kind of job"),
        (["add", "x", "@daily", "vision", "-p", "every=often"], "every"),
        (["add", "nightly", "@daily", "vision"], "called 'nightly' already"),
        (["pause", "x"], "no schedule is called 'x'"),
    ],
)
def test_what_cannot_be_done_is_said(run, arguments, reason):
    run(*NIGHTLY)
    done = run(*arguments)
    assert isinstance(done.exception, InvalidSchedule | InvalidJob)
    assert reason in str(done.exception)
    assert len(run.json("list")["schedules"]) == 1
