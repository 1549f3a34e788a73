from __future__ import annotations

import numpy as np
import pytest

from ascension_core.movement.overhang import overhang
from ascension_core.pose.keypoints import KEYPOINTS
from ascension_core.pose.track import PoseTrack

FRAMES = 90


def hanging(lean_deg: float, visibility: float = 0.9) -> PoseTrack:
    """A body whose hands are 1.6 m from its feet on a line that leans towards the camera."""
    world = np.zeros((FRAMES, KEYPOINTS, 3))
    world[:, [15, 16]] = 1.6 * np.array([0, -np.cos(np.radians(lean_deg)), -np.sin(np.radians(lean_deg))])
    return PoseTrack(
        time=np.arange(FRAMES) / 30,
        image=np.zeros((FRAMES, KEYPOINTS, 2)),
        world=world,
        visibility=np.full((FRAMES, KEYPOINTS), visibility),
        observed=np.ones((FRAMES, KEYPOINTS), bool),
        size=(100, 100),
    )


@pytest.mark.parametrize(("lean_deg", "known_deg"), [(-5.8, 0), (-4.7, 0), (-5.7, 0), (-1.2, 5), (-6.6, 5), (10.4, 40)])
def test_walls_of_known_angle_lie_within_the_uncertainty(lean_deg, known_deg):
    found = overhang(hanging(lean_deg), np.ones(FRAMES, bool))

    assert abs(found.deg - known_deg) < found.uncertainty_deg / 2
    assert 10 < found.uncertainty_deg < 30


def test_a_steeper_body_means_a_steeper_wall():
    angles = [overhang(hanging(lean), np.ones(FRAMES, bool)).deg for lean in (-10, 0, 10, 20)]

    assert angles == sorted(angles)


def test_limbs_that_are_not_sure_say_nothing():
    assert overhang(hanging(10, visibility=0.4), np.ones(FRAMES, bool)) is None


def test_a_moment_says_nothing():
    assert overhang(hanging(10), np.arange(FRAMES) < 30) is None


def test_hands_level_with_the_feet_say_nothing():
    assert overhang(hanging(88), np.ones(FRAMES, bool)) is None
