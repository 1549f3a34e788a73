"""The beginning of a clip, for those who do not want to wait."""

from __future__ import annotations

from pathlib import Path

from ascension_core.errors import InvalidOption
from ascension_core.video import VideoWriter, open_video

_CRF = 14  # what is found in the copy should be what is found in the clip


def beginning(video: Path, seconds: float | None, folder: Path) -> Path:
    """The first seconds of a clip, written into the folder; the clip itself where it is no longer than that, or with None.

    Raises
    ------
    InvalidOption
        If `seconds` is not positive.
    VideoError
        If the clip cannot be read.
    """
    if seconds is None:
        return video
    if not seconds > 0:
        raise InvalidOption(f"seconds must be positive, got {seconds}")
    folder.mkdir(parents=True, exist_ok=True)
    with open_video(video) as reader:
        if reader.info.duration_s <= seconds:
            return video
        path = folder / f"{video.stem}-{seconds:g}s.mp4"
        size = (reader.info.width, reader.info.height)
        with VideoWriter(path, size, reader.info.frame_rate, crf=_CRF) as writer:
            for frame in reader.frames():
                if frame.time >= seconds:
                    break
                writer.write(frame.image, frame.time)
    return path
