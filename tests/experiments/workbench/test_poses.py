from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from ascension_core.pose.keypoints import KEYPOINTS, Keypoint
from ascension_core.pose.track import PoseTrack
from experiments.workbench.poses import by_joint, difference_plot, distances, flat, moments, names

mpl.use("Agg")
FRAMES = 40


@pytest.fixture
def first() -> PoseTrack:
    image = np.tile(np.random.default_rng(0).uniform(0, 100, (1, KEYPOINTS, 2)), (FRAMES, 1, 1))
    image[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]] = (50, 20)
    image[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]] = (50, 70)
    known = np.ones((FRAMES, KEYPOINTS))
    return PoseTrack(np.arange(FRAMES) / 20, image, np.zeros((FRAMES, KEYPOINTS, 3)), known, known > 0, (100, 100))


def moved(track: PoseTrack, frames: slice, joint: int, by: float) -> PoseTrack:
    image = track.image.copy()
    image[frames, joint, 0] += by
    return track.with_(image=image)


def test_distances_are_torso_lengths_and_unknown_where_one_knows_nothing(first):
    second = moved(moved(first, slice(None), Keypoint.LEFT_WRIST, 25), slice(0, 5), Keypoint.NOSE, np.nan)
    apart = distances(first, second)
    assert apart[:, Keypoint.LEFT_WRIST] == pytest.approx(0.5)
    assert np.isnan(apart[:5, Keypoint.NOSE]).all()
    assert apart[5:, Keypoint.NOSE].max() == apart[:, Keypoint.RIGHT_KNEE].max() == 0


def test_the_joint_that_differs_is_the_one_that_is_told(first):
    told = by_joint(first, moved(first, slice(0, 10), Keypoint.LEFT_WRIST, 25))
    assert told.loc["left wrist", "same place (%)"] == 75
    assert (told.drop("left wrist")["same place (%)"] == 100).all()


def test_moments_are_where_the_tracks_differ_and_not_all_at_once(first):
    second = moved(moved(first, slice(8, 11), Keypoint.LEFT_WRIST, 40), slice(30, 32), Keypoint.LEFT_WRIST, 20)
    assert moments({"a": first, "b": second}, 2) == [0.4, 1.5]
    assert moments({"a": first}, 3) == pytest.approx([0, 0.975, 1.95])


def test_the_plot_shows_distance_and_visibility_of_both(first):
    above, below = difference_plot({"a": first, "b": moved(first, slice(5), Keypoint.LEFT_WRIST, 9)}).axes
    assert [len(above.lines), len(below.lines)] == [2, 2]


def test_options_are_called_by_what_they_say():
    assert list(names({}, {"model": "lite", "clean": {"cutoff_hz": 6}})) == ["defaults", "model lite, clean.cutoff_hz 6"]
    assert list(names({"fast": True}, None)) == ["fast True"]
    assert flat({"a": {"b": {"c": 1}}, "d": 2}) == {"a.b.c": 1, "d": 2}
