from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest
from PIL import Image

from ascension_core.pipelines.skeleton import Skeletal
from ascension_core.results import Analysis, HoldMap, SkeletonFrame, Skeletons
from ascension_core.settings import settings
from ascension_core.video import VideoWriter, open_video
from services.vision.app import create_app


@pytest.fixture(scope="module")
def client(models: Path, serving: Callable[..., AbstractContextManager[httpx.Client]]) -> Iterator[httpx.Client]:
    with serving(create_app()) as client:
        yield client


@pytest.fixture(scope="module")
def picture(synthetic_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "climber.png"
    with open_video(synthetic_clip) as video:
        Image.fromarray(next(f.image for f in video.frames() if f.index == 100)).save(path)
    return path


@pytest.fixture(scope="module")
def second(synthetic_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The third second of the clip, in which the climber climbs."""
    path = tmp_path_factory.mktemp("clip") / "second.mp4"
    with open_video(synthetic_clip) as video, VideoWriter(path, (video.info.width, video.info.height)) as writer:
        for frame in video.frames():
            if 3 <= frame.time < 4:
                writer.write(frame.image, frame.time - 3)
    return path


PNG, MP4 = {"Content-Type": "image/png"}, {"Content-Type": "video/mp4"}


def test_skeleton_of_a_picture(client: httpx.Client, picture: Path) -> None:
    answer = client.post("/skeleton", content=picture.read_bytes(), headers=PNG)
    assert answer.status_code == 200
    got, expected = Skeletons.model_validate_json(answer.content), Skeletal.load().picture(picture)
    assert got.people == expected.people
    assert len(got.people) == 1


def test_picture_may_come_in_a_form(client: httpx.Client, picture: Path) -> None:
    body = client.post("/skeleton", content=picture.read_bytes(), headers=PNG).json()
    form = client.post("/skeleton", files={"file": ("a.png", picture.read_bytes(), "image/png")}).json()
    assert form["people"] == body["people"]


def test_holds_of_a_picture(client: httpx.Client, picture: Path) -> None:
    answer = client.post("/holds", content=picture.read_bytes(), headers=PNG)
    assert len(HoldMap.model_validate_json(answer.content).holds) > 10


def test_stream_has_a_line_for_each_frame(client: httpx.Client, second: Path) -> None:
    with client.stream("POST", "/skeleton_stream", content=second.read_bytes(), headers=MP4) as answer:
        assert answer.headers["content-type"] == "application/x-ndjson"
        frames = [SkeletonFrame.model_validate_json(line) for line in answer.iter_lines()]
    assert [frame.index for frame in frames] == list(range(30))
    assert all(frame.keypoints for frame in frames)


@pytest.mark.slow
def test_analysis_of_a_short_video(client: httpx.Client, second: Path) -> None:
    answer = client.post("/analyze?height_m=1.7", content=second.read_bytes(), headers=MP4)
    analysis = Analysis.model_validate_json(answer.content)
    assert analysis.summary.frames == 30
    assert analysis.options["height_m"] == 1.7


@pytest.mark.parametrize(
    ("path", "content", "headers", "status", "kind"),
    [
        ("/skeleton", b"no picture", PNG, 422, "unreadable-image"),
        ("/skeleton", b"", PNG, 400, "bad-request"),
        ("/skeleton", b"x", {"Content-Type": "text/plain"}, 415, "unsupported-media-type"),
        ("/holds", b"no picture", PNG, 422, "unreadable-image"),
        ("/skeleton_stream", b"no video", MP4, 422, "unreadable-video"),
        ("/analyze", b"no video", MP4, 422, "unreadable-video"),
        ("/analyze?height_m=nan", b"no video", MP4, 422, "invalid-request"),
        ("/analyze?model=huge", b"no video", MP4, 422, "invalid-request"),
    ],
)
def test_what_cannot_be_used_is_a_problem(
    client: httpx.Client, path: str, content: bytes, headers: dict[str, str], status: int, kind: str
) -> None:
    answer = client.post(path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:ascension:problem:{kind}"


def test_long_video_is_sent_to_the_jobs(client: httpx.Client, second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCENSION_SERVICE_VIDEO_S", "0.5")
    settings.cache_clear()
    answer = client.post("/analyze", content=second.read_bytes(), headers=MP4)
    settings.cache_clear()
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:ascension:problem:video-too-large"


def test_place_is_free_after_a_stream_that_the_client_left(client: httpx.Client, second: Path, picture: Path) -> None:
    with client.stream("POST", "/skeleton_stream", content=second.read_bytes(), headers=MP4) as answer:
        next(answer.iter_lines())
    assert client.post("/skeleton", content=picture.read_bytes(), headers=PNG).status_code == 200


def test_stream_of_a_cut_off_file_gives_the_frames_that_there_are(client: httpx.Client, synthetic_clip: Path) -> None:
    half = synthetic_clip.read_bytes()[:300_000]
    lines = client.post("/skeleton_stream", content=half, headers=MP4).text.splitlines()
    assert all("index" in json.loads(line) or json.loads(line)["status"] == 422 for line in lines)


def test_every_endpoint_says_what_it_answers(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path in ("/skeleton", "/skeleton_stream", "/holds", "/analyze"):
        operation = document["paths"][path]["post"]
        assert operation["responses"].keys() >= {"200", "413", "415", "422", "429"}
        assert "application/problem+json" in operation["responses"]["422"]["content"]
        assert operation["requestBody"]["content"]
