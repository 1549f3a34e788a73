"""The coarse scan: a few times a second, who is in view and where.

Bodies that were found are followed from scan to scan by the window that the landmark network itself suggests; the
detector looks over the whole picture and over tiles of it at intervals, and at every scan while nobody is followed
or somebody was lost. The result is a set of tracklets; `people` joins them into persons.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, Keypoint
from ascension_core.pose.networks import Detection, Detector, LandmarkNetwork, Landmarks
from ascension_core.pose.roi import Image, Roi, shrink

if TYPE_CHECKING:
    from ascension_core.video import Frame

_TRUNK = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
_COLOUR_BINS = (8, 4)
_CAMERA_WIDTH = 192
_CLOCK_S = 1e-6  # times are sums of rounded steps
_REACH = 2.5  # torso lengths that a body moves from one scan to the next at the most
_AMONG = 0.5  # share of its box from which a body lies within another one
_RESIZED = 1.7  # and the factor by which it seems to grow or shrink

Floats = NDArray[np.float64]

Confidence = Callable[[list[Landmarks]], Floats]
"""From N observations to (N, 33) probabilities that each keypoint is right."""


@dataclass(frozen=True)
class ScanOptions:
    """How the coarse scan looks.

    Attributes
    ----------
    interval_s
        True time between scans.
    search_s
        True time between searches of the whole picture with the detector while everyone is followed.
    tiles_s, small_tiles_s
        True time between searches that look at square tiles too, and at small ones, for people who are small in the picture.
    lost_search_s
        True time between searches, tiles included, while somebody is lost or nobody is known.
    lost_small_tiles_s
        True time between searches in small tiles while nobody is known.
    detector_score
        Detections below are not looked at. Low on purpose: the landmark network decides.
    new_confidence, keep_confidence
        Mean confidence of the twelve body joints that a newly found body needs, and one that is followed. On the evaluation
        clips people lie above 0.22, walls, holds and shadows mostly below.
    among_confidence
        The same for a new body that lies mostly within a known one: a climber's legs are easily taken for somebody else.
    lost_s
        A body that was not found for this long is not looked for any more.
    memory_s
        Somebody who is found late is traced back for this long.
    bodies
        At most so many bodies are followed at once, the largest first.
    """

    interval_s: float = 0.2
    search_s: float = 1.0
    tiles_s: float = 2.0
    small_tiles_s: float = 12.0
    lost_search_s: float = 0.4
    lost_small_tiles_s: float = 2.0
    detector_score: float = 0.35
    new_confidence: float = 0.3
    keep_confidence: float = 0.17
    among_confidence: float = 0.5
    lost_s: float = 1.0
    memory_s: float = 1.2
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
    confidence
        Mean confidence of the twelve body joints, 0 to 1.
    """

    time: float
    body: Landmarks
    confidence: float
    colour: NDArray[np.float32]
    camera: Floats

    @property
    def centre(self) -> Floats:
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


def trunk_centre(body: Landmarks) -> Floats:
    """(2,) middle of shoulders and hips in pixels."""
    centre: Floats = body.image[_TRUNK].mean(0)
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


