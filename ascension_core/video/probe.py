"""What a video file is, found out without decoding it: size, rotation, rate, length, colour depth.

A file is untrusted: it is opened as a local file through a Python file object, never by name, so that no name and no
content can make FFmpeg follow a protocol (``http:``, ``concat:``); and only by the demuxers of `CONTAINERS`, none of
which refers to other files (playlists do).
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ascension_core.errors import UnreadableVideo, VideoNotFound, VideoTooLarge
from ascension_core.settings import settings
from ascension_core.video.tone import HDR_TRANSFERS

# FFmpeg's names of the demuxers that phones, cameras and editors write. Pictures (png_pipe, image2, gif, ico), playlists
# (hls, dash, concat) and scripted sources (lavfi) are left out on purpose.
CONTAINERS = (
    "mov,mp4,m4a,3gp,3g2,mj2",
    "matroska,webm",
    "avi",
    "flv",
    "asf",
    "mpegts",
    "mpeg",
    "mpegvideo",
    "ogg",
    "mxf",
    "ivf",
    "nut",
    "h264",
    "hevc",
    "obu",
    "m4v",
    "dv",
    "wav",
    "mp3",
    "aac",
    "flac",
)
_STILL_BRANDS = {"heic", "heix", "heim", "heis", "mif1", "msf1", "avif", "mif2", "crx "}
_PROBED_PACKETS = 240  # eight seconds at 30 fps: enough to see whether intervals vary
_PATIENCE = 4  # times as many packets are read while none of them can be decoded
_REORDERING = 16  # frames by which the order of decoding and of showing may differ (H.264 and HEVC)
_INTERVAL_TOLERANCE = 0.1  # of the median interval; coarse time bases alternate between two neighbouring ticks
_ODD_INTERVALS = 0.01  # share of the intervals beyond that tolerance from which on the rate is called variable
_RATE_TRUST = 2.0  # a header whose rate is off by more than this factor (AVI states its clock) is overruled by the stamps


@dataclass(frozen=True)
class Limits:
    """The largest video that is accepted.

    Attributes
    ----------
    file_bytes
        Size of the file.
    seconds
        Length; checked against the header by `probe`, and again while decoding since headers lie.
    pixels
        Width times height of a frame as coded.
    """

    file_bytes: int
    seconds: float
    pixels: int

    @classmethod
    def from_settings(cls) -> Limits:
        """Limits of this installation (``ASCENSION_MAX_VIDEO_BYTES``, ``_S`` and ``_PIXELS``)."""
        chosen = settings()
        return cls(chosen.max_video_bytes, chosen.max_video_s, chosen.max_video_pixels)


@dataclass(frozen=True)
class VideoInfo:
    """What the header of a video says, as seen by a viewer who holds the picture upright.

    Attributes
    ----------
    path
        The file.
    width, height
        Upright size in square pixels: rotation and sample aspect ratio are applied.
    rotation_deg
        Clockwise turn that makes the coded picture upright: 0, 90, 180 or 270.
    mirrored
        Whether the upright picture is also flipped left to right (some front cameras ask for it).
    codec
        Short name of the codec, ``"h264"``, ``"hevc"``, ...
    frame_rate
        Mean frames per second.
    variable_frame_rate
        Whether more than 1 % of the intervals of the first 240 frames differ from their median by more than 10 %.
    duration_s
        Length promised by the header in seconds, ``nan`` where it promises none.
    frames_declared
        Number of frames promised by the header, 0 where it promises none.
    has_audio
        Whether there is a sound track.
    bit_depth
        Bits per colour sample.
    hdr
        ``"PQ"``, ``"HLG"`` or ``None``.
    bytes
        Size of the file.
    """

    path: Path
    width: int
    height: int
    rotation_deg: int
    mirrored: bool
    codec: str
    frame_rate: float
    variable_frame_rate: bool
    duration_s: float
    frames_declared: int
    has_audio: bool
    bit_depth: int
    hdr: str | None
    bytes: int


def probe(path: str | Path, limits: Limits | None = None) -> VideoInfo:
    """Describe a video without decoding more than its beginning.

    Raises
    ------
    VideoNotFound
        There is no file at `path`, or no permission to read it.
    UnreadableVideo
        The file holds no video that can be decoded.
    VideoTooLarge
        A limit is exceeded (`limits`, by default those of the settings).
    """
    path = Path(path)
    limits = limits or Limits.from_settings()
    with open_container(path, limits) as (container, stream):
        info = _describe(path, container, stream, _sample(path, container, stream))
    _check_pixels(path, info.width * info.height, limits)
    _check_seconds(path, info.duration_s, limits)
    return info


def file_sha256(path: str | Path) -> str:
    """SHA-256 of a file as 64 hexadecimal digits, read in pieces."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise VideoNotFound(f"{_shown(path)} cannot be read: {error.strerror or error}.") from error


