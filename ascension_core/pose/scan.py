"""The coarse scan: a few times a second, who is in view and where.

Bodies that were found are followed from scan to scan by the window that the landmark network itself suggests; the
detector looks over the whole picture and over tiles of it at intervals, and at every scan while nobody is followed
or somebody was lost. The result is a set of tracklets; `people` joins them into persons.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, Keypoint
from ascension_core.pose.networks import Detection, Detector, LandmarkNetwork, Landmarks
from ascension_core.pose.roi import Image, Roi

if TYPE_CHECKING:
    from ascension_core.video import Frame

_TRUNK = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
_COLOUR_BINS = (8, 4)
_CAMERA_WIDTH = 192


@dataclass(frozen=True)
class ScanOptions:
    """How the coarse scan looks.

    Attributes
    ----------
    interval_s
        True time between scans.
    search_s
        True time between searches with the detector while everyone is followed.
    close_search_s
        True time between searches in small tiles, for people who are small in the picture.
    detector_score
        Detections below are not looked at. Low on purpose: the landmark network decides.
    new_sureness, keep_sureness
        `sureness` that a newly found body needs, and one that is followed. On the evaluation clips bodies lie above
        0.4, walls and holds below 0.3.
    lost_s
        A body that was not found for this long is not looked for any more.
    bodies
        At most so many bodies are followed at once, the largest first.
    """

    interval_s: float = 0.2
    search_s: float = 1.0
    close_search_s: float = 2.0
    detector_score: float = 0.35
    new_sureness: float = 0.42
    keep_sureness: float = 0.30
    lost_s: float = 1.0
    bodies: int = 5


@dataclass(frozen=True, slots=True)
class Sighting:
    """One body in one scanned frame.

    Attributes
    ----------
    time
        Seconds.
    body
        What the landmark network saw.
    colour
        Normalised histogram of hue and saturation of the trunk.
    camera
        (2,) shift of the picture's content since the first scanned frame, in pixels.
    """

    time: float
    body: Landmarks
    colour: NDArray[np.float32]
    camera: NDArray[np.float64]

    @property
    def centre(self) -> NDArray[np.float64]:
        """(2,) middle of the trunk in pixels."""
        return trunk_centre(self.body)

    @property
    def torso(self) -> float:
        """Size of the trunk in pixels."""
        return trunk_size(self.body)


@dataclass(slots=True)
class Tracklet:
    """The sightings of one body while it was followed without a break."""

    sightings: list[Sighting] = field(default_factory=list)
    missed_s: float = 0.0

    @property
    def last(self) -> Sighting:
        """The latest sighting."""
        return self.sightings[-1]

    @property
    def start(self) -> float:
        """Seconds."""
        return self.sightings[0].time

    @property
    def end(self) -> float:
        """Seconds."""
        return self.sightings[-1].time


@dataclass(frozen=True)
class Scan:
    """What the coarse scan found: the tracklets, and the times that were scanned."""

    tracklets: list[Tracklet]
    times: list[float]


def sureness(body: Landmarks) -> float:
    """How surely there is a body in the window, 0 to 1: its presence times the mean peak of the body joints' heat maps."""
    return float(body.presence * body.peak[list(BODY)].mean())


def trunk_centre(body: Landmarks) -> NDArray[np.float64]:
    """(2,) middle of shoulders and hips in pixels."""
    centre: NDArray[np.float64] = body.image[_TRUNK].mean(0)
    return centre


def trunk_size(body: Landmarks) -> float:
    """Length of the trunk in pixels, guarded against foreshortening by the width of shoulders and by the window.

    Shoulders to hips where seen from the front; never less than the window's size / 7 (a standing body fills its
    window with about five torso lengths).
    """
    shoulders, hips = body.image[_TRUNK[:2]].mean(0), body.image[_TRUNK[2:]].mean(0)
    return max(float(np.linalg.norm(shoulders - hips)), body.roi.size / 7)


def same_body(a: Landmarks, b: Landmarks, within: float = 0.5) -> bool:
    """Whether two observations of one frame show the same body: the trunks lie within a share of a torso length."""
    scale = max(trunk_size(a), trunk_size(b))
    joints = np.linalg.norm(a.image[_TRUNK] - b.image[_TRUNK], axis=1).mean()
    return float(joints) < within * scale or float(np.linalg.norm(trunk_centre(a) - trunk_centre(b))) < within * scale * 0.8


