from __future__ import annotations

import cv2
import numpy as np

from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.fitting import apply
from ascension_core.wall.mosaic import Body, Mosaic, MosaicOptions, mosaic
from ascension_core.wall.views import View
from tests.wall.films import SIZE, view, wall

SCENE = wall(4) // 2 + 60  # dull: nothing in it is as green as the people are painted


def camera(views: list[np.ndarray], placed: np.ndarray | None = None) -> CameraTrack:
    to_wall = np.array([views[0] @ np.linalg.inv(v) for v in views])
    if placed is not None:
        to_wall[~placed] = np.nan
    frames = len(views)
    return CameraTrack(np.arange(frames) / 25, to_wall, np.ones(frames), np.zeros(frames, np.int64), 0, SIZE, static=False)


def shot(index: int, matrix: np.ndarray, box: tuple[int, int, int, int] | None, light: float = 1.0) -> View:
    image = cv2.warpPerspective(SCENE, matrix, SIZE, flags=cv2.INTER_AREA)
    if box is not None:
        cv2.rectangle(image, box[:2], box[2:], (0, 250, 0), -1)
    people = np.array([box] if box is not None else [], float).reshape(-1, 4)
    return View(index, index / 25, np.clip(image * light, 0, 255).astype(np.uint8), 1.0, people, 1.0)


def truth(found: Mosaic, first: np.ndarray) -> np.ndarray:
    """The scene as the mosaic should show it."""
    return cv2.warpPerspective(SCENE, np.linalg.inv(found.to_wall) @ first, found.image.shape[1::-1], flags=cv2.INTER_AREA)


def blurred(image: np.ndarray, seen: np.ndarray) -> np.ndarray:
    mask = seen.astype(np.float32)[..., None]
    return cv2.GaussianBlur(image * mask, (0, 0), 20) / np.maximum(cv2.GaussianBlur(mask, (0, 0), 20)[..., None], 1e-3)


def green(image: np.ndarray) -> np.ndarray:
    return (image[..., 1].astype(int) - image[..., [0, 2]].max(-1) > 120) & (image[..., 1] > 200)


def test_the_climber_disappears_where_the_wall_was_ever_seen_free():
    views = [view(450, 600)] * 5
    shots = [shot(i, m, (60 + 50 * i, 100, 130 + 50 * i, 260)) for i, m in enumerate(views)]

    found = mosaic(shots, camera(views))

    assert found.seen.all()
    assert not green(found.image).any()
    assert np.abs(found.image.astype(int) - truth(found, views[0])).mean() < 3


def test_what_was_never_seen_is_marked_and_transparent():
    views = [view(450, 600)] * 3
    shots = [shot(i, m, (100, 100, 180, 260)) for i, m in enumerate(views)]

    found = mosaic(shots, camera(views))

    assert not found.seen[110:250, 110:170].any()
    assert found.seen[:80].all()
    decoded = cv2.imdecode(np.frombuffer(found.png(), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(decoded[..., 3] > 0, found.seen)


def test_the_wall_beside_a_body_that_stays_is_shown():
    views = [view(450, 600)] * 3
    shots = [shot(i, m, None) for i, m in enumerate(views)]
    for s in shots:
        cv2.line(s.image, (140, 120), (140, 240), (0, 250, 0), 16)
    shots = [View(s.index, s.time, s.image, 1.0, np.array([[90.0, 110, 190, 250]]), 1.0) for s in shots]
    body = Body(np.array([[[140.0, 120], [140, 240]]]), 12.0)

    found = mosaic(shots, camera(views), dict.fromkeys(range(3), body))

    assert not green(found.image).any()
    assert found.seen[120:240, 95:120].all()
    assert not found.seen[130:230, 135:145].any()


def test_moving_views_under_changing_light_make_one_wall():
    views = [view(450 + 40 * i, 600 - 70 * i, 1 + 0.02 * i, 2 * i) for i in range(6)]
    shots = [shot(i, m, (150, 180, 220, 300), 0.75 + 0.05 * i) for i, m in enumerate(views)]

    found = mosaic(shots, camera(views))

    assert found.image.shape[0] > SIZE[1] + 200
    assert not green(found.image).any()
    expected = truth(found, views[0])
    light = blurred(found.image, found.seen) / np.maximum(blurred(expected, found.seen), 1)
    off = np.abs(found.image - light * expected)[found.seen]  # light may change slowly, but shows no seams
    assert np.median(off) < 4
    assert np.quantile(off, 0.95) < 20


def test_the_canvas_is_bounded_and_its_places_stay_right():
    views = [view(450, 600), view(450, 300)]
    shots = [shot(i, m, None) for i, m in enumerate(views)]

    found = mosaic(shots, camera(views), options=MosaicOptions(long_side=200))

    assert max(found.image.shape) <= 200
    np.testing.assert_allclose(apply(found.to_wall, np.array([[-0.5, -0.5]])), found.origin[None] - 0.5, atol=1e-9)
    assert np.abs(found.image.astype(int) - truth(found, views[0]))[found.seen].mean() < 12


def test_frames_that_are_not_placed_are_left_out():
    views = [view(450, 600), view(900, 900)]
    shots = [shot(i, m, None) for i, m in enumerate(views)]

    found = mosaic(shots, camera(views, np.array([True, False])))

    assert found.image.shape == (SIZE[1], SIZE[0], 3)
    assert mosaic(shots, camera(views, np.array([False, False]))) is None
