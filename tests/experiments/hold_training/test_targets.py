from __future__ import annotations

import numpy as np
import pytest

from experiments.hold_training.augment import Crop
from experiments.hold_training.targets import targets


def crop(boxes, classes, unknown=(), unknown_classes=()):
    return Crop(
        np.zeros((128, 128, 3), np.uint8),
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(classes, np.int64),
        np.array(unknown, np.float32).reshape(-1, 4),
        np.array(unknown_classes, np.int64),
    )


def test_heat_is_one_in_the_middle_cell_only():
    heat = targets(crop([[20, 40, 60, 100]], [0]), 4).heat
    assert heat.shape == (2, 32, 32)
    assert np.argwhere(heat == 1).tolist() == [[0, 17, 10]]
    assert heat[1].max() == 0
    assert 0 < heat[0, 17, 12] < 1


def test_sides_are_learned_around_the_middle_and_weigh_by_size():
    aims = targets(crop([[8, 8, 24, 24], [60, 60, 124, 124]], [0, 1]), 4)
    assert (aims.box[:, 4, 4] == [8, 8, 24, 24]).all()
    assert (aims.box[:, 23, 23] == [60, 60, 124, 124]).all()
    small, large = aims.weight[:10].sum(), aims.weight[12:].sum()
    assert small == pytest.approx(np.log(16 * 16 + 1), rel=1e-5)
    assert large == pytest.approx(np.log(64 * 64 + 1), rel=1e-5)


def test_a_small_hold_on_a_volume_keeps_its_cells():
    aims = targets(crop([[56, 56, 68, 68], [20, 20, 104, 104]], [0, 1]), 4)
    assert (aims.box[:, 15, 15] == [56, 56, 68, 68]).all()
    assert (aims.box[:, 15, 20] == [20, 20, 104, 104]).all()


def test_unknown_regions_count_neither_way_for_their_class():
    known = targets(crop([], [], [[0, 0, 30, 10]], [1]), 4).known
    assert known[0].all()
    assert not known[1, :3, :8].any()
    assert known[1].sum() == 32 * 32 - 24


def test_a_box_at_the_edge_has_its_middle_inside():
    heat = targets(crop([[124, 124, 128, 128]], [0]), 4).heat
    assert heat[0, 31, 31] == 1
