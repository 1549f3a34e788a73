from __future__ import annotations

import numpy as np
import pytest

from ascension_core.errors import InvalidOption, NoClimberFound
from ascension_core.pose.keypoints import KEYPOINTS
from ascension_core.pose.networks import Landmarks
from ascension_core.pose.people import Person, choose, climber_score, people
from ascension_core.pose.roi import Roi
from ascension_core.pose.scan import Scan, Sighting, Tracklet

SIZE = (1000, 1000)
TIMES = np.arange(0, 10, 0.2)


def body(x: float, y: float, torso: float, hands_up: bool) -> Landmarks:
    image = np.tile([x, y], (KEYPOINTS, 1)).astype(float)
    image[[11, 12]] = (x - torso / 3, y - torso / 2), (x + torso / 3, y - torso / 2)
    image[[23, 24]] = (x - torso / 4, y + torso / 2), (x + torso / 4, y + torso / 2)
    image[[27, 28], 1] = y + 2.3 * torso
    image[[15, 16], 1] = y + (-1.2 if hands_up else 0.6) * torso
    ones = np.ones(KEYPOINTS)
    roi = Roi(x, y, 5 * torso)
    return Landmarks(1.0, image, ones, np.zeros((KEYPOINTS, 3)), ones, ones, ones * 0.7, ones * 0.02, roi, roi)


def colour(hue: int) -> np.ndarray:
    histogram = np.zeros((8, 4), np.float32)
    histogram[hue] = 0.25
    return histogram


def tracklet(
    times: np.ndarray,
    x: float,
    climbs: float = 0.0,
    torso: float = 100.0,
    hue: int = 0,
    camera: float = 0.0,
    start_y: float = 600,
) -> Tracklet:
    """Someone at x who rises by `climbs` pixels a second on the wall, while the picture's content moves down by `camera`."""
    return Tracklet(
        [
            Sighting(
                t, body(x, start_y - climbs * t + camera * t, torso, climbs > 0), 0.6, colour(hue), np.array([0, camera * t])
            )
            for t in times
        ]
    )


def scan(*tracklets: Tracklet) -> Scan:
    return Scan(list(tracklets), TIMES.tolist())


class TestClimber:
    def test_who_climbs_is_preferred_to_a_larger_bystander(self) -> None:
        found = people(scan(tracklet(TIMES, 700, torso=160), tracklet(TIMES, 300, climbs=40)), SIZE)
        assert found[0].centre()[0] == pytest.approx(300)
        assert found[0].climber_score > 2 * found[1].climber_score

    def test_a_camera_that_follows_the_climber_does_not_hide_the_climb(self) -> None:
        found = people(scan(tracklet(TIMES, 700, camera=60), tracklet(TIMES, 300, climbs=60, camera=60)), SIZE)
        assert found[0].centre()[0] == pytest.approx(300)

    def test_who_is_there_throughout_is_preferred_to_who_passes_by(self) -> None:
        found = people(scan(tracklet(TIMES[:6], 700, torso=200), tracklet(TIMES, 300)), SIZE)
        assert found[0].centre()[0] == pytest.approx(300)

    def test_the_score_is_a_share(self) -> None:
        assert 0 < climber_score(tracklet(TIMES, 300).sightings, 1.0, SIZE) <= 1
        assert climber_score(tracklet(TIMES, 300, climbs=50).sightings, 1.0, SIZE) == pytest.approx(1)


class TestIdentity:
    def test_a_person_out_of_sight_for_a_moment_is_one_person(self) -> None:
        found = people(scan(tracklet(TIMES[:20], 300, climbs=20), tracklet(TIMES[25:], 300, climbs=20)), SIZE)
        assert len(found) == 1
        assert found[0].seen_fraction == pytest.approx(45 / 50)

    def test_another_person_at_the_same_place_later_is_somebody_else(self) -> None:
        found = people(scan(tracklet(TIMES[:10], 300), tracklet(TIMES[35:], 300, hue=5)), SIZE)
        assert len(found) == 2

    def test_people_who_cross_keep_their_colours(self) -> None:
        before = [tracklet(TIMES[:20], 450, hue=1), tracklet(TIMES[:20], 550, hue=6)]
        after = [tracklet(TIMES[25:], 550, hue=1), tracklet(TIMES[25:], 450, hue=6)]
        for one in people(scan(*before, *after), SIZE):
            assert len({int(s.colour.sum(1).argmax()) for s in one.sightings}) == 1

    def test_a_glimpse_is_nobody(self) -> None:
        assert people(scan(tracklet(TIMES[:2], 300)), SIZE) == []


class TestChoice:
    @pytest.fixture
    def three(self) -> list[Person]:
        return people(scan(tracklet(TIMES, 200, climbs=30), tracklet(TIMES, 500), tracklet(TIMES, 800, climbs=40)), SIZE)

    @pytest.mark.parametrize(
        ("wish", "x"), [("left", 200), ("right", 800), ("1", 200), ("2", 500), ("3", 800), ("0.45,0.6", 500)]
    )
    def test_a_wish_is_followed(self, three: list[Person], wish: str, x: float) -> None:
        assert three[choose(three, wish, SIZE)].centre()[0] == pytest.approx(x)

    def test_left_and_right_mean_those_who_climb(self) -> None:
        found = people(scan(tracklet(TIMES, 100), tracklet(TIMES, 500, climbs=30), tracklet(TIMES, 800, climbs=30)), SIZE)
        assert found[choose(found, "left", SIZE)].centre()[0] == pytest.approx(500)

    @pytest.mark.parametrize("wish", ["4", "0"])
    def test_a_number_that_is_not_there_says_how_many_are(self, three: list[Person], wish: str) -> None:
        with pytest.raises(NoClimberFound, match="3 were seen"):
            choose(three, wish, SIZE)

    @pytest.mark.parametrize("wish", ["", "up", "1.5", "2,2", "0.5,nan", "1e9,0", "0.1,0.2,0.3", "-1", "..,."])
    def test_nonsense_is_refused(self, three: list[Person], wish: str) -> None:
        with pytest.raises(InvalidOption, match="climber must be"):
            choose(three, wish, SIZE)

    def test_nobody_is_an_error_that_says_what_to_do(self) -> None:
        with pytest.raises(NoClimberFound, match="Film so that"):
            choose([], None, SIZE)
