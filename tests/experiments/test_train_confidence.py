"""The training of confidence: what it learns from is what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ascension_core.errors import InvalidDataset
from ascension_core.pose.confidence import FEATURES
from ascension_core.pose.keypoints import KEYPOINTS
from ascension_core.pose.networks import Landmarks
from ascension_core.pose.roi import Roi
from experiments.datasets import PoseImages
from experiments.train_confidence import (
    FOLDS,
    HEAD,
    WALL_GROUPS,
    degraded,
    fit,
    fold_of,
    head_middles,
    judge,
    load,
    reliability,
    samples,
    store,
    true_window,
    window_away,
)


def person(at: tuple[float, float] = (100, 100)) -> np.ndarray:
    """33 joints and the middle of the head of somebody upright, 100 px tall."""
    origin = np.array(at)
    points = np.random.default_rng(0).normal(at, 3, (KEYPOINTS + 1, 2))
    points[[11, 12, 23, 24]] = origin + np.array([[-10, -30], [10, -30], [-6, 0], [6, 0]])
    points[[27, 28]] = origin + np.array([[-8, 50], [8, 50]])
    points[-1] = origin - np.array([0, 45])
    points[[7, 8]] = points[-1] + [[-4, 0], [4, 0]]
    return points


def look(truth: np.ndarray, astray: dict[int, float]) -> Landmarks:
    image = truth[:KEYPOINTS].copy()
    for keypoint, pixels in astray.items():
        image[keypoint] += [pixels, 0]
    some = np.linspace(0.1, 0.9, KEYPOINTS)
    return Landmarks(
        0.9, image, some, np.column_stack([some] * 3), some, some, some, some, Roi(1, 2, 30, 0.1), Roi(3, 4, 50, 0.2, True)
    )


def test_the_folds_are_even_and_fixed() -> None:
    fold = fold_of(np.arange(500))
    assert np.bincount(fold).tolist() == pytest.approx([100] * FOLDS, abs=25)
    assert (fold_of(np.array([7, 7, 499])) == [fold[7], fold[7], fold[499]]).all()
    assert set(fold_of(WALL_GROUPS + np.arange(10))) == set(range(FOLDS))


def test_right_means_within_a_fifth_of_the_torso() -> None:
    truth = person()
    torso = np.linalg.norm(truth[11] - truth[24])
    astray = {13: 0.19 * torso, 14: 0.21 * torso, 7: torso, 8: torso}
    part = samples(
        [("detected", 0, look(truth, astray), truth), ("wall", WALL_GROUPS, look(truth, {}), np.full((34, 2), np.nan))]
    )
    assert part.values.shape == (2, HEAD + 1, FEATURES)
    assert part.right[0].tolist() == [True, True, True, False, *[True] * 8, False]
    assert not part.right[1].any()


def test_looks_survive_the_cache(tmp_path: Path) -> None:
    truth = person()
    store(tmp_path / "lite.npz", [("small", 3, look(truth, {}), truth)])
    ((kind, group, body, true),) = load(tmp_path / "lite.npz")
    assert (kind, group) == ("small", 3)
    assert true == pytest.approx(truth)
    assert body.roi == Roi(3, 4, 50, 0.2, True)
    assert body.image == pytest.approx(truth[:KEYPOINTS])


def test_degraded_joints_stay_on_the_person() -> None:
    truth = person((400, 400)) * 2
    image = np.zeros((1200, 1200, 3), np.uint8)
    x, y = truth[27].astype(int)
    image[y - 12 : y + 12, x - 12 : x + 12] = 255
    small, joints = degraded(image, truth, np.random.default_rng(1))
    extent = np.ptp(joints, axis=0).max()
    assert 50 / 1.2 <= extent <= 150
    bright = small.sum(-1) > 0.6 * small.sum(-1).max()
    rows, columns = np.nonzero(bright)
    assert (columns.mean(), rows.mean()) == pytest.approx(joints[27], abs=2)


def test_the_true_window_holds_everything_upright() -> None:
    truth = person()
    roi = true_window(truth)
    assert roi.angle == pytest.approx(0, abs=0.01)
    assert (np.abs(truth - [roi.x, roi.y]) < roi.size / 2).all()


def test_windows_away_hardly_touch_the_person() -> None:
    truth, image = person(), np.zeros((300, 800, 3), np.uint8)
    window = window_away(image, truth, np.random.default_rng(0))
    assert window is not None
    assert window.x - 0.35 * window.size > truth[:, 0].max() or window.y - 0.35 * window.size > truth[:, 1].max()


def test_the_judge_knows_good_from_bad() -> None:
    random = np.random.default_rng(0)
    said = random.random(20_000)
    true = random.random(20_000) < said
    honest, boasting = judge(said, true), judge(np.sqrt(said), true)
    assert honest["ece"] < 0.02 < boasting["ece"]
    assert honest["auc"] == pytest.approx(boasting["auc"])
    assert honest["brier"] < boasting["brier"]
    assert sum(b["share"] for b in reliability(said, true)) == pytest.approx(1)


def test_training_finds_what_there_is_to_find() -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=(900, 13, FEATURES))
    right = values[..., 0] + values[..., 5] > 0
    weights = fit([(values[:800], right[:800])])
    assert judge(weights.probability(values[800:]), right[800:])["auc"] > 0.9


def test_labels_without_heads_are_refused(tmp_path: Path) -> None:
    (tmp_path / "joints.csv").write_text("image,joint,x_px,y_px\na.jpg,neck,1,2\n")
    with pytest.raises(InvalidDataset, match="head_top of a"):
        head_middles(tmp_path, PoseImages((Path("a.jpg"),), np.zeros((1, KEYPOINTS, 2))))
