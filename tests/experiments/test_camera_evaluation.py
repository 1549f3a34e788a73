from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from ascension_core.errors import InvalidDataset
from ascension_core.wall.camera import CameraTrack
from experiments.camera_evaluation import errors_percent, evaluate_camera, score_camera
from experiments.synthetic.truth import load_truth

SIZE = (300, 400)
METRES = np.array([[80.0, 0, 150], [0, -80, 380], [0, 0, 1]])  # from metres on the wall to the first frame


def shifted(by: float) -> np.ndarray:
    return np.array([[1, 0, by], [0, 1, 0], [0, 0, 1.0]])


def track(shifts: list[float]) -> CameraTrack:
    frames = len(shifts)
    to_wall = np.array([shifted(s) for s in shifts])
    return CameraTrack(np.arange(frames) / 25, to_wall, np.ones(frames), np.zeros(frames, np.int64), 0, SIZE, static=False)


def test_a_track_that_is_right_has_no_error_whatever_the_unit_of_the_wall():
    views = np.array([shifted(-s) @ METRES for s in (0, 7, 30)])

    np.testing.assert_allclose(errors_percent(track([0, 7, 30]), views), 0, atol=1e-9)


def test_errors_are_in_per_cent_of_the_diagonal_and_drift_shows_late():
    views = np.array([METRES] * 8)

    result = score_camera(track([0, 0, 0, 0, 0, 0, 5, 10]), views)

    assert result["error_percent"]["worst"] == pytest.approx(2)  # 10 of 500 pixels
    assert result["error_percent"]["last_quarter"] == pytest.approx(1.5)
    assert result["error_percent"]["mean"] == pytest.approx(3 / 8)


def test_frames_that_are_not_placed_are_counted_and_not_scored():
    result = score_camera(track([0, np.nan, 5]), np.array([METRES] * 3))

    assert (result["frames"], result["placed"]) == (3, 2)
    assert result["error_percent"]["worst"] == pytest.approx(1)


def test_a_truth_without_camera_is_refused(tmp_path: Path, synthetic_clip: Path):
    truth = tmp_path / "truth.json"
    truth.write_text(json.dumps({"fps": 30, "keypoints": [[[0, 0]] * 33]}))

    with pytest.raises(InvalidDataset, match="wall_to_image"):
        evaluate_camera(synthetic_clip, truth)


@pytest.mark.slow
def test_a_truth_of_another_clip_is_refused(tmp_path: Path, synthetic_clip: Path, synthetic_truth: Path):
    document = load_truth(synthetic_truth)
    document["camera"]["wall_to_image"].pop()
    truth = tmp_path / "truth.json.gz"
    truth.write_bytes(gzip.compress(json.dumps(document).encode()))

    with pytest.raises(InvalidDataset, match="take its own truth"):
        evaluate_camera(synthetic_clip, truth)


@pytest.mark.slow
def test_the_repositorys_own_clip_keeps_far_within_the_target(synthetic_clip: Path, synthetic_truth: Path):
    result = evaluate_camera(synthetic_clip, synthetic_truth)

    assert result["placed"] == result["frames"]
    assert result["error_percent"]["worst"] < 0.1
