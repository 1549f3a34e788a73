from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ascension_core.movement.placing import on_wall, points_on_wall
from ascension_core.wall.camera import still


@pytest.fixture
def panned(stand, standing):
    """A camera that moves 5 px a frame to the right past a figure that stands still, and its track."""
    track = stand(standing)
    shift = 5.0 * np.arange(len(track))
    to_wall = np.tile(np.eye(3), (len(track), 1, 1))
    to_wall[:, 0, 2] = shift
    camera = replace(still(track.time, track.size), to_wall=to_wall, static=False)
    return track.with_(image=track.image - shift[:, None, None] * (1, 0)), camera


def test_what_stands_still_stands_still_on_the_wall(stand, standing, panned):
    track, camera = panned
    assert on_wall(track, camera).image == pytest.approx(stand(standing).image)


def test_frames_that_are_not_placed_are_unknown(panned):
    track, camera = panned
    to_wall = camera.to_wall.copy()
    to_wall[3] = np.nan
    shot = np.array([0] * 8 + [1, 1])
    there = on_wall(track, replace(camera, to_wall=to_wall, shot=shot))
    unknown = [3, 8, 9]  # lost; and of another shot than the reference's
    assert np.flatnonzero(~there.known.all(1)).tolist() == unknown
    assert (there.visibility[unknown] == 0).all()
    assert not there.observed[unknown].any()
    assert there.world == pytest.approx(track.world)


def test_points_and_camera_must_have_the_same_frames(panned):
    track, camera = panned
    with pytest.raises(ValueError, match="10 frames"):
        points_on_wall(camera, track.image[:-1])
