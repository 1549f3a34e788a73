"""How much a Bento service adds to its pipeline, and how soon it is ready: measured on the endpoint `skeleton`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from PIL import Image

from ascension_core.errors import ServerUnavailable
from ascension_core.pipelines.skeleton import Skeletal
from ascension_core.platform.embedded.ports import choose_ports
from ascension_core.platform.tracking import QUIET
from ascension_core.progress import Progress, silent
from ascension_core.video import open_video

CLIENTS = 16
_SERVICE = "services.vision.service:Vision"
_READY_TIMEOUT_S = 300.0
_TIMEOUT_S = 120.0
_WARMING = 5
_HEADERS = {"Content-Type": "image/jpeg"}


@dataclass(frozen=True)
class ServingBenchmark:
    """What was measured.

    Attributes
    ----------
    overhead_p50_ms, overhead_p99_ms
        From request to answer, less the time that the pipeline itself took, one request after the other.
    throughput_ratio
        Requests a second with 16 clients at a time over pictures a second of the pipeline alone.
    ready_s
        From the start of the process to its readiness.
    errors
        Requests of the 16 clients that were not answered with 200.
    """

    overhead_p50_ms: float
    overhead_p99_ms: float
    throughput_ratio: float
    ready_s: float
    errors: int


def bench_serving(clip: Path, requests: int = 100, progress: Progress = silent) -> ServingBenchmark:
    """Serve the vision pipelines on loopback and measure.

    Parameters
    ----------
    clip
        A video whose middle frame is the picture.
    requests
        Of each kind.

    Raises
    ------
    VideoError, ModelError
        The clip cannot be read, or weights are missing.
    ServerUnavailable
        The service does not become ready.
    """
    with TemporaryDirectory(prefix="ascension-bench-") as scratch:
        picture = _middle_frame(clip, Path(scratch) / "picture.jpg")
        with (
            _service(Path(scratch)) as (url, ready_s),
            httpx.Client(base_url=url, timeout=_TIMEOUT_S, trust_env=False) as client,
        ):
            body = picture.read_bytes()
            for _ in range(_WARMING):
                _overhead_ms(client, body)
            overheads = [_overhead_ms(client, body) for _ in _counted(requests, progress, "one at a time")]
            rate, errors = _rate(client, body, requests)
            progress("many at a time", 1.0)
        alone = _rate_alone(picture, requests)
        progress("the pipeline alone", 1.0)
    return ServingBenchmark(
        overhead_p50_ms=round(float(np.percentile(overheads, 50)), 2),
        overhead_p99_ms=round(float(np.percentile(overheads, 99)), 2),
        throughput_ratio=round(rate / alone, 3),
        ready_s=round(ready_s, 2),
        errors=errors,
    )


def _counted(requests: int, progress: Progress, stage: str) -> Iterator[int]:
    for number in range(requests):
        yield number
        progress(stage, (number + 1) / requests)


def _middle_frame(clip: Path, to: Path) -> Path:
    with open_video(clip) as video:
        half = (video.info.duration_s or 0) / 2
        frame = next(frame for frame in video.frames() if frame.time >= half)
        Image.fromarray(frame.image).save(to, quality=92)
    return to


@contextmanager
def _service(home: Path) -> Iterator[tuple[str, float]]:
    """The service's address, and how long it took to be ready."""
    (port,) = choose_ports(1)
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, **QUIET, "BENTOML_HOME": str(home / "bento"), "BENTOML_DO_NOT_TRACK": "True"}
    command = [sys.executable, "-m", "bentoml", "serve", _SERVICE, "--host", "127.0.0.1", "--port", str(port)]
    start = time.monotonic()
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
    try:
        _wait_until_ready(url, process)
        yield url, time.monotonic() - start
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{url}/readyz", timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise ServerUnavailable("the service does not become ready: run `bentoml serve services.vision.service:Vision` and look")


def _overhead_ms(client: httpx.Client, body: bytes) -> float:
    """What one request takes beyond the pipeline, which says itself how long it took."""
    start = time.perf_counter()
    answer = client.post("/skeleton", content=body, headers=_HEADERS)
    taken_s = time.perf_counter() - start
    return 1000 * (taken_s - float(answer.raise_for_status().json()["seconds"]))


def _rate(client: httpx.Client, body: bytes, requests: int) -> tuple[float, int]:
    """Requests a second with many clients, and how many were not answered."""

    def ask(_: int) -> bool:
        try:
            return client.post("/skeleton", content=body, headers=_HEADERS).is_success
        except httpx.TransportError:
            return False

    start = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        answered = list(pool.map(ask, range(requests)))
    return sum(answered) / (time.perf_counter() - start), answered.count(False)


def _rate_alone(picture: Path, requests: int) -> float:
    """Pictures a second of the pipeline, one after the other in this process."""
    skeletal = Skeletal.load()
    for _ in range(_WARMING):
        skeletal.picture(picture)
    return 1 / statistics.fmean(skeletal.picture(picture).seconds for _ in range(requests))
