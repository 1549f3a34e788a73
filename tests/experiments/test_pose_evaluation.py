"""The document of a pose evaluation, on predictions whose score is known beforehand."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import BODY, MIRROR, Keypoint
from experiments.datasets import PoseImages
from experiments.documents import to_json
from experiments.pose_evaluation import evaluate_pose, predict_all, score_pose
from experiments.predictors import Prediction

BODY_LIST = list(BODY)


def crowd(count: int, angle_deg: float = 0.0) -> np.ndarray:
    """(count, 33, 2) the same body with a torso of 100 px (left shoulder to right hip), turned by an angle."""
    body = np.full((33, 2), np.nan)
    x = {0: 30.0, 1: -30.0}
    for row, k in enumerate(range(11, 17)):
        body[k] = (x[row % 2] * (1 + row // 2), -80 - 50 * (row // 2))
    for row, k in enumerate(range(23, 29)):
        body[k] = (x[row % 2], 70 * (row // 2))
    turn = np.radians(angle_deg)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.stack([body @ rotation.T + 300] * count)


def test_perfect_predictions():
    truth = np.concatenate([crowd(3), crowd(2, 90), crowd(1, 180)])
    result = score_pose(truth.copy(), np.ones((6, 33)), truth)
    assert (result["images"], result["images_scored"], result["detected"]) == (6, 6, 100)
    assert (result["pck_at_0.2"], result["pck_at_0.5"]) == (100, 100)
    assert result["interval_0.2"] == (100, 100)
    assert [group["images"] for group in result["by_angle"].values()] == [3, 2, 1]
    assert all(joint["pck_at_0.2"] == 100 for joint in result["by_joint"].values())
    assert result["calibration"]["expected_calibration_error"] == 0


def test_half_of_the_joints_off_by_a_third_of_the_torso():
    truth = crowd(4)
    predicted = truth.copy()
    predicted[:, BODY_LIST[::2]] += (0, 100 / 3)
    result = score_pose(predicted, np.full((4, 33), 0.5), truth)
    assert (result["pck_at_0.2"], result["pck_at_0.5"]) == (50, 100)
    assert result["by_joint"]["left_knee"]["pck_at_0.2"] == 0
    assert result["by_joint"]["right_knee"]["pck_at_0.2"] == 100
    assert result["calibration"]["expected_calibration_error"] == pytest.approx(0)


def test_nobody_found_counts_as_wrong():
    truth = crowd(4)
    predicted = truth.copy()
    predicted[0] = np.nan
    result = score_pose(predicted, np.ones((4, 33)), truth)
    assert (result["detected"], result["pck_at_0.2"]) == (75, 75)
    assert sum(bin_["joints"] for bin_ in result["calibration"]["bins"]) == 36


def test_mirrored_labels_are_wrong():
    truth = crowd(2)
    assert score_pose(truth[:, list(MIRROR)], np.ones((2, 33)), truth)["pck_at_0.5"] == 0


@settings(max_examples=20)
@given(st.sets(st.sampled_from([k for k in BODY if k not in (11, 24)]), max_size=10))
def test_joints_that_are_not_labelled_do_not_count(missing):
    truth = crowd(2)
    truth[:, list(missing)] = np.nan
    predicted = crowd(2)
    predicted[0, Keypoint.LEFT_SHOULDER] += 500
    labelled = 12 - len(missing)
    assert score_pose(predicted, np.ones((2, 33)), truth)["pck_at_0.2"] == pytest.approx(
        100 * (2 * labelled - 1) / (2 * labelled)
    )


def test_an_image_without_torso_is_counted_but_not_scored():
    truth = crowd(3)
    truth[1, [11, 12]] = np.nan
    predicted = crowd(3)
    predicted[1] += 900
    result = score_pose(predicted, np.ones((3, 33)), truth)
    assert (result["images"], result["images_scored"], result["pck_at_0.2"]) == (3, 2, 100)


def test_a_set_that_cannot_be_scored_is_refused():
    truth = np.full((2, 33, 2), np.nan)
    truth[:, Keypoint.LEFT_ANKLE] = 4
    with pytest.raises(InvalidDataset, match="no image can be scored"):
        score_pose(truth, np.ones((2, 33)), truth)


def test_the_predictor_sees_every_image_in_order_and_progress_is_told(tmp_path):
    paths = []
    for shade in (10, 20, 30):
        paths.append(tmp_path / f"{shade}.png")
        cv2.imwrite(str(paths[-1]), np.full((4, 4, 3), shade, np.uint8))
    dataset = PoseImages(tuple(paths), crowd(3))
    told = []

    def predict(image):
        shade = image[0, 0, 0]
        return None if shade == 20 else Prediction(crowd(1)[0] + shade, np.full(33, shade / 100))

    predicted, visibility = predict_all(dataset, predict, lambda stage, fraction, message="": told.append(fraction))
    np.testing.assert_array_equal(predicted[2, BODY_LIST], crowd(1)[0][BODY_LIST] + 30)
    assert np.isnan(predicted[1]).all()
    assert visibility[:, 0].tolist() == [0.1, 0, 0.3]
    assert told == [1 / 3, 2 / 3, 1]
    assert evaluate_pose(dataset, predict)["detected"] == pytest.approx(200 / 3)


def test_the_document_is_json_of_finite_numbers():
    document = json.loads(to_json(score_pose(crowd(1), np.ones((1, 33)), crowd(1))))
    assert document["interval_0.2"] is None
    assert document["by_angle"]["inverted"] == {
        "images": 0,
        "pck_at_0.2": None,
        "pck_at_0.5": None,
        "interval_0.2": None,
        "interval_0.5": None,
    }
