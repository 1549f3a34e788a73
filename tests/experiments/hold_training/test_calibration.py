from __future__ import annotations

import numpy as np
import pytest

from experiments.hold_evaluation import Matched
from experiments.hold_training.calibration import CORNERS, best_threshold, calibrate


def matched(score, right, labelled=None):
    return Matched(
        np.asarray(score, float), np.asarray(right, bool), np.zeros(len(score), int), np.array([labelled or sum(right)])
    )


@pytest.fixture
def overconfident():
    random = np.random.default_rng(3)
    score = np.sort(random.uniform(0, 1, 6000))[::-1]
    return matched(score, random.random(6000) < score**2)


def test_probabilities_are_the_share_of_right_detections(overconfident):
    line = calibrate(overconfident)
    assert np.interp(0.5, line["score"], line["probability"]) == pytest.approx(0.25, abs=0.04)
    assert np.interp(0.9, line["score"], line["probability"]) == pytest.approx(0.81, abs=0.05)


def test_the_line_rises_strictly_so_that_no_ranking_changes(overconfident):
    for detections in (overconfident, matched([0.9, 0.8, 0.7], [False, False, True]), matched([0.5] * 40, [True] * 40)):
        line = calibrate(detections)
        assert (np.diff(line["score"]) > 0).all()
        assert (np.diff(line["probability"]) > 0).all()
        assert 0 <= line["probability"][0] < line["probability"][-1] <= 1
        assert 2 <= len(line["score"]) <= CORNERS + 2


def test_the_threshold_has_the_best_f1():
    hold = matched([0.9, 0.8, 0.6, 0.5, 0.3], [True, True, True, False, False], labelled=3)
    volume = matched([0.7, 0.2], [True, False], labelled=1)
    assert best_threshold([hold, volume]) == pytest.approx(0.6)
