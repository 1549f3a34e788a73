import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import InvalidJob
from ascension_core.platform.embedded import attach
from ascension_core.platform.jobs import Failure, Worksheet, open_jobs
from ascension_core.settings import settings


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """A data folder whose private server stays for all tests of this module."""
    home = tmp_path_factory.mktemp("home")
    with closing(attach("postgres", home, linger_s=1.0)) as server:
        server.url()
        yield home


@pytest.fixture
def run(shared_home, root, monkeypatch):
    """Runs ``ascension jobs …``; ``run.json`` reads what it prints."""
    monkeypatch.setenv("ASCENSION_HOME", str(shared_home))
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    settings.cache_clear()
    with open_jobs() as jobs:
        jobs.database.execute("truncate jobs cascade")

    def run(*arguments):
        return CliRunner().invoke(app, ["jobs", *map(str, arguments)])

    def run_json(*arguments):
        done = run(*arguments, "--json")
        assert done.exception is None, done.exception
        return json.loads(done.stdout)

    run.json = run_json
    yield run
    settings.cache_clear()


def work(outcome):
    """Do the next job."""
    with open_jobs() as jobs:
        sheet = Worksheet(jobs, "worker", ["vision"])
        outcome(sheet, sheet.take(60.0))


def succeed(sheet, lease):
    sheet.progress(lease, "pose", 0.5, "half")
    sheet.succeed(lease, {"moves": 3})


def fail(sheet, lease):
    sheet.fail(lease, Failure("UnreadableVideo", "no video stream"))


def test_kinds_lists_the_notebooks_and_their_parameters(run):
    assert "vision: video=" in run("kinds").stdout
    assert {"vision", "training_program"} <= {kind["name"] for kind in run.json("kinds")["kinds"]}


def test_job_is_submitted_with_typed_parameters_and_shown(run, tmp_path):
    (tmp_path / "p.json").write_text('{"every": 3, "fast": true}')
    given = ("-p", "every=5", "-p", "climber=2", "-p", "model=lite", "--parameters", tmp_path / "p.json")
    job = run.json("submit", "vision", *given, "--priority", "high")
    shown = run.json("show", job["id"])
    assert shown["parameters"] == {"every": 5, "fast": True, "climber": 2, "model": "lite"}
    assert (shown["priority"], shown["status"]) == ("high", "queued")
    assert [event["kind"] for event in shown["events"]] == ["submitted"]
    assert "submitted" in run("show", job["id"]).stdout


def test_job_may_have_a_name(run):
    assert run.json("submit", "vision", "--name", "my try")["name"] == "my try"


def test_same_key_prints_the_same_job(run):
    ids = {run("submit", "vision", "--key", "k").stdout for _ in range(2)}
    assert len(ids) == 1


def test_job_is_followed_to_its_end(run):
    job = run.json("submit", "vision")["id"]
    work(succeed)
    lines = run("tail", job).stdout.splitlines()
    assert [line.split()[1] for line in lines] == ["submitted", "started", "progress", "succeeded"]
    assert "50% pose half" in lines[2]
    assert run.json("wait", job)["result"] == {"moves": 3}


def test_failed_job_is_listed_among_the_dead_and_sent_back(run):
    job = run.json("submit", "vision")["id"]
    work(fail)
    assert "UnreadableVideo: no video stream" in run("dead").stdout
    assert run("wait", job).exit_code == 1
    assert run("tail", job).exit_code == 1
    assert run.json("retry", job)["status"] == "queued"
    assert run("dead").stdout == ""


def test_waiting_gives_up(run):
    job = run.json("submit", "vision")["id"]
    done = run("wait", job, "--timeout", "0.1")
    assert (done.exit_code, done.stdout) == (1, f"{job} queued\n")


def test_jobs_are_cancelled_and_listed_by_status(run):
    first, second = (run.json("submit", "vision")["id"] for _ in range(2))
    assert run.json("cancel", first)["status"] == "cancelled"
    assert [job["id"] for job in run.json("list", "--status", "queued")["jobs"]] == [second]
    assert [line.split()[0] for line in run("list").stdout.splitlines()] == [second, first]


def test_rerun_changes_what_it_is_told(run):
    job = run.json("submit", "vision", "-p", "every=5", "-p", "fast=true")["id"]
    again = run.json("rerun", job, "-p", "every=1")
    assert (again["parameters"], again["rerun_of"]) == ({"every": 1, "fast": True}, job)


def test_times_are_utc_unless_they_say_otherwise(run):
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    plain = run.json("submit", "vision", "--not-before", later.strftime("%Y-%m-%dT%H:%M:%S"))
    zoned = run.json("submit", "vision", "--not-before", later.strftime("%Y-%m-%dT%H:%M:%S+0000"))
    assert plain["not_before"] == zoned["not_before"] == later.isoformat()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["submit", "../vision"], "no kind of job"),
        (["submit", "vision", "-p", "every"], "NAME=VALUE"),
        (["submit", "vision", "-p", "every=often"], "every"),
        (["submit", "vision", "-p", "nonsense=1"], "nonsense"),
        (["submit", "vision", "--athlete", uuid4()], "athlete"),
        (["show", uuid4()], "no job"),
        (["retry", uuid4()], "no job"),
    ],
)
def test_what_cannot_be_done_is_said(run, arguments, reason):
    done = run(*arguments)
    assert isinstance(done.exception, InvalidJob)
    assert reason in str(done.exception)


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_file_that_holds_no_parameters_is_said(run, tmp_path, text):
    (tmp_path / "p.json").write_text(text)
    done = run("submit", "vision", "--parameters", tmp_path / "p.json")
    assert "p.json holds no JSON" in str(done.exception)
