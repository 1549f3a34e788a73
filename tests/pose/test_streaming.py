from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ascension_core.pose.confidence import Confidence
from ascension_core.pose.follow import View
from ascension_core.pose.keypoints import KEYPOINTS
from ascension_core.pose.models import model_path
from ascension_core.pose.networks import Detector, LandmarkNetwork, Landmarks
from ascension_core.pose.roi import Roi
from ascension_core.pose.scan import Scanner
from ascension_core.pose.streaming import LiveFollower, Steadied
from ascension_core.video import Frame, open_video


@pytest.fixture
def follower(models: Path) -> LiveFollower:
    network, judge = LandmarkNetwork(model_path("full"), 2), Confidence.load().predict
    return LiveFollower(Scanner(Detector(model_path("detector"), 1), network, judge), network, judge)


@pytest.fixture(scope="module")
def clip_frames(synthetic_clip: Path) -> list[Frame]:
    """A second in which the climber hangs on the wall."""
    with open_video(synthetic_clip) as video:
        return [frame for frame in video.frames() if 90 <= frame.index < 120]


def test_climber_is_seen_in_every_frame_from_the_first_on(follower: LiveFollower, clip_frames: list[Frame]) -> None:
    assert all(follower.see(frame) is not None for frame in clip_frames)


def test_nobody_is_seen_on_grey(follower: LiveFollower, clip_frames: list[Frame]) -> None:
    class Grey:
        def __init__(self, time: float) -> None:
            self.time = time
            self.image = np.full_like(clip_frames[0].image, 128)

    assert [follower.see(Grey(time)) for time in (0.0, 0.1, 0.2)] == [None] * 3  # type: ignore[arg-type]


def test_who_goes_out_of_sight_is_not_made_up_and_is_found_again(follower: LiveFollower, clip_frames: list[Frame]) -> None:
    class Covered:
        def __init__(self, frame: Frame, hidden: bool) -> None:
            self.time = frame.time
            self.image = np.full_like(frame.image, 128) if hidden else frame.image

    hidden = [5 <= i < 10 for i in range(len(clip_frames))]
    seen = [
        follower.see(Covered(f, h)) is not None  # type: ignore[arg-type]
        for f, h in zip(clip_frames, hidden, strict=True)
    ]
    assert all(seen[:5])
    assert not any(seen[5:10])
    assert all(seen[-6:])


def view(points: NDArray[np.float64]) -> View:
    flat = np.ones(KEYPOINTS)
    roi = Roi(0.0, 0.0, 500.0)
    return View(Landmarks(1.0, points, flat * 0, np.zeros((KEYPOINTS, 3)), flat, flat, flat, flat * 0.02, roi, roi), flat)


def test_jitter_of_a_body_at_rest_is_calmed() -> None:
    rng = np.random.default_rng(3)
    still = rng.uniform(0, 400, (KEYPOINTS, 2))
    noisy = [still + rng.normal(0, 3, still.shape) for _ in range(60)]
    steadied = Steadied()
    calm = [steadied.update(i / 30, view(points)) for i, points in enumerate(noisy)]
    assert np.std(np.array(calm[30:]), axis=0).mean() < 0.6 * np.std(np.array(noisy[30:]), axis=0).mean()


def test_after_a_break_the_filter_starts_afresh() -> None:
    steadied = Steadied()
    steadied.update(0.0, view(np.zeros((KEYPOINTS, 2))))
    assert steadied.update(0.1, None) is None
    far = np.full((KEYPOINTS, 2), 300.0)
    np.testing.assert_array_equal(steadied.update(0.2, view(far)), far)
