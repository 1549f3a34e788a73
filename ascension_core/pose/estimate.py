"""People in a single image: everyone once, the surest first.

The detector looks at the image turned in several directions and at parts of it, so that inverted and small bodies are
found; each body is then looked at through several windows, and the views vote (`ascension_core.pose.candidates`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption
from ascension_core.pose import candidates
from ascension_core.pose.confidence import Confidence
from ascension_core.pose.keypoints import BODY
from ascension_core.pose.models import model_path
from ascension_core.pose.networks import Detection, Detector, LandmarkNetwork, Landmarks
from ascension_core.pose.roi import Image, Roi
from ascension_core.settings import settings

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to look; more costs time in proportion.

    Attributes
    ----------
    turns
        Directions in which the detector sees the whole image.
    parts
        Whether it also sees overlapping quarters of an image that is large enough to hold more than the whole shows.
    detection
        Least score of a detection that is looked at. Low: it is the landmarks' confidence that decides.
    people
        Most people that are looked at closely.
    proposals
        Most windows of the detector that are looked at for each of them.
    rounds
        How often a body's own suggestion of a window is followed.
    views
        Whether to look through a smaller, a larger and a mirrored window as well.
    whole
        Whether to look through windows around the whole image where nobody was found for sure.
    """

    turns: int = 8
    parts: bool = True
    detection: float = 0.1
    people: int = 8
    proposals: int = 3
    rounds: int = 2
    views: bool = True
    whole: bool = True


EFFORTS = {
    "quick": Effort(turns=4, parts=False, detection=0.3, people=4, proposals=2, rounds=1, views=False),
    "thorough": Effort(),
}

MINIMUM_SCORE = 0.3
"""Nobody is reported whose mean confidence is lower; see the model card for what that lets through."""
SURE = 0.5
"""Mean confidence of a body from which nobody need look for another one through the whole image."""
_DETECTOR_SIDE = 224
_SAME_HIPS = 0.2
"""Two detections are of one body if their hips are nearer than this, in sides of their window."""
_SAME_JOINT, _SAME_BODY = 0.25, 0.5
"""Of two poses more than the latter share of whose joints lie within the former, in torso lengths, only the surer stays."""


@dataclass(frozen=True, slots=True)
class StillPose:
    """One person in one image.

    Attributes
    ----------
    image
        (33, 2) pixels of the image.
    world
        (33, 3) metres, hips at the origin, axes of the image.
    visibility
        (33,) probability of lying within 0.2 torso lengths of the truth.
    score
        Mean visibility of the twelve joints from shoulders to ankles.
    box
        (4,) x0, y0, x1, y1 around the keypoints in pixels.
    """

    image: Floats
    world: Floats
    visibility: Floats
    score: float
    box: Floats


class PoseEstimator:
    """Finds everyone in an image.

    Parameters
    ----------
    model
        Landmark network: lite, full or heavy.
    threads
        Of the networks; 0 takes what the settings say.
    effort
        ``thorough`` or ``quick``; an `Effort` for anything else.
    confidence
        Weights to judge by; those that come with Ascension by default.

    Raises
    ------
    ModelError
        If the networks have not been pulled.
    InvalidOption
        If there is no model or effort of that name.
    """

    def __init__(
        self,
        model: Literal["lite", "full", "heavy"] | str = "full",
        threads: int = 0,
        *,
        effort: Effort | str = "thorough",
        confidence: Confidence | None = None,
    ) -> None:
        threads = threads or settings().threads or len(os.sched_getaffinity(0))
        landmarks = LandmarkNetwork(_landmark_path(model), threads)
        self._use(Detector(model_path("detector"), 1), landmarks, confidence or Confidence.load(), effort)

    @classmethod
    def of(
        cls, detector: Detector, landmarks: LandmarkNetwork, confidence: Confidence, effort: Effort | str = "thorough"
    ) -> Self:
        """An estimator of networks that are loaded already."""
        made = cls.__new__(cls)
        made._use(detector, landmarks, confidence, effort)
        return made

    def _use(self, detector: Detector, landmarks: LandmarkNetwork, confidence: Confidence, effort: Effort | str) -> None:
        self._effort = _effort(effort)
        self._detect = detector
        self._landmarks = landmarks
        self._confidence = confidence

    def people(self, image: Image) -> list[StillPose]:
        """Everyone in an image (H, W, 3) uint8 RGB, each once, the surest first; empty where there is nobody.

        Raises
        ------
        InvalidOption
            If it is not such an image.
        """
        _check(image)
        looks = _Looks(image, self._landmarks, self._confidence)
        for windows in self._proposals(image):
            looks.through(windows)
        if self._effort.whole and looks.surest < SURE:
            looks.through(_turned(image, 4))
        poses = [self._closely(looks, own) for own in looks.people()[: self._effort.people]]
        return _once(sorted((_still(pose) for pose in poses), key=lambda p: -p.score))

    def _proposals(self, image: Image) -> list[list[Roi]]:
        """Windows to look through: for each body that the detector finds, the surest first."""
        regions = [*_turned(image, self._effort.turns), *(_parts(image) if self._effort.parts else ())]
        detections = [d for region in regions for d in self._detect(image, region, self._effort.detection)]
        bodies = _by_body(detections)[: self._effort.people]
        return [_distinct([d.roi for d in body])[: self._effort.proposals] for body in bodies]

    def _closely(self, looks: _Looks, own: list[int]) -> candidates.FusedPose:
        """Look at one person through more windows, then let all views of that person vote."""
        for _ in range(self._effort.rounds):
            surest = looks.surest_of(own)
            more = looks.through([surest.following])
            if not more:
                break
            own = looks.same(own, more)
        if self._effort.views:
            own = looks.same(own, looks.through(candidates.views(looks.surest_of(own).following)))
        return candidates.fuse([looks.bodies[i] for i in own], looks.confidence[own])


