from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ascension_core.errors import InvalidDataset
from ascension_core.wall.camera import CameraTrack, still
from ascension_core.wall.camera_file import load_camera, save_camera


@pytest.fixture
def moving() -> CameraTrack:
    """Pans by 3 px a frame, turns a little, and loses the wall in frame 2; then a cut."""
    camera = still(np.arange(5) / 30, (720, 1280))
    to_wall = camera.to_wall.copy()
    to_wall[:, 0, 2] = 3.123456789 * np.arange(5)
    to_wall[:, 2, 0] = 1.23456789e-5
    to_wall[2] = np.nan
    return replace(
        camera,
        to_wall=to_wall,
        quality=np.array([1, 0.5, 0, 0.25, 1]),
        shot=np.array([0, 0, 0, 1, 1]),
        reference=1,
        static=False,
        handled=np.array([False, False, True, False, False]),
    )


def test_a_track_comes_back_as_it_was(moving: CameraTrack, tmp_path: Path) -> None:
    save_camera(moving, tmp_path / "camera.json.gz")
    read = load_camera(tmp_path / "camera.json.gz")
    np.testing.assert_allclose(read.time, moving.time, atol=1e-6)
    np.testing.assert_allclose(read.to_wall, moving.to_wall, rtol=1e-9)
    for name in ("quality", "shot", "handled"):
        np.testing.assert_array_equal(getattr(read, name), getattr(moving, name))
    assert (read.reference, read.size, read.static) == (1, (720, 1280), False)


def test_a_still_camera_comes_back_as_it_was(tmp_path: Path) -> None:
    save_camera(still(np.arange(3) / 25, (64, 48)), tmp_path / "camera.json.gz")
    read = load_camera(tmp_path / "camera.json.gz")
    assert read.static
    assert read.handled is None
    np.testing.assert_array_equal(read.to_wall, np.tile(np.eye(3), (3, 1, 1)))


def test_the_same_track_makes_the_same_file(moving: CameraTrack, tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_camera(moving, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"no gzip", gzip.compress(b"{}", mtime=0), gzip.compress(b'{"format":"ascension.camera"}', mtime=0)]
)
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "camera.json.gz").write_bytes(content)
    with pytest.raises(InvalidDataset, match="camera file"):
        load_camera(tmp_path / "camera.json.gz")
