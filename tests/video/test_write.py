from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption, OutputNotWritable
from ascension_core.video import VideoWriter, open_video, probe

Look = Callable[[NDArray[np.uint8]], tuple[str, str, str, str]]


def quarters(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    image = np.full((height, width, 3), 220, np.uint8)
    image[: height // 2, : width // 2] = (200, 30, 30)
    image[: height // 2, width // 2 :] = (30, 180, 30)
    image[height // 2 :, : width // 2] = (30, 30, 200)
    return image


def write(path: Path, times: list[float], image: NDArray[np.uint8] | None = None) -> None:
    image = quarters() if image is None else image
    with VideoWriter(path, (image.shape[1], image.shape[0])) as writer:
        for time in times:
            writer.write(image, time)


def test_result_plays_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", [index / 30 for index in range(30)])
    content = (tmp_path / "out.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "out.mp4")) as container:
        (stream,) = container.streams
        context = stream.codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)


def test_colours_survive(tmp_path: Path, look: Look) -> None:
    write(tmp_path / "out.mp4", [0.0, 0.1])
    image = next(open_video(tmp_path / "out.mp4").frames()).image
    assert look(image) == ("red", "green", "blue", "white")
    inside = np.zeros((64, 96), bool)
    inside[4:28, 4:44] = inside[36:60, 52:92] = True  # away from the edges, which lossy coding blurs
    assert np.abs(image.astype(int) - quarters())[inside].max() <= 6


@given(st.floats(0, 5), st.lists(st.floats(0.002, 3.0), min_size=0, max_size=12))
@hypothesis_settings(max_examples=25)
def test_times_come_back_within_a_millisecond(start: float, intervals: list[float]) -> None:
    times = list(accumulate(intervals, initial=start))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "out.mp4"
        write(path, times, quarters(32, 32))
        read = [frame.time for frame in open_video(path).frames()]
    assert read == pytest.approx([time - times[0] for time in times], abs=1e-3)


@pytest.mark.parametrize("size", [(97, 65), (96, 65), (97, 64), (3, 3), (2, 2)])
def test_odd_sizes_lose_their_last_line(tmp_path: Path, size: tuple[int, int]) -> None:
    write(tmp_path / "out.mp4", [0.0, 0.04], np.full((size[1], size[0], 3), 128, np.uint8))
    info = probe(tmp_path / "out.mp4")
    assert (info.width, info.height) == (size[0] // 2 * 2, size[1] // 2 * 2)


def test_pictures_that_are_views_are_taken(tmp_path: Path, look: Look) -> None:
    write(tmp_path / "out.mp4", [0.0, 0.1], quarters()[:, ::-1])
    image = next(open_video(tmp_path / "out.mp4").frames()).image
    assert look(image) == ("green", "red", "white", "blue")


def test_many_frames_play_in_order_with_steady_size(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", (96, 64), frame_rate=60) as writer:
        for index in range(120):
            writer.write(np.full((64, 96, 3), 2 * index, np.uint8), index / 60)
    levels = [frame.image.mean() for frame in open_video(tmp_path / "out.mp4").frames()]
    assert levels == pytest.approx(np.arange(120) * 2, abs=6)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_error(tmp_path: Path, error: type[BaseException]) -> None:
    def fail() -> None:
        with VideoWriter(tmp_path / "out.mp4", (96, 64)) as writer:
            writer.write(quarters(), 0.0)
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_older_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "out.mp4"
    target.write_bytes(b"old")
    with VideoWriter(target, (96, 64)) as writer:
        writer.write(quarters(), 0.0)
        assert target.read_bytes() == b"old"
    assert probe(target).frames_declared == 1
    assert os.listdir(tmp_path) == ["out.mp4"]  # noqa: PTH208 - with hidden files, as they are


def test_result_is_as_readable_as_any_new_file(tmp_path: Path) -> None:
    write(tmp_path / "out.mp4", [0.0])
    (tmp_path / "other").touch()
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("out.mp4", "other")]
    assert modes[0] == modes[1]


@pytest.mark.parametrize("name", ["a:b.mp4", "-o.mp4", "100%d.mp4", "two\nlines.mp4", "no suffix", "http:x.mp4"])
def test_any_name_is_just_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path(name), [0.0, 0.1])
    assert probe(tmp_path / name).frames_declared == 2


def test_unwritable_output(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for target in (tmp_path, tmp_path / "missing" / "out.mp4", tmp_path / "file" / "out.mp4", Path("/proc/out.mp4")):
        with pytest.raises(OutputNotWritable):
            VideoWriter(target, (96, 64))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_full_disk(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="limits are a matter of POSIX")
    signal = pytest.importorskip("signal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then writing beyond the limit fails as on a full disk
    rng = np.random.default_rng(0)

    def fill() -> None:
        with VideoWriter(tmp_path / "out.mp4", (320, 240)) as writer:
            for index in range(200):
                writer.write(rng.integers(0, 256, (240, 320, 3), np.uint8), index / 30)

    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(OutputNotWritable):
            fill()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list(tmp_path.iterdir()) == []


def test_frames_and_times_are_checked(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "out.mp4", (96, 64)) as writer:
        writer.write(quarters(), 0.5)
        for time in (0.5, 0.4, -1.0, float("nan"), float("inf")):
            with pytest.raises(InvalidOption):
                writer.write(quarters(), time)
        with pytest.raises(InvalidOption):
            writer.write(quarters(64, 96), 1.0)
        with pytest.raises(InvalidOption):
            writer.write(quarters().astype(np.float32), 1.0)  # type: ignore[arg-type]
    with pytest.raises(InvalidOption):
        VideoWriter(tmp_path / "b.mp4", (1, 64))
    with pytest.raises(InvalidOption):
        VideoWriter(tmp_path / "b.mp4", (64, 64), frame_rate=0)


def test_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidOption, match="no frame"), VideoWriter(tmp_path / "out.mp4", (96, 64)):
        pass
    assert list(tmp_path.iterdir()) == []
