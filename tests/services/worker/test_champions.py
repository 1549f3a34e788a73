"""Jobs run with the registry's champions."""

import json
from contextlib import closing

import pytest

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.jobs import kinds
from ascension_core.platform.registry import Registry
from ascension_core.settings import settings
from experiments.registry.gate import CHAMPION, register
from services.worker import champions
from services.worker.board import Board
from services.worker.champions import Champions, wanted
from services.worker.execution import Runner
from services.worker.limits import Limits

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own

ANSWER = """
import json
from pathlib import Path
from ascension_core.pipelines import versions
found = versions.current("strength")
Path(out, "result.json").write_text(json.dumps({"version": found and found.version}))
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    """A local registry with two versions of `strength`, in the folder in which the tests run."""
    folder = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ASCENSION_MLFLOW_URI", raising=False)
        patch.setenv("ASCENSION_HOME", str(folder / "home"))
        patch.chdir(folder)
        settings.cache_clear()
        registry = Registry()
        for note in ("one", "two"):
            register(registry, "strength", note=note)
        yield registry
    settings.cache_clear()


@pytest.fixture
def board():
    return Board(champions.PART)


@pytest.fixture
def followed(registry, board, tmp_path):
    """The champion of `strength`, whom nobody has chosen yet."""
    before = registry.alias("strength", CHAMPION)
    registry.move("strength", CHAMPION, None, before=before, action="test") if before else None
    with closing(Champions(["strength"], tmp_path / "champions", board)) as followed:
        yield followed


def choose(registry, number):
    registry.move("strength", CHAMPION, number, before=registry.alias("strength", CHAMPION), action="test")


def test_each_job_runs_with_whoever_is_champion_then(registry, followed, tmp_path, write_job):
    out = {"out": {"type": "string", "format": "output"}}
    write_job(tmp_path / "answer.ipynb", 'out = "out"', [ANSWER], out, result="result.json", pipeline="strength")
    known = kinds(tmp_path)
    assert wanted(known) == ["strength"]
    answers = []
    with Runner(known, variables=followed.variables) as runner:
        for number in (None, 1, 2):
            if number is not None:
                choose(registry, number)
            followed.look()
            folder = tmp_path / str(number)
            folder.mkdir()
            outcome = runner.run(known["answer"], {"out": str(folder)}, folder, Limits.of_settings(), lambda *_: None)
            assert outcome.failure is None
            answers.append(json.loads((folder / "result.json").read_text())["version"])
    assert answers == [None, 1, 2]


def test_link_goes_when_there_is_no_champion_any_more(registry, followed, tmp_path):
    link = tmp_path / "champions" / "strength"
    choose(registry, 1)
    followed.look()
    assert link.is_dir()
    choose(registry, None)
    followed.look()
    assert not link.is_symlink()


def test_registry_that_is_away_is_waited_for_and_said(followed, board, monkeypatch):
    answers = [ServerUnavailable("MLflow is away"), None]

    def look(*_):
        said.append(board.troubles())
        answer = answers.pop(0)
        if answer:
            raise answer

    said = []
    monkeypatch.setattr(Champions, "look", look)
    followed.start()
    assert said == [{champions.PART: "starting"}, {champions.PART: "MLflow is away"}]
    assert board.troubles() == {}


@pytest.mark.usefixtures("registry")
def test_nobody_is_followed_where_the_settings_say_so(tmp_path, write_job, monkeypatch):
    write_job(tmp_path / "plain.ipynb", "n = 1", ["1"])
    assert wanted(kinds(tmp_path)) == []
    write_job(tmp_path / "led.ipynb", "n = 1", ["1"], pipeline="strength")
    assert wanted(kinds(tmp_path)) == ["strength"]
    for name, value in {"ASCENSION_WORKER_CHAMPIONS": "false", "ASCENSION_PIPELINES": str(tmp_path)}.items():
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            settings.cache_clear()
            assert wanted(kinds(tmp_path)) == []
    settings.cache_clear()
