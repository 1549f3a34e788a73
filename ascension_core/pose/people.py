"""Who was in the video, and which of them is the climber."""

from __future__ import annotations

import re
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption, NoClimberFound
from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.scan import Scan, Sighting, Tracklet

_GAP_S = 4.0  # a person who was out of sight for longer is counted anew
_LINK_COST = 1.0
_MINIMUM_S = 0.5  # shorter appearances are not people, or do not matter
_CONFIDENT = 0.33  # median confidence of people on the evaluation clips is higher, of holds and shadows mostly lower
_AS_CONFIDENT = 0.75  # in a clip where everyone is hard to see, this share of the best one's will do

_WRISTS = [Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST]
_SHOULDERS = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]
_ANKLES = [Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE]


@dataclass(frozen=True)
class Person:
    """Someone who was seen.

    Attributes
    ----------
    sightings
        In the order of time.
    seen_fraction
        Share of the scanned frames.
    climber_score
        How much this person behaves like the one who climbs, 0 to 1; see `climber_score`.
    """

    sightings: tuple[Sighting, ...]
    seen_fraction: float
    climber_score: float

    @property
    def start(self) -> float:
        """Seconds of the first sighting."""
        return self.sightings[0].time

    @property
    def end(self) -> float:
        """Seconds of the last sighting."""
        return self.sightings[-1].time

    @property
    def confidence(self) -> float:
        """Median confidence of the sightings, 0 to 1."""
        return float(np.median([s.confidence for s in self.sightings]))

    def centre(self) -> NDArray[np.float64]:
        """(2,) median middle of the trunk in pixels."""
        return np.asarray(np.median([s.centre for s in self.sightings], axis=0), float)

    def box(self) -> NDArray[np.float64]:
        """(4,) median x0, y0, x1, y1 of the keypoints in pixels."""
        points = np.stack([s.body.image for s in self.sightings])
        return np.asarray(np.median(np.concatenate([points.min(1), points.max(1)], axis=1), axis=0), float)


def people(scan: Scan, size: tuple[int, int]) -> list[Person]:
    """Everyone who was seen for long enough, the most climber-like first.

    Parameters
    ----------
    scan
        The coarse scan.
    size
        Width and height of the frames in pixels.
    """
    chains = [sorted((s for t in chain for s in t.sightings), key=lambda s: s.time) for chain in _link(scan.tracklets)]
    found = [
        _person(chain, scan, size) for chain in chains if chain[-1].time - chain[0].time >= min(_MINIMUM_S, _length(scan) / 2)
    ]
    return sorted(_believable(found), key=lambda p: -p.climber_score)


def choose(persons: list[Person], wish: str | None, size: tuple[int, int]) -> int:
    """Index of the person to analyse.

    Parameters
    ----------
    persons
        As `people` gives them.
    wish
        None takes the most climber-like. ``left`` and ``right`` take the outermost of those who climb, ``N`` the N-th
        (from 1) from the left, ``x,y`` who was nearest to that place (shares of width and height, 0 to 1).
    size
        Width and height of the frames in pixels.

    Raises
    ------
    NoClimberFound
        Nobody was seen, or there is no N-th person.
    InvalidOption
        The wish is none of these forms.
    """
    if not persons:
        raise NoClimberFound(
            "No climber was found in this video. Film so that the whole body is in the picture, larger and in more light."
        )
    if wish is None:
        return 0
    by_x = sorted(range(len(persons)), key=lambda i: persons[i].centre()[0])
    if wish in {"left", "right"}:
        best = persons[0].climber_score
        climbing = [i for i in by_x if persons[i].climber_score >= best / 2]
        return climbing[0 if wish == "left" else -1]
    if re.fullmatch(r"\d{1,3}", wish):
        if not 1 <= int(wish) <= len(persons):
            raise NoClimberFound(f"There is no person {wish}: {len(persons)} were seen, counted from the left.")
        return by_x[int(wish) - 1]
    return _nearest(persons, _place(wish), size)


