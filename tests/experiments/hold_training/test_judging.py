from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.hold_training.augment import Augmentation, Crops
from experiments.hold_training.judging import Judged, reliability, table
from experiments.hold_training.pictures import MISSED, RIGHT, WRONG, crop_picture, judged_picture, sheet
from experiments.hold_training.tracking import Run, metrics, track


def found(image, score, shift=0.0):
    boxes = image.boxes + shift
    return np.column_stack([boxes, np.full(len(boxes), score), image.classes]).astype(float)


@pytest.fixture
def judged(wall):
    images = tuple(wall(seed, f"w{seed}.rf.1") for seed in range(3))
    detections = (found(images[0], 0.9), found(images[1], 0.8, 200.0), np.empty((0, 6)))
    return Judged(images, {"near": (0,), "far": (1, 2)}, detections, 0.5)


def test_each_group_is_scored_by_itself(judged):
    scores = judged.scores()
    assert list(scores) == ["near", "far", "all"]
    assert scores["near"]["map50"] == {"hold": pytest.approx(1), "volume": pytest.approx(1)}
    assert scores["far"]["map50"]["hold"] == 0
    frame = table(scores)
    assert frame.loc["near", "recall"] == 1
    assert frame.loc["all", "hold_16_to_32"] > 0
    assert np.isnan(frame.loc["near", "hold_low"])


def test_the_worst_pictures_come_first(judged):
    assert judged.worst(3) == [1, 2, 0]
    assert len(judged.worst(2)) == 2


def test_reliability_counts_by_probability(judged):
    frame = reliability(judged)
    assert frame.loc[9, "right"] == 1
    assert frame.loc[8, "right"] == 0
    assert frame["number"].sum() == 18


def test_colours_tell_found_wrong_and_missed(judged):
    near, far = judged_picture(judged, 0, 480), judged_picture(judged, 1, 480)

    def shows(picture, colour):
        return bool((np.abs(picture.astype(int) - colour).sum(axis=2) < 40).any())

    assert shows(near, RIGHT)
    assert not shows(near, MISSED)
    assert shows(far, MISSED)
    assert shows(far, WRONG)


def test_a_sheet_holds_every_picture(judged, wall):
    crops = Crops([wall()], Augmentation(size=64), 0)
    assert sheet([crop_picture(crops[n]) for n in range(7)], columns=3).shape == (192, 192, 3)
    assert sheet([np.zeros((10, 20, 3), np.uint8)]).shape == (10, 20, 3)


def test_what_was_not_measured_is_no_metric():
    assert metrics(pd.DataFrame({"hold": [0.5, np.nan]}, index=["a b", "c"])) == {"a_b.hold": 0.5}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_run_is_kept_with_losses_scores_and_pictures(judged, folder, tmp_path: Path):
    import mlflow

    weights = tmp_path / "holds.onnx"
    weights.write_bytes(b"x")
    picture = {"worst": judged_picture(judged, 0)}
    run = Run({"seed": 1}, [folder], [(20, {"heat": 2.0})], table(judged.scores()), picture, weights)
    kept = mlflow.get_run(track(run, tmp_path / "mlruns"))
    assert kept.data.params == {"seed": "1"}
    assert kept.data.metrics["loss.heat"] == 2.0
    assert kept.data.metrics["near.hold"] == pytest.approx(1)
    assert len(kept.data.tags["sha256.walls"]) == 64
    assert {"worst.png", "scores.csv", "holds.onnx"} <= {
        file.path for file in mlflow.MlflowClient().list_artifacts(kept.info.run_id)
    }