class Memory:
    """The latest scanned frames, compressed, so that somebody found late can be traced back."""

    def __init__(self, length_s: float) -> None:
        self._length_s = length_s
        self._frames: deque[tuple[float, NDArray[np.uint8], NDArray[np.float64]]] = deque()

    def add(self, time: float, image: Image, camera: NDArray[np.float64]) -> None:
        """Keep a frame and forget those that are too old."""
        _, packed = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 92])
        self._frames.append((time, np.asarray(packed, np.uint8), camera))
        while time - self._frames[0][0] > self._length_s:
            self._frames.popleft()

    def backwards(self) -> Iterator[tuple[float, Image, NDArray[np.float64]]]:
        """Time, image and camera shift of each kept frame, the latest first."""
        for time, packed, camera in reversed(self._frames):
            image = cv2.imdecode(packed, cv2.IMREAD_COLOR_RGB)
            yield time, np.asarray(image, np.uint8), camera


class Scanner:
    """Looks at a video's frames in the order of time and keeps the tracklets."""

    def __init__(self, detector: Detector, network: LandmarkNetwork, options: ScanOptions | None = None) -> None:
        self._detector = detector
        self._network = network
        self._options = options or ScanOptions()
        self._active: list[Tracklet] = []
        self._ended: list[Tracklet] = []
        self._times: list[float] = []
        self._searched = self._searched_close = -np.inf
        self._camera = Camera()
        self._memory = Memory(self._options.close_search_s)

    def look(self, frame: Frame) -> None:
        """Take in the next scanned frame."""
        step_s = frame.time - self._times[-1] if self._times else 0.0
        shift = self._camera.follow(frame.image)
        followed = self._follow(frame, shift)
        found = self._search(frame, [b for _, b in followed]) if self._search_due(frame.time, followed) else []
        self._times.append(frame.time)
        self._record(frame, followed, shift, step_s)
        self._begin(frame, found, shift)
        self._memory.add(frame.time, frame.image, shift)

    def finish(self) -> Scan:
        """Everything that was seen."""
        tracklets = [t for t in [*self._ended, *self._active] if t.sightings]
        return Scan(sorted(tracklets, key=lambda t: t.start), self._times)

    def _follow(self, frame: Frame, shift: NDArray[np.float64]) -> list[tuple[Tracklet, Landmarks]]:
        """The bodies of the last scan where they are now; each body once."""
        followed: list[tuple[Tracklet, Landmarks]] = []
        for tracklet in sorted(self._active, key=lambda t: -len(t.sightings)):
            body = self._look_again(frame.image, tracklet.last, shift)
            if body is not None and not any(same_body(body, other) for _, other in followed):
                followed.append((tracklet, body))
        return followed

    def _look_again(self, image: Image, last: Sighting, shift: NDArray[np.float64]) -> Landmarks | None:
        """The body of a sighting in a neighbouring frame, looked for where it was and a little around."""
        move = shift - last.camera
        roi = last.body.following.with_(x=last.body.following.x + move[0], y=last.body.following.y + move[1])
        tries = [roi, roi.with_(size=roi.size * 1.4), last.body.roi.with_(x=roi.x, y=roi.y)]
        reach = 2.5 * last.torso
        for window in tries:
            body = self._network(image, window)
            near = np.linalg.norm(trunk_centre(body) - last.centre - move) < reach
            alike = 0.6 < trunk_size(body) / last.torso < 1.7
            if near and alike and sureness(body) >= self._options.keep_sureness:
                return body
        return None

    def _search_due(self, time: float, followed: list[tuple[Tracklet, Landmarks]]) -> bool:
        lost = len(followed) < len(self._active)
        return not followed or lost or time - self._searched >= self._options.search_s - 1e-6

    def _search(self, frame: Frame, known: list[Landmarks]) -> list[Landmarks]:
        """Bodies that are not followed yet, the surest first."""
        time = frame.time
        self._searched = time
        close = time - self._searched_close >= self._options.close_search_s - 1e-6
        self._searched_close = time if close else self._searched_close
        found: list[Landmarks] = []
        for detection in self._detect(frame.image, close):
            if len(found) + len(known) >= 2 * self._options.bodies:
                break
            if any(_covers(body, detection) for body in [*known, *found]):
                continue
            body = self._network(frame.image, detection.roi)
            if sureness(body) >= self._options.new_sureness and not any(same_body(body, b) for b in [*known, *found]):
                found.append(body)
        return sorted(found, key=lambda b: -trunk_size(b))

    def _detect(self, image: Image, close: bool) -> list[Detection]:
        height, width = image.shape[:2]
        views = [Roi.around(width, height), *tiles(width, height, 1), *(tiles(width, height, 2) if close else [])]
        score = self._options.detector_score
        return sorted((d for view in views for d in self._detector(image, view, score)), key=lambda d: -d.score)

    def _record(
        self, frame: Frame, followed: list[tuple[Tracklet, Landmarks]], shift: NDArray[np.float64], step_s: float
    ) -> None:
        """Note where everyone is now and let go of who was lost."""
        for tracklet in self._active:
            tracklet.missed_s += step_s
        for tracklet, body in followed:
            tracklet.sightings.append(_sighting(frame.time, frame.image, body, shift))
            tracklet.missed_s = 0.0
        self._ended += [t for t in self._active if t.missed_s > self._options.lost_s]
        self._active = [t for t in self._active if t.missed_s <= self._options.lost_s]

    def _begin(self, frame: Frame, found: list[Landmarks], shift: NDArray[np.float64]) -> None:
        """Start following who was found, from where the trail begins."""
        room = max(0, self._options.bodies - len(self._active))
        for body in found[:room]:
            first = _sighting(frame.time, frame.image, body, shift)
            self._active.append(Tracklet([*self._trace_back(first), first]))

    def _trace_back(self, first: Sighting) -> list[Sighting]:
        """Earlier sightings of a body that was found late, in the order of time."""
        trail = [first]
        for time, image, camera in self._memory.backwards():
            body = self._look_again(image, trail[-1], camera)
            if body is None or self._taken(time, body):
                break
            trail.append(_sighting(time, image, body, camera))
        return trail[:0:-1]

    def _taken(self, time: float, body: Landmarks) -> bool:
        """Whether somebody who is followed already was at that place at that time."""
        return any(s.time == time and same_body(s.body, body) for t in self._active for s in t.sightings[-20:])


