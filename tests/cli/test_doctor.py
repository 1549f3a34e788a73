"""``ascension doctor`` and ``ascension migrate``."""

import json
from contextlib import closing

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.platform import health
from ascension_core.platform.embedded import attach
from ascension_core.settings import settings

NOWHERE = "127.0.0.1:9"


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """A data folder whose private servers stay for all tests of this module."""
    home = tmp_path_factory.mktemp("home")
    with closing(attach("postgres", home, linger_s=1.0)) as database, closing(attach("seaweed", home, linger_s=1.0)) as seaweed:
        database.url(), seaweed.url()
        yield home


@pytest.fixture
def doctor(shared_home, root, models, monkeypatch, tmp_path):
    """Runs ``ascension doctor`` under changed variables and gives its exit code and all that it found, by name of the check."""
    link = shared_home / "models"
    if not link.exists():
        link.symlink_to(models)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASCENSION_HOME", str(shared_home))
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    for name in ("ASCENSION_MLFLOW_URI", "ASCENSION_AMQP_URL", "ASCENSION_DATA"):
        monkeypatch.delenv(name, raising=False)

    def doctor(*options, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(f"ASCENSION_{name}", value)
        settings.cache_clear()
        done = CliRunner().invoke(app, ["doctor", "--timeout", "120", "--json", *options])
        document = json.loads(done.stdout)
        return done.exit_code, document["settings"], {check["name"]: check for check in document["checks"]}

    yield doctor
    settings.cache_clear()


def test_all_is_well_where_nothing_is_configured(doctor):
    code, known, found = doctor()
    assert {name: check["said"] for name, check in found.items() if not check["ok"]} == {}
    assert (code, known["ASCENSION_DATABASE_URL"]) == (0, None)
    assert "private PostgreSQL" in found["database"]["said"]
    assert "vision" in found["notebooks"]["said"]


def test_servers_that_are_away_are_named_with_advice_and_without_secrets(doctor):
    away = {
        "DATABASE_URL": f"postgresql://me:hushhush@{NOWHERE}/none",
        "AMQP_URL": f"amqp://me:hushhush@{NOWHERE}",
        "MLFLOW_URI": f"http://me:hushhush@{NOWHERE}",
        "S3_ENDPOINT": f"http://{NOWHERE}",
        "S3_ACCESS_KEY": "hushhush",
        "S3_SECRET_KEY": "hushhush",
        "DATA": "/nowhere",
    }
    code, known, found = doctor(**away)
    wrong = {name for name, check in found.items() if not check["ok"]}
    assert (code, wrong) == (1, {"database", "queue", "objects", "mlflow", "data"})
    assert all(check["advice"] for name, check in found.items() if name in wrong)
    assert "hushhush" not in json.dumps([known, found])
    assert known["ASCENSION_AMQP_URL"] == f"amqp://{NOWHERE}"
    assert known["ASCENSION_S3_SECRET_KEY"] == "(set)"


def test_missing_notebooks_room_and_libraries_are_named(doctor, monkeypatch, tmp_path):
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 2**60)
    monkeypatch.setattr(health, "LIBRARIES", {"libnone.so.7": "libnone7"})
    (tmp_path / "home").mkdir()
    code, _, found = doctor(NOTEBOOKS=str(tmp_path / "none"))
    wrong = {name: check["said"] for name, check in found.items() if not check["ok"]}
    assert (code, set(wrong)) == (1, {"notebooks", "disk", "libraries"})
    assert "libnone7" in wrong["libraries"]


def test_package_of_another_version_is_named(doctor, monkeypatch):
    monkeypatch.setattr(health, "requires", lambda _: ["numpy<1", "no-such-package", "never; sys_platform == 'never'"])
    said = doctor()[2]["packages"]["said"]
    assert "numpy" in said
    assert "no-such-package is missing" in said
    assert "never" not in said.replace("no-such-package", "")


def test_text_shows_settings_and_findings(doctor, shared_home):
    doctor()
    shown = CliRunner().invoke(app, ["doctor", "--timeout", "120"]).stdout
    assert f"{'ASCENSION_HOME':<34}{shared_home}" in shown
    assert "ok    database" in shown


def test_migration_brings_everything_up_to_date(doctor):
    settings.cache_clear()
    shown = CliRunner().invoke(app, ["migrate"]).stdout
    assert "database: schema" in shown
    assert "objects: bucket ascension" in shown