@contextmanager
def open_container(path: Path, limits: Limits) -> Iterator[tuple[InputContainer, VideoStream]]:
    """Open the file and its main video stream, safely and for as long as the block lasts.

    Every error of FFmpeg that leaves the block is turned into one of ours.
    """
    _check_file(path, limits)
    try:
        with (
            path.open("rb") as file,
            av.open(
                file,
                "r",
                options={
                    "format_whitelist": ",".join(CONTAINERS),
                    "protocol_whitelist": "",
                    "max_pixels": str(limits.pixels),  # holds in the decoder, before memory is taken
                },
                metadata_errors="replace",
                buffer_size=1 << 20,
            ) as container,
        ):
            stream = _main_stream(path, container)
            _check_pixels(path, stream.codec_context.width * stream.codec_context.height, limits)
            yield container, stream
    except PermissionError as error:
        raise VideoNotFound(f"{_shown(path)} cannot be read: permission denied. Grant read access to it.") from error
    except av.ArgumentError as error:  # FFmpeg's answer to a format outside the list
        raise UnreadableVideo(
            f"{_shown(path)} is an image, a playlist or another kind that is not a video. {_ADVICE}"
        ) from error
    except av.FFmpegError as error:
        raise UnreadableVideo(
            f"{_shown(path)} is not a video, or is cut off or damaged so that nothing can be read ({error.strerror}). {_ADVICE}"
        ) from error
    except OSError as error:  # of the file system: a disk or a network drive that fails
        raise UnreadableVideo(f"{_shown(path)} cannot be read: {error.strerror or error}. Copy it to a local disk.") from error


_ADVICE = "Give an MP4, MOV, MKV, WebM or AVI file that a video player can play."


def display_transform(matrix: bytes | None) -> tuple[int, bool]:
    """Rotation and mirroring asked for by a display matrix.

    Parameters
    ----------
    matrix
        Nine native-endian 32-bit integers as FFmpeg stores them, or None for no transform.

    Returns
    -------
    rotation_deg, mirrored
        Turn the coded picture clockwise by `rotation_deg` (0, 90, 180, 270), then flip it left to right if `mirrored`.

    Notes
    -----
    The matrix maps coded (x, y) to shown (a x + c y, b x + d y), ISO/IEC 14496-12 section 6.2.2. A turn that is not a
    multiple of 90 degrees is rounded to the nearest.
    """
    if matrix is None or len(matrix) < 36:
        return 0, False
    a, b, _, c, d, *_ = np.frombuffer(matrix[:36], dtype=np.int32).astype(float)
    mirrored = a * d - b * c < 0
    if mirrored:  # matrix = turn followed by a horizontal flip: undo the flip (negate the shown x) to read the turn
        a, c = -a, -c
    if not (a or b):
        return 0, False
    return round(float(np.degrees(np.arctan2(b, a))) / 90) % 4 * 90, bool(mirrored)


def upright_size(coded: tuple[int, int], sample_aspect: Fraction | None, rotation_deg: int) -> tuple[int, int]:
    """Width and height in square pixels after rotation.

    The narrower direction is stretched, never the other shrunk, so no detail is lost.
    """
    width, height = coded
    if sample_aspect and sample_aspect > 0:
        if sample_aspect > 1:
            width = round(width * sample_aspect)
        else:
            height = round(height / sample_aspect)
    return (height, width) if rotation_deg in (90, 270) else (width, height)


def frame_transform(frame: VideoFrame) -> tuple[int, bool]:
    """Rotation and mirroring that a decoded frame asks for."""
    try:
        side_data = cast(SideDataContainer, frame.side_data)  # declared as a single item by PyAV's stubs
    except ValueError:  # PyAV gives up on all of it where one kind is unknown to it; the turn alone is still available
        return round(-frame.rotation / 90) % 4 * 90, False
    found = [bytes(entry) for entry in side_data if entry.type == SideDataType.DISPLAYMATRIX]
    return display_transform(found[0] if found else None)


def _check_file(path: Path, limits: Limits) -> None:
    try:
        status = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise VideoNotFound(f"There is no video at {_shown(path)}. Check the path.") from error
    if stat.S_ISDIR(status.st_mode):
        raise UnreadableVideo(f"{_shown(path)} is a folder. Give one video file.")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableVideo(f"{_shown(path)} is not a regular file. Give a video file.")
    if status.st_size == 0:
        raise UnreadableVideo(f"{_shown(path)} is empty. Copy or download it again.")
    if status.st_size > limits.file_bytes:
        raise VideoTooLarge(
            f"{_shown(path)} has {status.st_size} bytes, more than the {limits.file_bytes} allowed. "
            "Cut or compress it, or raise ASCENSION_MAX_VIDEO_BYTES."
        )


def _check_pixels(path: Path, pixels: int, limits: Limits) -> None:
    if pixels > limits.pixels:
        raise too_many_pixels(path, pixels, limits)


def _check_seconds(path: Path, seconds: float, limits: Limits) -> None:
    if seconds > limits.seconds:
        raise too_long(path, limits)


