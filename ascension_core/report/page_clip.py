"""The page's own copy of the video."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import cv2
from markupsafe import Markup

from ascension_core.report.drawing import Image
from ascension_core.report.rendering import Output, fitted
from ascension_core.video import open_video


@dataclass(frozen=True, slots=True)
class Clip:
    """The page's copy of the video: inside the page, or the name of a file beside it."""

    size: tuple[int, int]
    poster: str
    base64: Markup | None = None
    file: str | None = None


def copy_output(video_path: Path, clip_path: Path, max_short_side: int, crf: int) -> Output:
    """What makes the copy, to be rendered in one pass with other outputs."""
    with open_video(video_path) as reader:
        size = fitted(reader.info.width, reader.info.height, max_short_side)
    return Output(clip_path, size, _unpainted, crf)


def media(clip: Clip) -> str:
    """Where the page may take its video from."""
    return "blob: 'self' file:" if clip.file else "blob:"


def _unpainted(image: Image, _time_s: float) -> Image:
    return image


def read_clip(clip_path: Path, out_path: Path, start_s: float, max_embedded_bytes: int) -> Clip:
    """The copy inside the page, or beside it if larger than `max_embedded_bytes`; its poster shows the second `start_s`."""
    size, poster = _poster(clip_path, start_s)
    if clip_path.stat().st_size > max_embedded_bytes:
        return Clip(size, poster, file=f"{out_path.stem}-video.mp4")
    return Clip(size, poster, base64=Markup(base64.b64encode(clip_path.read_bytes()).decode("ascii")))


def _poster(clip_path: Path, start_s: float) -> tuple[tuple[int, int], str]:
    """Size of the clip, and the frame that is on screen at this time as a data URL."""
    with open_video(clip_path) as reader:
        shown = None
        for frame in reader.frames():
            if shown is not None and frame.time > start_s + 1e-3:
                break
            shown = frame
        assert shown is not None
        image = shown.image
        size = (reader.info.width, reader.info.height)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 78])
    return size, "data:image/jpeg;base64," + base64.b64encode(jpeg.tobytes()).decode("ascii")


def place(clip_path: Path, target: Path, *, keep: bool) -> None:
    """Put the copy beside the page."""
    if keep:
        target.write_bytes(clip_path.read_bytes())
    else:
        clip_path.replace(target)