def scan_times(times: Iterator[Frame], interval_s: float) -> Iterator[Frame]:
    """Those frames that come `interval_s` or more after the one before."""
    due = -np.inf
    for frame in times:
        if frame.time >= due - 1e-6:
            due = frame.time + interval_s
            yield frame


def tiles(width: int, height: int, parts: int) -> list[Roi]:
    """Square windows of the short side / `parts` that cover the picture and overlap by at least 40 %."""
    side = min(width, height) / parts
    columns, rows = (int(np.ceil((length - side) / (0.6 * side))) + 1 for length in (width, height))
    xs = np.linspace(side / 2, width - side / 2, columns)
    ys = np.linspace(side / 2, height - side / 2, rows)
    return [Roi(float(x), float(y), side) for y in ys for x in xs]


def trunk_colour(image: Image, body: Landmarks) -> NDArray[np.float32]:
    """Normalised histogram of hue and saturation inside the box of the trunk."""
    corners = body.image[_TRUNK]
    (x0, y0), (x1, y1) = corners.min(0).astype(int), corners.max(0).astype(int) + 1
    part = image[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    if part.size == 0:
        return np.zeros(_COLOUR_BINS, np.float32)
    step = max(1, min(part.shape[:2]) // 32)
    hsv = cv2.cvtColor(np.ascontiguousarray(part[::step, ::step]), cv2.COLOR_RGB2HSV)
    histogram = cv2.calcHist([hsv], [0, 2], None, list(_COLOUR_BINS), [0, 180, 0, 256])
    return np.asarray(histogram / max(1.0, float(histogram.sum())), np.float32)


class Camera:
    """The shift of the picture's content from scan to scan, by phase correlation of small grey pictures.

    Enough to tell people who stay from people who move; `wall.camera` measures the camera properly.
    """

    def __init__(self) -> None:
        self._last: NDArray[np.float32] | None = None
        self._total = np.zeros(2)

    def follow(self, image: Image) -> NDArray[np.float64]:
        """(2,) shift in pixels since the first image."""
        factor = _CAMERA_WIDTH / image.shape[1]
        step = max(1, int(1 / factor / 2))
        small = cv2.resize(image[::step, ::step], (_CAMERA_WIDTH, int(image.shape[0] * factor)), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        if self._last is not None and self._last.shape == grey.shape:
            window = cv2.createHanningWindow((grey.shape[1], grey.shape[0]), cv2.CV_32F)
            shift, response = cv2.phaseCorrelate(self._last, grey, window)
            if response > 0.1:
                self._total = self._total + np.array(shift) / factor
        self._last = grey
        return self._total.copy()


def _sighting(time: float, image: Image, body: Landmarks, camera: NDArray[np.float64]) -> Sighting:
    return Sighting(time, body, trunk_colour(image, body), camera)


def _covers(body: Landmarks, detection: Detection) -> bool:
    """Whether a detection shows a body that is known: its hips or shoulders lie on that body's trunk."""
    scale = trunk_size(body)
    hips, shoulders = body.image[_TRUNK[2:]].mean(0), body.image[_TRUNK[:2]].mean(0)
    off = np.linalg.norm(detection.points[0] - hips) + np.linalg.norm(detection.points[2] - shoulders)
    return float(off) < 0.9 * scale
