"""What a notebook may leave behind, and what becomes of it."""

import json
import os

import pytest

from ascension_core.errors import InvalidResult
from ascension_core.platform.jobs.kinds import Kind
from services.worker.outputs import DEEPEST, MOST_FILES, content_type, described, find_outputs, read_result, store


def kind(result="result.json"):
    return Kind("climb", None, {}, {}, result)


def test_files_are_found_in_folders_too(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "holds.png").write_bytes(b"123")
    (tmp_path / "a.json").write_text("{}")
    found = described(find_outputs(tmp_path), "jobs/x/out/")
    assert found == {
        "a.json": {"key": "jobs/x/out/a.json", "bytes": 2, "type": "application/json"},
        "b/holds.png": {"key": "jobs/x/out/b/holds.png", "bytes": 3, "type": "image/png"},
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("track.json.gz", "application/gzip"),
        ("overlay.mp4", "video/mp4"),
        ("report.html", "text/html"),
        ("calendar.ics", "text/calendar"),
        ("notebook.ipynb", "application/x-ipynb+json"),
        ("log.txt", "text/plain"),
        ("strange", "application/octet-stream"),
        ("archive.tar.bz2", "application/x-bzip2"),
    ],
)
def test_type_follows_from_the_name(name, expected):
    assert content_type(name) == expected


def test_links_pipes_and_hidden_files_are_left_out(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("key")
    out = tmp_path / "out"
    out.mkdir()
    (out / "link.txt").symlink_to(secret)
    (out / "folder").symlink_to(tmp_path, target_is_directory=True)
    (out / ".hidden").write_text("x")
    (out / ".ipynb_checkpoints").mkdir()
    (out / ".ipynb_checkpoints" / "a.txt").write_text("x")
    os.mkfifo(out / "pipe")
    assert find_outputs(out) == []


def test_strange_names_get_keys_that_can_be_stored(tmp_path, objects):
    for name in ("Fußgänger am Fels.txt", "a'b;drop.txt", "-rf"):
        (tmp_path / name).write_text("x")
    (tmp_path / os.fsdecode(b"\xff.txt")).write_text("x")
    outputs = find_outputs(tmp_path)
    store(outputs, objects, "test/out/", lambda: None)
    assert sorted(objects.keys("test/out/")) == sorted(output.key("test/out/") for output in outputs)
    json.dumps(described(outputs, "test/out/"), ensure_ascii=False).encode()


def test_names_that_would_have_the_same_key_are_refused(tmp_path):
    for name in ("a b", "a+b"):
        (tmp_path / name).write_text("x")
    with pytest.raises(InvalidResult, match="differ only"):
        find_outputs(tmp_path)


def test_too_many_files_are_refused(tmp_path):
    for number in range(MOST_FILES + 1):
        (tmp_path / str(number)).touch()
    with pytest.raises(InvalidResult, match="more than 1000 files"):
        find_outputs(tmp_path)


def test_folders_that_are_too_deep_are_refused(tmp_path):
    deep = tmp_path.joinpath(*"d" * DEEPEST)
    deep.mkdir(parents=True)
    (deep.parent / "fine").touch()
    with pytest.raises(InvalidResult, match="deep"):
        find_outputs(tmp_path)


def test_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("services.worker.outputs.settings", lambda: type("S", (), {"max_video_bytes": 10}))
    (tmp_path / "large").write_bytes(bytes(11))
    with pytest.raises(InvalidResult, match="left 11 bytes; 10 are allowed"):
        find_outputs(tmp_path)


def test_result_is_read(tmp_path):
    (tmp_path / "result.json").write_text('{"moves": 7, "path": "C:\\\\u0000"}')
    assert read_result(kind(), tmp_path) == {"moves": 7, "path": "C:\\u0000"}


def test_notebook_that_promises_no_result_has_none(tmp_path):
    assert read_result(kind(None), tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('{"x": NaN}', "NaN is not JSON"),
        ('{"x": 1e999}', "cannot be stored"),
        ('{"x": "a\\u0000b"}', "cannot be stored"),
        ('{"x": "\\ud800"}', "cannot be stored"),
        ('{"files": {}}', "key 'files'"),
        ("[" * 100_000, "no JSON"),
        ("\udcff", "no JSON"),
    ],
    ids=["empty", "half", "list", "nan", "infinite", "zero", "surrogate", "files", "deep", "bytes"],
)
def test_result_that_cannot_be_stored_is_refused(tmp_path, text, why):
    (tmp_path / "result.json").write_text(text, "utf-8", "surrogateescape")
    with pytest.raises(InvalidResult, match=why):
        read_result(kind(), tmp_path)


def test_result_that_is_missing_or_a_link_is_refused(tmp_path):
    with pytest.raises(InvalidResult, match=r"left no result\.json"):
        read_result(kind(), tmp_path)
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "result.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidResult, match="no plain file"):
        read_result(kind(), tmp_path)


def test_result_that_is_too_large_is_refused(tmp_path):
    with (tmp_path / "result.json").open("wb") as file:
        file.truncate(17 * 1024**2)
    with pytest.raises(InvalidResult, match="at most"):
        read_result(kind(), tmp_path)
