from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.pose.confidence import Confidence
from ascension_core.pose.models import model_path
from ascension_core.pose.networks import Detector, LandmarkNetwork
from ascension_core.pose.roi import Image
from ascension_core.pose.scan import Camera, Scan, Scanner, ScanOptions, scan_times, tiles
from ascension_core.video import open_video


@dataclass(frozen=True)
class Still:
    """A frame as the scanner sees it."""

    time: float
    image: Image
    index: int = 0


@pytest.fixture(scope="module")
def stills(synthetic_clip: Path) -> list[Image]:
    """A frame every 0.2 s of three seconds in which the climber hangs on the wall."""
    with open_video(synthetic_clip) as video:
        return [f.image for f in video.frames() if f.index % 6 == 0 and 90 <= f.index < 180]


@pytest.fixture(scope="module")
def scan(models: Path) -> Callable[..., Scan]:
    networks = Detector(model_path("detector"), 2), LandmarkNetwork(model_path("full"), 2), Confidence.load().predict

    def run(images: Sequence[Image], options: ScanOptions | None = None) -> Scan:
        scanner = Scanner(*networks, options)
        for index, image in enumerate(images):
            scanner.look(Still(0.2 * index, image))  # type: ignore[arg-type]
        return scanner.finish()

    return run


def small(image: Image) -> Image:
    """The picture far away: a quarter of its size in the middle of grey."""
    far = np.full_like(image, 128)
    part = image[::4, ::4]
    top, left = (image.shape[0] - part.shape[0]) // 2, (image.shape[1] - part.shape[1]) // 2
    far[top : top + part.shape[0], left : left + part.shape[1]] = part
    return far


class TestScanner:
    def test_one_climber_is_one_tracklet(self, scan: Callable[..., Scan], stills: list[Image]) -> None:
        (only,) = scan(stills).tracklets
        assert len(only.sightings) == len(stills)
        assert np.all(np.diff([s.time for s in only.sightings]) > 0)

    def test_two_people_side_by_side_stay_two(self, scan: Callable[..., Scan], stills: list[Image]) -> None:
        found = scan([np.concatenate([image, image[:, ::-1]], axis=1) for image in stills])
        lasting = [t for t in found.tracklets if len(t.sightings) == len(stills)]
        assert len(lasting) == 2
        width = stills[0].shape[1]
        sides = sorted(np.mean([s.centre[0] for s in t.sightings]) for t in lasting)
        assert sides[0] < width < sides[1]

    def test_somebody_small_in_the_picture_is_found(self, scan: Callable[..., Scan], stills: list[Image]) -> None:
        found = scan([small(image) for image in stills[:8]])
        assert max(len(t.sightings) for t in found.tracklets) >= 7

    def test_nobody_is_followed_on_a_bare_wall(self, scan: Callable[..., Scan]) -> None:
        noise = np.random.default_rng(3).integers(90, 160, (640, 360, 3), dtype=np.uint8)
        assert scan([noise] * 4).tracklets == []

    def test_who_was_out_of_sight_is_found_again(self, scan: Callable[..., Scan], stills: list[Image]) -> None:
        hidden = [np.full_like(i, 128) if 4 <= n < 7 else i for n, i in enumerate(stills)]
        found = scan(hidden)
        seen = {round(s.time / 0.2) for t in found.tracklets for s in t.sightings}
        assert seen >= set(range(4)) | set(range(10, len(stills)))
        assert not seen & {4, 5, 6}

    def test_who_is_found_late_is_traced_back(self, scan: Callable[..., Scan], stills: list[Image]) -> None:
        """Somebody who appears just after a search is first seen by the next one, a second later."""
        options = ScanOptions(lost_search_s=1.0)
        blank = np.full_like(stills[0], 128)
        (only,) = scan([blank, *stills[1:10]], options).tracklets
        assert only.start == pytest.approx(0.2)


class TestTiles:
    @given(st.integers(16, 4000), st.integers(16, 4000), st.integers(1, 3))
    def test_they_cover_the_picture(self, width: int, height: int, parts: int) -> None:
        views = tiles(width, height, parts)
        side = min(width, height) / parts
        for length, centres in ((width, {v.x for v in views}), (height, {v.y for v in views})):
            ordered = sorted(centres)
            assert ordered[0] == pytest.approx(side / 2)
            assert ordered[-1] == pytest.approx(length - side / 2)
            assert np.all(np.diff(ordered) <= 0.6 * side + 1e-6)


class TestCamera:
    def test_a_shift_of_the_picture_is_measured(self, stills: list[Image]) -> None:
        camera = Camera()
        wide = np.concatenate([stills[0]] * 2)
        camera.follow(wide[200:1200])
        shift = camera.follow(wide[170:1170])
        np.testing.assert_allclose(shift, (0, 30), atol=3)

    def test_a_still_camera_does_not_drift(self, stills: list[Image]) -> None:
        camera = Camera()
        for _ in range(5):
            np.testing.assert_allclose(camera.follow(stills[0]), 0, atol=0.5)


def test_scans_are_spaced_in_true_time() -> None:
    times = [0, 0.1, 0.15, 0.2, 0.5, 0.55, 0.71]
    frames = [Still(t, np.zeros((2, 2, 3), np.uint8)) for t in times]
    assert [f.time for f in scan_times(iter(frames), 0.2)] == [0, 0.2, 0.5, 0.71]  # type: ignore[arg-type]