def too_many_pixels(path: Path, pixels: int, limits: Limits) -> VideoTooLarge:
    """Error for a video whose frames are larger than the limit."""
    return VideoTooLarge(
        f"{_shown(path)} has {pixels} pixels a frame, more than the {limits.pixels} allowed. "
        "Export it smaller, or raise ASCENSION_MAX_VIDEO_PIXELS."
    )


def too_long(path: Path, limits: Limits) -> VideoTooLarge:
    """Error for a video that is longer than the limit."""
    return VideoTooLarge(
        f"{_shown(path)} is longer than the {limits.seconds:g} s allowed. Cut it, or raise ASCENSION_MAX_VIDEO_S."
    )


def _main_stream(path: Path, container: InputContainer) -> VideoStream:
    """The stream that shows the scene: not a cover picture, the largest of several."""
    if _STILL_BRANDS & {container.metadata.get("major_brand", "")}:
        raise UnreadableVideo(f"{_shown(path)} is an image, not a video. {_ADVICE}")
    films = [s for s in container.streams.video if not s.disposition & (Disposition.attached_pic | Disposition.still_image)]
    if not films:
        what = "only sound" if container.streams.audio else "no video stream"
        raise UnreadableVideo(f"{_shown(path)} holds {what}. {_ADVICE}")
    stream = max(films, key=lambda s: s.width * s.height if s.codec_context else 0)
    if stream.codec_context is None:
        raise UnreadableVideo(f"{_shown(path)} uses a codec that cannot be decoded here. Convert it to H.264.")
    for other in container.streams:
        if other is not stream:
            other.discard = Discard.all
    return stream


@dataclass(frozen=True)
class _Sample:
    """The beginning of a stream: its first decoded frame, and the time stamps of its packets in seconds, sorted."""

    frame: VideoFrame
    stamps_s: NDArray[np.float64]


def _sample(path: Path, container: InputContainer, stream: VideoStream) -> _Sample:
    """Read some packets and decode up to the first frame: it alone tells size, rotation and colour for certain."""
    frame: VideoFrame | None = None
    stamps: list[float] = []
    for count, packet in enumerate(container.demux(stream)):
        if count >= _PROBED_PACKETS and (frame is not None or count >= _PATIENCE * _PROBED_PACKETS):
            stamps = sorted(stamps)[:-_REORDERING]  # later packets may belong in between the last ones
            break
        if packet.pts is not None and packet.time_base is not None:
            stamps.append(float(packet.pts * packet.time_base))
        if frame is None:
            frame = _decoded(packet)
    if frame is None:
        raise UnreadableVideo(f"No frame of {_shown(path)} can be decoded. {_ADVICE}")
    return _Sample(frame, np.array(sorted(stamps)))


def _decoded(packet: Packet[VideoStream]) -> VideoFrame | None:
    try:
        frames = packet.decode()
    except av.FFmpegError:  # damaged: a later packet may do
        return None
    return frames[0] if frames else None


def _describe(path: Path, container: InputContainer, stream: VideoStream, sample: _Sample) -> VideoInfo:
    frame = sample.frame
    rotation_deg, mirrored = frame_transform(frame)
    width, height = upright_size((frame.width, frame.height), stream.sample_aspect_ratio, rotation_deg)
    rate, variable = _frame_rate(stream, sample.stamps_s)
    return VideoInfo(
        path=path,
        width=width,
        height=height,
        rotation_deg=rotation_deg,
        mirrored=mirrored,
        codec=stream.codec_context.codec.canonical_name,
        frame_rate=rate,
        variable_frame_rate=variable,
        duration_s=_duration_s(container, stream),
        frames_declared=stream.frames,
        has_audio=bool(container.streams.audio),
        bit_depth=max(component.bits for component in frame.format.components),
        hdr=HDR_TRANSFERS.get(frame.color_trc),
        bytes=path.stat().st_size,
    )


def _duration_s(container: InputContainer, stream: VideoStream) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / av.time_base if container.duration else float("nan")


def _frame_rate(stream: VideoStream, stamps_s: NDArray[np.float64]) -> tuple[float, bool]:
    """Mean rate in frames per second, and whether it varies."""
    declared = float(stream.average_rate or stream.guessed_rate or 0)
    intervals = np.diff(stamps_s)
    intervals = intervals[intervals > 0]
    if len(intervals) < 2:
        return declared, False
    measured = float(1 / intervals.mean())
    trusted = declared if measured / _RATE_TRUST < declared < measured * _RATE_TRUST else measured
    median = float(np.median(intervals))
    tick = 1.5 * float(stream.time_base or 0)  # more than one tick, less than two
    odd = np.abs(intervals - median) > max(tick, _INTERVAL_TOLERANCE * median)
    return trusted, bool(odd.mean() > _ODD_INTERVALS)


def _shown(path: str | Path) -> str:
    """The file's name for a message, on one line whatever it holds."""
    return repr(Path(path).name)
