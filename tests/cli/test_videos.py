"""Videos and athletes from the command line."""

import json
import os
import shutil
from contextlib import closing
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import InputError, InvalidObject, InvalidOption, ServerUnavailable, UnreadableVideo, VideoNotFound
from ascension_core.platform import videos as storing
from ascension_core.platform.database import database as open_database
from ascension_core.platform.embedded import attach
from ascension_core.platform.objects import ObjectStore, object_store
from ascension_core.settings import settings
from ascension_core.video import file_sha256


@pytest.fixture(scope="module")
def shared_home(tmp_path_factory):
    """A data folder whose private servers stay for all tests of this module."""
    home = tmp_path_factory.mktemp("home")
    with closing(attach("postgres", home, linger_s=1.0)) as database, closing(attach("seaweed", home, linger_s=1.0)) as seaweed:
        database.url(), seaweed.url()
        yield home


@pytest.fixture
def stored(shared_home, root, monkeypatch):
    """How many rows of videos there are, and the keys of all objects: ``stored()``. Nothing at first."""
    monkeypatch.setenv("ASCENSION_HOME", str(shared_home))
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(root / "notebooks"))
    settings.cache_clear()
    with open_database() as database, object_store() as objects:
        database.execute("truncate athletes, videos, jobs, deletions cascade")
        for key in objects.keys("videos/"):
            objects.delete(key)
        yield lambda: (database.row("select count(*) as n from videos")["n"], objects.keys("videos/"))
    settings.cache_clear()


@pytest.fixture
def run(stored):
    """Runs ``ascension …``; ``run.json`` reads what it prints."""

    def run(*arguments, **options):
        return CliRunner().invoke(app, [*map(str, arguments)], **options)

    def run_json(*arguments):
        done = run(*arguments, "--json")
        assert done.exception is None, done.exception
        return json.loads(done.stdout)

    run.json = run_json
    return run


def test_video_is_stored_with_what_is_true_of_it(run, stored, synthetic_clip):
    (row,) = run.json("videos", "add", synthetic_clip)["videos"]
    assert (row["status"], row["content_type"], row["file_name"]) == ("stored", "video/mp4", "climb.mp4")
    assert (row["bytes"], row["sha256"]) == (synthetic_clip.stat().st_size, file_sha256(synthetic_clip))
    assert stored() == (1, [f"videos/{row['id']}/climb.mp4"])


def test_video_of_an_athlete_is_listed_and_analysed(run, synthetic_clip):
    athlete = run("athletes", "add", "Ada").stdout.strip()
    (row,) = run.json("videos", "add", synthetic_clip, "--athlete", "Ada", "--analyze")["videos"]
    job = run.json("jobs", "show", row["job"])
    assert (job["kind"], job["parameters"]) == ("vision", {"video": row["object_key"]})
    assert (job["athlete_id"], job["video_id"]) == (athlete, row["id"])
    assert [one["id"] for one in run.json("videos", "list", "--athlete", athlete)["videos"]] == [row["id"]]
    assert [one["id"] for one in run.json("videos", "show", row["id"])["jobs"]] == [row["job"]]
    assert row["id"] in run("videos", "list").stdout
    assert "climb.mp4" in run("videos", "show", row["id"]).stdout
    assert "1 videos  Ada" in run("athletes", "list").stdout


@pytest.mark.parametrize(
    "name", ["../../etc/passwd\n.mp4", "\x1b[31mred\u202e.mp4", "💧.mov", ".mp4", b"\xff\xfe.mp4", "n" * 250 + ".mp4"]
)
def test_hostile_name_is_stored_harmless(run, stored, synthetic_clip, tmp_path, name):
    file = tmp_path / os.fsdecode(name).replace("/", "\u2215")
    shutil.copy(synthetic_clip, file)
    (row,) = run.json("videos", "add", file)["videos"]
    assert row["file_name"].isprintable()
    assert stored()[1] == [row["object_key"]]
    assert row["file_name"] in run("videos", "list").stdout


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", UnreadableVideo),
        (b"no video", UnreadableVideo),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), UnreadableVideo),
        (None, VideoNotFound),
    ],
)
def test_what_is_no_video_leaves_nothing_even_beside_a_good_one(run, stored, synthetic_clip, tmp_path, content, error):
    bad = tmp_path / "bad.mp4"
    if content is not None:
        bad.write_bytes(content)
    done = run("videos", "add", synthetic_clip, bad)
    assert isinstance(done.exception, error)
    assert stored() == (0, [])


