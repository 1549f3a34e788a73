"""Write frames as a video that plays everywhere: H.264, yuv420p, fast start, at the times given."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from ascension_core.errors import InvalidOption, OutputNotWritable
from ascension_core.video.pixels import Rgb

_TIME_BASE = Fraction(1, 90_000)  # ticks per second; divides 24, 25, 30, 50, 60 and 30000/1001 frames per second
_KEY_FRAME_S = 1.0  # a key frame at least this often, so that scrubbing in a browser is quick


class VideoWriter:
    """Write an MP4 file, complete or not at all.

    Frames go to a temporary file beside the target, which takes the target's name when the block ends without an error. There
    is no sound: what people say while they film is not ours to pass on.

    Parameters
    ----------
    path
        The file to make; an older one is replaced.
    size
        Width and height of the frames. Odd sizes lose their last column or row (yuv420p stores colour per 2 x 2 pixels).
    frame_rate
        Expected frames per second: a hint for players and for the length of the last frame; times decide.
    crf
        Constant rate factor of x264, 0 (lossless) to 51.
    preset
        Preset of x264, from ``"ultrafast"`` to ``"veryslow"``.

    Raises
    ------
    OutputNotWritable
        The file cannot be made, or the disk is full.
    """

    def __init__(
        self, path: str | Path, size: tuple[int, int], frame_rate: float = 30.0, crf: int = 25, preset: str = "superfast"
    ) -> None:
        width, height = size
        if width < 2 or height < 2:
            raise InvalidOption(f"A video must be at least 2 x 2 pixels, got {width} x {height}.")
        if not 0 < frame_rate < float("inf"):
            raise InvalidOption(f"frame_rate must be positive, got {frame_rate}.")
        self.path = Path(path)
        self._shape = (height, width, 3)
        self._last_tick: int | None = None
        self._temporary = _temporary_beside(self.path)
        try:
            # With "file:" no name is taken for a protocol.
            url = f"file:{self._temporary.absolute()}"
            self._container = av.open(url, "w", format="mp4", options={"movflags": "+faststart"})
            self._stream = self._container.add_stream("libx264", rate=Fraction(frame_rate).limit_denominator(1001))
        except BaseException:
            self._temporary.unlink(missing_ok=True)
            raise
        context = self._stream.codec_context
        context.width, context.height = width // 2 * 2, height // 2 * 2
        context.pix_fmt = "yuv420p"
        context.time_base = _TIME_BASE
        context.gop_size = max(1, round(frame_rate * _KEY_FRAME_S))
        context.thread_type = "AUTO"
        context.color_range = ColorRange.MPEG
        context.colorspace = 1  # BT.709, ITU-T H.273 table 4
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        # Without B-frames encoding takes a fifth less time for a tenth more bytes, and players step through it more easily.
        context.options = {"crf": str(crf), "preset": preset, "bf": "0"}

    def write(self, rgb: Rgb, time_s: float) -> None:
        """Append one frame (height, width, 3) uint8 that is shown from `time_s` (seconds) on.

        Raises
        ------
        InvalidOption
            The frame has another shape or type, or its time is negative or not after the one before.
        OutputNotWritable
            The disk is full or gone.
        """
        if rgb.shape != self._shape or rgb.dtype != np.uint8:
            raise InvalidOption(f"Expected a frame of shape {self._shape} and type uint8, got {rgb.shape} {rgb.dtype}.")
        if not 0 <= time_s < float("inf"):
            raise InvalidOption(f"Frame times must not be negative, got {time_s}.")
        tick = round(time_s / _TIME_BASE)
        if self._last_tick is not None and tick <= self._last_tick:
            raise InvalidOption(
                f"Frame times must increase: {time_s:.4f} s is not after {float(self._last_tick * _TIME_BASE):.4f} s."
            )
        self._last_tick = tick
        frame = self._to_yuv(rgb)
        frame.pts, frame.time_base = tick, _TIME_BASE
        self._mux(frame)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises
        ------
        InvalidOption
            No frame was written.
        OutputNotWritable
            The disk is full or gone.
        """
        if self._last_tick is None:
            self.discard()
            raise InvalidOption(f"{self.path.name!r} was given no frame, and a video needs one.")
        try:
            self._mux(None)
            self._container.close()
            self._temporary.replace(self.path)
        except (OSError, av.FFmpegError) as error:
            self.discard()
            raise _not_writable(self.path, error) from error

    def discard(self) -> None:
        """Give up: nothing is left behind."""
        with suppress(OSError, av.FFmpegError):
            self._container.close()
        self._temporary.unlink(missing_ok=True)

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if error is None:
            self.close()
        else:
            self.discard()

    def _to_yuv(self, rgb: Rgb) -> VideoFrame:
        height, width = self._shape[0] // 2 * 2, self._shape[1] // 2 * 2
        frame = VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb[:height, :width]), format="rgb24")
        return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1)

    def _mux(self, frame: VideoFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except (OSError, av.FFmpegError) as error:
            raise _not_writable(self.path, error) from error


def _temporary_beside(path: Path) -> Path:
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        handle, name = tempfile.mkstemp(prefix=".ascension-", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _not_writable(path, error) from error
    with os.fdopen(handle):
        os.fchmod(handle, 0o666 & ~_umask())  # temporary files are private, results are as open as any other new file
    return Path(name)


def _umask() -> int:
    mask = os.umask(0o077)  # the only way to ask for it is to set it
    os.umask(mask)
    return mask


def _not_writable(path: Path, error: OSError | av.FFmpegError) -> OutputNotWritable:
    return OutputNotWritable(f"{path.name!r} cannot be written: {error.strerror or error}. Choose another place, or make room.")
