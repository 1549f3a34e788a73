import os
import signal
import subprocess
import sys
import threading
from importlib.util import find_spec

import httpx
import pytest

from ascension_core.errors import InvalidVersion, ServerUnavailable
from ascension_core.platform import registry as door
from ascension_core.platform.embedded.ports import choose_ports
from ascension_core.platform.registry import Example, Registry
from ascension_core.platform.tracking import QUIET, sqlalchemy_url
from ascension_core.settings import settings
from services.up.champions import has_champion

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own

MODEL = """
import mlflow
from pathlib import Path


class Model(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [(Path(context.artifacts["bundle"]) / "inner" / "text").read_text()]


mlflow.models.set_model(Model())
"""
EXAMPLE = Example({"question": ["why"]}, {"answer": ["because"]})


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.py"
    path.write_text(MODEL)
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store") / "mlruns"


@pytest.fixture
def registry(store, monkeypatch):
    monkeypatch.delenv("ASCENSION_MLFLOW_URI", raising=False)
    settings.cache_clear()
    yield Registry(store)
    settings.cache_clear()


@pytest.fixture
def add(model, tmp_path):
    """Adds a version that holds a text: ``add(registry, "name", "text")``."""

    def add(registry, name, text="text", **more):
        folder = tmp_path / f"{name}-{text}" / "anything"
        (folder / "inner").mkdir(parents=True)
        (folder / "inner" / "text").write_text(text)
        return registry.add(name, folder, model=model, example=EXAMPLE, tags={"note": text}, **more)

    return add


def promises(registry, add, tmp_path, name="promised"):
    """What every store must keep."""
    assert registry.entries(name) == []
    first, second = add(registry, name, "one", alias="new"), add(registry, name, "two", alias="new")
    assert [(entry.number, entry.aliases, entry.tags["note"]) for entry in registry.entries(name)] == [
        (2, ("new",), "two"),
        (1, (), "one"),
    ]
    registry.fetch(first, tmp_path / "fetched")
    assert (tmp_path / "fetched" / "inner" / "text").read_text() == "one"
    registry.move(name, "best", 1, before=None, action="promote", because="first")
    registry.move(name, "best", 2, before=1, action="promote")
    assert registry.alias(name, "best") == 2
    assert registry.get(name, "best") == registry.get(name, "2")
    registry.move(name, "new", None, before=2, action="promote")
    assert registry.alias(name, "new") is None
    steps = [(change.action, change.alias, change.before, change.after, change.because) for change in registry.history(name)]
    assert steps == [
        ("register", "new", None, 1, None),
        ("register", "new", 1, 2, None),
        ("promote", "best", None, 1, "first"),
        ("promote", "best", 1, 2, None),
        ("promote", "new", 2, None, None),
    ]
    assert registry.recall(second, "quick") is None
    registry.remember(second, "quick", {"mean error": 1.5}, {"rows": [1, 2]})
    assert registry.recall(second, "quick") == {"rows": [1, 2]}
    assert registry.recall(first, "quick") is None


def test_local_store_keeps_versions_aliases_history_and_measurements(registry, add, tmp_path):
    promises(registry, add, tmp_path)


def test_registered_model_answers_through_mlflow(registry, add):
    import mlflow
    import pandas as pd

    entry = add(registry, "asked", "hello")
    loaded = mlflow.pyfunc.load_model(f"models:/asked/{entry.number}")
    assert loaded.predict(pd.DataFrame({"question": ["why"]})) == ["hello"]
    assert [column.name for column in loaded.metadata.signature.inputs] == ["question"]


@pytest.mark.parametrize("which", ["best", "9", "", "1'", "x' or name='y"])
def test_unknown_version_is_refused(registry, add, which):
    if not registry.entries("few"):
        add(registry, "few")
    with pytest.raises(InvalidVersion, match="few has no version"):
        registry.get("few", which)


def test_nothing_is_done_when_somebody_else_moved_the_alias_meanwhile(registry, add):
    add(registry, "moved", "one", alias="best")
    add(registry, "moved", "two")
    before = registry.history("moved")
    with pytest.raises(InvalidVersion, match="moved to 1 by somebody else"):
        registry.move("moved", "best", 2, before=None, action="promote")
    assert (registry.alias("moved", "best"), registry.history("moved")) == (1, before)


