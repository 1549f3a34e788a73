"""The learned probability that a keypoint is right."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import ModelError
from ascension_core.pose.confidence import FEATURES, WEIGHTS, Confidence, features
from ascension_core.pose.keypoints import BODY, KEYPOINTS
from ascension_core.pose.models import model_path
from ascension_core.pose.networks import Detector, LandmarkNetwork, Landmarks
from ascension_core.pose.roi import Roi
from ascension_core.video import open_video


@pytest.fixture(scope="module")
def frame(synthetic_clip: Path) -> np.ndarray:
    with open_video(synthetic_clip) as video:
        return next(f.image for f in video.frames() if f.index == 120)


@pytest.fixture(scope="module", params=["lite", "full", "heavy"])
def look(request, models: Path) -> LandmarkNetwork:
    return LandmarkNetwork(model_path(request.param), 2)


@pytest.fixture(scope="module")
def window(frame, models: Path) -> Roi:
    return Detector(model_path("detector"), 1)(frame, Roi.around(frame.shape[1], frame.shape[0]), 0.5)[0].roi


@pytest.fixture(scope="module")
def confidence() -> Confidence:
    return Confidence.load()


def made_up(seed: int) -> Landmarks:
    """A body of random numbers in a window."""
    random = np.random.default_rng(seed)
    roi = Roi(500, 400, 300, 0.4)
    return Landmarks(
        presence=random.random(),
        image=random.normal((500, 400), 60, (KEYPOINTS, 2)),
        depth=random.normal(0, 40, KEYPOINTS),
        world=random.normal(0, 0.4, (KEYPOINTS, 3)),
        visibility=random.random(KEYPOINTS),
        inside=random.random(KEYPOINTS),
        peak=random.random(KEYPOINTS),
        spread=random.random(KEYPOINTS) * 0.04,
        following=Roi(510, 395, 320, 0.5),
        roi=roi,
    )


def moved(body: Landmarks, scale: float, turn: float, shift: tuple[float, float]) -> Landmarks:
    """The same in an image that is enlarged, turned and shifted; world coordinates turn with the image."""
    c, s = math.cos(turn), math.sin(turn)
    rotation = np.array([[c, -s], [s, c]])

    def place(roi: Roi) -> Roi:
        x, y = scale * rotation @ (roi.x, roi.y) + shift
        return Roi(float(x), float(y), roi.size * scale, roi.angle + turn)

    world = np.column_stack([body.world[:, :2] @ rotation.T, body.world[:, 2]])
    image = scale * body.image @ rotation.T + shift
    changes = {"image": image, "world": world, "depth": body.depth * scale}
    return replace(body, **changes, following=place(body.following), roi=place(body.roi))


@given(st.integers(0, 1000), st.floats(0.1, 10), st.floats(-4, 4), st.floats(-1000, 1000))
def test_features_know_nothing_of_the_image(seed: int, scale: float, turn: float, shift: float) -> None:
    body = made_up(seed)
    assert features([moved(body, scale, turn, (shift, -shift))]) == pytest.approx(features([body]), abs=1e-6)


@given(st.lists(st.integers(0, 50), max_size=4))
def test_bodies_are_judged_one_by_one(seeds: list[int]) -> None:
    judge = Confidence.load()
    bodies = [made_up(seed) for seed in seeds]
    together = judge.predict(bodies)
    assert together.shape == (len(bodies), KEYPOINTS)
    assert ((together >= 0) & (together <= 1)).all()
    for body, row in zip(bodies, together, strict=True):
        assert judge.predict([body])[0] == pytest.approx(row)


def test_a_climber_is_believed(look, frame, window, confidence) -> None:
    assert confidence.predict([look(frame, window)])[0, list(BODY)].mean() > 0.6


def test_a_piece_of_wall_is_not(look, frame, window, confidence) -> None:
    height, width = frame.shape[:2]
    corners = [(0.15, 0.15), (0.85, 0.15), (0.15, 0.85)]
    windows = [Roi(x * width, y * height, 0.25 * height) for x, y in corners]
    away = [w for w in windows if math.hypot(w.x - window.x, w.y - window.y) > (w.size + window.size) / 2]
    assert away
    assert (confidence.predict([look(frame, w) for w in away])[:, list(BODY)].mean(1) < 0.2).all()


def test_a_window_beside_the_climber_is_believed_less(look, frame, window, confidence) -> None:
    beside = window.with_(x=window.x + 0.45 * window.size, angle=window.angle + 2)
    good, bad = confidence.predict([look(frame, window), look(frame, beside)])[:, list(BODY)].mean(1)
    assert bad < 0.6 * good


def test_hands_feet_and_face_follow_their_leaders(look, frame, window, confidence) -> None:
    each = confidence.predict([look(frame, window)])[0]
    for leader, followers in {15: (17, 19, 21), 16: (18, 20, 22), 27: (29, 31), 28: (30, 32), 0: range(1, 11)}.items():
        assert (each[list(followers)] <= each[leader]).all()


def test_weights_survive_saving(tmp_path: Path, confidence) -> None:
    confidence.save(tmp_path / "weights.npz")
    body = made_up(1)
    assert Confidence.load(tmp_path / "weights.npz").predict([body]) == pytest.approx(confidence.predict([body]))
    assert [p.name for p in tmp_path.iterdir()] == ["weights.npz"]


def test_shipped_weights_hold_arrays_only() -> None:
    with np.load(WEIGHTS, allow_pickle=False) as file:
        assert {file[name].dtype for name in file.files} == {np.dtype(np.float32)}
        assert file["mean"].shape == (FEATURES,)
    assert WEIGHTS.stat().st_size < 100_000


def test_missing_weights(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reinstall"):
        Confidence.load(tmp_path / "nowhere.npz")


def test_damaged_weights(tmp_path: Path) -> None:
    damaged = tmp_path / "weights.npz"
    damaged.write_bytes(WEIGHTS.read_bytes()[:1000])
    with pytest.raises(ModelError, match="reinstall"):
        Confidence.load(damaged)


def test_weights_with_code_inside_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "weights.npz", mean=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError, match="reinstall"):
        Confidence.load(tmp_path / "weights.npz")


def test_weights_of_another_version_are_refused(tmp_path: Path, confidence) -> None:
    other = replace(confidence, mean=confidence.mean[:-1], scale=confidence.scale[:-1])
    other.save(tmp_path / "weights.npz")
    with pytest.raises(ModelError, match="do not fit"):
        Confidence.load(tmp_path / "weights.npz")
