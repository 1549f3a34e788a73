import multiprocessing
import shutil

import mediapipe as mp
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import PoseLandmarker, PoseLandmarkerOptions

from ascension_core.errors import InvalidOption, ModelError
from ascension_core.pose import downloads
from ascension_core.pose import models as pose_models
from ascension_core.settings import settings


@pytest.fixture
def filled(home, models):
    """A model folder of this test's own in which every file is present."""
    shutil.copytree(models, home / "models")
    return home / "models"


@pytest.fixture
def packages(monkeypatch):
    """Package registries that serve `SOURCES`; the list of what was fetched."""
    fetched = []

    def fetch(package, folder=None):
        fetched.append(package.name)
        return {name: SOURCES[name] for name in package.members}

    monkeypatch.setattr(downloads, "fetch", fetch)
    return fetched


SOURCES = {"detector": b"d", "lite": b"l", "full": b"f", "heavy": b"h"}


@pytest.fixture
def small_catalogue(monkeypatch):
    """Models made of a few bytes, with true checksums."""

    def model(name, *parts):
        content = b"+".join(SOURCES[p] for p in parts)
        return pose_models.Model(
            name, f"{name}.tflite", len(content), pose_models._sha256(content), parts, lambda *c: b"+".join(c)
        )

    catalogue = {m.name: m for m in (model("detector", "detector"), model("lite", "lite"), model("both", "detector", "lite"))}
    monkeypatch.setattr(pose_models, "MODELS", catalogue)
    monkeypatch.setattr(pose_models, "PART_SHA256", {name: pose_models._sha256(content) for name, content in SOURCES.items()})
    return catalogue


def states():
    return {status.model.name: status.state for status in pose_models.verify()}


def test_every_model_is_intact_after_a_pull(models, no_network):
    pose_models.pull()
    assert set(states().values()) == {"present"}
    assert pose_models.model_path("full").parent == models


def test_missing_model_says_what_to_run(home):
    with pytest.raises(ModelError, match=r"'full' is missing .*ascension models pull"):
        pose_models.model_path("full")


def test_unknown_model_names_those_there_are(home):
    with pytest.raises(InvalidOption, match="detector, lite, full, heavy"):
        pose_models.model_path("huge")


def test_pull_makes_all_and_fetches_each_package_once(home, packages, small_catalogue):
    pose_models.pull()
    assert set(states().values()) == {"present"}
    assert packages == ["mediapipe", "@mediapipe/pose"]
    assert (home / "models" / "both.tflite").read_bytes() == b"d+l"


def test_second_pull_fetches_nothing(home, packages, small_catalogue):
    pose_models.pull()
    packages.clear()
    pose_models.pull()
    assert packages == []


def test_pull_of_one_model_fetches_only_its_package(home, packages, small_catalogue):
    pose_models.pull(["detector"])
    assert packages == ["mediapipe"]
    assert states() == {"detector": "present", "lite": "missing", "both": "missing"}


def test_pull_that_broke_off_keeps_what_it_had(home, packages, small_catalogue, monkeypatch):
    whole = downloads.fetch

    def broken(package, folder=None):
        if package.registry == "npm":
            raise ModelError("no network")
        return whole(package)

    with monkeypatch.context() as patch:
        patch.setattr(downloads, "fetch", broken)
        with pytest.raises(ModelError, match="no network"):
            pose_models.pull()
    assert states() == {"detector": "present", "lite": "missing", "both": "missing"}
    pose_models.pull()
    assert set(states().values()) == {"present"}


@pytest.mark.parametrize("damage", [b"", b"x", b"dd"])
def test_damaged_file_is_refused_and_made_anew(home, packages, small_catalogue, damage):
    pose_models.pull()
    pose_models.model_path("detector").write_bytes(damage)
    with pytest.raises(ModelError, match="damaged"):
        pose_models.model_path("detector")
    pose_models.pull()
    assert pose_models.model_path("detector").read_bytes() == b"d"


def test_package_with_another_content_is_refused(home, small_catalogue, monkeypatch):
    monkeypatch.setattr(downloads, "fetch", lambda package, folder=None: dict.fromkeys(package.members, b"evil"))
    with pytest.raises(ModelError, match="mediapipe is not what this version"):
        pose_models.pull()
    assert set(states().values()) == {"missing"}


def test_assembly_with_another_result_is_refused(home, packages, small_catalogue, monkeypatch):
    wrong = pose_models.Model("lite", "lite.tflite", 1, pose_models._sha256(b"l"), ("lite",), lambda content: content + b"!")
    monkeypatch.setitem(small_catalogue, "lite", wrong)
    with pytest.raises(ModelError, match=r"the assembled lite\.tflite"):
        pose_models.pull()
    assert not list((home / "models").glob("*lite.tflite*"))


def test_folder_that_cannot_be_written_is_an_error_of_ours(home, packages, small_catalogue):
    home.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match="cannot write the model folder"):
        pose_models.pull()


def test_interrupted_write_leaves_nothing(home, packages, small_catalogue, monkeypatch):
    def interrupt(self, target):
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        pose_models.pull()
    assert [p.name for p in (home / "models").iterdir()] == [".lock"]


def _hold_lock_until_told(folder, held, release):
    with pose_models._locked(folder):
        held.set()
        release.wait(30)


def test_second_pull_waits_for_the_first_and_then_finds_all_done(home, packages, small_catalogue):
    spawn = multiprocessing.get_context("spawn")
    held, release = spawn.Event(), spawn.Event()
    first = spawn.Process(target=_hold_lock_until_told, args=(home / "models", held, release))
    first.start()
    assert held.wait(60)
    with pytest.raises(BlockingIOError):
        _try_lock(home / "models")
    release.set()
    pose_models.pull()
    first.join(30)
    assert set(states().values()) == {"present"}


def _try_lock(folder):
    import fcntl

    with (folder / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_model_path_reads_an_unchanged_file_once(filled, monkeypatch):
    reads = []
    real = pose_models._sha256
    monkeypatch.setattr(pose_models, "_sha256", lambda content: reads.append(len(content)) or real(content))
    for _ in range(3):
        pose_models.model_path("detector")
    assert len(reads) == 1


@pytest.mark.parametrize("name", ["lite", "full", "heavy"])
def test_bundle_works_in_mediapipe(models, name):
    options = PoseLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(pose_models.task_path(name))))
    with PoseLandmarker.create_from_options(options) as landmarker:
        found = landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.zeros((128, 128, 3), np.uint8)))
    assert found.pose_landmarks == []


def test_settings_say_where_models_lie(home):
    assert settings().models == home / "models"
    assert pose_models.MODELS["full"].path == home / "models" / "pose_landmarks_full.tflite"