def test_of_many_that_move_at_once_one_wins(registry, store, add):
    for text in ("one", "two", "three", "four"):
        add(registry, "raced", text)
    refused = []

    def move(number):
        try:
            Registry(store).move("raced", "best", number, before=None, action="promote")
        except InvalidVersion:
            refused.append(number)

    threads = [threading.Thread(target=move, args=[number]) for number in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (change,) = registry.history("raced")
    assert sorted([*refused, change.after]) == [1, 2, 3, 4]
    assert registry.alias("raced", "best") == change.after
    assert registry.entries("raced.lock") == []


def test_lock_of_somebody_who_died_is_broken_and_that_of_the_living_is_not(registry, add, monkeypatch):
    add(registry, "locked")
    registry._client.create_registered_model("locked.lock")
    monkeypatch.setattr(door, "_LOCK_PATIENCE_S", 0.3)
    with pytest.raises(ServerUnavailable, match=r"locked\.lock"):
        registry.move("locked", "best", 1, before=None, action="promote")
    assert registry.alias("locked", "best") is None
    monkeypatch.setattr(door, "_LOCK_STALE_S", 0.0)
    monkeypatch.setattr(door, "_LOCK_PATIENCE_S", 60.0)
    registry.move("locked", "best", 1, before=None, action="promote")
    assert registry.alias("locked", "best") == 1


def test_reason_that_is_too_long_is_refused(registry, add):
    add(registry, "argued")
    with pytest.raises(InvalidVersion, match="characters"):
        registry.move("argued", "best", 1, before=None, action="promote", because="x" * 1001)
    assert registry.alias("argued", "best") is None


def test_server_that_is_away_is_said_so_without_its_address(monkeypatch):
    monkeypatch.setenv("ASCENSION_MLFLOW_URI", "http://user:secret@127.0.0.1:9")
    settings.cache_clear()
    with pytest.raises(ServerUnavailable) as caught:
        Registry().entries("anything")
    assert "secret" not in str(caught.value)
    settings.cache_clear()


@pytest.fixture
def mlflow_server(own_database, own_bucket, tmp_path, eventually):
    """An MLflow server on the private PostgreSQL; its artifacts lie in the private S3 server where boto3 is there."""
    with own_database.listener() as connection:
        connection.execute("drop database if exists registry_test")
        connection.execute("create database registry_test")
    (port,) = choose_ports(1)
    endpoint = own_bucket._endpoint()
    environment = {
        **os.environ,
        **QUIET,
        "MLFLOW_BACKEND_STORE_URI": sqlalchemy_url(own_database.url(), "registry_test"),
        "MLFLOW_S3_ENDPOINT_URL": endpoint.address,
        "AWS_ACCESS_KEY_ID": endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    place = f"s3://{own_bucket.bucket}/mlflow" if find_spec("boto3") else str(tmp_path / "artifacts")
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--artifacts-destination", place]
    with (tmp_path / "log").open("wb") as log:
        command = [sys.executable, "-m", "mlflow", "server", *where]
        server = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        assert eventually(lambda: _answers(f"{url}/health", server), 240), (tmp_path / "log").read_text()[-3000:]
        yield url
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def _answers(url, server):
    assert server.poll() is None, "the server has ended"
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.mark.slow
def test_server_on_postgres_and_s3_keeps_the_same_promises(mlflow_server, own_bucket, add, tmp_path, monkeypatch):
    monkeypatch.setenv("ASCENSION_MLFLOW_URI", mlflow_server)
    settings.cache_clear()
    promises(Registry(), add, tmp_path)
    assert not has_champion(mlflow_server, "promised")
    assert not has_champion(mlflow_server, "nobody")
    Registry().move("promised", "champion", 1, before=None, action="promote")
    assert has_champion(mlflow_server, "promised")
    settings.cache_clear()
    if find_spec("boto3"):
        assert any(key.endswith("inner/text") for key in own_bucket.keys("mlflow/"))
