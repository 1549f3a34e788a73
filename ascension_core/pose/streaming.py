"""The climber frame by frame, each answered before the next is known: for streams. `following` sees whole videos, and better.

A few times a second everyone in view is looked for, as in the coarse scan, and whoever has behaved most like a climber
until then is the climber. In between the landmark network looks where the body itself suggests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.follow import View
from ascension_core.pose.keypoints import BODY
from ascension_core.pose.live import OneEuro, OneEuroOptions
from ascension_core.pose.networks import LandmarkNetwork, Landmarks
from ascension_core.pose.people import Person, people
from ascension_core.pose.scan import Confidence, Scanner, ScanOptions, Sighting, trunk_centre, trunk_size

if TYPE_CHECKING:
    from ascension_core.pose.roi import Image
    from ascension_core.video import Frame

_ACCEPT = 0.2  # mean confidence of the twelve body joints, as in the fine pass
_REACH = 1.0  # torso lengths that a body moves from one frame to the next at the most
_CONVINCING = 1.5  # by so much somebody else must look more like the climber before we change over


class LiveFollower:
    """Takes a video's frames in the order of time, and answers each at once.

    Parameters
    ----------
    scanner
        Looks for everyone; nobody else may use it.
    network, confidence
        Look at the climber, and judge what was seen.
    options
        Of the scanner; only `interval_s` is used here.
    """

    def __init__(
        self, scanner: Scanner, network: LandmarkNetwork, confidence: Confidence, options: ScanOptions | None = None
    ) -> None:
        self._scanner = scanner
        self._network = network
        self._confidence = confidence
        self._interval_s = (options or ScanOptions()).interval_s
        self._scan_due = -np.inf
        self._climber: Sighting | None = None
        self._body: Landmarks | None = None

    def see(self, frame: Frame) -> View | None:
        """The climber in this frame; None where nobody is known, or the network is not sure."""
        height, width = frame.image.shape[:2]
        if frame.time >= self._scan_due:
            self._scan_due = frame.time + self._interval_s
            found = self._scanned(frame, (width, height))
        else:
            found = self._again(frame.image)
        self._body = found.body if found is not None else self._body
        return found

    def _scanned(self, frame: Frame, size: tuple[int, int]) -> View | None:
        self._scanner.look(frame)
        climber = self._chosen(people(self._scanner.finish(), size))
        if climber is None:
            return None
        self._climber = climber.sightings[-1]
        if climber.end < frame.time:
            return self._again(frame.image)
        return self._judged(self._climber.body)

    def _chosen(self, persons: list[Person]) -> Person | None:
        """The one we follow, unless somebody else looks much more like the climber."""
        if not persons:
            return None
        known = next((p for p in persons if any(s is self._climber for s in p.sightings)), None)
        if known is None or persons[0].climber_score > _CONVINCING * known.climber_score:
            self._body = None
            return persons[0]
        return known

    def _again(self, image: Image) -> View | None:
        """The body of the frame before, where it has got to."""
        before = self._body
        if before is None:
            return None
        found = self._judged(self._network(image, before.following))
        if found is None or np.linalg.norm(trunk_centre(found.body) - trunk_centre(before)) > _REACH * trunk_size(before):
            return None
        return found

    def _judged(self, body: Landmarks) -> View | None:
        confidence = self._confidence([body])[0]
        return View(body, confidence) if float(confidence[list(BODY)].mean()) >= _ACCEPT else None


class Steadied:
    """The keypoints of the frames of a stream, without their jitter; see `live.OneEuro`.

    Lengths are measured in the torso of the first body that is seen, so that options mean the same at every resolution.
    """

    def __init__(self, options: OneEuroOptions | None = None) -> None:
        self._options = options
        self._filter: OneEuro | None = None

    def update(self, time: float, view: View | None) -> NDArray[np.float64] | None:
        """(33, 2) pixels at `time` in seconds, or None where nobody was seen; the filter then starts afresh."""
        if view is None:
            self._filter = None
            return None
        if self._filter is None:
            self._filter = OneEuro(self._options, scale=trunk_size(view.body))
        return self._filter.update(time, view.body.image)
