import json
import zipfile

import pytest

from ascension_core.errors import InvalidOption, InvalidVersion, ModelError, PromotionRefused
from ascension_core.pipelines import versions
from ascension_core.pipelines.versions import bundle, code
from ascension_core.platform.registry import Change
from experiments.registry import gate
from experiments.registry.data import Data
from experiments.registry.measuring import Runner, time_by_turns, timed_data
from experiments.registry.metrics import PROTOCOL

pytestmark = pytest.mark.filterwarnings("default")  # MLflow's own


def test_whoever_comes_first_needs_no_comparison(registry, judge):
    judged = judge(1)
    change = gate.promote(registry, judged)
    assert (change.before, change.after, change.despite) == (None, 1, None)
    assert [row.verdict for row in judged.comparison.rows] == ["first", "first"]


def test_newest_version_is_the_challenger_until_it_is_champion(registry, judge):
    assert [entry.aliases for entry in registry.entries("strength")] == [("challenger",), ()]
    gate.promote(registry, judge("challenger"))
    assert [entry.aliases for entry in registry.entries("strength")] == [("champion",), ()]


def test_worse_candidate_is_refused_and_nothing_is_changed(registry, judge):
    gate.promote(registry, judge(1))
    before = registry.history("strength")
    judged = judge(2)
    with pytest.raises(PromotionRefused, match="mae_unseen worse, mae_known worse beyond noise"):
        gate.promote(registry, judged)
    assert registry.alias("strength", "champion") == 1
    assert registry.history("strength") == before


def test_worse_candidate_is_promoted_where_somebody_says_why_and_can_be_rolled_back(registry, judge):
    gate.promote(registry, judge(1))
    change = gate.promote(registry, judge(2), because="the rule is wrong")
    assert (change.after, change.because, change.despite) == (2, "the rule is wrong", "mae_unseen worse, mae_known worse")
    back = gate.rollback(registry, "strength", because="it was not")
    assert (back.before, back.after, back.because) == (2, 1, "it was not")
    with pytest.raises(InvalidVersion, match="no champion before"):
        gate.rollback(registry, "strength")
    assert registry.alias("strength", "champion") == 1
    moves = [change.action for change in registry.history("strength") if change.alias == "champion"]
    assert moves == ["promote", "promote", "rollback"]


def test_better_candidate_passes(registry, judge):
    gate.promote(registry, judge(2))
    judged = judge(1)
    assert [row.verdict for row in judged.comparison.rows] == ["better", "better"]
    assert gate.promote(registry, judged).after == 1


def test_who_was_promoted_meanwhile_is_not_pushed_aside(registry, judge):
    late = judge(1)
    gate.promote(registry, judge(2))
    with pytest.raises(InvalidVersion, match="somebody else"):
        gate.promote(registry, late)
    assert registry.alias("strength", "champion") == 2


def test_champion_is_not_compared_with_itself(registry, judge):
    gate.promote(registry, judge(1))
    with pytest.raises(InvalidVersion, match="itself"):
        judge(1)


@pytest.mark.parametrize(("pipeline", "which"), [("strength", "7"), ("strength", "best"), ("training", "1")])
def test_unknown_versions_are_refused(registry, pipeline, which):
    with pytest.raises(InvalidVersion):
        gate.judge(registry, pipeline, which, "quick")


def test_unknown_pipelines_and_suites_are_refused(registry):
    with pytest.raises(InvalidOption, match="juggling"):
        gate.register(registry, "juggling")
    with pytest.raises(InvalidOption, match="slow"):
        Data.of("training", "slow")
    with pytest.raises(InvalidVersion):
        gate.rollback(registry, "training")


@pytest.mark.parametrize(
    ("moves", "stack"),
    [
        ("1 2 3", [1, 2, 3]),
        ("1 2 3 back", [1, 2]),
        ("1 2 3 back back", [1]),
        ("1 2 back 3", [1, 3]),
        ("1 2 1", [1, 2, 1]),
        ("1 2 1 back", [1, 2]),
    ],
)
def test_rollback_goes_back_step_by_step(moves, stack):
    changes = [
        Change("", "", "rollback" if move == "back" else "promote", "champion", None, 0 if move == "back" else int(move))
        for move in moves.split()
    ]
    assert gate._champions([*changes, Change("", "", "register", "challenger", None, 9)]) == stack


