import json
import logging
import re
import socket

import httpx
import pytest
import urllib3

from ascension_core.platform.database import Database
from ascension_core.platform.keys import Keys
from services.api.models import Problem

JSON = {"Content-Type": "application/json"}
WRONG = ["", "Basic eDp5", "Bearer", "Bearer x", "Bearer " + "x" * 8000, "bearer asc_000000000000_" + "A" * 43]


def problem(answer):
    """The problem that an answer tells, which must be one."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = Problem.model_validate(answer.json())
    assert found.status == answer.status_code
    assert found.instance == f"urn:ascension:request:{answer.headers['X-Request-Id']}"
    return found


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/athletes/", {}, 404),
        ("GET", "/jobs/../../etc/passwd", {}, 404),
        ("PATCH", "/athletes", {}, 405),
        ("GET", "/athletes/x", {}, 422),
        ("GET", "/athletes/%00", {}, 422),
        ("GET", "/athletes?limit=0", {}, 422),
        ("GET", "/athletes?limit=1e9", {}, 422),
        ("GET", "/athletes?cursor=%00", {}, 422),
        ("POST", "/athletes", {"content": b"{", "headers": JSON}, 400),
        ("POST", "/athletes", {"content": b"\xff", "headers": JSON}, 400),
        ("POST", "/athletes", {"content": b"[" * 100_000, "headers": JSON}, 400),
        (
            "POST",
            "/athletes",
            {"content": b'{"name":' + b"9" * 5000 + b"}", "headers": JSON},
            400,
        ),
        (
            "POST",
            "/athletes",
            {"content": b'{"name":"x","document":{"a":NaN}}', "headers": JSON},
            422,
        ),
        ("POST", "/athletes", {"content": rb'{"name":"\ud800"}', "headers": JSON}, 422),
        ("POST", "/athletes", {"json": {"name": "x", "document": {"a": "b\0"}}}, 422),
        ("POST", "/athletes", {"json": {"name": "x", "document": {"n": 10**30}}}, 422),
        ("POST", "/athletes", {"json": {"name": "x", "document": {"t": "y" * 70_000}}}, 422),
        ("POST", "/athletes", {"json": {"name": ["x"]}}, 422),
        ("POST", "/athletes", {"json": []}, 422),
        ("POST", "/athletes", {}, 422),
        ("POST", "/athletes", {"content": b"name=x", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/athletes", {"content": b"{}"}, 415),
        ("POST", "/athletes", {"content": b"x" * 1_100_000, "headers": JSON}, 413),
        (
            "POST",
            "/athletes",
            {"content": iter([b"x" * 70_000] * 20), "headers": JSON},
            413,
        ),
    ],
)
def test_every_error_is_a_problem(backend, method, path, options, status):
    answer = backend.request(method, path, **options)
    assert answer.status_code == status, answer.text
    assert problem(answer).detail
    assert "Traceback" not in answer.text


def test_problem_of_a_field_says_which(backend):
    answer = backend.post(
        "/videos", json={"athlete_id": "x", "file_name": "a", "content_type": "video/mp4", "secret": "s3cr3t"}
    )
    found = problem(answer)
    assert {error.pointer for error in found.errors} == {"/body/athlete_id", "/body/bytes", "/body/secret"}
    assert "s3cr3t" not in answer.text


def test_methods_of_an_address_are_told(backend, ida):
    answer = backend.request("PATCH", f"/athletes/{ida['id']}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PUT")


@pytest.mark.parametrize("header", WRONG)
def test_without_a_valid_key_nobody_is_let_in(api, header):
    answer = httpx.get(f"{api}/athletes", headers={"Authorization": header})
    assert (problem(answer).status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="ascension"')


def test_revoked_key_is_refused_at_once(connect, database):
    client = connect()
    assert client.get("/athletes").status_code == 200
    Keys(database).revoke(Keys(database).list()[0].id)
    assert client.get("/athletes").status_code == 401


@pytest.mark.parametrize(("given", "kept"), [("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ("é".encode(), False)])
def test_request_id_is_kept_if_it_is_harmless(backend, given, kept, lines_of):
    answer = backend.get("/athletes", headers={"X-Request-Id": given})
    assert (answer.headers["X-Request-Id"] == given) == kept
    assert lines_of(answer)


def test_log_names_the_key_and_not_its_secret(backend, lines_of):
    (line,) = lines_of(backend.get("/athletes?limit=3"))
    assert (line.method, line.path, line.status, len(line.key)) == ("GET", "/v1/athletes", 200, 12)
    assert backend.headers["Authorization"].removeprefix("Bearer ") not in str(vars(line))


@pytest.fixture
def lines_of(caplog, eventually):
    """What was logged about an answer; it may come a little after it."""
    caplog.set_level(logging.INFO, "ascension.api")

    def lines_of(answer):
        def found():
            return [line for line in caplog.records if getattr(line, "request_id", "") == answer.headers["X-Request-Id"]]

        assert eventually(found)
        return found()

    return lines_of


def test_header_that_is_no_http_does_no_harm(api):
    host, port = re.search(r"//(.*):(\d+)/", api).groups()
    endless = b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n"
    for words in (b"\x00\xff\r\n\r\n", b"GET /v1/livez HTTP/1.1\r\nContent-Length: -5\r\n\r\n", endless):
        with socket.create_connection((host, int(port)), 30) as raw:
            raw.sendall(words)
            assert raw.recv(100).startswith((b"HTTP/1.1 400", b"HTTP/1.1 404", b""))
    assert httpx.get(f"{api}/livez").json() == {"alive": True}


def test_too_many_requests_are_told_when_to_come_back(serve, connect):
    first, other = connect(), connect()
    with serve(api_rate=3) as url:
        answers = [first.get(f"{url}/athletes") for _ in range(5)]
        assert other.get(f"{url}/athletes").status_code == 200
        wrong = [httpx.get(f"{url}/athletes", headers={"Authorization": "Bearer x"}).status_code for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 2
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert problem(answers[-1]).type == "urn:ascension:problem:too-many-requests"
    assert wrong == [401] * 3 + [429] * 2


def test_server_that_is_away_is_said_to_be(serve, connect, own_bucket, database, monkeypatch):
    from ascension_core.platform.objects import Endpoint

    client = connect()
    ida = client.post("/athletes", json={"name": "Ida"}).json()
    query = """insert into videos (athlete_id, object_key, file_name, content_type, bytes)
        values (%s, 'videos/x/y', 'y', 'video/mp4', 5) returning id"""
    video = database.row(query, [ida["id"]])["id"]
    monkeypatch.setattr(urllib3.Retry, "sleep", lambda *_: None)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    monkeypatch.setattr(own_bucket, "_endpoint", lambda: Endpoint(f"http://127.0.0.1:{closed}", "a", "secret-of-the-store"))
    with serve() as url:
        answer = client.post(f"{url}/videos/{video}/complete")
        ready = client.get(f"{url}/readyz")
    assert (problem(answer).status, answer.headers["Retry-After"]) == (503, "5")
    assert str(closed) not in answer.text
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "database": True, "objects": False})


def test_unexpected_error_tells_nothing_but_its_id(backend, monkeypatch, lines_of):
    def fail(*_):
        raise RuntimeError("password=s3cr3t")

    monkeypatch.setattr(Database, "rows", fail)
    answer = backend.get("/athletes")
    assert (problem(answer).status, "s3cr3t" in answer.text) == (500, False)
    assert [line for line in lines_of(answer) if line.exc_info]


def test_nobody_without_a_key_is_let_in_but_from_this_machine_where_that_is_wanted(serve, database):
    with serve(api_insecure_loopback=True) as url:
        assert httpx.get(f"{url}/athletes").status_code == 200
        refused = [
            {"Host": "evil.example"},
            {"X-Forwarded-For": "127.0.0.1"},
            {"Forwarded": "for=1.2.3.4"},
            {"Authorization": "x"},
        ]
        assert [httpx.get(f"{url}/athletes", headers=headers).status_code for headers in refused] == [401] * 4


def test_pages_of_others_may_not_call(serve, api, connect):
    client, page = connect(), {"Origin": "https://app.example"}
    assert "Access-Control-Allow-Origin" not in client.get("/athletes", headers=page).headers
    with serve(api_cors_origins="https://app.example, https://b.example") as url:
        assert client.get(f"{url}/athletes", headers=page).headers["Access-Control-Allow-Origin"] == "https://app.example"
        asked = page | {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        assert client.options(f"{url}/athletes", headers=asked).status_code == 200
        evil = client.get(f"{url}/athletes", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in evil.headers


def test_figures_count_by_pattern(backend, ida):
    backend.get(f"/athletes/{ida['id']}")
    backend.request("BREW", "/coffee")
    lines = backend.get("/metrics").text
    assert re.search(r'requests_total\{method="GET",route="/athletes/{athlete_id}",status="200"\} [1-9]', lines)
    assert ida["id"] not in lines
    assert "BREW" not in lines


def test_operators_look_without_a_key(api):
    assert httpx.get(f"{api}/readyz").json() == {"ready": True, "database": True, "objects": True}
    outside = httpx.get(api.removesuffix("/v1") + "/elsewhere")
    assert (outside.status_code, outside.headers["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(outside.text)["detail"].endswith("/v1")
    forwarded = httpx.get(f"{api}/metrics", headers={"X-Forwarded-For": "1.2.3.4"})
    assert forwarded.status_code == 401
