import json

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import ModelError


def run(*arguments):
    return CliRunner().invoke(app, ["models", *arguments])


def test_list_shows_every_model_and_where_it_would_lie(home):
    shown = json.loads(run("list", "--json").stdout)["models"]
    assert [m["name"] for m in shown] == ["detector", "lite", "full", "heavy", "lite.task", "full.task", "heavy.task"]
    assert {m["state"] for m in shown} == {"missing"}
    assert all(m["path"].startswith(str(home)) for m in shown)


def test_pull_verify_and_list_work_offline_once_models_are_there(models, no_network):
    for command in ("pull", "verify", "list"):
        done = run(command, "--json")
        assert done.exit_code == 0
        assert {m["state"] for m in json.loads(done.stdout)["models"]} == {"present"}


def test_table_has_one_line_per_model(models):
    lines = run("list").stdout.splitlines()
    assert len(lines) == 7
    assert all("present" in line for line in lines)


def test_verify_shows_all_and_then_fails(home):
    done = run("verify")
    assert isinstance(done.exception, ModelError)
    assert len(done.stdout.splitlines()) == 7


def test_pull_from_an_empty_folder_names_the_file_it_needs(home, tmp_path):
    done = run("pull", "--from", str(tmp_path))
    assert isinstance(done.exception, ModelError)
    assert "mediapipe-0.10.21" in str(done.exception)


@pytest.mark.slow
def test_pull_opens_no_connection_when_all_is_there(models, ascension, assert_no_network):
    assert assert_no_network([*ascension, "models", "pull"]).returncode == 0
