from __future__ import annotations

import cv2
import numpy as np

from ascension_core.wall.fitting import apply
from ascension_core.wall.views import View, ViewKeeper, ViewOptions
from tests.wall.films import FPS, frames, wall


def test_views_of_a_long_video_stay_few_and_evenly_spread():
    image = wall(size=(160, 120))
    keeper = ViewKeeper(ViewOptions(most=16))
    for frame in frames(image for _ in range(int(90 * FPS))):
        keeper.add(frame)

    times = [view.time for view in keeper.finish()]

    assert 8 <= len(times) <= 16
    assert np.diff(times).max() < 3 * 90 / len(times)
    assert times[-1] > 75


def test_the_sharp_frame_of_a_stretch_is_kept():
    sharp = wall(size=(160, 120))
    blurred = cv2.GaussianBlur(sharp, (0, 0), 3)
    keeper = ViewKeeper(ViewOptions(first_s=0.4, looks=20))
    for frame in frames(sharp if index % 10 == 7 else blurred for index in range(60)):
        keeper.add(frame)

    assert [view.index % 10 for view in keeper.finish()] == [7] * 6


def test_large_frames_are_shrunk_and_lead_back_to_their_pixels():
    keeper = ViewKeeper(ViewOptions(long_side=300))
    keeper.add(next(frames([wall(size=(600, 400))])), [[60, 40, 120, 200]])

    (view,) = keeper.finish()

    assert view.image.shape == (200, 300, 3)
    np.testing.assert_allclose(apply(view.to_frame, np.array([[-0.5, -0.5], [299.5, 199.5]])), [[-0.5, -0.5], [599.5, 399.5]])
    assert not view.free(0)[25:99, 31:59].any()
    assert view.free(0)[:19].all()


def test_boxes_beyond_the_picture_hide_what_is_in_it():
    view = View(0, 0.0, np.zeros((100, 80, 3), np.uint8), 1.0, np.array([[-50.0, -20.0, 10.0, 30.0], [90, 0, 120, 50]]), 1.0)

    hidden = ~view.free(0)

    assert hidden[:30, :10].all()
    assert not hidden[:, 11:].any()
