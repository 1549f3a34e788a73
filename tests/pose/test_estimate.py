"""People in single images, with the real networks."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from ascension_core.errors import InvalidOption, ModelError
from ascension_core.pose.estimate import PoseEstimator, StillPose
from ascension_core.pose.keypoints import BODY, KEYPOINTS
from ascension_core.video import open_video
from experiments.datasets import load_pose_images, load_track_truth, read_image
from experiments.pose_evaluation import score_pose

FRAME = 120


@pytest.fixture(scope="module")
def frame(synthetic_clip: Path) -> np.ndarray:
    with open_video(synthetic_clip) as video:
        return next(f.image for f in video.frames() if f.index == FRAME)


@pytest.fixture(scope="module")
def truth(synthetic_truth: Path) -> np.ndarray:
    return load_track_truth(synthetic_truth).image[FRAME]


@pytest.fixture(scope="module")
def estimator(models: Path) -> PoseEstimator:
    return PoseEstimator("full")


def right(person: StillPose, truth: np.ndarray, within: float = 0.3) -> float:
    """Share of the twelve joints that are within so many torso lengths of the truth."""
    torso = np.linalg.norm(truth[11] - truth[24])
    return float((np.linalg.norm(person.image - truth, axis=1)[list(BODY)] < within * torso).mean())


def test_finds_the_climber_once(estimator, frame, truth) -> None:
    people = estimator.people(frame)
    assert len(people) == 1
    (person,) = people
    assert right(person, truth) >= 0.75
    assert person.score == pytest.approx(person.visibility[list(BODY)].mean())
    assert person.image.shape == (KEYPOINTS, 2)
    assert person.world.shape == (KEYPOINTS, 3)
    assert (person.box[:2] <= person.image.min(0)).all()
    assert (person.box[2:] >= person.image.max(0)).all()


def test_finds_the_climber_upside_down(estimator, frame, truth) -> None:
    turned = np.ascontiguousarray(frame[::-1, ::-1])
    corner = np.array([frame.shape[1] - 1, frame.shape[0] - 1])
    assert right(estimator.people(turned)[0], corner - truth) >= 0.75


def test_two_people_stay_two(estimator, frame, truth) -> None:
    """The frame beside its mirror image: two bodies, the sides of the second exchanged, none borrowing from the other."""
    pair = np.concatenate([frame, frame[:, ::-1]], axis=1)
    people = sorted(estimator.people(pair), key=lambda p: p.image[list(BODY), 0].mean())
    assert len(people) == 2
    middle = frame.shape[1]
    assert (people[0].image[list(BODY), 0] < middle).all()
    assert (people[1].image[list(BODY), 0] > middle).all()


def test_finds_a_small_person_in_a_large_image(estimator, frame, truth) -> None:
    """A tenth of the frame's width: the detector's look at the whole is not enough."""
    factor = 0.25
    small = cv2.resize(frame, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    grey = np.full((1400, 1400, 3), 120, np.uint8)
    grey[200 : 200 + small.shape[0], 900 : 900 + small.shape[1]] = small
    people = estimator.people(grey)
    assert right(people[0], truth * factor + [900, 200]) >= 0.7


def test_nobody_in_noise_or_nothing(estimator) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    assert estimator.people(noise) == []
    assert estimator.people(np.zeros((200, 300, 3), np.uint8)) == []


def test_quick_looks_less_and_finds_the_climber_too(models, frame, truth) -> None:
    assert right(PoseEstimator("lite", effort="quick").people(frame)[0], truth) >= 0.7


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 500, 3), (17, 23, 3)])
def test_tiny_and_odd_images(estimator, shape) -> None:
    assert estimator.people(np.zeros(shape, np.uint8)) == []


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 3))]
)
def test_other_arrays_are_refused(estimator, image) -> None:
    with pytest.raises(InvalidOption, match="uint8"):
        estimator.people(image)


def test_unknown_names_are_refused(models) -> None:
    with pytest.raises(InvalidOption, match="lite, full and heavy"):
        PoseEstimator("detector")
    with pytest.raises(InvalidOption, match="quick, thorough"):
        PoseEstimator(effort="hasty")


def test_models_that_are_not_there(home: Path) -> None:
    with pytest.raises(ModelError, match="ascension models pull"):
        PoseEstimator("full")


@pytest.mark.slow
def test_labelled_people(estimator, data_dir: Path) -> None:
    """Every tenth image; MediaPipe's plain landmarker with the full model reaches 57 on all of them."""
    people = load_pose_images(data_dir / "pose" / "lsp")
    rows = range(0, len(people), 10)
    found = [estimator.people(read_image(people.paths[row])) for row in rows]
    blank = np.full((KEYPOINTS, 2), np.nan)
    predicted = np.stack([f[0].image if f else blank for f in found])
    visibility = np.stack([f[0].visibility if f else np.zeros(KEYPOINTS) for f in found])
    assert score_pose(predicted, visibility, people.truth[list(rows)])["pck_at_0.2"] > 62


def test_two_climbers_side_by_side(estimator, data_dir: Path) -> None:
    with open_video(data_dir / "clips" / "boulder-two-climbers.mp4") as video:
        frame = next(f.image for f in video.frames() if f.index == 90)
    people = estimator.people(frame)
    assert len(people) == 2
    left, right = sorted(people, key=lambda p: p.image[list(BODY), 0].mean())
    assert left.image[list(BODY), 0].max() < right.image[list(BODY), 0].min()
