"""How fast our pipeline follows a climber, beside a plain MediaPipe loop on the same clip with the same model.

Each run has a process of its own (this module as a program), so that imports, caches and peak memory of one program
cannot flatter or burden another. Programs alternate, so that a machine that slows down slows all of them.

What is timed, for both alike: from the moment the first frame is asked for to the last result. Starting Python, imports
and what is loaded before that moment are left out.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np

from ascension_core import errors
from ascension_core.errors import AscensionError, InputError, InvalidOption
from ascension_core.progress import Progress, silent
from ascension_core.video import Frame, VideoReader, probe

PROGRAMS = ("plain", "pipeline", "fast")
TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of one program took.

    Attributes
    ----------
    program
        ``plain``, ``pipeline`` or ``fast``.
    frames
        Frames of the clip that it answered for.
    seconds
        From asking for the first frame to the last result.
    cpu_seconds
        Processor time of all threads over the same span: says how much work it is even on a machine that is busy otherwise.
    peak_mb
        Largest resident memory of the process in 10^6 bytes.
    """

    program: str
    frames: int
    seconds: float
    cpu_seconds: float
    peak_mb: float

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.frames / self.seconds


def bench_pose(
    clip: Path, model: str = "full", *, runs: int = 3, analyze: bool = False, progress: Progress = silent
) -> dict[str, Any]:
    """Run every program `runs` times by turns; see `docs/evaluation.md` for the document that comes back.

    Raises
    ------
    InputError
        If the clip or the options cannot be used.
    AscensionError
        If a process fails: what it said is in the message.
    """
    if runs < 1:
        raise InvalidOption(f"runs must be at least 1, got {runs}")
    info, here = probe(clip), machine()
    done: list[Run] = []
    for round_ in range(runs):
        for program in _turn(PROGRAMS, round_):
            done.append(run_in_process(program, clip, model))
            progress("bench", len(done) / (runs * len(PROGRAMS)), f"{program} {done[-1].fps:.1f} fps")
    document = {"clip": clip.name, "model": model, **compare(done), "machine": here}
    if analyze:
        seconds = time_analyze(clip, model)
        document |= {"analyze_seconds": seconds, "analyze_ratio": seconds / info.duration_s}
    return document


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """Medians and their ratios; `peak_mb` is the largest of our own processes in the accurate mode."""
    by = {program: [run for run in runs if run.program == program] for program in PROGRAMS}
    fps = {program: median(run.fps for run in taken) for program, taken in by.items()}
    cpu = {program: median(run.cpu_seconds / run.frames for run in taken) for program, taken in by.items()}
    peak = {program: max(run.peak_mb for run in taken) for program, taken in by.items()}
    return {
        "fps": fps["pipeline"],
        "plain_fps": fps["plain"],
        "fast_fps": fps["fast"],
        "ratio": fps["pipeline"] / fps["plain"],
        "fast_ratio": fps["fast"] / fps["plain"],
        "cpu_ratio": cpu["plain"] / cpu["pipeline"],
        "fast_cpu_ratio": cpu["plain"] / cpu["fast"],
        "peak_mb": peak["pipeline"],
        "plain_peak_mb": peak["plain"],
        "fast_peak_mb": peak["fast"],
        "runs": [asdict(run) | {"fps": run.fps} for run in runs],
    }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "cpu": _cpu_name(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "platform": platform.platform(),
        "python": platform.python_version(),
        "ascension": version("ascension"),
        "mediapipe": version("mediapipe"),
    }


def run_in_process(program: str, clip: Path, model: str) -> Run:
    """Run one program in a new process.

    Raises
    ------
    AscensionError
        Of the class that the process raised, or saying how it ended.
    """
    with tempfile.TemporaryDirectory(prefix="ascension-bench-") as folder:
        answer = Path(folder) / "answer.json"
        ended = _run(child_command(program, str(clip), model, str(answer)), program)
        document = _read_answer(answer)
    if document is None:
        raise AscensionError(f"the {program} run ended with {_ending(ended.returncode)} and no result: {_tail(ended.stderr)}")
    if "error" in document:
        raise _error_class(document["error"])(f"the {program} run failed: {document['message']}")
    return Run(**document)


def child_command(*arguments: str) -> list[str]:
    """How this module is started as a program; see `main`."""
    return [sys.executable, "-m", "experiments.bench_pose", *arguments]


def time_analyze(clip: Path, model: str) -> float:
    """Seconds that a whole `ascension analyze` with overlay and report takes, start of the program included."""
    with tempfile.TemporaryDirectory(prefix="ascension-bench-") as folder:
        code = "from ascension_core.cli import main; main()"
        start = time.perf_counter()
        ended = _run([sys.executable, "-c", code, "analyze", str(clip), "--out", folder, "--model", model], "analyze")
        seconds = time.perf_counter() - start
    if ended.returncode:
        raise AscensionError(f"analyze ended with {_ending(ended.returncode)}: {_tail(ended.stderr)}")
    return seconds


