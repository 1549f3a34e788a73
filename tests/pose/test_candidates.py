"""Several looks at one body, made into one pose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.pose.candidates import fuse, group, is_same, same_person, torso_px, views
from ascension_core.pose.keypoints import BODY, KEYPOINTS, MIRROR
from ascension_core.pose.networks import Landmarks
from ascension_core.pose.roi import Roi

TORSO = 100.0
_POINTS = dict.fromkeys(range(11), (0.0, -1.4)) | {
    **{11: (-0.35, -1), 12: (0.35, -1), 13: (-0.9, -1.2), 14: (0.9, -1.2), 15: (-0.8, -1.9), 16: (0.8, -1.9)},
    **dict.fromkeys((17, 19, 21), (-0.8, -2.0)),
    **dict.fromkeys((18, 20, 22), (0.8, -2.0)),
    **{23: (-0.2, 0), 24: (0.2, 0), 25: (-0.6, 0.7), 26: (0.6, 0.7), 27: (-0.5, 1.5), 28: (0.5, 1.5)},
    **dict.fromkeys((29, 31), (-0.5, 1.6)),
    **dict.fromkeys((30, 32), (0.5, 1.6)),
}
FIGURE = np.array([_POINTS[k] for k in range(KEYPOINTS)])


def body(points: np.ndarray = FIGURE, at: tuple[float, float] = (500, 500)) -> Landmarks:
    """A body whose points are given in torso lengths from its hips."""
    nothing = np.zeros(KEYPOINTS)
    image = np.asarray(at) + TORSO * points
    window = Roi(*at, 5 * TORSO)
    world = np.column_stack([points * 0.5, nothing])
    return Landmarks(1.0, image, nothing, world, nothing, nothing, nothing, nothing, window, window)


def sure(*each: float) -> np.ndarray:
    return np.repeat(np.array(each)[:, None], KEYPOINTS, axis=1)


def test_views_are_smaller_larger_and_mirrored() -> None:
    roi = Roi(10, 20, 100, 0.3)
    small, large, mirror = views(roi)
    assert small.size < 100 < large.size
    assert mirror == roi.with_(mirrored=True)
    assert [v.mirrored for v in views(mirror)] == [True, True, False]
    assert len(views(roi, scales=(2.0,), mirrored=False)) == 1


@given(st.floats(0, 6), st.floats(10, 1000))
def test_a_window_is_the_same_as_itself_turned_around(angle: float, size: float) -> None:
    roi = Roi(5, 5, size, angle)
    assert is_same(roi, roi.with_(angle=angle + 2 * np.pi))
    assert not any(is_same(roi, view) for view in views(roi))


def test_one_look_is_left_as_it_is() -> None:
    only = body()
    fused = fuse([only], sure(0.7))
    assert fused.image == pytest.approx(only.image)
    assert fused.world == pytest.approx(only.world)
    assert fused.confidence == pytest.approx(np.full(KEYPOINTS, 0.7))
    assert fused.agreement == pytest.approx(np.ones(KEYPOINTS))
    assert fused.following == only.following


@given(st.permutations(range(5)), st.integers(0, 100))
def test_the_order_of_looks_does_not_matter(order: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    bodies = [body(FIGURE + random.normal(0, 0.1, FIGURE.shape)) for _ in range(5)]
    confidences = random.uniform(0.1, 0.9, (5, KEYPOINTS))
    straight = fuse(bodies, confidences)
    shuffled = fuse([bodies[k] for k in order], confidences[order])
    assert shuffled.image == pytest.approx(straight.image)
    assert shuffled.confidence == pytest.approx(straight.confidence)


def test_an_outlier_is_outvoted() -> None:
    astray = FIGURE.copy()
    astray[[16, 18, 20, 22]] += [0.0, 1.5]
    fused = fuse([body(astray), body(), body()], sure(0.6, 0.55, 0.55))
    assert fused.image[BODY, :] == pytest.approx(body().image[BODY, :], abs=0.01 * TORSO)


def test_agreement_is_low_where_looks_differ() -> None:
    astray = FIGURE.copy()
    astray[27:] += [1.0, 0.0]
    fused = fuse([body(astray), body()], sure(0.5, 0.5))
    assert fused.agreement[11] > 0.95
    assert fused.agreement[27] < 0.6


def test_looks_that_agree_are_averaged() -> None:
    fused = fuse([body(FIGURE - 0.02), body(FIGURE + 0.02)], sure(0.5, 0.5))
    assert fused.image == pytest.approx(body().image, abs=0.1)


def swapped(points: np.ndarray, keypoints: range | list[int]) -> np.ndarray:
    """Points of which some have left and right exchanged."""
    order = [MIRROR[k] if k in keypoints else k for k in range(KEYPOINTS)]
    return points[order]


def test_never_two_left_legs() -> None:
    """Two looks that disagree about left and right, each surer of one leg: joint by joint both legs would coincide."""
    other = swapped(FIGURE, range(KEYPOINTS))
    confidences = sure(0.6, 0.6)
    confidences[0, 23::2] = confidences[1, 24::2] = 0.9
    fused = fuse([body(), body(other)], confidences)
    for left, right in ((23, 24), (25, 26), (27, 28)):
        assert np.linalg.norm(fused.image[left] - fused.image[right]) > 0.3 * TORSO


def test_halves_agree_about_left_and_right() -> None:
    """Exchanged sides win above by a little, true sides below by a little: the body is not twisted."""
    confidences = sure(0.6, 0.6)
    confidences[0, 23:] = confidences[1, :23] = 0.63
    fused = fuse([body(), body(swapped(FIGURE, range(KEYPOINTS)))], confidences)
    facing = np.sign(fused.image[11, 0] - fused.image[12, 0])
    assert facing == np.sign(fused.image[23, 0] - fused.image[24, 0])


def test_people_apart_are_apart() -> None:
    bodies = [body(at=(800, 500)), body(at=(500, 500)), body(FIGURE + 0.1, at=(500, 500)), body(at=(800, 520))]
    assert group(bodies, sure(0.5, 0.9, 0.3, 0.6)) == [[1, 2], [3, 0]]


def test_one_person_however_named() -> None:
    assert same_person(body(), body(swapped(FIGURE, range(KEYPOINTS))))
    assert same_person(body(), body(FIGURE * [1, -1] - [0, 1]))
    assert not same_person(body(), body(at=(600, 500)))


def test_a_trunk_towards_the_camera_is_not_short() -> None:
    crouched = FIGURE.copy()
    crouched[[11, 12], 1] = 0
    assert torso_px(body(crouched)) > 0.5 * TORSO
    assert torso_px(body()) == pytest.approx(TORSO)
