"""Read the frames of a video: every one, upright, at its true time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType
from weakref import WeakSet

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ascension_core.errors import InvalidOption, UnreadableVideo
from ascension_core.settings import settings
from ascension_core.video.pixels import Rgb, Upright
from ascension_core.video.prefetch import prefetch
from ascension_core.video.probe import Limits, VideoInfo, open_container, probe, too_long, too_many_pixels
from ascension_core.video.timing import Clock

_AHEAD = 4  # frames decoded ahead of the consumer: hides uneven decoding, costs 12 MB at 1080p
_NOMINAL_RATE = 30.0  # frames per second, for streams that state no rate and carry no time stamps
_WITHOUT_SHOWING_STAMPS = {"avi"}  # containers that store only the order of decoding; others' stamps say when to show
_LENGTH_TOLERANCE = 0.02  # of the promised length, and at least
_LENGTH_TOLERANCE_S = 0.5  # this long: headers round, and count sound as well


class Frame:
    """One frame of a video.

    Attributes
    ----------
    index
        Position among the decoded frames, from 0.
    time
        Seconds from the first frame's time stamp.
    """

    __slots__ = ("_decoded", "_image", "_lock", "_upright", "index", "time")

    def __init__(self, index: int, time: float, decoded: VideoFrame, upright: Upright) -> None:
        self.index = index
        self.time = time
        self._decoded: VideoFrame | None = decoded
        self._upright = upright
        self._image: Rgb | None = None
        self._lock = Lock()

    @property
    def image(self) -> Rgb:
        """(height, width, 3) RGB, upright; converted on first access. May be read from several threads."""
        with self._lock:
            if self._decoded is not None:
                self._image = self._upright(self._decoded)
                self._decoded = None
        assert self._image is not None
        return self._image

    def __repr__(self) -> str:
        return f"Frame(index={self.index}, time={self.time:.3f})"


@dataclass
class Tally:
    """What happened while a video was decoded.

    Attributes
    ----------
    frames
        Frames that came out.
    damaged
        Packets that could not be decoded, and frames the decoder marked as damaged.
    misplaced
        Frames dropped because they were stamped no later than the frame before.
    ended_early
        Whether the file ended before what its header promises, or could not be read to its end.
    """

    frames: int = 0
    damaged: int = 0
    misplaced: int = 0
    ended_early: bool = False


class VideoReader:
    """A video that can be iterated over as often as needed; each time decodes it from the start.

    Made by `open_video`. Holds no open file between iterations.

    Attributes
    ----------
    info
        What the header says.
    tally
        What happened in the latest iteration.
    """

    def __init__(self, info: VideoInfo, limits: Limits) -> None:
        self.info = info
        self.tally = Tally()
        self._limits = limits
        self._running: WeakSet[Generator[Frame, None, None]] = WeakSet()

    @property
    def frames_decoded(self) -> int:
        """Frames decoded by the latest iteration."""
        return self.tally.frames

    @property
    def truncated(self) -> bool:
        """Whether the latest iteration, if it went to the end, found that the file ends early or has damaged parts."""
        return self.tally.ended_early or self.tally.damaged > 0

    def frames(self, stride: int = 1) -> Iterator[Frame]:
        """Yield every `stride`-th frame in the order of time.

        All frames are decoded (they depend on each other), those in between are not converted. Decoding runs a few frames
        ahead on a thread of its own, which ends with the iteration.

        Raises
        ------
        UnreadableVideo
            Nothing could be decoded.
        VideoTooLarge
            The video turns out longer than the limit.
        InvalidOption
            `stride` is not positive.
        """
        if stride < 1:
            raise InvalidOption(f"stride must be at least 1, got {stride}.")
        self.tally = tally = Tally()
        frames = prefetch(lambda: self._decode(tally, stride), _AHEAD)
        self._running.add(frames)
        return frames

    def close(self) -> None:
        """End every iteration that is still running."""
        for frames in list(self._running):
            frames.close()

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _decode(self, tally: Tally, stride: int) -> Generator[Frame, None, None]:
        upright = Upright(self.info.width, self.info.height, self.info.rotation_deg, self.info.mirrored)
        clock = Clock(1 / (self.info.frame_rate or _NOMINAL_RATE))
        last_s = 0.0
        with open_container(self.info.path, self._limits) as (container, stream):
            stamp = _stamped_by_decoding_order if container.format.name in _WITHOUT_SHOWING_STAMPS else _stamped
            for decoded in _decoded_frames(container, stream, tally):
                self._check_size(decoded)
                time_s = clock.time(stamp(decoded))
                tally.misplaced = clock.refused
                if time_s is None:
                    continue
                if time_s > self._limits.seconds:
                    raise too_long(self.info.path, self._limits)
                if tally.frames % stride == 0:
                    yield Frame(tally.frames, time_s, decoded, upright)
                tally.frames += 1
                last_s = time_s
        tally.ended_early |= self._fell_short(tally, last_s)
        if not tally.frames:
            raise UnreadableVideo(f"No frame of {self.info.path.name!r} can be decoded. Convert it to H.264.")

    def _check_size(self, decoded: VideoFrame) -> None:
        if decoded.width * decoded.height > self._limits.pixels:  # a stream may change its size midway
            raise too_many_pixels(self.info.path, decoded.width * decoded.height, self._limits)

    def _fell_short(self, tally: Tally, last_s: float) -> bool:
        """Whether clearly less came out than the header promises."""
        promised_s = self.info.duration_s  # a comparison with nan (nothing promised) is False
        missing_s = promised_s - last_s - 1 / (self.info.frame_rate or _NOMINAL_RATE)
        return bool(missing_s > max(_LENGTH_TOLERANCE_S, _LENGTH_TOLERANCE * promised_s))


def open_video(path: str | Path, limits: Limits | None = None) -> VideoReader:
    """Open a video for reading; use as a context manager.

    Raises
    ------
    VideoNotFound, UnreadableVideo, VideoTooLarge
        See `probe`.
    """
    limits = limits or Limits.from_settings()
    return VideoReader(probe(path, limits), limits)


def _decoded_frames(container: InputContainer, stream: VideoStream, tally: Tally) -> Iterator[VideoFrame]:
    """Everything that can be decoded; damage is counted, not raised."""
    stream.thread_type = "AUTO"
    stream.codec_context.thread_count = settings().threads
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError):
            tally.ended_early = True
            return
        try:
            yield from packet.decode()
            tally.damaged += packet.is_corrupt
        except av.FFmpegError:
            tally.damaged += 1


def _stamped(decoded: VideoFrame) -> float | None:
    return decoded.time


def _stamped_by_decoding_order(decoded: VideoFrame) -> float | None:
    """The n-th frame to be shown gets the n-th stamp: FFmpeg hands decoding stamps out in the order of output."""
    return None if decoded.dts is None or decoded.time_base is None else float(decoded.dts * decoded.time_base)
