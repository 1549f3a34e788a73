"""Average precision on cases worked by hand, and what must hold whatever the boxes are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.hold_evaluation import IOU, evaluate, match

TRUTH = np.array([[0, 0, 10, 10, 0], [20, 0, 30, 10, 0], [40, 0, 80, 40, 1]], float)


def found(*rows):
    """Detections: number of the labelled box (None for a place where nothing is) and score, class as labelled."""
    away = np.array([500.0, 500, 510, 510, 0])
    return np.array([[*(away if k is None else TRUTH[k])[:4], s, 0 if k is None else TRUTH[k, 4]] for k, s in rows]).reshape(
        -1, 6
    )


def average_precision(detections, truths=(TRUTH,), kind=0):
    return match(detections, truths, kind).average_precision()


def test_everything_found_is_one():
    result = evaluate([found((0, 0.9), (1, 0.8), (2, 0.7))], [TRUTH], 0.5)
    assert result["map50"] == {"hold": 1.0, "volume": 1.0}
    assert (result["precision"], result["recall"]) == (1.0, 1.0)


def test_a_false_alarm_between_two_hits():
    # recall 0.5 at precision 1 holds the recalls 0 to 0.5 (51 of 101), recall 1 at precision 2/3 the other 50
    assert average_precision([found((0, 0.9), (None, 0.8), (1, 0.7))]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_false_alarm_before_all_hits():
    # precision after each: 0, 1/2, 2/3; interpolated it is 2/3 everywhere
    assert average_precision([found((None, 0.9), (0, 0.8), (1, 0.7))]) == pytest.approx(2 / 3)


def test_what_is_never_found_counts_as_nought():
    assert average_precision([found((0, 0.9))]) == pytest.approx(51 / 101)


def test_a_box_is_found_once_only():
    assert average_precision([found((0, 0.9), (0, 0.8), (1, 0.7))]) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_a_surer_detection_chooses_first():
    # the second overlaps only the box that the first has taken: wrong, though it fits better
    truth = np.array([[0, 0, 10, 10, 0]], float)
    detections = np.array([[0, 0, 10, 12, 0.9, 0], [0, 0, 10, 10, 0.8, 0]], float)
    matched = match([detections], [truth], 0)
    assert matched.right.tolist() == [True, False]


@pytest.mark.parametrize(("height", "right"), [(20.0, True), (20.1, False)])
def test_half_of_the_union_must_be_shared(height, right):
    detections = np.array([[0, 0, 10, height, 0.9, 0]])
    assert match([detections], [TRUTH[:1]], 0).right.tolist() == [right]
    assert IOU == 0.5


def test_a_class_finds_only_its_own():
    wrong = found((0, 0.9))
    wrong[0, 5] = 1
    assert average_precision([wrong]) == 0
    assert match([wrong], [TRUTH], 1).right.tolist() == [False]


def test_pictures_do_not_share_boxes():
    matched = match([found(), found((0, 0.9))], [TRUTH, TRUTH[2:]], 0)
    assert matched.right.tolist() == [False]
    assert matched.labelled.tolist() == [2, 0]


def test_without_labels_there_is_no_average_precision():
    result = evaluate([found()], [np.empty((0, 5))], 0.5)
    assert np.isnan(result["map50"]["hold"])
    assert np.isnan(result["precision"])
    assert result["interval_map50"] == {"hold": None, "volume": None}


def test_precision_and_recall_at_the_threshold_pool_the_classes():
    result = evaluate([found((0, 0.9), (None, 0.8), (2, 0.6), (1, 0.3))], [TRUTH], 0.6)
    assert result["precision"] == pytest.approx(2 / 3)
    assert result["recall"] == pytest.approx(2 / 3)
    assert result["by_class"]["volume"] == {"precision": 1.0, "recall": 1.0, "labelled": 1}


def test_other_sizes_are_left_alone():
    truth = np.array([[0, 0, 10, 10, 0], [20, 0, 60, 40, 0]], float)
    detections = np.array([[0, 0, 10, 10, 0.9, 0], [20, 0, 60, 40, 0.8, 0], [200, 0, 240, 40, 0.7, 0]], float)
    by_size = evaluate([detections], [truth], 0.5)["by_size"]
    assert by_size["below_16"]["hold"] == 1.0
    assert by_size["32_to_96"]["hold"] == 1.0
    assert np.isnan(by_size["from_96"]["hold"])


def test_interval_holds_the_value_and_is_the_same_each_time():
    detections = [found((0, 0.9), (None, 0.8), (1, 0.7)), found((None, 0.6), (0, 0.5)), found((0, 0.9), (1, 0.85))]
    truths = [TRUTH] * 3
    matched = match(detections, truths, 0)
    low, high = matched.interval()
    assert low <= matched.average_precision() <= high
    assert low < high
    assert matched.interval() == (low, high)


boxes = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 20), st.integers(1, 20), st.floats(0.01, 1)), max_size=12
).map(lambda rows: np.array([[x, y, x + w, y + h, s, 0] for x, y, w, h, s in rows], float).reshape(-1, 6))


@given(boxes, boxes)
def test_average_precision_is_a_share_and_truth_scores_best(detections, labelled):
    truth = labelled[:, [0, 1, 2, 3, 5]]
    if not len(truth):
        return
    value = match([detections], [truth], 0).average_precision()
    assert 0 <= value <= 1
    perfect = np.hstack([truth[:, :4], np.ones((len(truth), 1)), truth[:, 4:]])
    assert match([perfect], [truth], 0).average_precision() == pytest.approx(1)


@given(boxes, st.floats(0.1, 10))
def test_scaling_the_scores_changes_nothing(detections, factor):
    scaled = detections * (1, 1, 1, 1, factor, 1)
    before, after = (match([d], [TRUTH], 0).average_precision() for d in (detections, scaled))
    assert after == pytest.approx(before)
