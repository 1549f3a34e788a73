"""Versions measured in processes of their own, each with its own code, and timed by turns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from ascension_core import errors
from ascension_core.errors import AscensionError
from ascension_core.pipelines.versions import PipelineVersion, code
from ascension_core.pipelines.versions.bundle import unpack_code
from ascension_core.progress import Progress, silent
from experiments.registry.data import Data
from experiments.registry.samples import Samples

ROUNDS = {"quick": 3, "full": 7}
_CUT_S = 2.0  # of the clip, for timing


class Runner:
    """A process that runs one version with that version's code, started when it is first asked; a context manager."""

    def __init__(self, version: PipelineVersion, suite: str, data: Data) -> None:
        self._version, self._suite, self._data = version, suite, data
        self._stack = ExitStack()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._scratch = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="ascension-registry-")))
        self._said = self._stack.enter_context((self._scratch / "said").open("w+"))
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._stack.close()

    def _start(self) -> subprocess.Popen[str]:
        arguments = [str(self._version.folder.resolve()), self._suite, json.dumps(self._data.to_document())]
        return subprocess.Popen(
            [sys.executable, "-m", "experiments.registry.child", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            cwd=self._scratch,
            env=os.environ | self._environment(),
        )

    def measure(self, progress: Progress = silent) -> dict[str, Samples]:
        """What the version gets right, by metric."""
        answer = self._scratch / "answer.json"
        self._ask(f"measure {answer}", progress)
        return {name: Samples.from_document(found) for name, found in json.loads(answer.read_text()).items()}

    def time(self) -> tuple[float, float]:
        """Seconds, and processor seconds, of one round."""
        found = self._ask("time", silent)
        return found["seconds"], found["cpu_seconds"]

    def _environment(self) -> dict[str, str]:
        """The version's own code before what is installed, unless they are the same."""
        if self._version.code.sources_sha256 == code.digest():
            return {"PYTHONPATH": str(code.ROOT)}
        unpack_code(self._version, self._scratch / "code")
        return {"PYTHONPATH": str(self._scratch / "code")}

    def _ask(self, request: str, progress: Progress) -> dict[str, Any]:
        process = self._process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(BrokenPipeError):  # it has ended; what it said follows
            process.stdin.write(request + "\n")
            process.stdin.flush()
        for line in process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if "progress" in answer:
                progress(*answer["progress"])
            elif "error" in answer:
                raise _error(answer["error"])(f"{self._version}: {answer['message']}")
            else:
                return answer
        raise AscensionError(f"{self._version} ended while it was measured: {self._last_words(process.wait())}")

    def _last_words(self, exit_code: int) -> str:
        self._said.seek(0)
        lines = self._said.read().strip().splitlines()
        return lines[-1] if lines else f"exit code {exit_code}, and it said nothing"


def time_by_turns(runners: Sequence[Runner], suite: str, progress: Progress = silent) -> list[dict[str, Samples]]:
    """Durations of each, in rounds in which each has its turn, so that a machine that slows down slows all of them."""
    rounds: list[list[tuple[float, float]]] = []
    for number in range(ROUNDS[suite]):
        order = range(len(runners)) if number % 2 == 0 else reversed(range(len(runners)))
        times = {k: runners[k].time() for k in order}
        rounds.append([times[k] for k in range(len(runners))])
        progress("time", (number + 1) / ROUNDS[suite], f"round {number + 1} of {ROUNDS[suite]}")
    table = np.array(rounds)
    return [
        {name: Samples("seconds", table[:, k, column][:, None]) for column, name in enumerate(("seconds", "cpu_seconds"))}
        for k in range(len(runners))
    ]


@contextmanager
def timed_data(data: Data) -> Iterator[Data]:
    """The same data with the first seconds of the clip beside it, for timing."""
    with tempfile.TemporaryDirectory(prefix="ascension-registry-") as scratch:
        cut = Path(scratch) / "cut.mp4"
        _cut(data.clip, cut)
        yield replace(data, cut=cut)


def values(samples: Mapping[str, Samples]) -> dict[str, float]:
    """Every metric as one number."""
    return {name: found.value() for name, found in samples.items()}


def _cut(clip: Path, target: Path) -> None:
    """Copy the first seconds of a clip, packet by packet: pixels stay as they are."""
    import av

    with av.open(str(clip)) as source, av.open(str(target), "w") as out:
        video = source.streams.video[0]
        copied = out.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is None or float(packet.dts * packet.time_base) >= _CUT_S:
                continue
            packet.stream = copied
            out.mux(packet)


def _error(name: str) -> type[AscensionError]:
    found = getattr(errors, name, AscensionError)
    return found if isinstance(found, type) and issubclass(found, AscensionError) else AscensionError
