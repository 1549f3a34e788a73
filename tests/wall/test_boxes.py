"""Overlaps worked by hand, and what suppression must leave."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.wall.boxes import areas, averaged, count, each_once, iou, shared, suppress

boxes = st.lists(st.tuples(*[st.integers(0, 30)] * 2, *[st.integers(1, 15)] * 2), min_size=1, max_size=15).map(
    lambda rows: np.array([[x, y, x + w, y + h] for x, y, w, h in rows], float)
)


def test_overlap_by_hand():
    a, b = np.array([[0, 0, 10, 10]], float), np.array([[5, 0, 15, 10], [10, 0, 20, 10], [0, 0, 10, 10]], float)
    np.testing.assert_allclose(shared(a, b), [[50, 0, 100]])
    np.testing.assert_allclose(iou(a, b), [[1 / 3, 0, 1]])


def test_a_box_turned_inside_out_has_no_area_and_overlaps_nothing():
    inside_out = np.array([[10, 0, 0, 10]], float)
    assert areas(inside_out).tolist() == [0]
    assert iou(inside_out, inside_out).tolist() == [[0]]


def test_pixels_of_a_mask_are_counted_within_boxes():
    mask = np.zeros((20, 30), bool)
    mask[5:10, 5:15] = True
    found = count(mask, np.array([[0, 0, 30, 20], [10, 0, 30, 20], [5, 5, 7, 6], [-9, -9, 6, 6], [40, 40, 50, 50]], float))
    assert found.tolist() == [50, 25, 2, 1, 0]


def test_the_surest_of_those_that_overlap_stays():
    found = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10]], float)
    assert suppress(found, np.array([0.5, 0.9, 0.1]), 0.5).tolist() == [1, 2]


def test_nothing_stays_of_nothing():
    assert suppress(np.empty((0, 4)), np.empty(0), 0.5).tolist() == []


def test_a_hold_on_a_volume_stays_but_one_thing_is_not_two():
    volume, on_it, same = [0, 0, 100, 100, 0.9, 1], [30, 30, 60, 60, 0.5, 0], [2, 2, 100, 98, 0.6, 0]
    kept = each_once(np.array([on_it, volume, same], float), 0.5, 0.6)
    np.testing.assert_array_equal(kept, [volume, on_it])
    assert each_once(np.empty((0, 6)), 0.5, 0.6).shape == (0, 6)


@given(boxes, st.floats(0.1, 0.9))
def test_what_stays_does_not_overlap_and_covers_what_went(found, same):
    scores = np.arange(len(found), 0, -1, dtype=float)
    kept = suppress(found, scores, same)
    over = iou(found, found) > same
    assert not (over[np.ix_(kept, kept)] & ~np.eye(len(kept), dtype=bool)).any()
    assert over[:, kept].any(1).all()


@given(boxes, boxes)
def test_overlap_is_the_same_both_ways(a, b):
    np.testing.assert_allclose(iou(a, b), iou(b, a).T)


def test_boxes_that_agree_become_their_mean_the_surer_the_heavier():
    sure, agrees = [0, 0, 10, 10, 0.9, 0], [2, 0, 12, 10, 0.3, 0]
    elsewhere, of_another_kind = [9, 0, 19, 10, 0.8, 0], [2, 0, 12, 10, 0.3, 1]
    found = averaged(np.array([sure], float), np.array([sure, agrees, elsewhere, of_another_kind], float), 0.6)
    np.testing.assert_allclose(found, [[0.5, 0, 10.5, 10, 0.9, 0]])
    assert averaged(np.empty((0, 6)), np.empty((0, 6)), 0.6).shape == (0, 6)


@given(boxes, st.floats(0.1, 1))
def test_a_mean_lies_among_the_boxes_and_keeps_score_and_kind(found, same):
    detections = np.column_stack([found, np.linspace(1, 0.1, len(found)), np.zeros(len(found))])
    means = averaged(detections, detections, same)
    np.testing.assert_array_equal(means[:, 4:], detections[:, 4:])
    large = np.prod(found[:, 2:] - found[:, :2], axis=1) > 0
    over = iou(means[large], detections[large])
    assert (over.max(1, initial=0) > 0).all()
