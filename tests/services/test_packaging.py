"""Packages are built of what was committed to a version, and serve it without any network."""

import json
import os
import shutil
import subprocess
import sys
import tarfile

import pytest
import yaml

from ascension_core.errors import AscensionError, InvalidOption, OutputNotWritable
from ascension_core.pipelines import versions
from ascension_core.settings import settings
from services import packaging
from services.packaging import package

# Run in a network of its own, which has nothing but loopback, in an empty folder: import a Bento, serve it, ask it.
ALONE = """
import fcntl, json, os, socket, struct, subprocess, sys, time, urllib.request

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
    fcntl.ioctl(end, 0x8914, struct.pack("16sh", b"lo", 0x41))  # SIOCSIFFLAGS: up and running
file, tag, picture = sys.argv[1:]
subprocess.run([sys.executable, "-m", "bentoml", "import", file], check=True)
served = subprocess.Popen([sys.executable, "-m", "bentoml", "serve", tag, "--host", "127.0.0.1", "--port", "3000"])


def ask(path, data=None, wait_s=60):
    request = urllib.request.Request(f"http://127.0.0.1:3000{path}", data, {"Content-Type": "image/jpeg"})
    return urllib.request.urlopen(request, timeout=wait_s).read()


try:
    end = time.monotonic() + 240
    while True:
        try:
            ask("/readyz", wait_s=5)
            break
        except OSError:
            if served.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)
    answers = {"version": json.loads(ask("/version")), "skeleton": json.loads(ask("/skeleton", open(picture, "rb").read()))}
    print(json.dumps(answers))
finally:
    served.terminate()
    served.wait()
"""


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A data folder of this test's own."""
    monkeypatch.setenv("ASCENSION_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    yield tmp_path / "home"
    settings.cache_clear()


@pytest.fixture
def version(tmp_path):
    made = versions.write(tmp_path / "version", "training", {"seed": 3})
    return versions.number(made.folder, 7, {"violations": 0.0})


@pytest.mark.parametrize("name", ["champion.zip", "champion"])
def test_file_that_is_no_bento_is_refused(version, home, tmp_path, name):
    with pytest.raises(InvalidOption, match=r"\.bento"):
        package(version, tmp_path / name)


def test_pipeline_without_a_service_is_refused(home, tmp_path):
    version = versions.write(tmp_path / "version", "strength")
    with pytest.raises(InvalidOption, match="strength"):
        package(version, tmp_path / "out.bento")


def test_place_that_cannot_be_written_is_refused(version, home, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable):
        package(version, tmp_path / "file" / "out.bento")


def test_build_that_fails_says_why_and_leaves_nothing(version, home, tmp_path, monkeypatch):
    monkeypatch.setattr(packaging, "SERVICES", {"training": "services.training.nothing:Training"})
    with pytest.raises(AscensionError, match="exit code"):
        package(version, tmp_path / "out.bento")
    assert not (tmp_path / "out.bento").exists()
    assert list((home / "bentoml").iterdir()) == []


@pytest.mark.slow
def test_bento_serves_its_version_in_an_empty_folder_without_network(models, tmp_path, root, monkeypatch, synthetic_clip):
    made = versions.write(tmp_path / "version", "vision", {"model": "lite"})
    version = versions.number(made.folder, 7, {"pck_clip": 91.5})
    monkeypatch.setenv("ASCENSION_HOME", str(tmp_path / "home"))
    settings.cache_clear()
    packed = package(version, tmp_path / "vision.bento")
    settings.cache_clear()
    assert packed.tag == "ascension_vision:7"
    _check_contents(packed.file)
    answers = _ask_alone(packed, tmp_path / "empty", _frame(synthetic_clip, tmp_path / "frame.jpg"))
    assert answers["version"] == {"pipeline": "vision", "version": 7, "commit": version.code.commit}
    answered = answers["skeleton"]["pipeline"]
    assert (answered["name"], answered["version"], answered["departs"]) == ("vision", 7, [])
    assert answers["skeleton"]["people"]


def _check_contents(file):
    with tarfile.open(file) as packed:
        names = packed.getnames()
        bento = yaml.safe_load(packed.extractfile(next(n for n in names if n.endswith("bento.yaml"))))
    assert bento["labels"]["version"] == "7"
    assert bento["labels"]["metric.pck_clip"] == "91.5"
    assert any(name.endswith("env/docker/Dockerfile") for name in names)
    assert any(name.endswith("env/python/overrides.txt") for name in names)
    assert {"value": "True", "name": "BENTOML_DO_NOT_TRACK", "stage": "all"} in bento["envs"]


def _frame(clip, picture):
    import cv2

    video = cv2.VideoCapture(str(clip))
    video.set(cv2.CAP_PROP_POS_FRAMES, 200)
    cv2.imwrite(str(picture), video.read()[1])
    return picture


def _ask_alone(packed, empty, picture):
    """What the Bento answers, moved to an empty folder, with no network and no models but its own."""
    empty.mkdir()
    file = shutil.move(packed.file, empty / "moved.bento")
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "HOME") if name in os.environ}
    mine = {"BENTOML_HOME": str(empty / "store"), "BENTOML_DO_NOT_TRACK": "True", "ASCENSION_HOME": str(empty / "home")}
    apart = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child"]
    command = [*apart, sys.executable, "-c", ALONE, str(file), packed.tag, str(picture)]
    done = subprocess.run(command, cwd=empty, env=keep | mine, capture_output=True, text=True, check=False, timeout=500)
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    return json.loads(done.stdout.strip().splitlines()[-1])
