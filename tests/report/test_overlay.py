from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ascension_core.errors import OutputNotWritable, VideoError
from ascension_core.pose.track import PoseTrack
from ascension_core.report.caption import Caption, clock
from ascension_core.report.overlay import OverlayOptions, PosePainter, nearest, steady_torso, write_overlay
from ascension_core.report.rendering import Output, fitted, render
from ascension_core.video import VideoWriter, open_video

PLAIN = OverlayOptions(trail_s=0, caption=False, crf=10)


def test_overlay_has_the_body_at_its_place_in_every_frame(clip: Path, track: PoseTrack, tmp_path: Path) -> None:
    write_overlay(clip, track, tmp_path / "overlay.mp4", PLAIN)
    with open_video(tmp_path / "overlay.mp4") as reader:
        frames = [(frame.time, frame.image) for frame in reader.frames()]
    assert [time for time, _ in frames] == pytest.approx(track.time, abs=1e-3)
    for k, (_, image) in enumerate(frames):
        x, y = track.image[k, 15]
        if np.isfinite(x):
            assert np.abs(image[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].mean((0, 1)) - (255, 0, 255)).max() > 60, k
        else:
            assert np.abs(image.astype(int) - (40, 44, 52)).max() < 25, k


def test_large_videos_are_scaled_down(clip: Path, track: PoseTrack, tmp_path: Path) -> None:
    write_overlay(clip, track, tmp_path / "small.mp4", OverlayOptions(max_short_side=120))
    with open_video(tmp_path / "small.mp4") as reader:
        assert (reader.info.width, reader.info.height) == (120, 160)


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [
        ((3840, 2160), 1080, (1920, 1080)),
        ((2160, 3840), 1080, (1080, 1920)),
        ((641, 361), 1080, (640, 360)),
        ((1, 3), 9, (2, 4)),
    ],
)
def test_fitted_sizes_are_even_and_never_larger(size: tuple[int, int], side: int, expected: tuple[int, int]) -> None:
    assert fitted(*size, side) == expected


def test_marks_the_centre_that_it_is_given(track: PoseTrack) -> None:
    centre = np.full((len(track), 2), 33.0)
    nothing = track.with_(image=np.full_like(track.image, np.nan), observed=np.zeros_like(track.observed))
    image = PosePainter(nothing, (240, 320), PLAIN, centre)(np.zeros((320, 240, 3), np.uint8), 0.0)
    ys, xs = np.nonzero(image.any(-1))
    assert (xs.mean(), ys.mean()) == pytest.approx((33, 33), abs=1.5)


def test_paints_nothing_where_the_track_has_no_frame(track: PoseTrack) -> None:
    image = PosePainter(track, (240, 320), PLAIN)(np.zeros((320, 240, 3), np.uint8), float(track.time[-1]) + 1)
    assert not image.any()


def test_nearest_frame() -> None:
    times = np.array([0.0, 0.1, 0.3])
    assert [nearest(times, t) for t in (-1, 0.04, 0.06, 0.19, 0.21, 9)] == [0, 0, 1, 1, 2, 2]
    assert nearest(np.array([]), 1.0) is None


def test_torso_is_steady_and_always_known(track: PoseTrack) -> None:
    assert steady_torso(track) == pytest.approx(np.full(len(track), 56.0), abs=1)
    unknown = track.with_(image=np.full_like(track.image, np.nan))
    assert steady_torso(unknown) == pytest.approx(np.full(len(track), 40.0))


@pytest.mark.parametrize(
    ("time", "text"), [(0, "0:00.00"), (3.24, "0:03.24"), (0.29, "0:00.29"), (61.999, "1:01.99"), (600, "10:00.00")]
)
def test_clock(time: float, text: str) -> None:
    assert clock(time) == text


def test_caption_stays_in_its_corner_and_changes_with_time() -> None:
    caption = Caption((240, 320))
    first, second = (caption.draw(np.full((320, 240, 3), 200, np.uint8), t) for t in (0.0, 8.88))
    ys, xs = np.nonzero((first != 200).any(-1))
    assert ys.min() > 280
    assert xs.max() < 236
    assert (first != second).any()
    assert first.max() >= 200


def test_caption_is_left_out_where_it_does_not_fit() -> None:
    tiny = np.zeros((6, 8, 3), np.uint8)
    assert not Caption((8, 6)).draw(tiny, 1.0).any()


def test_failures_leave_nothing_behind(clip: Path, track: PoseTrack, tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable):
        write_overlay(clip, track, tmp_path / "nowhere" / "overlay.mp4")
    with pytest.raises(VideoError):
        write_overlay(tmp_path / "missing.mp4", track, tmp_path / "overlay.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_painter_that_fails_stops_the_whole_rendering(clip: Path, tmp_path: Path) -> None:
    def fail(_image: np.ndarray, time_s: float) -> np.ndarray:
        raise ZeroDivisionError(f"at {time_s}")

    outputs = [
        Output(tmp_path / "good.mp4", (240, 320), lambda image, _: image),
        Output(tmp_path / "bad.mp4", (240, 320), fail),
    ]
    with pytest.raises(ZeroDivisionError):
        render(clip, outputs)
    assert not (tmp_path / "bad.mp4").exists()
    assert not list(tmp_path.glob(".*"))


def test_outputs_of_one_pass_do_not_paint_over_each_other(clip: Path, tmp_path: Path) -> None:
    def black(image: np.ndarray, _time_s: float) -> np.ndarray:
        image[:] = 0
        return image

    outputs = [
        Output(tmp_path / "black.mp4", (240, 320), black),
        Output(tmp_path / "plain.mp4", (240, 320), lambda image, _: image),
    ]
    assert render(clip, outputs) == 60
    with open_video(tmp_path / "plain.mp4") as reader:
        assert next(iter(reader.frames())).image.mean() > 30


def test_progress_is_reported_to_the_end(clip: Path, track: PoseTrack, tmp_path: Path) -> None:
    seen: list[tuple[str, float]] = []
    write_overlay(clip, track, tmp_path / "o.mp4", progress=lambda stage, fraction, message="": seen.append((stage, fraction)))
    fractions = [fraction for _, fraction in seen]
    assert {stage for stage, _ in seen} == {"overlay"}
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_an_output_that_cannot_be_finished_is_reported(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_writer: VideoWriter) -> None:
        raise OutputNotWritable("the disk is full")

    monkeypatch.setattr(VideoWriter, "close", full)
    with pytest.raises(OutputNotWritable, match="full"):
        render(clip, [Output(tmp_path / "good.mp4", (240, 320), lambda image, _: image)])
