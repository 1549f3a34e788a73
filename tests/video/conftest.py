"""Media made on the spot: small, of every kind that phones and accidents produce."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

TIME_BASE = Fraction(1, 1000)
CORNERS = {"red": (200, 30, 30), "green": (30, 180, 30), "blue": (30, 30, 200), "white": (220, 220, 220)}


@dataclass
class Clip:
    """A video to be made: `stamps` in milliseconds."""

    name: str = "clip.mp4"
    codec: str = "libx264"
    size: tuple[int, int] = (96, 64)
    pix_fmt: str = "yuv420p"
    stamps: Sequence[int] = tuple(range(0, 1000, 40))
    rotation: int = 0
    hflip: bool = False
    sound: bool = False
    sample_aspect: Fraction | None = None
    primaries: int = 1
    transfer: int = 1
    matrix: int = 1
    color_range: int = 1
    options: dict[str, str] = field(default_factory=dict)
    container: dict[str, str] = field(default_factory=dict)
    picture: Callable[[int, int, int], NDArray[np.uint8]] | None = None


def corners(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """Red, green / blue, white quarters."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2] = CORNERS["red"]
    image[: height // 2, width // 2 :] = CORNERS["green"]
    image[height // 2 :, : width // 2] = CORNERS["blue"]
    image[height // 2 :, width // 2 :] = CORNERS["white"]
    return image


def corner_names(image: NDArray[np.uint8]) -> tuple[str, str, str, str]:
    """Which colour stands in the middle of each quarter: top left, top right, bottom left, bottom right."""
    height, width = image.shape[:2]
    spots = [(1, 1), (1, 3), (3, 1), (3, 3)]
    colours = [image[height * y // 4, width * x // 4].astype(int) for y, x in spots]
    names = [min(CORNERS, key=lambda name: float(np.abs(c - CORNERS[name]).sum())) for c in colours]
    return (names[0], names[1], names[2], names[3])


def make(folder: Path, clip: Clip) -> Path:
    path = folder / clip.name
    with _priority_kept(), av.open(str(path), "w", options=clip.container) as out:
        stream = out.add_stream(clip.codec, rate=25, options=dict(clip.options))
        stream.width, stream.height = clip.size
        stream.pix_fmt = clip.pix_fmt
        context = stream.codec_context
        context.time_base = TIME_BASE
        if clip.sample_aspect:
            context.sample_aspect_ratio = clip.sample_aspect
        context.color_primaries, context.color_trc = clip.primaries, clip.transfer
        context.colorspace, context.color_range = clip.matrix, clip.color_range
        if clip.rotation or clip.hflip:
            stream.set_display_rotation(clip.rotation, hflip=clip.hflip)
        sound = out.add_stream("aac", rate=16_000, layout="mono") if clip.sound else None
        for index, stamp in enumerate(clip.stamps):
            image = (clip.picture or corners)(index, *clip.size)
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
                format=clip.pix_fmt,
                dst_colorspace={1: "ITU709", 6: "ITU601"}.get(clip.matrix),
                dst_color_range=clip.color_range,
            )
            frame.color_primaries, frame.color_trc = clip.primaries, clip.transfer
            frame.colorspace, frame.color_range = clip.matrix, clip.color_range
            frame.pts, frame.time_base = stamp, TIME_BASE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if sound is not None:
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), format="fltp", layout="mono")
            silence.sample_rate, silence.pts = 16_000, 0
            out.mux(sound.encode(silence))
            out.mux(sound.encode(None))
    return path


@contextmanager
def _priority_kept() -> Iterator[None]:
    """SVT-AV1 gives root's threads real-time priority, which browsers and servers that later tests start would inherit."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def noise(index: int, width: int, height: int) -> NDArray[np.uint8]:
    """Something that does not compress, so that most bytes of a file are picture."""
    return np.random.default_rng(index).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture
def look() -> Callable[[NDArray[np.uint8]], tuple[str, str, str, str]]:
    """Which of the four colours stands in each quarter: top left, top right, bottom left, bottom right."""
    return corner_names


@pytest.fixture
def make_noise(tmp_path: Path) -> Callable[..., Path]:
    """Make a clip of 4 s of noise with a key frame every 0.4 s and its header in front."""

    def build(name: str = "noise.mp4", **wishes: object) -> Path:
        front = {"movflags": "faststart"} if name.endswith(".mp4") else {}
        defaults = {"stamps": range(0, 4000, 40), "options": {"g": "10"}, "container": front, "picture": noise}
        return make(tmp_path, Clip(name=name, **(defaults | wishes)))  # type: ignore[arg-type]

    return build


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """Make a clip in the test's folder: ``make_clip(name="a.mkv", size=(64, 48))``."""
    return lambda **wishes: make(tmp_path, Clip(**wishes))
