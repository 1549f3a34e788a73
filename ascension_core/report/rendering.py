"""One pass over a video that writes any number of others: decode once, and paint and encode each in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from ascension_core.progress import Progress, silent
from ascension_core.report.drawing import Image
from ascension_core.video import VideoWriter, open_video

FRAMES_AHEAD = 4
"""Decoded frames that may wait for each encoder; at 1080p each holds 6 MB."""


@dataclass(frozen=True, slots=True)
class Output:
    """A video to write.

    Attributes
    ----------
    path
        Where to; it appears there when it is complete.
    size
        (width, height) in pixels, both even.
    paint
        Called in order with each frame at that size, which it may change in place, and its time in seconds.
    crf
        Constant rate factor of x264: higher is smaller and coarser.
    preset
        Preset of x264. Encoding is most of the cost of a rendering, hence a quick one.
    """

    path: Path
    size: tuple[int, int]
    paint: Callable[[Image, float], Image]
    crf: int = 21
    preset: str = "superfast"


def fitted(width: int, height: int, max_short_side: int) -> tuple[int, int]:
    """(width, height), both even, of a picture scaled down until its shorter side is at most `max_short_side` pixels."""
    scale = min(1.0, max_short_side / min(width, height))
    return max(2, 2 * round(width * scale / 2)), max(2, 2 * round(height * scale / 2))


def render(video_path: Path, outputs: Sequence[Output], progress: Progress = silent, stage: str = "render") -> int:
    """Write every output from one pass over the video and return the number of frames.

    Frame times are those of the source, and frames are upright. When anything fails nothing is left behind.

    Raises
    ------
    VideoError
        If the video cannot be read.
    OutputNotWritable
        If an output cannot be written.
    """
    frames = 0
    with open_video(video_path) as reader, ExitStack() as stack:
        lanes = [stack.enter_context(_Lane(output)) for output in outputs]
        expected = max(reader.info.frames_declared or round(reader.info.duration_s * reader.info.frame_rate), 1)
        for frame in reader.frames():
            image = frame.image
            for lane in lanes:
                lane.put(image, frame.time)
            frames += 1
            progress(stage, min(1.0, frames / expected))
    progress(stage, 1.0)
    return frames


class _Lane:
    """Scales, paints and encodes one output in its own thread; an error there surfaces in the caller's thread."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._queue: Queue[tuple[Image, float] | BaseException | None] = Queue(FRAMES_AHEAD)
        self._error: BaseException | None = None
        self._ended = False
        self._thread = Thread(target=self._run, name=f"encode {output.path.name}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None) -> None:
        self._queue.put(error)
        self._thread.join()
        if error is None and self._error is not None:
            raise self._error

    def put(self, image: Image, time_s: float) -> None:
        if self._error is not None:
            raise self._error
        self._queue.put((image, time_s))

    def _run(self) -> None:
        try:
            with VideoWriter(self._output.path, self._output.size, crf=self._output.crf, preset=self._output.preset) as writer:
                while (item := self._take()) is not None:
                    image, time_s = item
                    writer.write(self._output.paint(resized(image, self._output.size), time_s), time_s)
        except BaseException as error:  # whatever it is, it belongs to the caller's thread
            self._error = error
            while not self._ended:
                self._ended = not isinstance(self._queue.get(), tuple)

    def _take(self) -> tuple[Image, float] | None:
        """The next frame, None after the last; raises what went wrong elsewhere, so that the writer gives up its file."""
        item = self._queue.get()
        if isinstance(item, tuple):
            return item
        self._ended = True
        if item is not None:
            raise item
        return None


def resized(image: Image, size: tuple[int, int]) -> Image:
    """A copy of the picture at this size, which may be painted on without touching the original."""
    if (image.shape[1], image.shape[0]) == size:
        return image.copy()
    # Averaging areas is needed against moiré only from a half on; above it took three times as long.
    method = cv2.INTER_AREA if size[0] * 2 <= image.shape[1] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), np.uint8)