class _Looks:
    """All that was seen of one image, through each window once."""

    def __init__(self, image: Image, network: LandmarkNetwork, confidence: Confidence) -> None:
        self.bodies: list[Landmarks] = []
        self.confidence: Floats = np.empty((0, 33))
        self._image, self._network, self._judge = image, network, confidence

    @property
    def surest(self) -> float:
        return float(self._sure(self.confidence).max(initial=0.0))

    def through(self, windows: Sequence[Roi]) -> list[int]:
        """Look through those windows that are new and hold a part of the image; the indices of what was seen."""
        start = len(self.bodies)
        for window in windows:
            if _usable(window, self._image) and not any(candidates.is_same(window, b.roi) for b in self.bodies):
                self.bodies.append(self._network(self._image, window))
        self.confidence = np.concatenate([self.confidence, self._judge.predict(self.bodies[start:])])
        return list(range(start, len(self.bodies)))

    def people(self) -> list[list[int]]:
        return candidates.group(self.bodies, self.confidence)

    def surest_of(self, own: list[int]) -> Landmarks:
        return self.bodies[own[int(self._sure(self.confidence[own]).argmax())]]

    def same(self, own: list[int], more: list[int]) -> list[int]:
        """`own` and those of `more` that are of the same person."""
        anchor = self.surest_of(own)
        return own + [i for i in more if candidates.same_person(anchor, self.bodies[i])]

    @staticmethod
    def _sure(confidence: Floats) -> Floats:
        return np.asarray(confidence[:, list(BODY)].mean(1))


def _effort(effort: Effort | str) -> Effort:
    if isinstance(effort, Effort):
        return effort
    if effort not in EFFORTS:
        raise InvalidOption(f"there is no effort {effort!r}; there are {', '.join(EFFORTS)}")
    return EFFORTS[effort]


def _landmark_path(model: str) -> Path:
    if model not in ("lite", "full", "heavy"):
        raise InvalidOption(f"there is no landmark model {model!r}; there are lite, full and heavy")
    return model_path(model)


def _check(image: Image) -> None:
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
        raise InvalidOption(f"an image must be (height, width, 3) uint8, got {image.shape} {image.dtype}")


def _turned(image: Image, turns: int) -> list[Roi]:
    """The whole image, turned; between right angles the window grows, for the corners."""
    whole = Roi.around(image.shape[1], image.shape[0])
    return [
        whole.with_(angle=k * math.tau / turns, size=whole.size * (1.0 if (k * 4) % turns == 0 else 1.25)) for k in range(turns)
    ]


def _parts(image: Image) -> Iterator[Roi]:
    """Overlapping squares that cover the image at twice the detail, where there is such detail."""
    height, width = image.shape[:2]
    side = max(height, width) / 2
    if side <= _DETECTOR_SIDE:
        return
    for y in _centres(height, side):
        for x in _centres(width, side):
            yield Roi(x, y, side)


def _centres(length: float, side: float) -> list[float]:
    """Centres of windows that overlap by about a third and cover a length."""
    if length <= side:
        return [length / 2]
    count = math.ceil((length - side) / (side * 2 / 3)) + 1
    return [float(centre) for centre in np.linspace(side / 2, length - side / 2, count)]


def _by_body(detections: list[Detection]) -> list[list[Detection]]:
    """Detections sorted into bodies, the surest body and detection first."""
    bodies: list[list[Detection]] = []
    for found in sorted(detections, key=lambda d: -d.score):
        own = next((b for b in bodies if _same_hips(b[0], found)), None)
        if own is None:
            bodies.append([found])
        else:
            own.append(found)
    return bodies


def _same_hips(a: Detection, b: Detection) -> bool:
    apart = float(np.hypot(*(a.points[0] - b.points[0])))
    return apart < _SAME_HIPS * min(a.roi.size, b.roi.size)


def _distinct(windows: list[Roi]) -> list[Roi]:
    kept: list[Roi] = []
    for window in windows:
        if not any(candidates.is_same(window, k) for k in kept):
            kept.append(window)
    return kept


def _usable(window: Roi, image: Image) -> bool:
    """Whether a window holds a part of the image, at a sensible size: a body may be far off, a number may be wrong."""
    height, width = image.shape[:2]
    inside = 0 <= window.x <= width and 0 <= window.y <= height
    return bool(inside and 8 <= window.size <= 6 * max(height, width))


def _still(pose: candidates.FusedPose) -> StillPose:
    box = np.concatenate([pose.image.min(0), pose.image.max(0)])
    return StillPose(pose.image, pose.world, pose.confidence, float(pose.confidence[list(BODY)].mean()), box)


def _once(people: list[StillPose]) -> list[StillPose]:
    """Everyone sure enough, each once, of those sorted by score: a pose that lies upon another's joints is no other person."""
    kept: list[StillPose] = []
    for person in people:
        if person.score >= MINIMUM_SCORE and not any(_shared(person, k) > _SAME_BODY for k in kept):
            kept.append(person)
    return kept


def _shared(a: StillPose, b: StillPose) -> float:
    """Share of the twelve joints of `a` that lie upon joints of `b`, whichever side of the body they are called."""
    mine, theirs = a.image[list(BODY)], b.image[list(BODY)]
    trunk = theirs[[0, 1]].mean(0) - theirs[[6, 7]].mean(0)
    unit = max(float(np.hypot(*trunk)), 0.2 * float(np.hypot(*(b.box[2:] - b.box[:2]))))
    near = np.linalg.norm(mine[:, None] - theirs[None], axis=-1) < _SAME_JOINT * unit
    return float(near.any(1).mean())
