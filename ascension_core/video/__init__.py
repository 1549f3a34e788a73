"""Pixels in and out: probe, read with true timestamps and rotation, write."""

from ascension_core.video.probe import Limits, VideoInfo, file_sha256, probe
from ascension_core.video.read import Frame, Tally, VideoReader, open_video
from ascension_core.video.write import VideoWriter

__all__ = ["Frame", "Limits", "Tally", "VideoInfo", "VideoReader", "VideoWriter", "file_sha256", "open_video", "probe"]
