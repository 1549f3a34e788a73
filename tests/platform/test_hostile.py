"""What comes from outside and means no good: refused before anything changes, or passed on as the plain data that it is."""

import json
import math
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from typer.testing import CliRunner

from ascension_core.cli import app
from ascension_core.errors import InputError, InvalidJob, InvalidObject, InvalidOption
from ascension_core.platform.jobs import Failure, Jobs, Wish, Worksheet, find_kind, kinds
from ascension_core.platform.jobs.kinds import LARGEST_NOTEBOOK, LARGEST_PARAMETERS
from ascension_core.platform.object_rules import valid_key, valid_name, valid_prefix, valid_type
from ascension_core.platform.plain import as_storable, check_plain, storable
from ascension_core.platform.queue.postgres import PostgresQueue
from ascension_core.settings import settings

PATHS = ["../vision", "..", "/etc/passwd", "vision/../vision", "./vision", "vision/", "%2e%2e/vision", "vision%00", "vision\n"]
LOOK_ALIKES = ["vısion", "vis\u200bion", "ｖision", "vis\u0456on", "Vision", "vision ", "visio\u006e\u0301"]
WORDS = ["vision'; drop table jobs; --", "{0.__class__}", "%s%s%n", "${HOME}", "$(reboot)", "`id`", "", "\0", "v" * 10_000]
KEYS = [
    *("../secret", "videos/../../secret", "videos/..", "./videos/a", "/etc/passwd", "//host/share", "C:\\clip.mp4", "~/clip"),
    *("videos/%2e%2e/a", "videos/%2fetc", "videos\\..\\a", "videos/a?x=1", "videos/a#b", "videos/a;b", "s3://other/a"),
    *(
        "videos/\u2024\u2024/a",
        "videos\u2215a",
        "videos/ａ",
        "videos/a\u202egpj",
        "videos/a\0",
        "videos/a\n",
        "videos/a\r\nX: y",
    ),
    *("videos//a", "videos/", "/", "", " ", "videos/.hidden", "a" * 10_000, "\ud800"),
]


def nested(depth, value=0):
    for _ in range(depth):
        value = [value]
    return value


def bomb(levels=40):
    """What a few lines of YAML with anchors are read as: ten times the same, of ten times the same, …"""
    value = "ha" * 50
    for _ in range(levels):
        value = [value] * 10
    return value


def endless():
    value = []
    value.append(value)
    return value


HUGE = {
    "deep": nested(300),
    "deeper than Python goes": nested(100_000),
    "endless": endless(),
    "bomb": bomb(15),
    "deep bomb": bomb(),
    "long": "x" * 2**20,
    "many": [0] * LARGEST_PARAMETERS,
    "long name": {"x" * 2**20: 1},
    "number": 10**400,
    "number that Python does not print": 10**5000,
    "negative number": -(2**63) - 1,
    "infinity": math.inf,
    "no number": [math.nan],
}
STRANGE = {
    "bytes": b"x",
    "set": {1},
    "object": object(),
    "class": dict,
    "complex": 1j,
    "name that is no text": {1: 2},
    "name that is nothing": {None: 2},
    "zero character": {"a": ["x\0"]},
    "zero character in a name": {"a\0": 1},
    "half of a character": "\ud83e",
    "half of a character in a name": {"\udc00": 1},
}


@pytest.fixture
def own_jobs(database, notebooks):
    """Jobs whose workers are woken by the database."""
    return Jobs(database, PostgresQueue(database), notebooks)


@pytest.fixture
def make_sheet(own_jobs):
    return lambda name="worker": Worksheet(own_jobs, name, ["vision"])


@pytest.mark.parametrize("kind", [*PATHS, *LOOK_ALIKES, *WORDS, "jobs.vision", "vision.ipynb"])
def test_kind_that_is_none_is_refused_and_nothing_is_stored(own_jobs, kind):
    with pytest.raises(InvalidJob, match="no kind of job"):
        own_jobs.submit(Wish(kind))
    assert own_jobs.list() == []


@pytest.mark.parametrize("value", [*HUGE.values(), *STRANGE.values()], ids=[*HUGE, *STRANGE])
def test_value_that_cannot_be_stored_is_refused_and_nothing_is_stored(own_jobs, value):
    for parameters in ({"seed": value}, {"athlete": {"log": value}}):
        with pytest.raises(InvalidJob):
            own_jobs.submit(Wish("training", parameters))
    assert own_jobs.list() == []


