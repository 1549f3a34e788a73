"""PCK on cases worked by hand, and what must hold whatever the numbers are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ascension_core.pose.keypoints import BODY, MIRROR, Keypoint
from experiments import scores

BODY_LIST = list(BODY)


def person(torso: float = 100.0) -> np.ndarray:
    """One upright person, left shoulder to right hip 5 * torso / 5 long: a 3-4-5 triangle of shoulders and hips."""
    points = np.random.default_rng(7).uniform(0, 400, (33, 2))
    points[[11, 12]] = [(200 + 0.6 * torso, 100), (200, 100)]
    points[[23, 24]] = [(200 + 0.6 * torso, 100 + 0.8 * torso), (200, 100 + 0.8 * torso)]
    return points


people = st.integers(1, 6).flatmap(
    lambda n: arrays(float, (n, 33, 2), elements=st.floats(0, 500, width=32)).map(
        lambda jitter: (
            np.stack([person()] * len(jitter)) + np.where(np.isin(np.arange(33), [11, 12, 23, 24])[:, None], 0, jitter)
        )
    )
)


def test_torso_is_left_shoulder_to_right_hip():
    assert scores.torso_px(person(50)[None]) == pytest.approx([50])


def test_torso_falls_back_on_the_other_diagonal_and_is_nan_without_any():
    truth = np.stack([person(50)] * 3)
    truth[0, Keypoint.LEFT_SHOULDER] = np.nan
    truth[1, [Keypoint.LEFT_SHOULDER, Keypoint.LEFT_HIP]] = np.nan
    truth[2, [11, 12, 23, 24]] = 7.0
    torso = scores.torso_px(truth)
    assert torso[0] == pytest.approx(50)
    assert np.isnan(torso[1:]).all()


@pytest.mark.parametrize(
    ("up", "expected"), [((0, -1), 0), ((1, 0), 90), ((-1, 0), 90), ((0, 1), 180), ((1, -1), 45), ((-1, 1), 135)]
)
def test_trunk_angle(up, expected):
    truth = np.full((1, 33, 2), np.nan)
    truth[0, [23, 24]] = 100
    truth[0, [11, 12]] = 100 + 40 * np.array(up)
    assert scores.trunk_angle_deg(truth) == pytest.approx([expected])


def test_trunk_angle_is_unknown_without_a_shoulder_or_a_length():
    truth = np.stack([person()] * 2)
    truth[0, 11] = np.nan
    truth[1, [11, 12, 23, 24]] = 5
    assert np.isnan(scores.trunk_angle_deg(truth)).all()


def test_errors_tell_unlabelled_from_not_predicted():
    truth, predicted = person()[None], person()[None]
    truth[0, Keypoint.LEFT_KNEE] = np.nan
    predicted[0, Keypoint.LEFT_WRIST] = np.nan
    predicted[0, Keypoint.RIGHT_WRIST] += (30, 40)
    error = scores.errors(predicted, truth)[0]
    assert np.isnan(error[Keypoint.LEFT_KNEE])
    assert np.isposinf(error[Keypoint.LEFT_WRIST])
    assert error[Keypoint.RIGHT_WRIST] == pytest.approx(0.5)
    assert error[Keypoint.NOSE] == 0


def test_pck_by_hand():
    error = np.array([[0.1, 0.2, 0.3, np.inf], [np.nan, 0.6, np.nan, 0.0]])
    assert scores.pck(error, 0.2) == pytest.approx(100 * 3 / 6)
    assert scores.pck(error, 0.5) == pytest.approx(100 * 4 / 6)
    assert np.isnan(scores.pck(np.full((2, 2), np.nan), 0.2))


def test_by_joint_counts_only_what_is_labelled():
    error = np.full((4, 33), np.nan)
    error[:3, Keypoint.LEFT_HIP] = 0.1, 0.4, np.inf
    joints = scores.by_joint(error)
    assert next(iter(joints)) == "left_shoulder"
    assert len(joints) == 12
    assert joints["left_hip"] == {"scored": 3, "pck_at_0.2": pytest.approx(100 / 3), "pck_at_0.5": pytest.approx(200 / 3)}
    assert joints["left_shoulder"]["scored"] == 0


def test_by_angle_parts_every_known_angle_once():
    angle = np.array([0.0, 44.9, 45.0, 90.0, 135.0, 135.1, 180.0, np.nan])
    groups = scores.by_angle(np.zeros((8, 12)), angle)
    assert [group["images"] for group in groups.values()] == [2, 3, 2]
    assert list(groups) == ["upright", "tilted", "inverted"]


@given(people, st.floats(0.01, 100), st.floats(-1000, 1000))
def test_perfect_predictions_score_100_at_any_scale_and_place(truth, scale, shift):
    truth = truth * scale + shift
    error = scores.errors(truth.copy(), truth)[:, BODY_LIST]
    assert scores.pck(error, 0.2) == 100


@given(people, st.floats(0, 2 * np.pi), st.floats(1.01, 50))
def test_a_shift_by_more_than_the_torso_scores_0(truth, direction, lengths):
    shift = 100 * lengths * np.array([np.cos(direction), np.sin(direction)])
    assert scores.pck(scores.errors(truth + shift, truth)[:, BODY_LIST], 0.5) == 0


@given(people)
def test_errors_do_not_depend_on_scale_and_place(truth):
    predicted = truth[:, ::-1]
    again = scores.errors(predicted * 3 + 11, truth * 3 + 11)
    np.testing.assert_allclose(again, scores.errors(predicted, truth), atol=1e-6)


def test_mirrored_labels_score_0_where_the_sides_are_apart():
    truth = person()[None]
    truth[:, 11:33:2] = truth[:, 12:34:2] + (60, 0)
    error = scores.errors(truth[:, list(MIRROR)], truth)
    assert scores.pck(error[:, BODY_LIST], 0.5) == 0
    assert error[0, Keypoint.NOSE] == 0


@given(arrays(float, (8, 12), elements=st.floats(0, 1)))
def test_the_wider_threshold_never_scores_less(error):
    assert scores.pck(error, 0.5) >= scores.pck(error, 0.2)


def test_interval_surrounds_the_score_and_narrows_with_more_images():
    error = np.random.default_rng(1).choice([0.1, 0.9], (50, 12), p=(0.7, 0.3))
    low, high = scores.interval(error, 0.2)
    assert low < scores.pck(error, 0.2) < high
    narrow = scores.interval(np.tile(error, (16, 1)), 0.2)
    assert narrow[1] - narrow[0] == pytest.approx((high - low) / 4, rel=0.25)


def test_interval_agrees_with_the_normal_approximation():
    right = np.random.default_rng(2).random(400) < 0.6
    low, high = scores.interval(np.where(right, 0.1, 0.9)[:, None], 0.2)
    half = 100 * 1.96 * np.sqrt(right.mean() * (1 - right.mean()) / 400)
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)


def test_blocks_of_like_frames_widen_the_interval():
    right = np.repeat(np.random.default_rng(3).random(20) < 0.6, 25)
    error = np.where(right, 0.1, 0.9)[:, None]
    alone = scores.interval(error, 0.2)
    blocks = scores.interval(error, 0.2, np.arange(500) // 25)
    assert blocks[1] - blocks[0] > 3 * (alone[1] - alone[0])


def test_interval_needs_two_units_with_something_to_score():
    assert scores.interval(np.zeros((1, 12)), 0.2) is None
    assert scores.interval(np.vstack([np.zeros((1, 12)), np.full((3, 12), np.nan)]), 0.2) is None


def test_interval_is_the_same_again():
    error = np.random.default_rng(4).random((30, 12))
    assert scores.interval(error, 0.2) == scores.interval(error, 0.2)


def test_calibration_by_hand():
    visibility = np.array([[0.95, 0.95, 0.95, 0.95, 0.15, 0.15, 1.0]])
    error = np.array([[0.1, 0.1, 0.1, 0.9, 0.1, 0.9, np.inf]])
    found = scores.calibration(visibility, error)
    top, low = found["bins"][9], found["bins"][1]
    assert (top["joints"], top["visibility"], top["within_0.2"]) == (4, pytest.approx(95), pytest.approx(75))
    assert (low["joints"], low["visibility"], low["within_0.2"]) == (2, pytest.approx(15), pytest.approx(50))
    assert found["expected_calibration_error"] == pytest.approx((4 * 20 + 2 * 35) / 6)


def test_calibrated_visibility_has_no_error_to_speak_of():
    generator = np.random.default_rng(5)
    visibility = generator.random((5000, 12))
    error = np.where(generator.random((5000, 12)) < visibility, 0.1, 0.9)
    assert scores.calibration(visibility, error)["expected_calibration_error"] < 1


def test_calibration_of_nothing_is_unknown():
    assert np.isnan(scores.calibration(np.ones((2, 12)), np.full((2, 12), np.inf))["expected_calibration_error"])
