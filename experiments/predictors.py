"""What can be evaluated: ways to find people in an image, each a function from pixels to keypoints.

`ascension` is ours; `mediapipe` is the plain PoseLandmarker on the whole image at its default confidence, the baseline.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import KEYPOINTS

if TYPE_CHECKING:
    from ascension_core.pose.estimate import PoseEstimator

Image = NDArray[np.uint8]


class Backend(StrEnum):
    """The programs that can be compared."""

    ASCENSION = "ascension"
    MEDIAPIPE = "mediapipe"


@dataclass(frozen=True, slots=True)
class Prediction:
    """One person in one image.

    Attributes
    ----------
    image
        (33, 2) x and y in pixels, ``nan`` where unknown.
    visibility
        (33,) 0 to 1, as the predictor states it.
    """

    image: NDArray[np.float64]
    visibility: NDArray[np.float64]


Predictor = Callable[[Image], Prediction | None]
"""Finds the one person whom an RGB image is about, or nobody."""


@contextmanager
def image_predictor(backend: Backend, model: str, confidence: float = 0.5) -> Iterator[Predictor]:
    """The predictor of single images that a backend offers, with the model (lite, full or heavy) loaded.

    `confidence` is the baseline's alone.
    """
    if backend is Backend.ASCENSION:
        yield ascension_images(model)
        return
    from ascension_core.pose.models import task_path

    with mediapipe_images(task_path(model), confidence) as predict:
        yield predict


def ascension_images(model: str) -> Predictor:
    """Our own estimator; of several people the one it is surest of."""
    from ascension_core.pose.estimate import PoseEstimator

    return surest_person(PoseEstimator(model=model))


def surest_person(estimator: PoseEstimator) -> Predictor:
    """What an estimator finds; of several people the one it is surest of."""

    def predict(image: Image) -> Prediction | None:
        people = estimator.people(image)
        if not people:
            return None
        surest = max(people, key=lambda person: person.score)
        return Prediction(surest.image, surest.visibility)

    return predict


@contextmanager
def mediapipe_images(task: Path, confidence: float = 0.5) -> Iterator[Predictor]:
    """MediaPipe's PoseLandmarker in IMAGE mode on the whole image."""
    with landmarker(task, "IMAGE", confidence) as detector:
        yield lambda image: prediction_of(detector.detect(wrap_image(image)), image)


@contextmanager
def landmarker(task: Path, mode: str, confidence: float = 0.5) -> Iterator[Any]:
    """A PoseLandmarker for one pose in running mode IMAGE or VIDEO, closed at the end."""
    vision = _mediapipe().tasks.vision
    options = vision.PoseLandmarkerOptions(
        base_options=_mediapipe().tasks.BaseOptions(model_asset_path=str(task)),
        running_mode=vision.RunningMode[mode],
        min_pose_detection_confidence=confidence,
        min_pose_presence_confidence=confidence,
        min_tracking_confidence=confidence,
    )
    with vision.PoseLandmarker.create_from_options(options) as detector:
        yield detector


def wrap_image(image: Image) -> Any:
    """An RGB image as MediaPipe takes it."""
    mediapipe = _mediapipe()
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(image))


def prediction_of(result: Any, image: Image) -> Prediction | None:
    """MediaPipe's result for an image, in pixels."""
    if not result.pose_landmarks:
        return None
    height, width = image.shape[:2]
    landmarks = result.pose_landmarks[0]
    points = np.array([(mark.x * width, mark.y * height) for mark in landmarks], float).reshape(KEYPOINTS, 2)
    return Prediction(points, np.array([mark.visibility for mark in landmarks], float))


def _mediapipe() -> Any:
    """MediaPipe, imported when it is needed (two seconds) and told not to log to the terminal."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    import mediapipe

    return mediapipe
