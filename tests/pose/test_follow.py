from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.pose.follow import FollowOptions, Path, View, further_windows, to_track
from ascension_core.pose.keypoints import KEYPOINTS, Keypoint
from ascension_core.pose.networks import Landmarks
from ascension_core.pose.people import Person
from ascension_core.pose.roi import Roi
from ascension_core.pose.scan import Sighting


def standing(x: float, y: float, torso: float = 100.0) -> Landmarks:
    """A body that stands upright with its trunk's middle at (x, y)."""
    image = np.tile([x, y], (KEYPOINTS, 1)).astype(float)
    for shoulder, hip, side in ((11, 23, -1), (12, 24, 1)):
        image[shoulder] = x + side * torso / 3, y - torso / 2
        image[hip] = x + side * torso / 4, y + torso / 2
    image[[Keypoint.LEFT_ANKLE, Keypoint.RIGHT_ANKLE], 1] = y + 2.3 * torso
    image[[Keypoint.LEFT_WRIST, Keypoint.RIGHT_WRIST], 1] = y - 1.2 * torso
    roi = Roi(x, y, 5 * torso)
    flat = np.ones(KEYPOINTS)
    return Landmarks(1.0, image, flat * 0, np.zeros((KEYPOINTS, 3)), flat, flat, flat * 0.7, flat * 0.02, roi, roi)


def sighting(time: float, body: Landmarks) -> Sighting:
    return Sighting(time, body, 0.6, np.full((8, 4), 1 / 32, np.float32), np.zeros(2))


def person(*places: tuple[float, float, float]) -> Person:
    return Person(tuple(sighting(t, standing(x, y)) for t, x, y in places), 1.0, 1.0)


class TestPath:
    def test_between_two_sightings_the_window_moves_in_a_straight_line(self) -> None:
        aim = Path(person((0.0, 100, 500), (1.0, 200, 300)), FollowOptions()).aim(0.25)
        assert aim is not None
        np.testing.assert_allclose((aim.window.x, aim.window.y), (125, 450))
        np.testing.assert_allclose(aim.centre, (125, 450))

    def test_in_a_long_break_nobody_is_expected(self) -> None:
        path = Path(person((0.0, 100, 500), (5.0, 200, 300)), FollowOptions())
        assert path.aim(2.5) is None
        assert path.aim(0.5) is not None

    def test_outside_of_the_sightings_the_window_stays_and_the_slack_grows(self) -> None:
        path = Path(person((1.0, 100, 500), (1.2, 100, 500)), FollowOptions(reach_s=0.7))
        near, far = path.aim(0.9), path.aim(0.4)
        assert near is not None
        assert far is not None
        assert far.slack > near.slack > 0
        assert path.aim(0.2) is None

    def test_a_turn_across_half_a_circle_takes_the_short_way(self) -> None:
        bodies = [standing(100, 100), standing(100, 100)]
        turned = [replace(b, following=b.following.with_(angle=a)) for b, a in zip(bodies, (3.1, -3.1), strict=True)]
        someone = Person(tuple(sighting(t, b) for t, b in zip((0.0, 1.0), turned, strict=True)), 1.0, 1.0)
        aim = Path(someone, FollowOptions(smooth_s=0.01)).aim(0.5)
        assert aim is not None
        assert np.cos(aim.window.angle) == pytest.approx(-1, abs=0.01)

    def test_speed_is_in_torso_lengths_per_second(self) -> None:
        assert Path(person((0.0, 100, 500), (0.5, 200, 500)), FollowOptions()).speed(0.2) == pytest.approx(2.0)

    @given(st.floats(-2, 4))
    def test_every_window_lies_between_the_sightings(self, time: float) -> None:
        aim = Path(person((0.0, 100, 500), (0.8, 200, 300), (1.6, 150, 100)), FollowOptions()).aim(time)
        if aim is not None:
            assert 100 <= aim.window.x <= 200
            assert 100 <= aim.window.y <= 500


def test_further_windows_are_usable() -> None:
    aim = Path(person((0.0, 100, 500)), FollowOptions()).aim(0.0)
    assert aim is not None
    view = View(standing(100, 500), np.ones(KEYPOINTS))
    vanishing = View(replace(standing(100, 500), following=Roi(0, 0, 0)), np.ones(KEYPOINTS))
    assert all(w.size > 0 for w in further_windows(aim, vanishing, view))
    assert len(further_windows(aim, view, view)) == 5


def test_a_frame_without_a_view_is_unknown() -> None:
    view = View(standing(100, 500), np.linspace(0, 1, KEYPOINTS))
    track = to_track([(0.0, view), (0.04, None)], (640, 480))
    assert track.observed.tolist() == [[True] * KEYPOINTS, [False] * KEYPOINTS]
    assert np.isnan(track.image[1]).all()
    np.testing.assert_array_equal(track.visibility[1], 0)
    np.testing.assert_array_equal(track.visibility[0], view.confidence)


def test_no_frames_make_an_empty_track() -> None:
    assert len(to_track([], (640, 480))) == 0
