"""The networks themselves, held against MediaPipe's own graph."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from ascension_core.pose.keypoints import MIRROR, Keypoint
from ascension_core.pose.models import model_path, task_path
from ascension_core.pose.networks import Detection, Detector, LandmarkNetwork, overlap, suppress
from ascension_core.pose.roi import Image, Roi
from ascension_core.video import open_video

FRAMES = (60, 120, 200)
LONGEST_PX = 440
"""Neither side samples an image of this size more coarsely than its pixels, so that both see the same."""


@pytest.fixture(scope="module")
def frames(synthetic_clip: Path) -> list[Image]:
    with open_video(synthetic_clip) as video:
        return [_small(frame.image) for frame in video.frames() if frame.index in FRAMES]


def _small(image: Image) -> Image:
    factor = LONGEST_PX / max(image.shape[:2])
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


@pytest.fixture(scope="module")
def detect(models: Path) -> Detector:
    return Detector(model_path("detector"), 1)


@pytest.fixture(scope="module")
def look(models: Path) -> LandmarkNetwork:
    return LandmarkNetwork(model_path("full"), 2)


@pytest.fixture(scope="module")
def reference(models: Path) -> Iterator[object]:
    from experiments.predictors import landmarker

    with landmarker(task_path("full"), "IMAGE") as detector:
        yield detector


def whole(image: Image) -> Roi:
    return Roi.around(image.shape[1], image.shape[0])


def test_agrees_with_mediapipe(frames, detect, look, reference) -> None:
    from experiments.predictors import prediction_of, wrap_image

    for image in frames:
        expected = prediction_of(reference.detect(wrap_image(image.copy())), image)
        body = look(image, detect(image, whole(image), 0.5)[0].roi)
        assert expected is not None
        apart = np.linalg.norm(body.image - expected.image, axis=1) / body.roi.size
        assert apart.mean() < 0.005
        assert np.abs(body.visibility - expected.visibility).mean() < 0.05


def test_a_turned_window_sees_the_same_body(frames, detect, look) -> None:
    image = frames[1]
    roi = detect(image, whole(image), 0.5)[0].roi
    straight = look(image, roi)
    upside_down = cv2.rotate(image, cv2.ROTATE_180)
    turned = look(upside_down, Roi(image.shape[1] - 1 - roi.x, image.shape[0] - 1 - roi.y, roi.size, roi.angle + math.pi))
    back = np.array([image.shape[1] - 1, image.shape[0] - 1]) - turned.image
    assert np.linalg.norm(back - straight.image, axis=1).mean() / roi.size < 0.005
    assert turned.world[:, :2] == pytest.approx(-straight.world[:, :2], abs=0.05)


def test_a_mirrored_window_of_a_mirrored_image_names_the_same_sides(frames, detect, look) -> None:
    image = frames[1]
    roi = detect(image, whole(image), 0.5)[0].roi
    straight = look(image, roi)
    width = image.shape[1]
    flipped = look(np.ascontiguousarray(image[:, ::-1]), roi.with_(x=width - 1 - roi.x, angle=-roi.angle, mirrored=True))
    back = flipped.image[list(MIRROR)] * [-1, 1] + [width - 1, 0]
    assert np.linalg.norm(back - straight.image, axis=1).mean() / roi.size < 0.005


def test_following_window_holds_the_body(frames, detect, look) -> None:
    for image in frames:
        body = look(image, detect(image, whole(image), 0.5)[0].roi)
        again = look(image, body.following)
        torso = np.linalg.norm(body.image[Keypoint.LEFT_SHOULDER] - body.image[Keypoint.RIGHT_HIP])
        assert np.median(np.linalg.norm(again.image - body.image, axis=1)) < 0.2 * torso


def test_nothing_is_found_in_nothing(detect) -> None:
    assert detect(np.full((300, 300, 3), 128, np.uint8), Roi.around(300, 300), 0.3) == []


def _detection(score: float, left: float) -> Detection:
    return Detection(score, np.array([left, 0, left + 10, 10.0]), np.full((4, 2), left))


def test_of_overlapping_detections_the_surest_stays_as_it_is() -> None:
    kept = suppress([_detection(0.2, 0.0), _detection(0.8, 1.0), _detection(0.5, 100.0)])
    assert [d.score for d in kept] == [0.8, 0.5]
    assert kept[0].box == pytest.approx([1, 0, 11, 10])
    assert kept[0].points == pytest.approx(np.full((4, 2), 1.0))
    assert kept[1].box[0] == 100


def test_overlap_is_intersection_over_union() -> None:
    assert overlap(np.array([0, 0, 2, 2.0]), np.array([1, 0, 3, 2.0])) == pytest.approx(1 / 3)
    assert overlap(np.array([0, 0, 1, 1.0]), np.array([2, 2, 3, 3.0])) == 0
    assert overlap(np.zeros(4), np.zeros(4)) == 0
