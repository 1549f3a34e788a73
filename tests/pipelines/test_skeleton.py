from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ascension_core.errors import UnreadableImage, UnreadableVideo
from ascension_core.pipelines.skeleton import Skeletal
from ascension_core.pose.estimate import PoseEstimator
from ascension_core.results import Skeletons
from ascension_core.video import open_video


@pytest.fixture(scope="module")
def skeletal(models: Path) -> Skeletal:
    return Skeletal.load()


@pytest.fixture(scope="module")
def picture(synthetic_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("picture") / "climber.png"
    with open_video(synthetic_clip) as video:
        Image.fromarray(next(f.image for f in video.frames() if f.index == 100)).save(path)
    return path


def test_picture_gives_what_the_estimator_gives_as_shares(skeletal: Skeletal, picture: Path) -> None:
    found = skeletal.picture(picture)
    image = np.array(Image.open(picture))
    (person,) = found.people
    (expected,) = PoseEstimator("full").people(image)
    assert (found.height, found.width) == image.shape[:2]
    np.testing.assert_allclose(np.array(person.keypoints)[:, :2] * (found.width, found.height), expected.image, atol=0.02)
    np.testing.assert_allclose(np.array(person.keypoints)[:, 2], expected.visibility, atol=0.001)
    assert {model.name for model in found.models} == {"pose_detector", "pose_landmarks"}
    assert Skeletons.model_validate_json(found.model_dump_json()) == found


def test_empty_wall_has_no_people(skeletal: Skeletal, tmp_path: Path) -> None:
    Image.new("RGB", (320, 240), "grey").save(tmp_path / "grey.png")
    assert skeletal.picture(tmp_path / "grey.png").people == []


def test_what_is_no_picture_is_refused(skeletal: Skeletal, synthetic_clip: Path) -> None:
    with pytest.raises(UnreadableImage):
        skeletal.picture(synthetic_clip)


def test_frames_of_a_video_come_one_by_one_in_order(skeletal: Skeletal, synthetic_clip: Path) -> None:
    frames = list(islice(skeletal.frames(synthetic_clip), 12))
    assert [frame.index for frame in frames] == list(range(12))
    np.testing.assert_allclose([frame.time_ms for frame in frames], np.arange(12) * 1000 / 30, atol=1)
    points = np.array([frame.keypoints for frame in frames])
    assert points.shape == (12, 33, 3)
    assert (points[..., 2] >= 0).all()
    assert (points[..., 2] <= 1).all()


def test_what_is_no_video_is_refused_before_the_first_frame(skeletal: Skeletal, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnreadableVideo):
        skeletal.frames(tmp_path / "text.mp4")
