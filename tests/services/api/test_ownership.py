"""Whoever has a key of one athlete learns nothing of another, not even what there is."""

import json
import re

import pytest

from services.api.app import openapi

DOCUMENT = {"age_years": 31, "mass_kg": 59, "years_climbing": 9}
OWN = {"/athletes", "/videos", "/jobs", "/kinds"}
"""Without an id of somebody in their address; what their answers and bodies name is tried below."""


def operations():
    """Method and address of each operation that needs a key and names something."""
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            if operation.get("security") and path not in OWN:
                yield pytest.param(method, path, operation, id=operation["operationId"])


@pytest.fixture
def things(backend, ida, stored_row, finish):
    """What Ida has, with a result that has files."""
    video = stored_row(ida)
    job = backend.post("/jobs", json={"kind": "vision", "video_id": str(video["id"])}).json()
    finish({"kind": "analysis", "track": {"file": "track.json.gz"}}, {"track.json.gz": b"x", "report.html": b"x"})
    return {"athlete_id": ida["id"], "video_id": str(video["id"]), "job_id": job["id"], "name": "report.html"}


@pytest.fixture
def ada(backend):
    return backend.post("/athletes", json={"name": "Ada", "document": DOCUMENT}).json()


def body_for(operation, things):
    if "requestBody" not in operation:
        return None
    reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    example = dict(openapi()["components"]["schemas"][reference]["examples"][0])
    return {name: things.get(name, value) for name, value in example.items()}


@pytest.mark.parametrize(("method", "path", "operation"), list(operations()))
def test_things_of_another_athlete_are_not_there(method, path, operation, things, ada, connect, database):
    own = connect("read", "write", athlete=ada)
    before = snapshot(database)
    address = re.sub(r"{(\w+)}", lambda match: things[match[1]], path)
    answer = own.request(method, address, json=body_for(operation, things))
    assert answer.status_code == 404, answer.text
    nothing = own.request(method, re.sub(r"[0-9a-f-]{36}", "00000000-0000-4000-8000-000000000000", address))
    assert known_words(answer, things) == []
    assert nothing.status_code == 404 or "requestBody" in operation
    assert snapshot(database) == before


def snapshot(database):
    tables = ("athletes", "videos", "jobs", "job_events", "deletions")
    return [database.rows(f"select * from {table} order by id".encode()) for table in tables]


def known_words(answer, things):
    """What an answer says that the question did not."""
    said = answer.text
    for given in things.values():
        said = said.replace(given, "")
    return [word for word in ("Ida", "clip.mp4", "vision", "succeeded") if word in said]


def test_every_operation_with_an_id_is_tried(things):
    named = {name for parameter in operations() for name in re.findall(r"{(\w+)}", parameter.values[1])}
    assert named == things.keys()


def test_lists_hold_nothing_of_another_athlete(things, ada, connect):
    own = connect("read", athlete=ada)
    for path in ("/athletes", "/videos", "/jobs"):
        for wanted in ({}, {"athlete_id": things["athlete_id"]}, {"video_id": things["video_id"]}):
            found = own.get(path, params=wanted).text
            assert not [value for value in things.values() if value in found]


def test_nothing_is_made_for_or_from_another_athlete(things, ada, connect, database, stored_row):
    own = connect("read", "write", athlete=ada)
    mine = str(stored_row(ada)["id"])
    theirs = {"video": things["video_id"]}
    asked = [
        ("/videos", {"athlete_id": things["athlete_id"], "file_name": "x", "content_type": "video/mp4", "bytes": 5}),
        ("/jobs", {"kind": "vision", "video_id": things["video_id"]}),
        ("/jobs", {"kind": "vision", "video_id": things["video_id"], "athlete_id": ada["id"]}),
        ("/jobs", {"kind": "vision", "video_id": mine, "athlete_id": things["athlete_id"]}),
        ("/jobs", {"kind": "vision", "video_id": mine, "parameters": {"ghost": theirs}}),
        (
            "/jobs",
            {"kind": "vision", "video_id": mine, "parameters": {"ghost": {"job": things["job_id"], "file": "report.html"}}},
        ),
        ("/jobs", {"kind": "training_program", "athlete_id": things["athlete_id"]}),
    ]
    assert [own.post(path, json=body).status_code for path, body in asked] == [404] * len(asked)
    assert len(database.rows("select id from jobs")) == 1
    raw = {"kind": "vision", "video_id": mine, "parameters": {"ghost": "jobs/x/y"}}
    assert own.post("/jobs", json=raw).status_code == 422


def test_not_even_a_backend_mixes_athletes(backend, things, ada, stored_row):
    mine = str(stored_row(ada)["id"])
    mixed = {"kind": "vision", "video_id": mine, "parameters": {"ghost": {"video": things["video_id"]}}}
    assert backend.post("/jobs", json=mixed).status_code == 404
    assert (
        backend.post("/jobs", json={"kind": "vision", "video_id": mine, "athlete_id": things["athlete_id"]}).status_code == 404
    )


def test_idempotency_keys_of_two_athletes_are_two(things, ada, connect, stored_row, backend):
    key = {"Idempotency-Key": "same"}
    mine = str(stored_row(ada)["id"])
    first = backend.post("/jobs", json={"kind": "vision", "video_id": things["video_id"]}, headers=key).json()
    own = connect("read", "write", athlete=ada)
    other = own.post("/jobs", json={"kind": "vision", "video_id": mine}, headers=key).json()
    assert (other["athlete_id"], other["id"] != first["id"]) == (ada["id"], True)


def test_own_things_are_there(things, connect, ida):
    own = connect("read", "write", athlete=ida)
    for path in ("/athletes/{athlete_id}", "/videos/{video_id}", "/jobs/{job_id}", "/jobs/{job_id}/files/{name}"):
        assert own.get(path.format(**things)).status_code == 200
    assert json.loads(own.get("/videos").text)["items"][0]["id"] == things["video_id"]


@pytest.mark.parametrize(("scope", "status"), [("read", (200, 403)), ("write", (403, 201))])
def test_scopes_are_kept_apart(connect, scope, status):
    client = connect(scope)
    assert (client.get("/athletes").status_code, client.post("/athletes", json={"name": "x"}).status_code) == status
