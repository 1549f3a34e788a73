"""Objects, and permissions that open one door each."""

import io
import re
import socket
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import InvalidObject, InvalidOption, ServerUnavailable
from ascension_core.platform.object_rules import LONGEST_KEY, valid_key
from ascension_core.platform.objects import PART_BYTES, Endpoint, ObjectStore, object_store
from ascension_core.platform.signing import Signer
from ascension_core.settings import settings

KEY = "test/clip.mp4"
http = urllib3.PoolManager()


def put(upload, data, url=None, **headers):
    types = {"Content-Type": upload.headers["Content-Type"], **headers}
    return http.request("PUT", url or upload.url, body=data, headers=types).status


def post(upload, size, **fields):
    form = {**upload.fields, **fields, "file": ("clip.mp4", b"x" * size, "video/mp4")}
    return http.request("POST", upload.url, fields=form).status


def test_file_comes_back_as_it_was_stored(objects, tmp_path):
    source, copy = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"climb" * 1000)
    objects.upload(KEY, source, "video/mp4")
    objects.download(KEY, copy)
    assert copy.read_bytes() == source.read_bytes()
    assert (objects.stat(KEY).bytes, objects.stat(KEY).content_type) == (5000, "video/mp4")


def test_stream_of_unknown_length_is_stored_in_parts(objects):
    size = PART_BYTES + 10
    objects.upload_stream(KEY, io.BytesIO(b"\7" * size))
    assert sum(map(len, objects.stream(KEY))) == size
    assert b"".join(objects.stream(KEY, PART_BYTES, 5)) == b"\7" * 5


