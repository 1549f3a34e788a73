import gzip
import json
import threading
import zipfile
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ascension_core.errors import VideoNotFound
from ascension_core.platform.jobs import Failure
from ascension_core.platform.keys import Keys
from services.client import ApiError, Client, JobFailed

TRACK = {"format": "ascension.track", "points": [1, 2, 3]}


@pytest.fixture
def client(api, database):
    _, token = Keys(database).create("test", ["read", "write"])
    with Client(api, token) as client:
        yield client


def test_phone_goes_all_the_way(client, synthetic_clip, finish, tmp_path):
    ida = client.athletes.create("Ida", {"age_years": 31, "mass_kg": 59, "years_climbing": 9})
    video = client.videos.upload(ida.id, synthetic_clip, once="clip-1")
    assert (video.status, video.file_name) == ("stored", "climb.mp4")
    assert client.videos.upload(ida.id, synthetic_clip, once="clip-1") == video
    job = client.jobs.submit("vision", video_id=video.id, parameters={"model": "lite"})
    files = {"track.json.gz": gzip.compress(json.dumps(TRACK).encode()), "report.html": b"<p>hello</p>"}
    threading.Thread(target=finish, args=({"kind": "analysis", "track": {"file": "track.json.gz"}}, files)).start()
    assert [event.kind for event in client.jobs.follow(job.id)] == ["submitted", "started", "succeeded"]
    assert client.jobs.wait(job.id).status == "succeeded"
    assert client.results.get(job.id).document["kind"] == "analysis"
    assert client.results.track(job.id) == TRACK
    client.results.download(job.id, "report.html", tmp_path / "report.html")
    assert (tmp_path / "report.html").read_bytes() == b"<p>hello</p>"
    client.athletes.export(ida.id, tmp_path / "ida.zip")
    assert zipfile.ZipFile(tmp_path / "ida.zip").testzip() is None
    assert client.videos.playback(video.id).url.startswith("http")
    assert [one.id for one in client.jobs.list(athlete_id=ida.id)] == [job.id]
    assert client.athletes.delete(ida.id).complete
    assert list(client.videos.list()) == []


def test_lists_go_on_over_pages(client, monkeypatch):
    monkeypatch.setattr("services.client.client._PAGE", 2)
    for n in range(5):
        client.athletes.create(f"athlete {n}")
    assert [one.name for one in client.athletes.list()] == [f"athlete {n}" for n in range(4, -1, -1)]


def test_refusals_say_why(client, tmp_path):
    ida = client.athletes.create("Ida")
    with pytest.raises(ApiError, match="no kind of job") as refused:
        client.jobs.submit("nothing", athlete_id=ida.id)
    assert (refused.value.status, refused.value.problem.type) == (422, "urn:ascension:problem:invalid-job")
    with pytest.raises(VideoNotFound):
        client.videos.upload(ida.id, tmp_path / "nothing.mp4")
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(ApiError, match="not a video"):
        client.videos.upload(ida.id, tmp_path / "no.mp4")
    with pytest.raises(ApiError) as missing:
        client.results.download(ida.id, "x", tmp_path / "x")
    assert (missing.value.status, (tmp_path / "x").exists(), (tmp_path / "x.part").exists()) == (404, False, False)


def test_job_that_fails_is_an_error(client, worker, take, store_video, ida, backend):
    video = store_video(ida)
    backend.post(f"/videos/{video['id']}/complete")
    job = client.jobs.submit("vision", video_id=video["id"])
    worker.fail(take(worker), Failure("NoClimberFound", "nobody climbs"))
    with pytest.raises(JobFailed, match="NoClimberFound: nobody climbs") as failed:
        client.jobs.wait(job.id)
    assert failed.value.job.id == job.id
    assert list(client.jobs.follow(job.id, after=10**9)) == []


class Flaky(BaseHTTPRequestHandler):
    """Is away at first, and says so in different ways; then answers, and remembers what it was asked."""

    def do_POST(self):
        asked = self.server.asked
        asked.append(self.headers["Idempotency-Key"])
        self.rfile.read(int(self.headers["Content-Length"]))
        if len(asked) == 1:
            self.close_connection = True
            return
        status = 503 if len(asked) == 2 else 429 if len(asked) == 3 else 201
        made = {"id": "0191f0c4-7b1e-7c3a-9a51-000000000001", "name": "Ida", "document": {}}
        body = json.dumps({**made, "created_at": "2026-11-22T09:30:00Z", "updated_at": "2026-11-22T09:30:00Z"}).encode()
        self.send_response(status)
        if status != 201:
            self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def flaky():
    with ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_requests_are_made_again_with_the_same_idempotency_key(flaky):
    with closing(Client(f"http://127.0.0.1:{flaky.server_port}/v1")) as client:
        assert client.athletes.create("Ida").name == "Ida"
    assert len(flaky.asked) == 4
    assert len(set(flaky.asked)) == 1


def test_nobody_there_is_said(flaky, monkeypatch):
    monkeypatch.setattr("services.client.transport._pause", lambda _: 0.0)
    with closing(Client("http://127.0.0.1:9/v1")) as client, pytest.raises(ApiError, match="cannot be reached"):
        client.jobs.kinds()
