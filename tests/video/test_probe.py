from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ascension_core.errors import InputError, UnreadableVideo, VideoNotFound, VideoTooLarge
from ascension_core.video import Limits, file_sha256, open_video, probe
from ascension_core.video.probe import display_transform, upright_size

Make = Callable[..., Path]
ROOMY = Limits(file_bytes=10**9, seconds=1e4, pixels=10**8)


def matrix(degrees: int, mirrored: bool) -> bytes:
    """Display matrix of a clockwise turn followed by a horizontal flip, ISO/IEC 14496-12."""
    cos, sin = round(np.cos(np.radians(degrees))), round(np.sin(np.radians(degrees)))
    flip = -1 if mirrored else 1
    one = 1 << 16
    return np.array([cos * one * flip, sin * one, 0, -sin * one * flip, cos * one, 0, 0, 0, 1 << 30], np.int32).tobytes()


def test_plain_clip(make_clip: Make) -> None:
    info = probe(make_clip(sound=True))
    assert (info.width, info.height, info.rotation_deg, info.mirrored) == (96, 64, 0, False)
    assert (info.codec, info.bit_depth, info.hdr, info.has_audio) == ("h264", 8, None, True)
    assert (info.frame_rate, info.variable_frame_rate, info.frames_declared) == (25, False, 25)
    assert info.duration_s == pytest.approx(1.0)
    assert info.bytes == info.path.stat().st_size


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_display_matrix_is_read(degrees: int, mirrored: bool) -> None:
    assert display_transform(matrix(degrees, mirrored)) == (degrees, mirrored)


def test_no_or_degenerate_display_matrix_is_no_transform() -> None:
    assert display_transform(None) == (0, False)
    assert display_transform(bytes(36)) == (0, False)
    assert display_transform(b"short") == (0, False)


@given(
    st.integers(1, 8192),
    st.integers(1, 8192),
    st.fractions(Fraction(1, 4), Fraction(4), max_denominator=200),
    st.sampled_from([0, 90]),
)
def test_upright_size_has_the_shown_proportions_and_never_shrinks(width: int, height: int, aspect: Fraction, turn: int) -> None:
    shown = upright_size((width, height), aspect, turn)
    wide, high = shown[::-1] if turn else shown
    assert wide >= width
    assert high >= height
    assert abs(wide - high * width * aspect / height) <= max(1, width * aspect / height)


def test_variable_frame_rate_is_noticed(make_clip: Make) -> None:
    stamps = np.cumsum([0, *([33, 33, 34, 60, 17] * 8)]).tolist()
    info = probe(make_clip(stamps=stamps))
    assert info.variable_frame_rate
    assert info.frame_rate == pytest.approx(1000 * len(stamps) / (stamps[-1] + 35), rel=0.02)


def test_coarse_time_base_is_not_called_variable(make_clip: Make) -> None:
    stamps = [round(index * 1000 / 60) for index in range(120)]  # 16 or 17 ms
    assert not probe(make_clip(name="a.mkv", stamps=stamps)).variable_frame_rate


def test_rate_of_avi_is_that_of_its_frames_not_of_its_clock(make_clip: Make) -> None:
    assert probe(make_clip(name="a.avi", codec="mpeg4")).frame_rate == pytest.approx(25, rel=0.01)


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG"), (1, None)])
def test_ten_bits_and_hdr_are_noticed(make_clip: Make, transfer: int, name: str | None) -> None:
    quiet = {"x265-params": "log-level=none"}
    clip = make_clip(codec="libx265", pix_fmt="yuv420p10le", primaries=9, transfer=transfer, matrix=9, options=quiet)
    info = probe(clip)
    assert (info.codec, info.bit_depth, info.hdr) == ("hevc", 10, name)


# What is refused