def test_missing_object_is_said(objects, tmp_path):
    assert objects.stat("test/none") is None
    with pytest.raises(InvalidObject, match="no object"):
        objects.read("test/none")
    with pytest.raises(InvalidObject, match="no object"):
        objects.download("test/none", tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_deleting_a_prefix_leaves_its_neighbours(objects):
    for key in ("test/a/1", "test/a/2", "test/ab"):
        objects.upload_stream(key, io.BytesIO(b"x"))
    objects.delete("test/a/")
    objects.delete("test/never-there")
    assert objects.keys("test/") == ["test/ab"]


def test_permission_to_put_takes_what_it_is_for(objects):
    assert put(objects.presign_put(KEY, 5, "video/mp4"), b"12345") == 200
    assert objects.read(KEY) == b"12345"


def test_permission_to_put_is_for_one_size_type_and_key(objects):
    upload = objects.presign_put(KEY, 5, "video/mp4")
    elsewhere = upload.url.replace("clip.mp4", "other.mp4")
    refused = [
        put(upload, b"123456"),
        put(upload, b"1234"),
        put(upload, b"12345", **{"Content-Type": "text/html"}),
        put(upload, b"12345", elsewhere),
        put(upload, b"12345", re.sub(r"Expires=\d+", "Expires=3000", upload.url)),
    ]
    assert refused == [403] * 5
    assert objects.keys("test/") == []


def test_permission_to_post_takes_what_it_is_for(objects):
    assert post(objects.presign_post(KEY, 10, "video/mp4"), 10) == 204
    assert objects.stat(KEY).bytes == 10


def test_permission_to_post_is_for_sizes_up_to_one_and_for_one_type_and_key(objects):
    upload = objects.presign_post(KEY, 10, "video/mp4")
    refused = [post(upload, 11), post(upload, 5, key="test/other.mp4"), post(upload, 5, **{"Content-Type": "text/html"})]
    assert refused == [400, 403, 403]
    assert objects.keys("test/") == []


def test_permission_to_get_reads_parts_and_nothing_else(objects):
    objects.upload_stream(KEY, io.BytesIO(b"0123456789"))
    url = objects.presign_get(KEY, file_name="climb.mp4")
    part = http.request("GET", url, headers={"Range": "bytes=2-4"})
    assert (part.status, part.data) == (206, b"234")
    assert part.headers["Content-Disposition"] == 'attachment; filename="climb.mp4"'
    assert http.request("PUT", url, body=b"x").status == 403
    assert http.request("GET", url.replace("clip", "other")).status == 403
    assert http.request("GET", url.partition("?")[0]).status == 403


def test_permission_names_the_address_that_clients_know(objects):
    public = objects._endpoint().address.replace("127.0.0.1", "localhost")
    with ObjectStore(objects._endpoint, bucket=objects.bucket, public=public) as store:
        uploads = [store.presign_put(KEY, 5, "video/mp4"), store.presign_post(KEY, 5, "video/mp4")]
        assert [upload.url.startswith(f"{public}/") for upload in uploads] == [True, True]
        assert put(uploads[0], b"x" * 5) == 200
        assert post(uploads[1], 5) == 204
        assert http.request("GET", store.presign_get(KEY)).data == b"x" * 5


def test_permission_ends(objects):
    objects.upload_stream(KEY, io.BytesIO(b"x"))
    url = objects.presign_get(KEY, expires_s=1)
    time.sleep(2.1)
    assert http.request("GET", url).status == 403


def test_expiries_are_kept_by_the_server(objects):
    objects.expire({"test/": 30, "jobs/": 90})
    assert objects.expiries() == {"test/": 30, "jobs/": 90}
    objects.expire({})
    assert objects.expiries() == {}


def test_wrong_key_to_the_server_is_refused(own_bucket):
    endpoint = Endpoint(own_bucket.presign_get(KEY).partition("/test-")[0], "ascension", "wrong")
    with pytest.raises(ServerUnavailable, match="refuse") as raised:
        ObjectStore(lambda: endpoint, bucket=own_bucket.bucket).read(KEY)
    assert "wrong" not in str(raised.value)


def test_server_that_takes_requests_and_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr("ascension_core.platform.objects._READ_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # what connects waits in its backlog
        endpoint = Endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}", "key", "secret")
        with closing(ObjectStore(lambda: endpoint, bucket="test")) as objects, pytest.raises(ServerUnavailable):
            objects.stat("a")


def test_endpoint_without_keys_is_refused(home, monkeypatch):
    monkeypatch.setenv("ASCENSION_S3_ENDPOINT", "http://127.0.0.1:9")
    settings.cache_clear()
    with pytest.raises(InvalidOption, match="ASCENSION_S3_ACCESS_KEY"):
        object_store()


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        "../a",
        "a/../b",
        "a/..",
        ".hidden",
        "a b",
        "a\n",
        "a\0",
        "ä",
        "a?b",
        "a%2e",
        "a" * 600,
    ],
)
def test_hostile_key_is_refused(own_bucket, key, tmp_path):
    for use in (own_bucket.read, own_bucket.stat, own_bucket.presign_get, lambda k: own_bucket.presign_put(k, 1, "video/mp4")):
        with pytest.raises(InvalidObject):
            use(key)
    with pytest.raises(InvalidObject):
        own_bucket.download(key, tmp_path / "x")


@given(st.text())
def test_key_that_passes_stays_within_its_folder(key):
    try:
        valid_key(key)
    except InvalidObject:
        return
    assert key.isascii()
    assert len(key) <= LONGEST_KEY
    assert not {"", ".", ".."} & set(key.split("/"))


@pytest.mark.parametrize(
    ("size", "kind"), [(0, "video/mp4"), (-1, "video/mp4"), (10**12, "video/mp4"), (5, "mp4"), (5, "a/b\r\nX: y")]
)
def test_size_or_type_that_is_not_allowed_is_refused(own_bucket, size, kind):
    with pytest.raises(InvalidObject):
        own_bucket.presign_put(KEY, size, kind)


@pytest.mark.parametrize("seconds", [0, -5, 86400])
def test_permissions_are_short(own_bucket, seconds):
    with pytest.raises(InvalidOption, match="presigned"):
        own_bucket.presign_get(KEY, seconds)


def test_signature_is_that_of_the_published_example():
    # Amazon S3 API reference, "Authenticating Requests: Using Query Parameters", its example.
    signer = Signer("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    moment = datetime(2013, 5, 24, tzinfo=UTC)
    url = signer.sign("GET", "https://examplebucket.s3.amazonaws.com/test.txt", {}, 86400, now=moment)
    assert url.endswith("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")
