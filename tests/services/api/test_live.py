import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect as open_socket

from services.api.app import create_app


@pytest.fixture
def job(backend, ida, stored_row):
    return backend.post("/jobs", json={"kind": "vision", "video_id": str(stored_row(ida)["id"])}).json()


@pytest.fixture
def socket(api):
    """Opens a WebSocket with a client's key."""

    def socket(client, job, after=0):
        url = f"{api.replace('http', 'ws')}/jobs/{job['id']}/live?after={after}"
        return open_socket(url, additional_headers={"Authorization": client.headers["Authorization"]})

    return socket


def sse(response):
    """Id, name and content of each event of a stream, as they come."""
    event = {}
    for line in response.iter_lines():
        name, _, value = line.partition(":")
        if not line and event:
            yield int(event["id"]), event["event"], json.loads(event["data"])
            event = {}
        elif name:
            event[name] = value.removeprefix(" ")


def test_events_come_as_they_happen_and_end_with_the_job(backend, job, worker, take):
    with backend.stream("GET", f"/jobs/{job['id']}/events") as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        events = sse(response)
        assert next(events)[1] == "submitted"
        lease = take(worker)
        assert next(events)[1] == "started"
        worker.progress(lease, "pose", 0.5, "half\nof it")
        number, kind, event = next(events)
        assert (kind, event["stage"], event["fraction"], event["message"]) == ("progress", "pose", 0.5, "half\nof it")
        worker.succeed(lease, {})
        assert [name for _, name, _ in events] == ["succeeded"]
    after = {"Last-Event-ID": str(number)}
    with backend.stream("GET", f"/jobs/{job['id']}/events", headers=after) as response:
        assert [name for _, name, _ in sse(response)] == ["succeeded"]
    with backend.stream("GET", f"/jobs/{job['id']}/events", params={"after": number}) as response:
        assert [name for _, name, _ in sse(response)] == ["succeeded"]


def test_socket_tells_the_same(backend, job, worker, take, socket):
    with socket(backend, job) as live:
        first = json.loads(live.recv(30))
        assert first["kind"] == "submitted"
        live.send("nobody listens")
        lease = take(worker)
        worker.progress(lease, "pose", 0.5)
        worker.succeed(lease, {})
        rest = [json.loads(text) for text in live]
        assert [event["kind"] for event in rest] == ["started", "progress", "succeeded"]
        assert live.close_code == 1000
    with socket(backend, job, after=rest[1]["id"]) as live:
        assert [json.loads(text)["kind"] for text in live] == ["succeeded"]


def test_job_that_was_tried_again_is_followed_beyond_its_first_end(backend, job, worker, take, socket):
    backend.post(f"/jobs/{job['id']}/cancel")
    backend.post(f"/jobs/{job['id']}/retry")
    with socket(backend, job) as live:
        told = [json.loads(live.recv(30))["kind"] for _ in range(3)]
        worker.succeed(take(worker), {})
        told += [json.loads(text)["kind"] for text in live]
    assert told == ["submitted", "cancelled", "retry", "started", "succeeded"]


def test_stream_ends_with_a_job_that_is_deleted(backend, job, database, monkeypatch):
    monkeypatch.setattr("services.api.hub.GLANCE_S", 0.1)  # nobody notifies of that
    with backend.stream("GET", f"/jobs/{job['id']}/events") as response:
        events = sse(response)
        assert next(events)[1] == "submitted"
        database.execute("delete from jobs")
        assert list(events) == []


def test_many_followers_share_one_connection(backend, job, worker, take, socket, database):
    lease = take(worker)
    with ThreadPoolExecutor(20) as pool:
        following = [pool.submit(follow_to_the_end, socket, backend, job) for _ in range(20)]
        connections = "select count(*) as n from pg_stat_activity where query like 'listen ascension_job%%'"
        for n in range(5):
            worker.progress(lease, "pose", n / 5)
        assert database.row(connections)["n"] <= 1
        worker.succeed(lease, {})
        kinds = ["submitted", "started", *["progress"] * 5, "succeeded"]
        assert [done.result(60) for done in following] == [kinds] * 20


def follow_to_the_end(socket, client, job):
    with socket(client, job) as live:
        return [json.loads(text)["kind"] for text in live]


def test_listener_survives_the_loss_of_its_connection(backend, job, worker, take, socket, database):
    lease = take(worker)
    with socket(backend, job) as live:
        live.recv(30)
        live.recv(30)
        database.rows("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen ascension_job%%'")
        worker.progress(lease, "pose", 0.5)
        assert json.loads(live.recv(60))["kind"] == "progress"
        worker.succeed(lease, {})
        assert [json.loads(text)["kind"] for text in live] == ["succeeded"]


@pytest.mark.parametrize(("authorization", "status"), [(None, 401), ("Bearer nonsense", 401)])
def test_socket_is_for_those_with_a_key(api, job, authorization, status):
    url = f"{api.replace('http', 'ws')}/jobs/{job['id']}/live"
    headers = {"Authorization": authorization} if authorization else {}
    with pytest.raises(InvalidStatus) as refused:
        open_socket(url, additional_headers=headers)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["type"] == "urn:ascension:problem:unauthorized"


def test_socket_is_for_the_jobs_own_athlete(connect, backend, job, socket):
    ada = backend.post("/athletes", json={"name": "Ada"}).json()
    for client, status in ((connect(athlete=ada), 404), (connect("write"), 403)):
        with pytest.raises(InvalidStatus) as refused:
            socket(client, job)
        assert refused.value.response.status_code == status
    for after in (-1, "x", 2**70):
        with pytest.raises(InvalidStatus):
            socket(backend, job, after=after)
    with pytest.raises(InvalidStatus):
        socket(backend, {"id": "x"})


def test_followers_are_limited(serve, connect, job):
    client = connect()
    with serve(api_followers=1) as url, client.stream("GET", f"{url}/jobs/{job['id']}/events") as response:
        events = sse(response)
        next(events)
        refused = client.get(f"{url}/jobs/{job['id']}/events")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
        events.close()


def test_words_of_clients_are_limited(backend, job, socket):
    with socket(backend, job) as live:
        live.recv(30)
        live.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            live.recv(30)


def test_progress_is_told_soon_after_the_worker_has_told_it(backend, job, worker, take, socket):
    """Not a limit: a bound that a pause of `GLANCE_S` without notifications would break."""
    lease = take(worker)
    with socket(backend, job) as live:
        live.recv(30)
        live.recv(30)
        late = []
        for n in range(5):
            start = time.monotonic()
            worker.progress(lease, "pose", n / 5)
            live.recv(30)
            late.append(time.monotonic() - start)
    assert min(late) < 4.0


def test_application_opens_nothing_before_it_starts(monkeypatch):
    def refuse():
        raise AssertionError("opened")

    assert create_app(refuse).title == "Ascension"