def test_video_over_the_limit_leaves_nothing(run, stored, synthetic_clip, monkeypatch):
    monkeypatch.setenv("ASCENSION_MAX_VIDEO_BYTES", "1000")
    settings.cache_clear()
    assert isinstance(run("videos", "add", synthetic_clip).exception, InputError)
    assert stored() == (0, [])


@pytest.mark.parametrize("fault", [ServerUnavailable("away"), KeyboardInterrupt()])
def test_upload_that_does_not_end_leaves_nothing(run, stored, synthetic_clip, monkeypatch, fault):
    def break_off(*_):
        raise fault

    monkeypatch.setattr(ObjectStore, "upload_stream", break_off)
    assert run("videos", "add", synthetic_clip).exit_code != 0
    assert stored() == (0, [])


def test_file_that_changes_while_it_is_read_leaves_nothing(run, stored, synthetic_clip, tmp_path, monkeypatch):
    file = tmp_path / "clip.mp4"
    shutil.copy(synthetic_clip, file)
    expect = storing.uploads.expect

    def grow(*given):
        with file.open("ab") as more:
            more.write(b"more")
        return expect(*given)

    monkeypatch.setattr(storing.uploads, "expect", grow)
    assert isinstance(run("videos", "add", file).exception, InvalidObject)
    assert stored() == (0, [])


def test_deleted_video_takes_job_and_object_along(run, stored, synthetic_clip):
    (row,) = run.json("videos", "add", synthetic_clip, "--analyze")["videos"]
    assert run.json("videos", "rm", row["id"]) == {"videos": 1, "jobs": 1, "analyses": 0, "comparisons": 0, "complete": True}
    assert stored() == (0, [])
    assert run.json("jobs", "list")["jobs"] == []
    assert isinstance(run("videos", "rm", row["id"]).exception, InvalidOption)


def test_athlete_is_deleted_when_that_is_confirmed(run, stored, synthetic_clip):
    run("athletes", "add", "Ada")
    run("videos", "add", synthetic_clip, "--athlete", "Ada")
    assert run("athletes", "rm", "Ada", input="n\n").exit_code == 1
    assert stored()[0] == 1
    assert "1 videos" in run("athletes", "rm", "Ada", "--yes").stdout
    assert stored() == (0, [])
    assert run.json("athletes", "list") == {"athletes": []}


def test_deletion_while_the_store_is_away_says_so(run, synthetic_clip, monkeypatch):
    row = run("videos", "add", synthetic_clip).stdout.split()[0]

    def away(*_):
        raise ServerUnavailable("away")

    monkeypatch.setattr(ObjectStore, "delete", away)
    done = run("videos", "rm", row)
    assert (done.exit_code, "as soon as" in done.output) == (1, True)


def test_athlete_has_the_document_of_a_file(run, personas):
    row = run.json("athletes", "add", "Bo", "--document", personas / "office-v5.json")
    assert row["document"]["mass_kg"] > 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["videos", "add", "CLIP", "--athlete", "Nobody"], "no athlete 'Nobody'"),
        (["videos", "list", "--athlete", uuid4()], "no athlete"),
        (["videos", "show", uuid4()], "no video"),
        (["athletes", "add", "x" * 201], "1 to 200"),
        (["athletes", "add", "\x1b[2J"], "printed"),
        (["athletes", "rm", "Nobody", "--yes"], "no athlete"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run, synthetic_clip, arguments, reason):
    done = run(*(synthetic_clip if argument == "CLIP" else argument for argument in arguments))
    assert isinstance(done.exception, InvalidOption)
    assert reason in str(done.exception)


def test_two_athletes_of_one_name_are_told_apart_by_id(run, synthetic_clip):
    first, _ = (run("athletes", "add", "Kim").stdout.strip() for _ in range(2))
    assert "several" in str(run("videos", "add", synthetic_clip, "--athlete", "Kim").exception)
    assert run.json("videos", "add", synthetic_clip, "--athlete", first)["videos"][0]["athlete_id"] == first
