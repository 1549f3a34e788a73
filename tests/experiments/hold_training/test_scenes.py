from __future__ import annotations

import cv2
import numpy as np
import pytest

from experiments.hold_training.data import LabelledImage
from experiments.hold_training.scenes import features, leaks, main, shared_spots


@pytest.fixture
def blobs():
    """A wall with many corners, from a seed."""

    def made(seed: int) -> np.ndarray:
        random = np.random.default_rng(seed)
        image = np.full((480, 640, 3), 120, np.uint8)
        for _ in range(150):
            x, y = (int(v) for v in random.integers(0, (620, 460)))
            w, h = (int(v) for v in random.integers(6, 40, 2))
            cv2.rectangle(image, (x, y), (x + w, y + h), random.integers(0, 255, 3).tolist(), -1)
        return image

    return made


def labelled(name, image):
    return LabelledImage(name, image, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))


def test_the_same_wall_from_elsewhere_is_recognised(blobs):
    seen = cv2.warpPerspective(blobs(1), np.array([[0.9, 0.05, 20], [0.02, 0.92, 10], [1e-5, 0, 1]]), (640, 480))
    found = list(leaks([labelled("a.rf.1", blobs(1)), labelled("b.rf.1", blobs(2))], [labelled("c.rf.1", seen)]))
    assert [(aside, learned) for aside, learned, _ in found] == [("c", "a")]


def test_an_empty_wall_shares_nothing(blobs):
    matcher = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True)
    plain = features("plain", np.full((50, 50, 3), 90, np.uint8))
    assert shared_spots(plain, features("a", blobs(1)), matcher) == 0


def test_the_command_line_prints_pairs_or_what_is_wrong(folder, tmp_path, capsys):
    aside = tmp_path / "aside.json"
    aside.write_text('{"walls": ["one"]}')
    assert main([str(folder), "--aside", str(aside)]) == 0
    assert capsys.readouterr().out == ""
    assert main([str(tmp_path / "none"), "--aside", str(aside)]) == 2
    assert "images" in capsys.readouterr().err