class Scanner:
    """Looks at a video's frames in the order of time and keeps the tracklets."""

    def __init__(
        self, detector: Detector, network: LandmarkNetwork, confidence: Confidence, options: ScanOptions | None = None
    ) -> None:
        self._detector = detector
        self._network = network
        self._confidence = confidence
        self._options = options or ScanOptions()
        self._active: list[Tracklet] = []
        self._ended: list[Tracklet] = []
        self._times: list[float] = []
        self._searched: list[float] = [-np.inf] * 3  # the whole picture, tiles, small tiles
        self._camera = Camera()
        self._memory: deque[tuple[float, Image, Floats]] = deque()

    def look(self, frame: Frame) -> None:
        """Take in the next scanned frame."""
        shift = self._camera.follow(frame.image)
        followed = self._follow(frame, shift)
        self._record(frame.time, followed)
        if views := self._views_due(frame):
            self._begin(self._search(frame, views, [s.body for _, s in followed], shift))
        self._times.append(frame.time)
        self._remember(frame, shift)

    def finish(self) -> Scan:
        """Everything that was seen."""
        return Scan(sorted([*self._ended, *self._active], key=lambda t: t.start), self._times)

    def _follow(self, frame: Frame, shift: Floats) -> list[tuple[Tracklet, Sighting]]:
        """The bodies of the last scan where they are now; each body once."""
        followed: list[tuple[Tracklet, Sighting]] = []
        for tracklet in sorted(self._active, key=lambda t: -len(t.sightings)):
            found = self._look_again(frame.time, frame.image, tracklet.last, shift)
            if found is not None and not any(same_body(found.body, other.body) for _, other in followed):
                followed.append((tracklet, found))
        return followed

    def _look_again(self, time: float, image: Image, last: Sighting, shift: Floats) -> Sighting | None:
        """The body of a sighting in a neighbouring frame, looked for where it was and a little around."""
        move = shift - last.camera
        roi = last.body.following.with_(x=last.body.following.x + move[0], y=last.body.following.y + move[1])
        for window in (roi, roi.with_(size=roi.size * 1.4), last.body.roi.with_(x=roi.x, y=roi.y)):
            found = self._sight(time, image, window, shift)
            near = np.linalg.norm(found.centre - last.centre - move) < _REACH * last.torso
            alike = 1 / _RESIZED < found.torso / last.torso < _RESIZED
            if near and alike and found.confidence >= self._options.keep_confidence:
                return found
        return None

    def _sight(self, time: float, image: Image, window: Roi, shift: Floats) -> Sighting:
        body = self._network(image, window)
        confidence = float(self._confidence([body])[0, list(BODY)].mean())
        return Sighting(time, body, confidence, trunk_colour(image, body), shift)

    def _record(self, time: float, followed: list[tuple[Tracklet, Sighting]]) -> None:
        """Note where everyone is now and let go of who was lost."""
        for tracklet, found in followed:
            tracklet.sightings.append(found)
        over = [t for t in self._active if time - t.end > self._options.lost_s]
        self._ended += over
        self._active = [t for t in self._active if t not in over]

    def _views_due(self, frame: Frame) -> list[Roi]:
        """The windows that the detector searches in this frame; none in most."""
        time = frame.time
        due = [time - last >= wait - _CLOCK_S for last, wait in zip(self._searched, self._waits(time), strict=True)]
        self._searched = [time if d else last for d, last in zip(due, self._searched, strict=True)]
        height, width = frame.image.shape[:2]
        levels = [Roi.around(width, height)], tiles(width, height, 1), tiles(width, height, 2)
        return [view for level, d in zip(levels, due, strict=True) if d for view in level]

    def _waits(self, time: float) -> tuple[float, float, float]:
        """True time between searches of the whole picture, of tiles, of small tiles."""
        options = self._options
        if not self._active:
            return options.lost_search_s, options.lost_search_s, options.lost_small_tiles_s
        if any(t.end < time and t.end - t.start >= options.lost_s for t in self._active):
            return options.lost_search_s, options.lost_search_s, options.small_tiles_s
        return options.search_s, options.tiles_s, options.small_tiles_s

    def _search(self, frame: Frame, views: list[Roi], known: list[Landmarks], shift: Floats) -> list[Sighting]:
        """Bodies that are not followed yet, the largest first."""
        found: list[Sighting] = []
        for detection in self._detect(frame.image, views):
            bodies = [*known, *(s.body for s in found)]
            if len(bodies) >= 2 * self._options.bodies:
                break
            if not any(_covers(body, detection) for body in bodies):
                sighting = self._sight(frame.time, frame.image, detection.roi, shift)
                if self._is_new(sighting, bodies):
                    found.append(sighting)
        return sorted(found, key=lambda s: -s.torso)

    def _is_new(self, sighting: Sighting, known: list[Landmarks]) -> bool:
        among = any(_share_within(sighting.body, body) > _AMONG for body in known)
        needed = self._options.among_confidence if among else self._options.new_confidence
        return sighting.confidence >= needed and not any(same_body(sighting.body, body) for body in known)

    def _detect(self, image: Image, views: list[Roi]) -> list[Detection]:
        """Detections in all these windows, the surest first."""
        score = self._options.detector_score
        return sorted((d for view in views for d in self._detector(image, view, score)), key=lambda d: -d.score)

    def _begin(self, found: list[Sighting]) -> None:
        """Start following who was found, from where the trail begins."""
        room = max(0, self._options.bodies - len(self._active))
        self._active += [Tracklet([*self._trace_back(first), first]) for first in found[:room]]

    def _trace_back(self, first: Sighting) -> list[Sighting]:
        """Earlier sightings of a body that was found late, in the order of time."""
        trail = [first]
        for time, image, shift in reversed(self._memory):
            found = self._look_again(time, image, trail[-1], shift)
            if found is None or self._taken(found):
                break
            trail.append(found)
        return trail[:0:-1]

    def _taken(self, found: Sighting) -> bool:
        """Whether somebody who is followed already was at that place at that time."""
        others = (s for t in self._active for s in t.sightings if s.time == found.time)
        return any(same_body(s.body, found.body) for s in others)

    def _remember(self, frame: Frame, shift: Floats) -> None:
        self._memory.append((frame.time, frame.image, shift))
        while frame.time - self._memory[0][0] > self._options.memory_s:
            self._memory.popleft()


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

    def follow(self, image: Image) -> Floats:
        """(2,) shift in pixels since the first image."""
        factor = max(1, image.shape[1] // _CAMERA_WIDTH)
        grey = cv2.cvtColor(shrink(image, factor), cv2.COLOR_RGB2GRAY).astype(np.float32)
        if self._last is not None and self._last.shape == grey.shape:
            window = cv2.createHanningWindow((grey.shape[1], grey.shape[0]), cv2.CV_32F)
            shift, response = cv2.phaseCorrelate(self._last, grey, window)
            if response > 0.1:
                self._total = self._total + np.array(shift) * factor
        self._last = grey
        return self._total.copy()


def _share_within(body: Landmarks, other: Landmarks) -> float:
    """Share of a body's box that lies in the other's, 0 to 1."""
    low = np.maximum(body.image.min(0), other.image.min(0))
    high = np.minimum(body.image.max(0), other.image.max(0))
    return float(np.prod(np.maximum(high - low, 0)) / max(1.0, float(np.prod(np.ptp(body.image, axis=0)))))


def _covers(body: Landmarks, detection: Detection) -> bool:
    """Whether a detection shows a body that is known: its hips or shoulders lie on that body's trunk."""
    scale = trunk_size(body)
    hips, shoulders = body.image[_TRUNK[2:]].mean(0), body.image[_TRUNK[:2]].mean(0)
    off = np.linalg.norm(detection.points[0] - hips) + np.linalg.norm(detection.points[2] - shoulders)
    return float(off) < 0.9 * scale