def test_version_is_measured_once_and_knows_its_number_and_what_was_found(registry):
    gate.register(registry, "training", {"seed": 5})
    gate.promote(registry, gate.judge(registry, "training", "1", "quick"))
    version = gate.fetch(registry, "training")
    assert (version.version, version.options) == (1, {"seed": 5})
    assert version.metrics == {"violations": 0, "programs": 6}
    assert versions.load(version.folder) == version
    kept = registry.recall(registry.get("training", "1"), f"quick-{PROTOCOL}-{Data.of('training', 'quick').sha256()[:16]}")
    assert set(kept) == {"violations", "programs"}


def test_two_are_timed_by_turns(registry):
    data = Data.of("training", "quick")
    version = gate.fetch(registry, "training", str(gate.register(registry, "training").number))
    with timed_data(data) as timed, Runner(version, "quick", timed) as one, Runner(version, "quick", timed) as other:
        found = time_by_turns([one, other], "quick")
    assert [len(samples["seconds"].units) for samples in found] == [3, 3]
    assert all((samples["cpu_seconds"].units > 0).all() for samples in found)


def test_damaged_copy_is_fetched_again_and_a_damaged_original_is_refused(empty_registry, tmp_path):
    gate.register(empty_registry, "strength")
    version = gate.fetch(empty_registry, "strength", "1")
    version.path("strength").write_text("{}")
    assert gate.fetch(empty_registry, "strength", "1").path("strength").stat().st_size > 2
    (original,) = (tmp_path / "mlruns").rglob("strength.json")
    original.write_text("{}")
    version.path("strength").write_text("{}")
    with pytest.raises(ModelError, match="was changed"):
        gate.fetch(empty_registry, "strength", "1")


def test_version_is_measured_with_its_own_code(tmp_path):
    version = versions.write(tmp_path / "version", "training")
    with_flaw = _changed_code(version, tmp_path / "code")
    with Runner(with_flaw, "quick", Data.of("training", "quick")) as runner:
        assert runner.measure()["violations"].value() == 6.0


def _changed_code(version, folder):
    """The version with code in which every program breaks one rule."""
    bundle.unpack_code(version, folder)
    with (folder / "ascension_core" / "training" / "violations.py").open("a") as source:
        source.write("\n\ndef violations(program, athlete):\n    return [None]\n")
    archive = version.folder / versions.CODE_FILE
    with zipfile.ZipFile(archive, "w") as packed:
        for file in sorted(folder.rglob("*")):
            packed.write(file, file.relative_to(folder))
    path = version.folder / versions.VERSION_FILE
    document = json.loads(path.read_text())
    document["code"] |= {"sources_sha256": code.digest(folder), "archive_sha256": bundle._sha256(archive)}
    path.write_text(json.dumps(document))
    return versions.load(version.folder)


def test_version_that_cannot_be_measured_says_why(tmp_path):
    version = versions.write(tmp_path / "version", "training")
    (version.folder / versions.CODE_FILE).write_bytes(b"")
    with Runner(version, "quick", Data.of("training", "quick")) as runner, pytest.raises(ModelError, match="was changed"):
        runner.measure()


def test_version_answers_through_mlflow(registry):
    import mlflow
    import pandas as pd

    registry._use()
    loaded = mlflow.pyfunc.load_model("models:/strength@challenger")
    athlete = Data.of("training", "quick").athletes.read_text()
    (answer,) = loaded.predict(pd.DataFrame({"athlete": [json.dumps(json.loads(athlete)[0])]}))
    assert json.loads(answer)["kind"] == "assessment"
    assert json.loads(answer)["pipeline"]["name"] == "strength"


@pytest.mark.slow
def test_vision_that_interpolates_less_than_it_skips_is_refused(models, registry, template):
    (template / "home").mkdir(exist_ok=True)
    (template / "home" / "models").symlink_to(models)
    fast = {"model": "lite", "every": 10, "reading": {"looks": 1}}  # a third of a second lies between two frames
    good, bad = (gate.register(registry, "vision", {**fast, "clean": {"max_gap_s": gap_s}}) for gap_s in (0.4, 0.3))
    gate.promote(registry, gate.judge(registry, "vision", str(good.number), "quick"))
    judged = gate.judge(registry, "vision", str(bad.number), "quick")
    with pytest.raises(PromotionRefused, match="pck_clip worse"):
        gate.promote(registry, judged)
    rows = {row.metric.name: row for row in judged.comparison.rows}
    assert list(rows) == ["pck_clip", "contacts_f1", "seconds", "cpu_seconds"]
    assert rows["pck_clip"].champion.value > 60 > rows["pck_clip"].candidate.value
    assert registry.alias("vision", "champion") == good.number
    assert gate.fetch(registry, "vision").metrics["pck_clip"] == pytest.approx(rows["pck_clip"].champion.value, rel=1e-4)