@pytest.mark.parametrize(
    "parameters", [[1], "vision", None, 7, [("every", 1)], {1: 2}, {"": 1}, {"every\0": 1}, {"__class__": 1}]
)
def test_parameters_that_are_none_are_refused(notebooks, parameters):
    with pytest.raises(InvalidJob):
        find_kind("vision", notebooks).check(parameters)


@pytest.mark.parametrize("key", KEYS)
def test_key_that_leads_elsewhere_is_refused_as_parameter_and_as_object(notebooks, key):
    with pytest.raises(InvalidJob):
        find_kind("vision", notebooks).check({"video": key})
    for rule in (valid_key, valid_prefix):
        with pytest.raises(InvalidObject):
            rule(key if rule is valid_key else key.removesuffix("/") + "//")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a\n", "a\0", "ä", "a" * 256])
def test_name_of_a_file_that_is_none_is_refused(name):
    with pytest.raises(InvalidObject):
        valid_name(name)


@pytest.mark.parametrize(
    "text", ["", "video", "video/", "/mp4", "video/mp4\r\nX: y", "video/mp4; a=b", "VIDEO/MP4", "a/" * 99, "v/" + "a" * 999]
)
def test_type_that_is_none_is_refused(text):
    with pytest.raises(InvalidObject):
        valid_type(text)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ANYTHING = st.recursive(
    PLAIN | st.floats() | st.integers() | st.binary() | st.characters(categories=["Cs", "Cc"]) | st.complex_numbers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.integers(), inner, max_size=4),
    max_leaves=12,
)


def as_read(value):
    """The value as programs read it that know one type of number: 1e20 comes from the database as a whole number."""
    return json.loads(json.dumps(value), parse_int=float)


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(value=ANYTHING, key=st.none() | st.text(max_size=220))
def test_whatever_is_submitted_is_refused_or_comes_back_the_same(own_jobs, value, key):
    wish = Wish("training", {"seed": value}, idempotency_key=key)
    try:
        job = own_jobs.submit(wish)
    except InvalidJob:
        return
    assert as_read(own_jobs.get(job.id).parameters) == as_read({"seed": value})
    if key is not None:
        assert own_jobs.submit(wish).id == job.id
        own_jobs.database.execute("delete from jobs where id = %s", [job.id])


@given(ANYTHING)
def test_what_is_plain_is_json_that_a_database_can_hold(value):
    try:
        check_plain(value, LARGEST_PARAMETERS)
    except ValueError:
        return
    text = json.dumps(value, allow_nan=False)
    text.encode("ascii")
    assert storable(json.dumps(value, ensure_ascii=False))


@given(st.text(st.characters(categories=["L", "Cc", "Cs"])))
def test_text_that_is_told_becomes_one_that_can_be_stored(text):
    assert storable(as_storable(text))
    assert len(as_storable(text)) == len(text)
    assert as_storable(text) == text or not storable(text)


@pytest.mark.parametrize(
    "text", ["'; drop table jobs; --", "%s %(x)s {0} {x!r}", "$(reboot) `id`", "<script>", "\\u0000", "../..", "🧗" * 10]
)
def test_text_that_would_be_dangerous_elsewhere_is_just_a_text(own_jobs, text):
    job = own_jobs.submit(Wish("training", {"seed": text, "athlete": {text: text}}, idempotency_key=text, name=text))
    found = own_jobs.get(job.id)
    assert found.parameters == {"seed": text, "athlete": {text: text}}
    assert (found.idempotency_key, found.name) == (text, text)
    assert [one.id for one in own_jobs.list(kind="training")] == [job.id]
    assert own_jobs.list(kind=text) == []


@pytest.mark.parametrize("text", ["", "k" * 10_000, "\0", "a\0b", "\ud800"])
def test_key_or_name_that_cannot_be_stored_is_refused(own_jobs, text):
    for wish in (Wish("vision", idempotency_key=text), Wish("vision", name=text)):
        with pytest.raises(InvalidJob):
            own_jobs.submit(wish)
    assert own_jobs.list() == []


def test_same_key_with_a_number_that_the_database_writes_otherwise_is_the_same_job(own_jobs):
    for number in (1e23, 1e300, 5e-324, -0.0, 2**63 - 1, 1.0):
        wish = Wish("training", {"seed": number}, idempotency_key=f"key {number}")
        assert own_jobs.submit(wish).id == own_jobs.submit(wish).id


