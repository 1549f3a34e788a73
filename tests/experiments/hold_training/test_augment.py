from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.hold_training.augment import (
    GREY,
    Augmentation,
    Crops,
    blend,
    degrade,
    labels_in_window,
    move,
    recolour,
    warp,
    window_matrix,
)
from experiments.hold_training.data import pyramid

SHARES = {"volume_share": 0.0, "paste_share": 0.0, "on_label_share": 1.0}


@pytest.fixture
def crops(wall):
    return Crops([wall(seed, f"w{seed}") for seed in range(3)], Augmentation(size=128), seed=4)


def test_the_same_number_gives_the_same_crop(crops, wall):
    again = Crops([wall(seed, f"w{seed}") for seed in range(3)], Augmentation(size=128), seed=4)
    for number in (0, 7, 41):
        assert (crops[number].image == again[number].image).all()
        assert (crops[number].boxes == again[number].boxes).all()
    assert not np.array_equal(crops[0].image, crops[1].image)


def test_boxes_stay_inside_and_every_one_has_a_class(crops):
    for number in range(60):
        crop = crops[number]
        assert crop.image.shape == (128, 128, 3)
        assert len(crop.boxes) == len(crop.classes)
        assert len(crop.unknown) == len(crop.unknown_classes)
        assert (crop.boxes >= 0).all()
        assert (crop.boxes <= 128).all()
        assert (crop.boxes[:, 2:] - crop.boxes[:, :2] >= 2).all()


def test_boxes_follow_the_picture(wall):
    source = wall()
    matrix = np.array([[-1.5, 0, 700], [0, 1.4, -280]])
    image = warp(pyramid(source.image), matrix, 400)
    crop = labels_in_window(image, source, matrix)
    assert len(crop.boxes)
    for box in crop.boxes[crop.classes == 0]:
        left, top, right, bottom = box.round().astype(int)
        inside = image[top + 2 : bottom - 2, left + 2 : right - 2].astype(int)
        assert (inside[..., 0] - inside[..., 1] > 100).mean() > 0.99


def test_what_is_cut_off_is_left_open(wall):
    source = wall()
    crop = labels_in_window(np.zeros((100, 100, 3), np.uint8), source, np.array([[1, 0, -140], [0, 1, -60.0]]))
    assert crop.unknown_classes.tolist() == [1]
    np.testing.assert_allclose(crop.unknown, [[0, 0, 20, 80]])
    assert 1 not in crop.classes


def test_what_is_too_small_is_left_open(wall):
    crop = labels_in_window(np.zeros((100, 100, 3), np.uint8), wall(), np.array([[0.1, 0, 0], [0, 0.1, 0]]))
    assert crop.unknown_classes.tolist() == [0] * 8
    assert crop.classes.tolist() == [1]


def test_shrinking_takes_the_smaller_levels(wall):
    image = np.zeros((400, 400, 3), np.uint8)
    image[::2, ::2] = 255
    small = warp(pyramid(image), np.array([[0.25, 0, 0], [0, 0.25, 0]]), 100)
    assert np.ptp(small[5:-5, 5:-5].astype(int)) <= 4


def test_outside_of_the_picture_is_grey():
    image = warp(pyramid(np.zeros((20, 20, 3), np.uint8)), np.array([[1.0, 0, 40], [0, 1, 40]]), 100)
    assert (image[:30, :30] == GREY).all()


def test_holds_are_pasted_beside_what_is_labelled(wall):
    options = Augmentation(size=128, **SHARES | {"paste_share": 1.0})
    without = Crops([wall()], Augmentation(size=128, **SHARES), seed=1)
    pasted = Crops([wall()], options, seed=1)
    more = [len(pasted[n].boxes) - len(without[n].boxes) for n in range(30)]
    assert min(more) >= 0
    assert max(more) >= 2


def test_crops_are_drawn_around_confusing_places(wall):
    source = replace(wall(), confusing=np.array([[400, 20, 420, 40]], np.float32))
    sure = Augmentation(size=128, near=(480, 480), near_share=1.0, paste_share=0.0, on_label_share=0.0, on_confusing_share=1.0)
    shown = {
        share: [
            shows(window_matrix(source, replace(sure, on_label_share=share), np.random.default_rng(n)), [410, 30], 128)
            for n in range(20)
        ]
        for share in (0.0, 1.0)
    }
    assert all(shown[0.0])
    assert not all(shown[1.0])


def shows(matrix, point, size):
    """Whether a crop shows a point of the picture."""
    seen = matrix[:, :2] @ point + matrix[:, 2]
    return bool(((seen >= 0) & (seen <= size)).all())


def test_pictures_without_labels_are_not_drawn(wall):
    empty = replace(wall(), boxes=np.zeros((0, 4), np.float32), classes=np.zeros(0, np.int64))
    assert len(Crops([empty, wall()], Augmentation(size=64), 0).images) == 1


@given(st.floats(0.2, 3), st.floats(-100, 100), st.booleans())
def test_moving_boxes_keeps_their_shape(scale, shift, mirrored):
    boxes = np.array([[10, 20, 40, 60]], np.float32)
    moved = move(boxes, np.array([[-scale if mirrored else scale, 0, shift], [0, scale, shift]]))
    np.testing.assert_allclose(moved[0, 2:] - moved[0, :2], [30 * scale, 40 * scale], rtol=1e-3)


def test_a_patch_is_pasted_without_its_corners():
    image, patch = np.zeros((40, 40, 3), np.uint8), np.full((20, 20, 3), 200, np.uint8)
    blend(image, patch, 10, 10)
    assert (image[20, 20] == 200).all()
    assert (image[10, 10] == 0).all()


@pytest.mark.parametrize("change", [recolour, degrade])
def test_light_and_camera_keep_the_form_of_a_picture(change, wall):
    image = wall().image[:128, :128]
    changed = [change(image.copy(), np.random.default_rng(seed)) for seed in range(25)]
    assert {(c.shape, c.dtype) for c in changed} == {(image.shape, np.dtype(np.uint8))}
    assert sum(not np.array_equal(c, image) for c in changed) > 5
