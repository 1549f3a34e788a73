import gzip
import io
import json
import zipfile
from uuid import uuid4

import pytest

from ascension_core.platform.jobs import Failure

DOCUMENT = {"age_years": 31, "mass_kg": 59, "years_climbing": 9}
TRACK = gzip.compress(json.dumps({"format": "ascension.track", "points": list(range(500))}).encode())


@pytest.fixture
def video(ida, stored_row):
    return stored_row(ida)


@pytest.fixture
def ask(backend, video):
    """Asks for an analysis: ``ask(priority="high")``."""

    def ask(headers=None, **more):
        return backend.post("/jobs", json={"kind": "vision", "video_id": str(video["id"]), **more}, headers=headers or {})

    return ask


def test_job_is_asked_for_and_done(backend, ask, finish, ida, video, database):
    made = ask(parameters={"model": "lite"}, priority="high")
    job = made.json()
    assert (made.status_code, made.headers["Location"]) == (202, f"/v1/jobs/{job['id']}")
    assert (job["status"], job["athlete_id"], job["video_id"]) == ("queued", ida["id"], str(video["id"]))
    row = database.row("select parameters, priority from jobs")
    assert (row["parameters"], row["priority"]) == ({"model": "lite", "video": video["object_key"]}, 0)
    assert backend.get(f"/jobs/{job['id']}/result").json()["type"] == "urn:ascension:problem:no-result"
    finish({"kind": "analysis", "track": {"file": "track.json.gz"}}, {"track.json.gz": TRACK})
    assert backend.get(f"/jobs/{job['id']}").json()["status"] == "succeeded"
    result = backend.get(f"/jobs/{job['id']}/result").json()
    assert result["document"] == {"kind": "analysis", "track": {"file": "track.json.gz"}}
    assert result["files"] == [{"name": "track.json.gz", "bytes": len(TRACK), "content_type": "application/gzip"}]


def test_nothing_internal_is_shown(ask, worker, take, backend):
    job = ask().json()
    take(worker)
    shown = backend.get(f"/jobs/{job['id']}").text
    assert not [word for word in ("lease", "worker", "token", "videos/", "idempotency") if word in shown]


def test_same_idempotency_key_asks_for_the_same_job(ask, database):
    key = {"Idempotency-Key": "once"}
    first, again = (ask(key).json() for _ in range(2))
    assert first["id"] == again["id"]
    assert ask(key, parameters={"model": "lite"}).status_code == 422
    assert len(database.rows("select id from jobs")) == 1


def test_program_is_made_from_the_athletes_document(backend, ida, finish, database):
    asked = {"kind": "training_program", "athlete_id": ida["id"]}
    missing = backend.post("/jobs", json=asked)
    assert (missing.status_code, f"PUT /v1/athletes/{ida['id']}" in missing.json()["detail"]) == (422, True)
    backend.put(f"/athletes/{ida['id']}", json={"name": "Ida", "document": DOCUMENT})
    first = backend.post("/jobs", json=asked).json()
    assert database.row("select parameters from jobs")["parameters"]["athlete"] == {**DOCUMENT, "id": ida["id"], "name": "Ida"}
    finish({"kind": "program"}, {"program.json": b"{}"})
    asked["parameters"] = {"adapt": {"job": first["id"], "file": "program.json"}}
    assert backend.post("/jobs", json=asked).status_code == 202
    row = database.row("select parameters from jobs where status = 'queued'")
    assert row["parameters"]["adapt"] == f"jobs/{first['id']}/1/program.json"


def test_job_that_cannot_be_is_refused(backend, ask, ida, database, connect):
    new = backend.post(
        "/videos", json={"athlete_id": ida["id"], "file_name": "x.mp4", "content_type": "video/mp4", "bytes": 5}
    ).json()["video"]
    refused = {
        ask(kind="nothing"): 422,
        ask(kind="../vision"): 422,
        ask(kind="sweep"): 403,
        ask(video_id=None): 422,
        ask(video_id=None, athlete_id=ida["id"]): 422,
        ask(video_id=str(uuid4())): 404,
        ask(video_id=new["id"]): 409,
        ask(athlete_id=str(uuid4())): 404,
        ask(parameters={"model": "huge"}): 422,
        ask(parameters={"out": "/etc"}): 422,
        ask(parameters={"video": "videos/x"}): 422,
        ask(parameters={"ghost": "jobs/x"}): 422,
        ask(parameters={"ghost": {"video": str(uuid4())}}): 404,
        ask(parameters={"ghost": {"job": "x", "file": "../y"}}): 422,
        ask(parameters={"ghost": {"job": str(uuid4()), "file": "y"}}): 404,
        ask(deadline="2026-01-01T00:00:00"): 422,
        ask(deadline="2021-01-01T00:00:00Z"): 422,
        ask(deadline=5): 422,
        ask(parameters={"model": "a\0"}): 422,
        ask({"Idempotency-Key": "x" * 129}): 422,
        ask({"Idempotency-Key": "a b"}): 422,
    }
    assert {answer.json()["detail"]: answer.status_code for answer in refused} == {
        answer.json()["detail"]: status for answer, status in refused.items()
    }
    assert database.rows("select id from jobs") == []
    assert connect("admin").post("/jobs", json={"kind": "sweep", "parameters": {"n": 3}}).status_code == 202
    assert backend.get("/jobs").json()["items"] == []  # it is nobody's


def test_kinds_are_those_that_the_caller_may_ask_for(backend, connect):
    kinds = {kind["name"]: kind for kind in backend.get("/kinds").json()}
    assert sorted(kinds) == ["training_program", "vision"]
    assert kinds["vision"]["defaults"] == {"model": "full"}
    assert sorted(kinds["vision"]["parameters"]["properties"]) == ["ghost", "model", "video"]
    assert "sweep" in [kind["name"] for kind in connect("admin").get("/kinds").json()]