@pytest.mark.parametrize("name", ["", "w" * 10_000, "a\0", "a\nb", "\ud800", "\x1b[2J"])
def test_name_of_a_worker_that_is_none_is_refused(make_sheet, name):
    with pytest.raises(InvalidOption, match="name"):
        make_sheet(name)


def test_whatever_a_notebook_says_can_be_told_and_ends_the_job(own_jobs, make_sheet):
    job, sheet = own_jobs.submit(Wish("vision")), make_sheet("o'brien; drop table jobs")
    lease, evil = sheet.take(30), "\0 \ud800 '; drop table jobs; --" * 1000
    for fraction in (math.nan, math.inf, -math.inf, 1e308):
        sheet.progress(lease, evil, fraction, evil)
    sheet.fail(lease, Failure(evil[:100], evil))
    failed = own_jobs.get(job.id)
    assert failed.status == "failed"
    assert failed.error["message"].startswith("\ufffd \ufffd '; drop table")
    assert [event.fraction for event in own_jobs.events(job.id) if event.kind == "progress"] == [0, 1, 0, 1]


# --- notebooks in the folder ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, write_notebook):
    """A folder of notebooks with a good one in it."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    write_notebook(folder / "good.ipynb", "n = 1")
    return folder


def link_out(file, write_notebook):
    write_notebook(file.parent.parent / "outside.ipynb", "n = 1")
    file.symlink_to("../outside.ipynb")


def link_circle(file, _):
    file.symlink_to(file.name)


def link_nowhere(file, _):
    file.symlink_to("none.ipynb")


def device(file, _):
    file.symlink_to("/dev/zero")


def pipe(file, _):
    os.mkfifo(file)


def directory(file, _):
    file.mkdir()


def large(file, _):
    with file.open("wb") as out:
        out.truncate(LARGEST_NOTEBOOK + 1)


def content(text):
    def write(file, _):
        file.write_bytes(text)

    return write


def cell(source, rules=None):
    def write(file, write_notebook):
        write_notebook(file, source, rules)

    return write


EVIL = {
    "link that leads out": link_out,
    "link in a circle": link_circle,
    "link to nothing": link_nowhere,
    "link to a device": device,
    "pipe": pipe,
    "directory": directory,
    "100 MB": large,
    "empty": content(b""),
    "no JSON": content(b"{"),
    "no text": content(b"\xff\xfe\0"),
    "other JSON": content(b"[1, 2]"),
    "deep JSON": content(b"[" * 100_000),
    "cells that are none": content(b'{"cells": 5, "metadata": {}}'),
    "call": cell("n = open('/etc/passwd')"),
    "deep expression": cell("n = " + "(" * 500 + ")" * 500),
    "deep sum": cell("n = " + "+1" * 50_000),
    "zero character": cell("n = 1\0"),
    "default that is no JSON": cell("n = {1, 2}"),
    "default that is no number": cell("n = 1e999"),
    "default that is huge": cell(f"n = {'9' * 400}"),
    "rule for nothing": cell("n = 1", {"m": {}}),
    "rule that is none": cell("n = 1", {"n": True}),
    "rule from another machine": cell("n = 1", {"n": {"$ref": "http://127.0.0.1:9/schema"}}),
    "rule from a file": cell("n = 1", {"n": {"allOf": [{"$ref": "file:///etc/passwd"}]}}),
    "rule in a circle": cell("n = 1", {"n": {"$ref": "#/properties/n"}}),
    "pattern that is none": cell("n = 'a'", {"n": {"pattern": "("}}),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", EVIL.values(), ids=EVIL)
def test_file_that_is_no_notebook_of_ours_is_named_and_does_not_hide_the_others(folder, make, write_notebook, no_network):
    make(folder / "evil.ipynb", write_notebook)
    with pytest.raises(InvalidJob, match=r"evil\.ipynb"):
        find_kind("evil", folder).check({"n": "a"})
    with pytest.raises(InvalidJob, match=r"evil\.ipynb"):
        kinds(folder)
    assert find_kind("good", folder).check({"n": 5}) == {"n": 5}


@pytest.fixture
def ordinary_user():
    """Whoever runs the tests, but not root, who may read everything."""
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield
        os.seteuid(0)
    else:
        yield


@pytest.fixture
def open_folder(write_notebook):
    """A folder that everybody may look into, with a notebook that nobody may read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_notebook(folder / "secret.ipynb", "n = 1")
        (folder / "secret.ipynb").chmod(0)
        yield folder


