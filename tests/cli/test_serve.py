import json
import logging
import signal
import socket
import subprocess
from contextlib import closing

import httpx
import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import InputError
from ascension_core.platform.embedded import attach
from ascension_core.settings import settings


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with closing(attach("postgres", home, linger_s=1.0)) as server:
        server.url()
        yield home


@pytest.fixture
def run(shared_home, root, monkeypatch):
    """Runs ``ascension …`` with a data folder of its own."""
    monkeypatch.setenv("ASCENSION_HOME", str(shared_home))
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    settings.cache_clear()
    root_logger = logging.getLogger()
    handlers, level = root_logger.handlers[:], root_logger.level
    yield lambda *arguments: CliRunner().invoke(app, list(map(str, arguments)))
    root_logger.handlers[:] = handlers
    root_logger.setLevel(level)
    settings.cache_clear()


def test_keys_are_made_listed_and_revoked(run):
    token = run("keys", "create", "phone", "--scope", "read", "--days", 3).stdout.strip()
    key_id = token.split("_")[1]
    (listed,) = json.loads(run("keys", "list", "--json").stdout)["keys"]
    assert (listed["id"], listed["scopes"], listed["name"]) == (key_id, ["read"], "phone")
    assert token not in run("keys", "list").stdout
    assert "revoked" in run("keys", "revoke", key_id).stdout
    made = json.loads(run("keys", "create", "all", "--json").stdout)
    assert (made["scopes"], made["token"].startswith(f"asc_{made['id']}_")) == (["read", "write"], True)
    run("keys", "revoke", made["id"])
    assert isinstance(run("keys", "revoke", "nobody").exception, InputError)
    nobody = "00000000-0000-4000-8000-000000000000"
    assert isinstance(run("keys", "create", "x", "--athlete", nobody).exception, InputError)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_public_address_needs_a_key(run, host):
    refused = run("serve", "--host", host, "--port", 0).exception
    assert isinstance(refused, InputError)
    assert "ascension keys create" in str(refused)
    assert isinstance(run("serve", "--host", host, "--insecure-loopback").exception, InputError)


def test_port_that_is_taken_is_said_to_be(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = run("serve", "--port", taken.getsockname()[1]).exception
    assert isinstance(refused, InputError)


def test_contract_is_printed(run, tmp_path):
    assert json.loads(run("serve", "--openapi").stdout)["info"]["title"] == "Ascension"
    run("serve", "--out", tmp_path / "openapi.json")
    assert json.loads((tmp_path / "openapi.json").read_text())["servers"] == [{"url": "/v1"}]
    assert isinstance(run("serve", "--out", tmp_path / "no" / "x.json").exception, InputError)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.usefixtures("run")
def test_program_serves_until_it_is_told_to_stop(ascension, told):
    command = [*ascension, "serve", "--port", "0", "--insecure-loopback", "--log-format", "json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        lines = map(json.loads, process.stderr)
        url = next(line["message"] for line in lines if line["message"].startswith("serving")).removeprefix("serving ")
        next(line for line in lines if "startup complete" in line["message"])
        made = httpx.post(f"{url}/athletes", json={"name": "Ida"})
        assert made.status_code == 201
        asked = {"kind": "training_program", "athlete_id": made.json()["id"]}
        asked["parameters"] = {"athlete": {"age_years": 31, "mass_kg": 59, "years_climbing": 9}}
        job = httpx.post(f"{url}/jobs", json=asked).json()
        with httpx.stream("GET", f"{url}/jobs/{job['id']}/events", timeout=60) as following:
            assert next(following.iter_lines()) == "event: submitted"
            process.send_signal(told)
            assert process.wait(60) == 0
        (request,) = [line for line in lines if line.get("path") == "/v1/jobs"]
        assert (request["method"], request["status"], request["key"]) == ("POST", 202, "loopback")