def climber_score(sightings: list[Sighting], seen_fraction: float, size: tuple[int, int]) -> float:
    """How much someone behaves like a climber, 0 to 1.

    The product of five shares, each 0 to 1 and none alone decisive: how long the person is seen; whether the feet leave
    the height they started at, in torso lengths of the wall (bystanders stand); whether the hands are above the shoulders;
    how large the person is in the picture (whoever films keeps the subject large); how sure the network is.
    """
    torso = float(np.median([s.torso for s in sightings]))
    feet = np.array([(s.body.image[_ANKLES].mean(0) - s.camera)[1] for s in sightings]) / torso
    reach = np.array([(s.body.image[_SHOULDERS, 1].mean() - s.body.image[_WRISTS, 1].min()) / s.torso for s in sightings])
    climbed = np.clip(np.ptp(np.percentile(feet, [5, 95])) / 1.5, 0, 1)
    hands_up = np.clip(np.mean(reach > 0), 0, 1)
    large = np.clip(torso / (0.08 * max(size)), 0, 1)
    sure = np.clip(np.median([s.confidence for s in sightings]) / 0.5, 0, 1)
    parts = np.array([seen_fraction, climbed, hands_up, large, sure])
    return float(np.prod(0.15 + 0.85 * parts))


def _believable(found: list[Person]) -> list[Person]:
    """Those who are no hold, shadow or poster taken for a body."""
    if not found:
        return []
    needed = min(_CONFIDENT, _AS_CONFIDENT * max(p.confidence for p in found))
    return [p for p in found if p.confidence >= needed]


def _person(sightings: list[Sighting], scan: Scan, size: tuple[int, int]) -> Person:
    seen = len({s.time for s in sightings}) / max(1, len(scan.times))
    return Person(tuple(sightings), seen, climber_score(sightings, seen, size))


def _link(tracklets: list[Tracklet]) -> list[list[Tracklet]]:
    """Chains of tracklets that show one person: each tracklet goes to the chain it continues best."""
    chains: list[list[Tracklet]] = []
    for tracklet in sorted(tracklets, key=lambda t: t.start):
        costs = [_link_cost(chain[-1], tracklet) for chain in chains]
        best = int(np.argmin(costs)) if costs else -1
        if costs and costs[best] < _LINK_COST:
            chains[best].append(tracklet)
        else:
            chains.append([tracklet])
    return chains


def _link_cost(before: Tracklet, after: Tracklet) -> float:
    """How unlikely it is that `after` continues `before`: place, size and colour; below 1 is likely."""
    gap = after.start - before.end
    if not 0 < gap <= _GAP_S:
        return np.inf
    last, first = before.last, after.sightings[0]
    scale = max(last.torso, first.torso)
    moved = float(np.linalg.norm((first.centre - first.camera) - (last.centre - last.camera))) / scale
    allowed = 1.5 + 2.0 * gap  # torso lengths: what a body moves while out of sight
    resized = abs(np.log(first.torso / last.torso)) / np.log(2)
    recoloured = cv2.compareHist(_colour(before), _colour(after), cv2.HISTCMP_BHATTACHARYYA)
    return float(moved / allowed * 0.5 + resized * 0.4 + recoloured * 0.8)


def _colour(tracklet: Tracklet) -> NDArray[np.float32]:
    return np.asarray(np.mean([s.colour for s in tracklet.sightings], axis=0), np.float32)


def _length(scan: Scan) -> float:
    return scan.times[-1] - scan.times[0] if scan.times else 0.0


def _place(wish: str) -> NDArray[np.float64]:
    match = re.fullmatch(r"\s*([0-9.]+)\s*,\s*([0-9.]+)\s*", wish)
    try:
        place = np.array([float(match[1]), float(match[2])]) if match else None
    except ValueError:
        place = None
    if place is None or not (place >= 0).all() or not (place <= 1).all():
        raise InvalidOption(f"climber must be left, right, a number from 1, or x,y as shares of the picture; got {wish!r}.")
    return place


def _nearest(persons: list[Person], place: NDArray[np.float64], size: tuple[int, int]) -> int:
    target = place * size
    distances = [min(float(np.linalg.norm(s.centre - target)) for s in p.sightings) for p in persons]
    return int(np.argmin(distances))