def test_notebook_that_may_not_be_read_is_said(open_folder, ordinary_user):
    with pytest.raises(InvalidJob, match=r"secret\.ipynb.*Permission denied"):
        find_kind("secret", open_folder)


def test_link_within_the_folder_is_a_notebook_as_any(folder, write_notebook):
    (folder / "..data").mkdir()
    write_notebook(folder / "..data" / "real.ipynb", "n = 2")
    (folder / "linked.ipynb").symlink_to("..data/real.ipynb")
    assert find_kind("linked", folder).defaults == {"n": 2}
    assert set(kinds(folder)) == {"good", "linked"}


def test_names_that_are_no_kinds_are_left_alone(folder):
    for name in ("UPPER", "with space", "semi;colon", "dot.dot", "ünicode", "new\nline", "x" * 100, "-rf"):
        (folder / f"{name}.ipynb").write_text("nonsense")
    assert set(kinds(folder)) == {"good"}


# --- from the command line --------------------------------------------------------------------------------------------


@pytest.fixture
def submit(folder, write_notebook, monkeypatch, tmp_path):
    """Runs ``ascension jobs submit`` where no server may be started: what is refused is refused before that."""
    write_notebook(
        folder / "any.ipynb", "value = None\nvideo = None", {"video": {"type": ["string", "null"], "format": "input"}}
    )
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(folder))
    monkeypatch.setenv("ASCENSION_DATABASE_URL", "postgresql://127.0.0.1:9/none")
    settings.cache_clear()
    yield lambda *arguments: CliRunner().invoke(app, ["jobs", "submit", *map(str, arguments)])
    settings.cache_clear()


@pytest.mark.parametrize(
    "content",
    [
        b"{" + b'"value": ' + b"[" * 100_000,
        b'{"value": ' + b"9" * 5000 + b"}",
        b'{"value": ' + b"9" * 400 + b"}",
        b'{"value": NaN}',
        b'{"value": -Infinity}',
        b'{"value": "\\ud800"}',
        b'{"value": "\\u0000"}',
        b'{"value": "' + b"x" * 2**20 + b'"}',
        b'{"video": "../../etc/passwd"}',
        b'{"out": "/etc"}',
        b"a: &a [x, x]\nb: [*a, *a]",
        b"!!python/object/apply:os.system ['id']",
        b"\xff\xfe",
        b"\0" * 100,
        b"null",
    ],
)
def test_file_of_parameters_that_means_no_good_is_one_clear_line(submit, tmp_path, content):
    (tmp_path / "p.json").write_bytes(content)
    done = submit("any", "--parameters", tmp_path / "p.json")
    assert isinstance(done.exception, InvalidJob), done.exception
    assert len(str(done.exception)) < 1000


@pytest.mark.timeout(60)
def test_file_of_parameters_without_end_is_not_read_to_it(submit):
    assert isinstance(submit("any", "--parameters", "/dev/zero").exception, InvalidJob)


@pytest.mark.parametrize(
    "arguments",
    [
        ["../any"],
        ["any", "-p", "video=../../etc/passwd"],
        ["any", "-p", "video=videos/%2e%2e/a"],
        ["any", "-p", "value=\udcff"],
        ["any", "-p", "value=" + "9" * 400],
        ["any", "-p", "value=" + "[" * 100_000],
        ["any", "-p", "value=NaN"],
        ["any", "-p", "__class__=1"],
        ["any", "-p", "=1"],
    ],
)
def test_argument_that_means_no_good_is_refused(submit, arguments):
    assert isinstance(submit(*arguments).exception, InvalidJob)


def test_key_that_cannot_be_stored_is_refused_with_code_2(folder, ascension_here, home, monkeypatch):
    monkeypatch.setenv("ASCENSION_NOTEBOOKS", str(folder))
    done = ascension_here("jobs", "submit", "../good", "--key", "k" * 500)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no kind of job is called '../good'")
    assert done.stderr.count("\n") == 1
    assert not home.exists()


@pytest.mark.parametrize("error", [InvalidJob, InvalidObject, InvalidOption])
def test_what_is_refused_is_the_callers_mistake(error):
    assert issubclass(error, InputError)
