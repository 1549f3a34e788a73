from __future__ import annotations

import numpy as np
import pytest

from ascension_core.wall.registration import picture
from ascension_core.wall.stillness import Anchor
from tests.wall.films import seen, view, wall

NOBODY = np.empty((0, 4))


@pytest.fixture(scope="module")
def still() -> np.ndarray:
    return next(seen(wall(), [view(450, 600)]))


@pytest.fixture(scope="module")
def anchor(still) -> Anchor:
    return Anchor.of(still, picture(still, NOBODY).points)


def test_noise_and_exposure_are_not_motion(anchor):
    noisy = list(seen(wall(), [view(450, 600)] * 2))[1]

    assert anchor.sees(noisy, NOBODY)
    assert anchor.sees((noisy * 0.7).astype(np.uint8), NOBODY)


@pytest.mark.parametrize(
    "moved", [view(451, 600), view(450, 603), view(450, 600, 1.02), view(450, 600, 1, 0.5), view(520, 640)],
    ids=["a pixel", "three pixels", "zoom", "roll", "away"],
)  # fmt: skip
def test_every_kind_of_motion_is_noticed(anchor, moved):
    assert not anchor.sees(next(seen(wall(), [moved])), NOBODY)


def test_somebody_in_the_picture_is_left_out_of_account(anchor, still):
    hidden = still.copy()
    hidden[:, :200] = 40

    assert anchor.sees(hidden, np.array([[0, 0, 200, 480.0]]))


def test_a_view_that_is_all_hidden_is_not_called_the_same(anchor, still):
    assert not anchor.sees(still, np.array([[0, 0, 360, 480.0]]))


def test_too_few_points_make_no_anchor(still):
    assert Anchor.of(still, np.array([[100.0, 100.0]])) is None
