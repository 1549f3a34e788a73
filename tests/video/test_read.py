from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption, VideoTooLarge
from ascension_core.video import Limits, open_video
from ascension_core.video.read import Frame

Make = Callable[..., Path]
Look = Callable[[NDArray[np.uint8]], tuple[str, str, str, str]]
QUIET = {"x265-params": "log-level=none"}
UPRIGHT = ("red", "green", "blue", "white")


def times(path: Path) -> list[float]:
    return [frame.time for frame in open_video(path).frames()]


def decode_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "ascension-decode"]


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"name": "a.mov", "sound": True},
        {"name": "a.mp4", "container": {"movflags": "frag_keyframe+empty_moov"}},
        {"codec": "libx265", "options": QUIET},
        {"codec": "libvpx-vp9", "name": "a.webm"},
        {"codec": "libsvtav1", "options": {"preset": "12"}},
        {"codec": "mjpeg", "name": "a.avi", "pix_fmt": "yuvj420p", "matrix": 6, "color_range": 2},
        {"name": "a.avi"},
        {"name": "a.ts", "sound": True},
        {"name": "a.mkv"},
        {"name": "a.h264"},
        {"name": "a.mov", "codec": "prores_ks", "pix_fmt": "yuv422p10le"},
        {"pix_fmt": "yuv420p10le"},
        {"size": (97, 65), "pix_fmt": "yuv444p"},
        {"size": (97, 65), "codec": "libvpx-vp9", "name": "a.webm"},
        {"color_range": 2},
        {"matrix": 6},
    ],
    ids=str,
)
def test_every_frame_of_every_kind_is_read(
    make_clip: Make, look: Look, capfd: pytest.CaptureFixture[str], wishes: dict[str, object]
) -> None:
    with open_video(make_clip(**wishes)) as video:
        frames = list(video.frames())
    assert [frame.index for frame in frames] == list(range(25))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(25) * 0.04, abs=1e-3)
    assert (video.frames_decoded, video.truncated) == (25, False)
    for frame in (frames[0], frames[-1]):
        assert frame.image.shape == (video.info.height, video.info.width, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        assert look(frame.image) == UPRIGHT


def test_making_clips_leaves_the_priority_of_this_process_alone(make_clip: Make) -> None:
    before = os.sched_getscheduler(0)
    make_clip(codec="libsvtav1", options={"preset": "12"})
    assert os.sched_getscheduler(0) == before


@pytest.mark.parametrize(
    ("rotation", "hflip", "seen"),
    [
        (90, False, ("green", "white", "red", "blue")),
        (180, False, ("white", "blue", "green", "red")),
        (-90, False, ("blue", "red", "white", "green")),
        (0, True, ("green", "red", "white", "blue")),
        (90, True, ("white", "green", "blue", "red")),
    ],
)
def test_rotation_and_mirroring_are_applied(
    make_clip: Make, look: Look, rotation: int, hflip: bool, seen: tuple[str, ...]
) -> None:
    """`rotation` is counter-clockwise, as PyAV's writer has it."""
    video = open_video(make_clip(rotation=rotation, hflip=hflip))
    assert video.info.rotation_deg == -rotation % 360
    assert video.info.mirrored == hflip
    frame = next(video.frames())
    assert (video.info.width, video.info.height) == ((96, 64) if rotation in (0, 180) else (64, 96))
    assert look(frame.image) == seen


@pytest.mark.parametrize(("name", "size"), [("boulder-campus.mp4", (1080, 1396)), ("boulder-two-climbers.mp4", (720, 960))])
def test_phone_clips_stand_upright(data_dir: Path, name: str, size: tuple[int, int]) -> None:
    with open_video(data_dir / "clips" / name) as video:
        assert (video.info.rotation_deg, video.info.width, video.info.height) == (90, *size)
        image = next(video.frames()).image
    with av.open(str(data_dir / "clips" / name)) as container:
        coded = next(container.decode(video=0))
    assert image.shape == (size[1], size[0], 3)
    np.testing.assert_array_equal(image, np.rot90(coded.to_ndarray(format="rgb24"), coded.rotation // 90))


def test_hdr_is_tone_mapped(make_clip: Make) -> None:
    grey = np.full((64, 96, 3), 191, np.uint8)  # HLG 75 %: reference white
    hlg = {"codec": "libx265", "pix_fmt": "yuv420p10le", "primaries": 9, "transfer": 18, "matrix": 9, "options": QUIET}
    image = next(open_video(make_clip(picture=lambda *_: grey, **hlg)).frames()).image
    assert image.mean() == pytest.approx(215, abs=5)
    assert np.ptp(image.mean((0, 1))) < 3


def test_times_are_those_of_the_file(make_clip: Make) -> None:
    stamps = [0, 33, 70, 170, 210, 400, 1400, 1417]
    assert times(make_clip(stamps=stamps)) == pytest.approx(np.array(stamps) / 1000, abs=5e-4)


@pytest.mark.parametrize("name", ["late.mp4", "late.mkv", "late.ts"])
def test_time_zero_is_the_first_frame(make_clip: Make, name: str) -> None:
    clip = make_clip(name=name, stamps=[5000 + 40 * index for index in range(20)])
    assert times(clip) == pytest.approx(np.arange(20) * 0.04, abs=1e-3)


def test_edit_list_that_cuts_the_beginning(make_clip: Make) -> None:
    shown = times(make_clip(stamps=[-200 + 40 * index for index in range(20)]))
    assert shown == pytest.approx(np.arange(len(shown)) * 0.04, abs=1e-3)
    assert len(shown) == 15


def test_stride_skips_without_renumbering(make_clip: Make) -> None:
    with open_video(make_clip()) as video:
        frames = list(video.frames(stride=10))
        assert [(frame.index, round(frame.time, 3)) for frame in frames] == [(0, 0.0), (10, 0.4), (20, 0.8)]
        assert video.frames_decoded == 25
        with pytest.raises(InvalidOption):
            video.frames(stride=0)


def test_each_iteration_starts_anew(make_clip: Make) -> None:
    with open_video(make_clip()) as video:
        first = [frame.image.sum() for frame in video.frames()]
        assert [frame.image.sum() for frame in video.frames()] == first
        pairs = zip(video.frames(), video.frames(), strict=True)
        assert all(a.index == b.index and (a.image == b.image).all() for a, b in pairs)


def test_image_is_converted_once_and_from_any_thread(make_clip: Make) -> None:
    frame = next(open_video(make_clip()).frames())
    seen: list[NDArray[np.uint8]] = []
    threads = [threading.Thread(target=lambda: seen.append(frame.image)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(image is seen[0] for image in seen)


def test_stopping_early_leaves_no_thread(make_clip: Make) -> None:
    clip = make_clip(stamps=range(0, 8000, 40))
    with open_video(clip) as video:
        for frame in video.frames():
            if frame.index == 3:
                break
        assert decode_threads() == []
        kept = video.frames()
        next(kept)
        assert len(decode_threads()) == 1
    assert decode_threads() == []


def test_interrupt_ends_the_process_at_once(make_clip: Make) -> None:
    """Ctrl-C while a generator is still referred to must not wait for its thread."""
    script = (
        "import signal, sys\nfrom ascension_core.video import open_video\n"
        "video = open_video(sys.argv[1])\nframes = video.frames()\nnext(frames)\n"
        "signal.raise_signal(signal.SIGINT)\n"
    )
    clip = make_clip(stamps=range(0, 8000, 40))
    done = subprocess.run([sys.executable, "-c", script, clip], capture_output=True, text=True, timeout=60, check=False)
    assert "KeyboardInterrupt" in done.stderr
    assert "Fatal" not in done.stderr


# Damage


@pytest.mark.parametrize("name", ["noise.mp4", "noise.mkv"])
@pytest.mark.parametrize("share", [0.8, 0.5, 0.2])
def test_truncated_file_is_read_as_far_as_it_goes(make_noise: Make, name: str, share: float) -> None:
    clip = make_noise(name)
    clip.write_bytes(clip.read_bytes()[: int(clip.stat().st_size * share)])
    with open_video(clip) as video:
        frames = list(video.frames())
    assert 100 * share - 12 < len(frames) < 100 * share + 2
    assert video.truncated
    assert video.frames_decoded == len(frames)


@pytest.mark.parametrize("filling", ["zeros", "noise"])
def test_damage_in_the_middle_is_skipped_and_counted(make_noise: Make, filling: str) -> None:
    clip = make_noise()
    content = bytearray(clip.read_bytes())
    middle, length = len(content) // 2, len(content) // 20
    junk = np.random.default_rng(5).integers(0, 256, length, np.uint8).tobytes()
    content[middle : middle + length] = bytes(length) if filling == "zeros" else junk
    clip.write_bytes(content)
    with open_video(clip) as video:
        frames = list(video.frames())
    assert 85 <= len(frames) < 100
    assert frames[-1].time == pytest.approx(3.96, abs=0.05)
    assert video.tally.damaged >= 2
    assert video.truncated
    assert all(a.time < b.time for a, b in pairwise(frames))


def test_whole_file_is_not_called_truncated_before_or_after(make_clip: Make) -> None:
    with open_video(make_clip(sound=True)) as video:
        assert not video.truncated
        for _ in video.frames():
            break
        assert not video.truncated  # stopping early is no fault of the file


def state_duration(clip: Path, milliseconds: float) -> None:
    """Change the duration that the header of a Matroska file states."""
    content = clip.read_bytes()
    start = content.index(bytes([0x44, 0x89, 0x88])) + 3  # EBML element Duration, a float of 8 bytes
    clip.write_bytes(content[:start] + np.array(milliseconds, ">f8").tobytes() + content[start + 8 :])


def test_header_that_promises_too_much_is_noticed(make_clip: Make) -> None:
    clip = make_clip(name="liar.mkv")
    state_duration(clip, 60_000)
    with open_video(clip) as video:
        assert video.info.duration_s == pytest.approx(60)
        assert len(list(video.frames())) == 25
        assert video.truncated


def test_header_that_promises_too_little_does_not_defeat_the_limit(make_clip: Make) -> None:
    clip = make_clip(name="liar.mkv", stamps=range(0, 10_000, 40))
    state_duration(clip, 1000)
    video = open_video(clip, Limits(10**9, 5.0, 10**8))
    seen: list[Frame] = []
    with pytest.raises(VideoTooLarge, match="ASCENSION_MAX_VIDEO_S"):
        seen.extend(video.frames())
    assert decode_threads() == []


def test_frames_that_grow_midway_do_not_defeat_the_limit(make_clip: Make) -> None:
    small, large = make_clip(name="s.h264"), make_clip(name="l.h264", size=(640, 480))
    both = small.with_name("both.h264")
    both.write_bytes(small.read_bytes() + large.read_bytes())
    assert {frame.image.shape for frame in open_video(both).frames()} == {(64, 96, 3)}
    with pytest.raises(VideoTooLarge, match="ASCENSION_MAX_VIDEO_PIXELS"):
        list(open_video(both, Limits(10**9, 100.0, 96 * 64)).frames())


MEASURE = """
import sys
from ascension_core.video import open_video
def peak_kb():
    return int(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
with open_video(sys.argv[1]) as video:
    for frame in video.frames():
        frame.image
        if frame.index == 200:
            early = peak_kb()
print(video.frames_decoded, peak_kb() - early)
"""


@pytest.mark.slow
def test_memory_stays_flat_over_ten_minutes(make_clip: Make) -> None:
    clip = make_clip(stamps=range(0, 600_000, 40), size=(160, 120), options={"preset": "ultrafast"})
    done = subprocess.run([sys.executable, "-c", MEASURE, clip], capture_output=True, text=True, check=True)
    frames, growth_kb = map(int, done.stdout.split())
    assert frames == 15_000
    assert growth_kb < 8_000  # all frames together would be 860 MB