def test_job_is_cancelled_and_tried_again(backend, ask, worker, take):
    job = ask().json()
    assert backend.post(f"/jobs/{job['id']}/retry").json()["type"] == "urn:ascension:problem:cannot-be-retried"
    assert backend.post(f"/jobs/{job['id']}/cancel").json()["status"] == "cancelled"
    assert backend.post(f"/jobs/{job['id']}/cancel").status_code == 409
    assert backend.post(f"/jobs/{job['id']}/retry").json()["status"] == "queued"
    worker.fail(take(worker), Failure("NoClimberFound", "nobody climbs"))
    assert backend.get(f"/jobs/{job['id']}").json()["error"] == {"type": "NoClimberFound", "message": "nobody climbs"}


def test_full_queue_takes_no_more(serve, connect, ida, stored_row):
    video = stored_row(ida)
    with serve(api_longest_queue=2) as url:
        client = connect()
        answers = [client.post(f"{url}/jobs", json={"kind": "vision", "video_id": str(video["id"])}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert (answers[2].json()["type"], answers[2].headers["Retry-After"]) == ("urn:ascension:problem:queue-full", "30")


def test_track_comes_zipped_plain_in_parts_and_not_twice(backend, ask, finish):
    job = ask().json()
    finish({"kind": "analysis", "track": {"file": "track.json.gz"}}, {"track.json.gz": TRACK, "report.html": b"<p>hello</p>"})
    url = f"/jobs/{job['id']}/track"
    with backend.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as zipped:
        assert b"".join(zipped.iter_raw()) == TRACK
        assert zipped.headers["Content-Encoding"] == "gzip"
    plain = backend.get(url, headers={"Accept-Encoding": "identity"})
    assert (plain.content, "Content-Encoding" in plain.headers) == (gzip.decompress(TRACK), False)
    assert plain.headers["ETag"] != zipped.headers["ETag"]
    known = backend.get(url, headers={"Accept-Encoding": "gzip", "If-None-Match": f'"x", W/{zipped.headers["ETag"]}'})
    assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", zipped.headers["ETag"])
    file = f"/jobs/{job['id']}/files/report.html"
    parts = {"bytes=3-7": b"hello", "bytes=-4": b"</p>", "bytes=8-": b"</p>", "bytes=0-0": b"<"}
    answers = {asked: backend.get(file, headers={"Range": asked}) for asked in parts}
    assert {asked: (answer.status_code, answer.content) for asked, answer in answers.items()} == {
        asked: (206, content) for asked, content in parts.items()
    }
    assert answers["bytes=3-7"].headers["Content-Range"] == "bytes 3-7/12"
    beyond = backend.get(file, headers={"Range": "bytes=99-"})
    assert (beyond.status_code, beyond.headers["Content-Type"]) == (416, "application/problem+json")
    for whole in ({"Range": "bytes=1-2,4-5"}, {"Range": "words=1-2"}, {"Range": "bytes=1-2", "If-Range": '"old"'}):
        assert backend.get(file, headers=whole).status_code == 200
    page = backend.get(file)
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    result = backend.get(f"/jobs/{job['id']}/result")
    assert backend.get(f"/jobs/{job['id']}/result", headers={"If-None-Match": result.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("name", ["nothing", "%2e%2e/%2e%2e/x", "..%2fx", "a%00b", "1/report.html"])
def test_file_that_the_job_does_not_have_is_not_found(backend, ask, finish, name):
    job = ask().json()
    finish({"kind": "analysis"}, {"report.html": b"<p>"})
    assert backend.get(f"/jobs/{job['id']}/files/{name}").status_code == 404


def test_lists_are_filtered_and_paged(backend, ask):
    ids = [ask().json()["id"] for _ in range(5)]
    backend.post(f"/jobs/{ids[0]}/cancel")
    first = backend.get("/jobs", params={"limit": 2, "status": "queued", "kind": "vision"}).json()
    rest = backend.get("/jobs", params={"limit": 2, "status": "queued", "cursor": first["next"]}).json()
    assert [job["id"] for job in first["items"] + rest["items"]] == ids[:0:-1]
    assert rest["next"] is None
    for cursor in ("x", "", "é", "MjAyNi0wMS0wMQ", "MjAyNi0wMS0wMSAx", first["next"] + "A"):
        assert backend.get("/jobs", params={"cursor": cursor}).status_code == 422


def test_athlete_is_exported_whole_and_deleted_whole(backend, ida, ask, finish, video, database, objects):
    job = ask().json()
    finish({"kind": "analysis"}, {"report.html": b"<p>hello</p>"})
    archive = backend.get(f"/athletes/{ida['id']}/export")
    assert archive.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as file:
        assert file.testzip() is None
        documents = {name: json.loads(file.read(name)) for name in file.namelist() if name.count("/") == 0}
        assert file.read(video["object_key"]) == b"a video"
        assert [name for name in file.namelist() if name.endswith("1/report.html")]
    assert documents["athlete.json"]["name"] == "Ida"
    assert [len(documents[f"{name}.json"]) for name in ("videos", "jobs", "analyses", "programs")] == [1, 1, 0, 0]
    gone = backend.delete(f"/athletes/{ida['id']}").json()
    assert gone == {"videos": 1, "jobs": 1, "analyses": 0, "complete": True}
    assert backend.get(f"/athletes/{ida['id']}").status_code == 404
    assert objects.keys(video["object_key"]) + objects.keys(f"jobs/{job['id']}/") == []
    tables = ("athletes", "videos", "jobs", "job_events")
    assert [database.rows(f"select * from {table}".encode()) for table in tables] == [[], [], [], []]
