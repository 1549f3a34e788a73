import json
import shutil
import subprocess
import sys

import pytest

from ascension_core.errors import InvalidOption, ModelError, OutputNotWritable
from ascension_core.pipelines import versions
from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.versions import bundle, code


@pytest.fixture
def copy(training_version, tmp_path):
    shutil.copytree(training_version.folder, tmp_path / "copy")
    return tmp_path / "copy"


def test_version_is_read_as_it_was_written(training_version):
    found = versions.load(training_version.folder)
    assert found == training_version
    assert (found.pipeline, found.version, found.options) == ("training", None, {"seed": 3})
    assert found.path("strength").read_bytes()[:1] == b"{"


@pytest.mark.parametrize("file", ["weights/strength.json", "code.zip"])
def test_file_that_was_changed_is_refused(copy, file):
    with (copy / file).open("r+b") as stream:
        stream.seek(100)
        byte = stream.read(1)
        stream.seek(100)
        stream.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ModelError, match="was changed"):
        versions.load(copy)


@pytest.mark.parametrize("file", ["weights/strength.json", "code.zip", "version.json"])
def test_file_that_is_missing_is_noticed(copy, file):
    (copy / file).unlink()
    with pytest.raises(ModelError):
        versions.load(copy)


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {"sed": 3}},
        {"options": {"seed": "three"}},
        {"pipeline": "juggling"},
        {"weights": []},
        {"surprise": 1},
        {"weights": [{"name": "strength", "file": "../strength.json", "sha256": "", "bytes": 1, "source": ""}]},
    ],
)
def test_document_that_makes_no_sense_is_refused(copy, changes):
    path = copy / versions.VERSION_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(ModelError):
        versions.load(copy)


def test_folder_that_is_there_is_left_alone(copy):
    before = (copy / versions.VERSION_FILE).read_bytes()
    with pytest.raises(OutputNotWritable):
        versions.write(copy, "training")
    assert (copy / versions.VERSION_FILE).read_bytes() == before


@pytest.mark.parametrize(
    ("pipeline", "options", "weights", "error"),
    [
        ("juggling", {}, {}, InvalidOption),
        ("training", {"sed": 3}, {}, InvalidOption),
        ("training", {"today": "2026-01-01"}, {}, InvalidOption),
        ("training", {"seed": float("nan")}, {}, InvalidOption),
        ("vision", {"scan": {"intervall_s": 1}}, {}, InvalidOption),
        ("vision", {"height_m": 1.8}, {}, InvalidOption),
        ("vision", {"every": "2"}, {}, InvalidOption),
        ("training", {}, {"strenth": "x"}, InvalidOption),
        ("training", {}, {"strength": "missing.json"}, ModelError),
    ],
)
def test_what_cannot_be_a_version_leaves_nothing(tmp_path, models, pipeline, options, weights, error):
    with pytest.raises(error):
        versions.write(tmp_path / "new", pipeline, options, {name: tmp_path / file for name, file in weights.items()})
    assert list(tmp_path.iterdir()) == []


def test_registry_writes_its_number_and_metrics_into_a_version(copy):
    versions.number(copy, 7, {"mae": 1.5})
    found = versions.load(copy)
    assert (found.version, found.metrics) == (7, {"mae": 1.5})


def test_given_weights_take_the_place_of_the_installed(tmp_path, training_version):
    mine = tmp_path / "mine.json"
    mine.write_bytes(training_version.path("strength").read_bytes() + b"\n")
    made = versions.write(tmp_path / "new", "strength", weights={"strength": mine})
    assert made.path("strength").read_bytes() == mine.read_bytes()
    assert made.weights[0].source == "mine.json"


def test_options_come_back_from_their_document(models):
    vision = versions.find("vision")
    options = VisionOptions(model="lite", every=3)
    assert vision.from_document(json.loads(json.dumps(vision.to_document(options)))) == options


def test_same_code_makes_the_same_archive(tmp_path):
    for name in ("a", "b"):
        code.archive(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_code_runs_from_where_it_is_unpacked(training_version, tmp_path):
    bundle.unpack_code(training_version, tmp_path)
    ask = "from ascension_core.pipelines.versions import code; print(code.__file__, code.digest())"
    environment = {"PYTHONPATH": str(tmp_path), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", ask], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    where, digest = done.stdout.split()
    assert where.startswith(str(tmp_path))
    assert digest == training_version.code.sources_sha256


def test_requirements_are_pinned_and_complete(training_version):
    lines = (training_version.folder / bundle.REQUIREMENTS_FILE).read_text().splitlines()
    assert all(line.count("==") == 1 for line in lines)
    assert {"numpy", "mediapipe", "bentoml", "pydantic"} <= {line.partition("==")[0] for line in lines}
    assert not any(line.startswith("ascension==") for line in lines)
