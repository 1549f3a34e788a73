"""What every pipeline needs: how long its stages take, how far it is, and how many threads it may use."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ascension_core.settings import settings
from ascension_core.video import VideoReader


class Stages:
    """Seconds taken by named stages."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        """Time a block."""
        start = time.perf_counter()
        yield
        self.seconds[stage] = time.perf_counter() - start


def threads() -> int:
    """Threads that this process may use."""
    if settings().threads:
        return settings().threads
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share(time_s: float, reader: VideoReader) -> float:
    """How much of a video lies before a time, 0 to 1; 0 where its length is not known."""
    length = reader.info.duration_s
    return float(np.clip(time_s / length, 0, 1)) if length and np.isfinite(length) else 0.0