def refusal(path: str | Path, limits: Limits | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        open_video(path, limits)
    assert "\n" not in str(caught.value)
    return caught.value


def test_missing_file(tmp_path: Path) -> None:
    assert isinstance(refusal(tmp_path / "none.mp4"), VideoNotFound)


@pytest.mark.parametrize(
    "name",
    [
        "http://127.0.0.1:9/a.mp4",
        "rtmp://127.0.0.1/a",
        "concat:clip.mp4",
        "file:clip.mp4",
        "pipe:0",
        "-",
        "a\0b",
        "x" * 5000,
        "tcp://[::1]:1",
    ],
)
def test_protocols_are_never_followed(make_clip: Make, monkeypatch: pytest.MonkeyPatch, no_network: None, name: str) -> None:
    monkeypatch.chdir(make_clip().parent)
    assert isinstance(refusal(name), VideoNotFound)


@pytest.mark.parametrize(
    "name", ["concat:a.mp4", "http:a.mp4", "-i.mp4", "new\nline.mp4", "100%d.mp4", "a:b.mp4", "ключ.mp4", "a.png"]
)
def test_any_file_name_is_just_a_name(make_clip: Make, name: str) -> None:
    clip = make_clip()
    assert probe(clip.rename(clip.with_name(name))).frames_declared == 25


def test_file_name_that_breaks_lines_does_not_break_the_message(tmp_path: Path) -> None:
    path = tmp_path / "two\nlines.mp4"
    path.write_text("no video")
    assert "two\\nlines.mp4" in str(refusal(path))


def test_folder_and_device(tmp_path: Path) -> None:
    assert "folder" in str(refusal(tmp_path))
    assert "regular file" in str(refusal("/dev/zero"))


def test_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    assert "regular file" in str(refusal(tmp_path / "fifo.mp4"))


def test_no_permission(make_clip: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    clip = make_clip()
    monkeypatch.setattr(Path, "open", refuse)  # root may read everything, so a mode would not do
    assert "permission" in str(refusal(clip))


def picture(kind: str, frames: int = 1) -> bytes:
    image = Image.fromarray(np.full((64, 64, 3), 90, np.uint8))
    file = io.BytesIO()
    more = {"save_all": True, "append_images": [image.rotate(90)] * (frames - 1)} if frames > 1 else {}
    image.save(file, kind, **more)
    return file.getvalue()


NOT_VIDEO = {
    "empty": b"",
    "text": b"climb hard\n" * 500,
    "html": b"<!DOCTYPE html><html><body>404</body></html>" * 20,
    "json": b'{"error": "not found"}',
    "zip": b"PK\x03\x04" + bytes(range(256)) * 40,
    "noise": np.random.default_rng(0).integers(0, 256, 100_000, np.uint8).tobytes(),
    "zeros": bytes(100_000),
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nclip.mp4\n#EXT-X-ENDLIST\n",
    "concat script": b"ffconcat version 1.0\nfile 'clip.mp4'\n",
    "session description": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"></MPD>',
    "png": picture("PNG"),
    "jpeg": picture("JPEG"),
    "webp": picture("WEBP"),
    "gif": picture("GIF"),
    "moving gif": picture("GIF", 4),
    "tiff": picture("TIFF"),
    "avif": picture("AVIF"),
    "ftyp alone": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41",
    "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0\0\0\x08free",
}


@pytest.mark.parametrize("kind", NOT_VIDEO)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".png"])
def test_what_is_not_a_video(make_clip: Make, no_network: None, kind: str, suffix: str) -> None:
    path = make_clip().with_name("other" + suffix)
    path.write_bytes(NOT_VIDEO[kind])
    assert isinstance(refusal(path), UnreadableVideo)


@pytest.mark.parametrize(
    ("name", "codec", "cover"),
    [
        ("a.mp3", "libmp3lame", False),
        ("a.mp3", "libmp3lame", True),
        ("a.m4a", "aac", False),
        ("a.mp4", "aac", False),
        ("a.mp4", "aac", True),
        ("a.mkv", "aac", False),
        ("a.wav", "pcm_s16le", False),
    ],
)
def test_sound_alone(tmp_path: Path, name: str, codec: str, cover: bool) -> None:
    with av.open(str(tmp_path / name), "w") as out:
        stream = out.add_stream(codec, rate=44_100, layout="mono")
        if cover:
            _add_cover(out)
        shape = {"pcm_s16le": ("s16", np.int16)}.get(codec, ("fltp", np.float32))
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), shape[1]), format=shape[0], layout="mono")
        frame.sample_rate, frame.pts = 44_100, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert "only sound" in str(refusal(tmp_path / name))


def _add_cover(out: av.container.OutputContainer) -> None:
    cover = out.add_stream("mjpeg", rate=1)
    cover.width = cover.height = 64
    cover.pix_fmt = "yuvj420p"
    cover.disposition = av.stream.Disposition.attached_pic
    picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24").reformat(format="yuvj420p")
    picture.pts = 0
    out.mux(cover.encode(picture))
    out.mux(cover.encode(None))


def test_header_that_was_never_written(make_clip: Make) -> None:
    clip = make_clip(picture=None)  # without fast start the header comes last
    clip.write_bytes(clip.read_bytes()[:-600])
    assert isinstance(refusal(clip), UnreadableVideo)


def test_limits(make_clip: Make) -> None:
    clip = make_clip(stamps=range(0, 4000, 40))
    assert open_video(clip, ROOMY).info.frames_declared == 100
    assert "ASCENSION_MAX_VIDEO_BYTES" in str(refusal(clip, Limits(100, 1e4, 10**8)))
    assert "ASCENSION_MAX_VIDEO_S" in str(refusal(clip, Limits(10**9, 3.0, 10**8)))
    assert "ASCENSION_MAX_VIDEO_PIXELS" in str(refusal(clip, Limits(10**9, 1e4, 96 * 64 - 1)))


@pytest.mark.parametrize("name", ["huge.mp4", "huge.mkv", "huge.h264"])
def test_huge_frames_are_refused_before_memory_is_taken(make_clip: Make, name: str) -> None:
    clip = make_clip(
        name=name,
        size=(8192, 4320),
        stamps=[0],
        options={"preset": "ultrafast"},
        picture=lambda _, w, h: np.zeros((h, w, 3), np.uint8),
    )
    assert isinstance(refusal(clip), VideoTooLarge)


def test_sha256_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"crimp" * 1000)
    assert file_sha256(tmp_path / "a") == hashlib.sha256(b"crimp" * 1000).hexdigest()
    with pytest.raises(VideoNotFound):
        file_sha256(tmp_path / "b")


@pytest.mark.parametrize("codec", [b"zzzz", b"mp4a", b"evc1", b"jpeg"])
def test_codec_that_cannot_be_decoded(make_clip: Make, codec: bytes) -> None:
    clip = make_clip()
    content = clip.read_bytes()
    start = content.index(b"avc1", content.index(b"stsd"))
    clip.write_bytes(content[:start] + codec + content[start + 4 :])
    assert isinstance(refusal(clip), UnreadableVideo)
