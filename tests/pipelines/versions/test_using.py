import json

import pytest

from ascension_core.errors import InvalidOption, ModelError
from ascension_core.pipelines import versions
from ascension_core.pipelines.assessment import make_assessment
from ascension_core.pipelines.holds import map_holds
from ascension_core.pipelines.training import make_program
from ascension_core.pipelines.vision import VisionOptions, analyze
from ascension_core.settings import settings


def test_nothing_is_current_where_nothing_was_set(fresh_settings, monkeypatch):
    monkeypatch.delenv("ASCENSION_PIPELINE_TRAINING", raising=False)
    assert versions.current("training") is None


def test_environment_names_the_current_version(fresh_settings, monkeypatch, training_version):
    monkeypatch.setenv("ASCENSION_PIPELINE_TRAINING", str(training_version.folder))
    assert versions.current("training") == training_version


def test_version_of_another_pipeline_is_refused(fresh_settings, monkeypatch, training_version):
    monkeypatch.setenv("ASCENSION_PIPELINE_VISION", str(training_version.folder))
    with pytest.raises(ModelError, match="not of vision"):
        versions.current("vision")


def test_unknown_pipeline_is_refused():
    with pytest.raises(InvalidOption, match="juggling"):
        versions.current("juggling")


def test_program_names_the_version_and_what_departs_from_it(training_version, personas, tmp_path):
    version = training_version.model_copy(update={"version": 4})
    program = make_program(personas / "office-v5.json", tmp_path / "out", versions.options(version))
    assert program.pipeline.model_dump() == {
        "name": "training",
        "version": 4,
        "commit": version.code.commit,
        "departs": [],
    }
    assert program.seed == 3
    program = make_program(personas / "office-v5.json", tmp_path / "out", versions.options(version, seed=4))
    assert program.pipeline.departs == ["seed"]


def test_other_code_than_that_of_the_version_is_named(training_version):
    other = training_version.code.model_copy(update={"sources_sha256": "0"})
    version = training_version.model_copy(update={"code": other, "version": 1})
    assert versions.answered_by("training", version).departs == ["code"]


def test_what_is_installed_has_no_number(personas, tmp_path):
    report = make_assessment(personas / "office-v5.json", tmp_path / "out")
    assert report.pipeline.model_dump() == {"name": "strength", "version": None, "commit": None, "departs": []}


def test_assessment_asks_the_model_of_the_version(training_version, personas, tmp_path):
    document = json.loads(training_version.path("strength").read_text())
    document["provenance"]["date"] = "2001-01-01"
    mine = tmp_path / "strength.json"
    mine.write_text(json.dumps(document))
    version = versions.write(tmp_path / "version", "strength", weights={"strength": mine})
    report = make_assessment(personas / "office-v5.json", tmp_path / "out", version=version)
    assert report.models[0].sha256 == version.weights[0].sha256 != training_version.weights[0].sha256


def test_holds_are_found_with_the_weights_of_the_version(tmp_path, root):
    version = versions.write(tmp_path / "version", "hold_detector", {"most": 5})
    damaged = version.path("holds")
    damaged.write_bytes(b"not a network")
    with pytest.raises(ModelError, match=r"holds\.onnx"):
        map_holds(root / "docs" / "images" / "report.png", tmp_path / "out", version=version)


@pytest.mark.slow
def test_analysis_runs_with_the_weights_of_the_version(models, synthetic_clip, tmp_path, monkeypatch):
    version = versions.write(tmp_path / "version", "vision", {"model": "lite", "every": 12, "wall": False})
    monkeypatch.setattr("ascension_core.pose.models._state", lambda model: "missing")
    request = versions.options(version, overlay=False, report=False)
    analysis = analyze(synthetic_clip, tmp_path / "out", request)
    assert analysis.pipeline.name == "vision"
    assert analysis.pipeline.departs == []
    used = {model.name: model.sha256 for model in analysis.models}
    hashes = {weight.name: weight.sha256 for weight in version.weights}
    assert used == {
        "pose_detector": hashes["pose_detector"],
        "pose_landmarks_lite": hashes["pose_landmarks"],
        "confidence": hashes["confidence"],
    }


def test_other_network_than_that_of_the_version_is_the_installations(models, tmp_path):
    version = versions.write(tmp_path / "version", "vision", {"model": "lite"})
    weights = versions.vision_weights(versions.options(version, model="full"))
    assert weights.pose_landmarks.parent == settings().models
    assert weights.holds.parent == version.folder / "weights"
    assert versions.answered_by("vision", version, VisionOptions(model="full", version=version)).departs == ["model"]
