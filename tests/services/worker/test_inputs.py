"""Objects become files before a notebook runs."""

from io import BytesIO
from types import SimpleNamespace

import pytest

from ascension_core.errors import InvalidJob, InvalidObject, ServerUnavailable
from ascension_core.platform.jobs import find_kind
from services.worker.inputs import fetch_inputs

KEY = "test/3f/clip.mp4"


@pytest.fixture
def fetch(objects, notebooks, tmp_path):
    def fetch(parameters, check=lambda: None):
        return fetch_inputs(SimpleNamespace(parameters=parameters), find_kind("vision", notebooks), objects, tmp_path, check)

    return fetch


def test_keys_become_files_that_keep_their_names(fetch, objects, tmp_path):
    objects.upload_stream(KEY, BytesIO(b"film"), "video/mp4")
    parameters = fetch({"video": KEY, "every": 2})
    assert parameters == {"video": str(tmp_path / "in" / "video" / "clip.mp4"), "every": 2, "out": str(tmp_path / "out")}
    assert (tmp_path / "in" / "video" / "clip.mp4").read_bytes() == b"film"


def test_what_is_not_given_stays_as_the_notebook_has_it(fetch, tmp_path):
    assert fetch({"video": None}) == {"video": None, "out": str(tmp_path / "out")}
    assert fetch({}) == {"out": str(tmp_path / "out")}


def test_empty_object_becomes_an_empty_file(fetch, objects, tmp_path):
    objects.upload_stream(KEY, BytesIO(b""))
    fetch({"video": KEY})
    assert (tmp_path / "in" / "video" / "clip.mp4").read_bytes() == b""


def test_long_name_is_cut_from_the_front(fetch, objects):
    key = f"test/{'a' * 200}.mp4"
    objects.upload_stream(key, BytesIO(b"film"))
    assert fetch({"video": key})["video"].endswith(f"/{'a' * 96}.mp4")


def test_missing_object_is_named(fetch):
    with pytest.raises(InvalidObject, match="no object test/3f/none"):
        fetch({"video": "test/3f/none.mp4"})


def test_object_that_is_too_large_is_refused(fetch, objects, monkeypatch):
    objects.upload_stream(KEY, BytesIO(b"film"))
    monkeypatch.setattr("services.worker.inputs.settings", lambda: SimpleNamespace(max_video_bytes=3))
    with pytest.raises(InvalidObject, match="4 bytes, more than 3"):
        fetch({"video": KEY})


def test_object_for_which_the_disk_is_too_small_may_be_tried_elsewhere(fetch, objects, monkeypatch):
    objects.upload_stream(KEY, BytesIO(b"film"))
    monkeypatch.setattr("services.worker.inputs.shutil.disk_usage", lambda folder: SimpleNamespace(free=3))
    with pytest.raises(ServerUnavailable, match="only 3 are free"):
        fetch({"video": KEY})


@pytest.mark.parametrize("parameters", [{"every": "two"}, {"video": "../../etc/passwd"}, {"out": "/etc"}, {"new": 1}])
def test_parameters_that_the_notebook_does_not_take_any_more_are_refused(fetch, parameters):
    with pytest.raises(InvalidJob):
        fetch(parameters)


def test_fetching_stops_when_the_job_does(fetch, objects, tmp_path):
    class HaltError(Exception):
        pass

    def check():
        raise HaltError

    objects.upload_stream(KEY, BytesIO(bytes(3 << 20)))
    with pytest.raises(HaltError):
        fetch({"video": KEY}, check)
    assert (tmp_path / "in" / "video" / "clip.mp4").stat().st_size < 3 << 20