def peak_mb() -> float:
    """Largest resident memory of this process so far, in 10^6 bytes.

    On Linux from /proc, for `ru_maxrss` of a process includes the size of the one that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        return int(fields["VmHWM"].split()[0]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


class Stopwatch:
    """Starts once, and says how long ago that was."""

    def __init__(self) -> None:
        self._started: tuple[float, float] | None = None

    def start(self) -> None:
        """Start, unless it runs already."""
        if self._started is None:
            self._started = (time.perf_counter(), time.process_time())

    def read(self) -> tuple[float, float]:
        """Seconds, and processor seconds of all threads, since the start."""
        if self._started is None:
            raise AscensionError("no frame was read: nothing can be timed")
        return time.perf_counter() - self._started[0], time.process_time() - self._started[1]


@contextmanager
def from_first_frame() -> Iterator[Stopwatch]:
    """A stopwatch that starts when the first frame of any video is asked for within the block."""
    watch, original = Stopwatch(), VideoReader.frames

    def frames(reader: VideoReader, stride: int = 1) -> Iterator[Frame]:
        watch.start()
        return original(reader, stride)

    with patch.object(VideoReader, "frames", frames):
        yield watch


def run_plain(clip: Path, model: str) -> Run:
    """The plain way: decode by OpenCV, every whole frame through PoseLandmarker in VIDEO mode."""
    import cv2

    from ascension_core.pose.models import task_path
    from experiments.predictors import landmarker, wrap_image

    with landmarker(task_path(model), "VIDEO") as detector:
        video = cv2.VideoCapture(str(clip))
        step_ms = 1000 / (video.get(cv2.CAP_PROP_FPS) or 30.0)
        frames, watch = 0, Stopwatch()
        watch.start()
        while (read := video.read())[0]:
            rgb = np.asarray(cv2.cvtColor(read[1], cv2.COLOR_BGR2RGB), np.uint8)
            detector.detect_for_video(wrap_image(rgb), round(frames * step_ms))
            frames += 1
        seconds, cpu_seconds = watch.read()
    if not frames:
        raise InputError(f"OpenCV reads no frame of {clip}")
    return Run("plain", frames, seconds, cpu_seconds, peak_mb())


def run_pipeline(clip: Path, model: str, *, fast: bool = False) -> Run:
    """Our way: follow the climber and clean the track."""
    from ascension_core.pipelines.vision import VisionOptions, follow

    options = VisionOptions(model=model, fast=fast)  # type: ignore[arg-type]  # checked by VisionOptions
    with from_first_frame() as watch:
        track = follow(clip, options, silent).track
        seconds, cpu_seconds = watch.read()
    return Run("fast" if fast else "pipeline", len(track), seconds, cpu_seconds, peak_mb())


RUNNERS: Mapping[str, Callable[[Path, str], Run]] = {
    "plain": run_plain,
    "pipeline": run_pipeline,
    "fast": lambda clip, model: run_pipeline(clip, model, fast=True),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Program of the child: PROGRAM CLIP MODEL ANSWER; writes the run, or the error, to the file ANSWER."""
    program, clip, model, answer = sys.argv[1:] if arguments is None else arguments
    try:
        if program not in RUNNERS:
            raise InvalidOption(f"unknown program {program!r}; known are {', '.join(RUNNERS)}")
        document = asdict(RUNNERS[program](Path(clip), model))
    except AscensionError as error:
        document = {"error": type(error).__name__, "message": str(error)}
    Path(answer).write_text(json.dumps(document))
    return 2 if "error" in document else 0


def _run(command: list[str], what: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as cause:
        raise AscensionError(f"the {what} run took longer than {TIMEOUT_S:.0f} s and was ended") from cause


def _read_answer(answer: Path) -> dict[str, Any] | None:
    """What the child wrote, None unless it is a whole run or an error."""
    try:
        document = json.loads(answer.read_text())
    except (OSError, ValueError):
        return None
    complete = isinstance(document, dict) and set(document) in ({"error", "message"}, {field.name for field in fields(Run)})
    return document if complete else None


def _error_class(name: str) -> type[AscensionError]:
    found = getattr(errors, name, AscensionError)
    return found if isinstance(found, type) and issubclass(found, AscensionError) else AscensionError


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _tail(text: str, lines: int = 5) -> str:
    return " | ".join(text.strip().splitlines()[-lines:]) or "it said nothing"


def _turn(programs: Sequence[str], round_: int) -> list[str]:
    """The programs in an order that starts with another one each round."""
    first = round_ % len(programs)
    return [*programs[first:], *programs[:first]]


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    sys.exit(main())
