"""Skeletons without the analysis: of everyone in a picture, and of the climber in a video frame by frame."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from ascension_core.pipelines.options import VisionOptions
from ascension_core.pipelines.stages import threads
from ascension_core.pipelines.versions import answered_by, vision_weights
from ascension_core.results import ModelVersion, SkeletonFrame, Skeletons, Software, StillPerson
from ascension_core.video import file_sha256, open_video
from ascension_core.video.still import read_still

if TYPE_CHECKING:
    from ascension_core.pose.confidence import Confidence
    from ascension_core.pose.estimate import PoseEstimator, StillPose
    from ascension_core.pose.networks import Detector, LandmarkNetwork

Floats = NDArray[np.float64]
_DIGITS = 5  # of a share of the picture: a fiftieth of a pixel at 1080p


@dataclass(frozen=True)
class Skeletal:
    """The networks of one version, loaded once; for one caller at a time.

    Attributes
    ----------
    options
        Of the analysis; here the model, the scan and the version count.
    """

    options: VisionOptions
    detector: Detector
    landmarks: LandmarkNetwork
    confidence: Confidence
    estimator: PoseEstimator
    models: tuple[ModelVersion, ...]

    @classmethod
    def load(cls, options: VisionOptions | None = None) -> Self:
        """Load what the options ask for.

        Raises
        ------
        ModelError
            Weights are missing or damaged.
        """
        from ascension_core.pose.confidence import Confidence
        from ascension_core.pose.estimate import PoseEstimator
        from ascension_core.pose.networks import Detector, LandmarkNetwork

        options = options or VisionOptions()
        weights = vision_weights(options)
        detector, landmarks = Detector(weights.pose_detector, 1), LandmarkNetwork(weights.pose_landmarks, threads())
        confidence = Confidence.load(weights.confidence)
        used = {"pose_detector": weights.pose_detector, "pose_landmarks": weights.pose_landmarks}
        return cls(
            options=options,
            detector=detector,
            landmarks=landmarks,
            confidence=confidence,
            estimator=PoseEstimator.of(detector, landmarks, confidence),
            models=tuple(ModelVersion(name=name, sha256=file_sha256(path)) for name, path in used.items()),
        )

    def picture(self, path: Path) -> Skeletons:
        """Everyone in a picture.

        Raises
        ------
        ImageError
            The file cannot be read.
        """
        from ascension_core import __version__

        start = time.perf_counter()
        image = read_still(path)
        height, width = image.shape[:2]
        return Skeletons(
            software=Software(version=__version__),
            pipeline=answered_by("vision", self.options.version, self.options),
            models=list(self.models),
            width=width,
            height=height,
            people=[_person(pose, (width, height)) for pose in self.estimator.people(image)],
            seconds=round(time.perf_counter() - start, 4),
        )

    def frames(self, video: Path) -> Iterator[SkeletonFrame]:
        """The climber in each frame of a video, as soon as it is decoded; without lag, and so less sure than `following`.

        Raises
        ------
        VideoError
            The video cannot be read. What can be told from its header is raised at once, not at the first frame.
        """
        from ascension_core.pose.scan import Scanner
        from ascension_core.pose.streaming import LiveFollower, Steadied

        reader = open_video(video)
        judge, scan = self.confidence.predict, self.options.scan
        follower = LiveFollower(Scanner(self.detector, self.landmarks, judge, scan), self.landmarks, judge, scan)
        steadied = Steadied()

        def frames() -> Iterator[SkeletonFrame]:
            with reader:
                size = reader.info.width, reader.info.height
                for frame in reader.frames():
                    view = follower.see(frame)
                    points = steadied.update(frame.time, view)
                    seen = None if view is None or points is None else _keypoints(points, view.confidence, size)
                    yield SkeletonFrame(index=frame.index, time_ms=round(frame.time * 1000, 3), keypoints=seen)

        return frames()


def _person(pose: StillPose, size: tuple[int, int]) -> StillPerson:
    x0, y0, x1, y1 = (pose.box / np.tile(size, 2)).round(_DIGITS).tolist()
    return StillPerson(
        score=round(pose.score, 4),
        box=(x0, y0, round(x1 - x0, _DIGITS), round(y1 - y0, _DIGITS)),
        keypoints=_keypoints(pose.image, pose.visibility, size),
        world=[tuple(point) for point in pose.world.round(4).tolist()],
    )


def _keypoints(points: Floats, visibility: Floats, size: tuple[int, int]) -> list[tuple[float, float, float]]:
    """33 times x, y as shares of the picture, and visibility."""
    table = np.column_stack([points / size, visibility])
    return [(round(x, _DIGITS), round(y, _DIGITS), round(sure, 3)) for x, y, sure in table.tolist()]
