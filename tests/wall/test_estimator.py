from __future__ import annotations

import cv2
import numpy as np
import pytest

from ascension_core.wall.estimator import CameraEstimator
from tests.wall.films import FPS, SIZE, board, error_percent, frames, seen, view, wall


def estimated(images, people=lambda _index: (), seen_climber=None):
    estimator = CameraEstimator(SIZE)
    for frame in frames(images):
        estimator.add(frame, people(frame.index))
    return estimator.finish(seen_climber)


def shaken(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(3)
    sway = cv2.GaussianBlur(random.normal(0, 1, (count, 3)), (1, 0), 2, borderType=cv2.BORDER_REFLECT)
    return [view(450 + 25 * a, 600 + 25 * b, 1.0, 4 * c) for a, b, c in sway]


def panned(count: int) -> list[np.ndarray]:
    way = np.linspace(0, 1, count)
    return [view(450 + 60 * np.sin(3 * s), 850 - 500 * s, 1 + 0.25 * s, 3 * s, 0.05 * s) for s in way]


def test_shake_is_measured_against_one_frame_and_does_not_add_up():
    views = shaken(25)

    camera = estimated(seen(wall(), views))

    assert camera.known.all()
    assert not camera.static
    assert error_percent(camera, views).max() < 0.1


@pytest.mark.parametrize("scene", [wall(), board()], ids=["wall", "board of equal holds"])
def test_a_pan_with_zoom_turn_and_tilt_keeps_within_the_target(scene):
    views = panned(36)

    camera = estimated(seen(scene, views))

    assert camera.known.all()
    assert error_percent(camera, views).max() < 1


def test_a_view_that_comes_back_lies_where_it_was():
    there = panned(26)
    views = there + there[::-1]

    camera = estimated(seen(wall(), views))

    assert error_percent(camera, views)[-5:].max() < 0.15


def test_a_tripod_is_static_whatever_moves_or_flickers():
    def images():
        for index, image in enumerate(seen(wall(), [view(450, 600)] * 40)):
            x, y = 40 + 6 * index, 380 - 7 * index
            cv2.rectangle(image, (x, y), (x + 60, y + 130), (30, 30, 160), -1)
            cv2.rectangle(image, (x + 70, 0), (x + 110, 479), (60, 60, 60), 4)  # a shadow's edge that nobody masks
            yield np.clip(image * (0.8 + 0.2 * np.sin(index)), 0, 255).astype(np.uint8)

    camera = estimated(images(), lambda i: [[40 + 6 * i, 380 - 7 * i, 100 + 6 * i, 510 - 7 * i]])

    assert camera.static
    np.testing.assert_array_equal(camera.to_wall, np.tile(np.eye(3), (40, 1, 1)))
    assert camera.quality.min() > 0.6


def test_a_slow_creep_is_not_taken_for_standing_still():
    views = [view(450 + 0.15 * t, 600) for t in range(70)]

    camera = estimated(seen(wall(), views))

    assert not camera.static
    assert error_percent(camera, views).max() < 0.1


def test_a_cut_begins_another_shot_and_the_wall_is_that_of_the_climber():
    images = [*seen(wall(1), [view(450, 600)] * 20), *seen(wall(2), shaken(16))]
    climbing = np.arange(36) >= 20

    camera = estimated(images, seen_climber=climbing)

    np.testing.assert_array_equal(camera.shot, climbing.astype(int))
    np.testing.assert_allclose(camera.cuts, [20 / FPS])
    np.testing.assert_array_equal(camera.known, climbing)
    assert camera.reference >= 20
    assert camera.handled is None or not camera.handled.any()


def test_a_shot_that_is_cut_back_to_is_the_same_shot():
    first, other = [view(450, 600)] * 18, [view(450, 600)] * 18

    camera = estimated([*seen(wall(1), first), *seen(wall(2), other), *seen(wall(1), [view(470, 590)] * 18)])

    np.testing.assert_array_equal(camera.shot, np.repeat([0, 1, 0], 18))
    assert error_percent(camera, [*first, *other, *[view(470, 590)] * 18])[36:].max() < 0.2


def test_a_phone_that_is_put_down_is_reported():
    floor = cv2.GaussianBlur(wall(9), (0, 0), 3)
    rush = [cv2.blur(next(seen(wall(), [view(450, 600 + 160 * t)])), (1, 61)) for t in range(1, 4)]
    images = [*seen(wall(), shaken(20)), *rush, *seen(floor, [view(300, 300)] * 16)]

    camera = estimated(images, seen_climber=np.arange(39) < 20)

    np.testing.assert_array_equal(camera.handled[21:], True)
    assert not camera.handled[:20].any()
    assert camera.known[:20].all()
    assert not camera.known[21:].any()


def test_what_passes_before_the_lens_leaves_the_frames_around_it_in_place():
    images = list(seen(wall(), [view(450, 600)] * 36))
    for image in images[18:23]:
        image[:] = wall(7)[:480, :360]

    camera = estimated(images)

    assert camera.static
    assert camera.shot.max() == 0
    np.testing.assert_array_equal(camera.known, (np.arange(36) < 18) | (np.arange(36) >= 23))


def test_a_blank_wall_places_nothing():
    camera = estimated(seen(np.full((1200, 900, 3), 180, np.uint8), shaken(12)))

    assert not camera.known.any()
    assert not camera.static


def test_a_single_frame_is_its_own_wall():
    camera = estimated(seen(wall(), [view(450, 600)]))

    np.testing.assert_allclose(camera.to_wall, np.eye(3)[None], atol=1e-12)


def test_the_number_of_threads_changes_nothing():
    images = list(seen(wall(), panned(12)))
    before = cv2.getNumThreads()
    try:
        tracks = []
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            tracks.append(estimated(images).to_wall)
    finally:
        cv2.setNumThreads(before)

    np.testing.assert_array_equal(*tracks)
