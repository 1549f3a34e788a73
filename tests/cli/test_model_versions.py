import json

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import AscensionError, InvalidOption, InvalidVersion
from ascension_core.settings import settings

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A working folder with a store of its own, and a data folder beside it."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "mlruns").mkdir()
    return folder


@pytest.fixture
def run(place, monkeypatch):
    """Runs a command and gives what it printed; the errors that the command line turns into one line come out as they are."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("ASCENSION_HOME", str(place / "home"))
    monkeypatch.delenv("ASCENSION_MLFLOW_URI", raising=False)
    settings.cache_clear()

    def run(*arguments):
        result = CliRunner().invoke(app, ["models", *map(str, arguments)])
        if result.exception is not None and isinstance(result.exception, AscensionError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    yield run
    settings.cache_clear()


def test_version_goes_from_candidate_to_champion(run, place):
    options = place / "options.json"
    options.write_text('{"seed": 3}')
    assert run("register", "training", "--options", options, "--note", "third seed") == "1\n"
    (listed,) = json.loads(run("list", "training", "--json"))["versions"]
    assert (listed["version"], listed["aliases"], listed["tags"]["note"]) == (1, ["challenger"], "third seed")
    promoted = json.loads(run("promote", "training", "--suite", "quick", "--because", "it is the first", "--json"))
    assert promoted["change"]["after"] == 1
    assert [row["verdict"] for row in promoted["metrics"]] == ["first", "first"]
    assert "champion" in run("list", "training")
    shown = json.loads(run("show", "training", "--json"))
    assert (shown["options"], shown["metrics"]) == ({"seed": 3}, {"violations": 0, "programs": 6})
    folder = run("fetch", "training").strip()
    assert folder == shown["folder"]
    assert "champion: none -> 1  because it is the first" in run("history", "training")
    with pytest.raises(InvalidVersion, match="no champion before"):
        run("rollback", "training")


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["register", "juggling"], InvalidOption),
        (["register", "training", "--weights", "strength"], InvalidOption),
        (["list", "juggling"], InvalidOption),
        (["show", "strength"], InvalidVersion),
        (["show", "strength", "../1"], InvalidVersion),
        (["fetch", "strength", "77"], InvalidVersion),
        (["promote", "strength"], InvalidVersion),
        (["promote", "strength", "12", "--because", "x"], InvalidVersion),
        (["compare", "strength", "1", "2"], InvalidVersion),
        (["rollback", "strength"], InvalidVersion),
        (["history", "juggling"], InvalidOption),
    ],
)
def test_what_is_not_there_is_one_error_and_leaves_nothing(run, arguments, error):
    with pytest.raises(error):
        run(*arguments)
    assert json.loads(run("history", "strength", "--json")) == {"history": []}
    assert run("list", "strength") == ""


def test_options_that_are_no_json_are_refused(run, place):
    (place / "broken.json").write_text("{")
    with pytest.raises(AscensionError):
        run("register", "training", "--options", place / "broken.json")
