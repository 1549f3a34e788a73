import httpx
import pytest

from ascension_core.errors import UnreadableVideo
from ascension_core.platform.uploads import object_key
from services.api.probing import check_video

NEW = {"file_name": "clip.mp4", "content_type": "video/mp4", "bytes": 5}


def test_video_is_uploaded_completed_and_played(backend, ida, store_video, synthetic_clip):
    video = store_video(ida)
    assert (video["status"], video["stored_at"], video["file_name"]) == ("expected", None, "a clip.mp4")
    assert backend.get(f"/videos/{video['id']}/playback").status_code == 409
    for _ in range(2):  # to say it twice does no harm
        done = backend.post(f"/videos/{video['id']}/complete").json()
        assert (done["status"], len(done["sha256"])) == ("stored", 64)
    play = backend.get(f"/videos/{video['id']}/playback").json()
    part = httpx.get(play["url"], headers={"Range": "bytes=4-11"})
    assert (part.status_code, part.content) == (206, synthetic_clip.read_bytes()[4:12])
    assert backend.post(f"/videos/{video['id']}/upload", json={}).status_code == 409


def test_video_is_uploaded_by_a_form(backend, ida, synthetic_clip):
    content = synthetic_clip.read_bytes()
    asked = {**NEW, "athlete_id": ida["id"], "bytes": len(content), "method": "POST"}
    made = backend.post("/videos", json=asked).json()
    upload = made["upload"]
    sent = httpx.post(upload["url"], data=upload["fields"], files={"file": ("clip.mp4", content, "video/mp4")})
    assert sent.is_success, sent.text
    assert backend.post(f"/videos/{made['video']['id']}/complete").json()["status"] == "stored"


def test_what_is_no_video_is_refused_and_deleted(backend, ida, store_video, database, objects):
    video = store_video(ida, b"not a video at all")
    answer = backend.post(f"/videos/{video['id']}/complete")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:ascension:problem:unreadable-video")
    assert "a-clip.mp4" in answer.json()["detail"]
    assert "/tmp" not in answer.text
    key = database.row("select object_key from videos")["object_key"]
    assert objects.stat(key) is None
    again = backend.post(f"/videos/{video['id']}/complete")
    assert (again.status_code, again.json()["type"]) == (409, "urn:ascension:problem:not-uploaded")
    assert backend.post(f"/videos/{video['id']}/upload", json={}).status_code == 200


def test_other_file_than_announced_is_refused(backend, ida, synthetic_clip, objects):
    content = synthetic_clip.read_bytes()
    made = backend.post("/videos", json={**NEW, "athlete_id": ida["id"], "bytes": len(content), "sha256": "0" * 64}).json()
    upload = made["upload"]
    assert not httpx.put(upload["url"], content=content[:-1], headers={"Content-Type": "video/mp4"}).is_success
    assert httpx.put(upload["url"], content=content, headers=upload["headers"]).is_success
    answer = backend.post(f"/videos/{made['video']['id']}/complete")
    assert (answer.status_code, "sha256" in answer.json()["detail"]) == (422, True)
    assert objects.keys(f"videos/{made['video']['id']}/") == []


def test_same_idempotency_key_announces_the_same_video(backend, ida):
    key = {"Idempotency-Key": "once"}
    asked = {**NEW, "athlete_id": ida["id"]}
    first, again = (backend.post("/videos", json=asked, headers=key).json() for _ in range(2))
    assert first["video"] == again["video"]
    assert backend.post("/videos", json=asked | {"bytes": 6}, headers=key).status_code == 422
    ada = backend.post("/athletes", json={"name": "Ada"}).json()
    other = backend.post("/videos", json=asked | {"athlete_id": ada["id"]}, headers=key).json()
    assert other["video"]["id"] != first["video"]["id"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"bytes": 0},
        {"bytes": 2**60},
        {"bytes": 5 * 1024**3},
        {"bytes": "5"},
        {"bytes": True},
        {"content_type": "text/html"},
        {"content_type": "video/mp4\r\nX-Evil: 1"},
        {"file_name": ""},
        {"file_name": "a\0b"},
        {"file_name": "x" * 201},
        {"sha256": "no"},
        {"more": 1},
        {"athlete_id": "1 or 1=1"},
    ],
)
def test_video_that_may_not_be_stored_is_refused(backend, ida, wrong, database):
    answer = backend.post("/videos", json={**NEW, "athlete_id": ida["id"], **wrong})
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/problem+json")
    assert database.rows("select id from videos") == []


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "…", "-", ".", "a b/c\\d.mp4", "%2e%2e/x", "Übung.MOV", "x" * 200, "'; drop"]
)
def test_any_name_makes_a_harmless_key(backend, ida, name):
    made = backend.post("/videos", json={**NEW, "athlete_id": ida["id"], "file_name": name})
    assert (made.status_code, made.json()["video"]["file_name"]) == (201, name)
    key = object_key(made.json()["video"]["id"], name)
    assert key.count("/") == 2
    assert ".." not in key


def test_lists_are_filtered(backend, ida, stored_row):
    stored = stored_row(ida)
    backend.post("/videos", json={**NEW, "athlete_id": ida["id"]})
    ada = backend.post("/athletes", json={"name": "Ada"}).json()

    def ids(**wanted):
        return [item["id"] for item in backend.get("/videos", params=wanted).json()["items"]]

    assert ids(athlete_id=ida["id"], status="stored") == [str(stored["id"])]
    assert len(ids(athlete_id=ida["id"])) == 2
    assert ids(athlete_id=ada["id"]) == []


def test_deleted_video_leaves_nothing(backend, ida, stored_row, finish, database, objects):
    video = stored_row(ida)
    job = backend.post("/jobs", json={"kind": "vision", "video_id": str(video["id"])}).json()
    finish({"kind": "analysis"}, {"report.html": b"<p>"})
    gone = backend.delete(f"/videos/{video['id']}").json()
    assert gone == {"videos": 1, "jobs": 1, "analyses": 0, "complete": True}
    assert backend.get(f"/videos/{video['id']}").status_code == 404
    assert backend.delete(f"/videos/{video['id']}").status_code == 404
    assert backend.get(f"/jobs/{job['id']}").status_code == 404
    assert objects.keys(f"jobs/{job['id']}/") + objects.keys(f"videos/{video['object_key'].split('/')[1]}/") == []
    assert database.rows("select id from jobs") == []


def test_disk_that_is_full_is_nobodys_fault(serve, connect, ida, store_video, tmp_path, objects):
    video, client = store_video(ida), connect()
    (tmp_path / "file").touch()
    with serve(work=tmp_path / "file" / "folder") as url:
        answer = client.post(f"{url}/videos/{video['id']}/complete")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert str(tmp_path) not in answer.text
    assert client.post(f"/videos/{video['id']}/complete").json()["status"] == "stored"


def test_decoder_that_dies_or_hangs_harms_nobody(tmp_path, monkeypatch, synthetic_clip):
    file = tmp_path / "clip.mp4"
    file.write_bytes(synthetic_clip.read_bytes())
    monkeypatch.setattr("services.api.probing.LONGEST_S", 0.01)
    with pytest.raises(UnreadableVideo, match="within"):
        check_video(file)
    monkeypatch.setattr("services.api.probing.LONGEST_S", 60)
    monkeypatch.setattr("services.api.probing.sys.executable", "/bin/false")
    with pytest.raises(UnreadableVideo, match="decoder fail"):
        check_video(file)
