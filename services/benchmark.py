"""How fast jobs are, on servers of their own that are gone afterwards: ``ascension bench jobs``.

Each queue is measured in a process of its own (this module as a program), which takes its servers from the environment as every
other process of ours does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from ascension_core.errors import AscensionError, InvalidOption
from ascension_core.platform.embedded import down
from ascension_core.platform.embedded.processes import before_exec
from ascension_core.platform.embedded.rabbitmq import installed
from ascension_core.platform.jobs import Jobs, Lease, Wish, Worksheet, find_kind, open_jobs
from ascension_core.platform.jobs.rows import job_of
from ascension_core.progress import Progress, silent
from ascension_core.settings import settings
from ascension_core.training.example import example_athlete

QUEUES = ("postgres", "rabbitmq")
KIND = "training_program"
"""The cheapest of the real kinds: what it costs is mostly what a job costs."""
TRIFLE = "trifle"
QUEUED = 10_000
NEXT_ROUNDS = 20
TIMEOUT_S = 300.0
_TODAY = date(2026, 11, 23)
_ATHLETE = example_athlete(_TODAY)
_PARAMETERS = {"athlete": _ATHLETE, "today": _TODAY.isoformat(), "seed": 1}
_COMMAND = (sys.executable, "-c", "from ascension_core.cli import main; main()")


@dataclass(frozen=True)
class Amount:
    """How much is measured.

    Attributes
    ----------
    jobs
        Submitted one after the other.
    runs
        Of the notebook, in every way to run it.
    """

    jobs: int = 500
    runs: int = 5


def bench_jobs(queues: Sequence[str] | None, amount: Amount, progress: Progress = silent) -> dict[str, Any]:
    """Measure each queue; see `docs/evaluation.md` for the document that comes back.

    Parameters
    ----------
    queues
        Some of `QUEUES`; by default those that this machine has.

    Raises
    ------
    InvalidOption
        If a queue is asked for whose server is not installed.
    AscensionError
        If a measurement fails: what it said is in the message.
    """
    from experiments.bench_pose import machine

    chosen = queues or [queue for queue in QUEUES if queue != "rabbitmq" or installed()]
    if "rabbitmq" in chosen and not installed():
        raise InvalidOption("RabbitMQ is not installed: install the package rabbitmq-server, or choose --queue postgres")
    here = machine()
    return {**{queue: _in_process(queue, amount, progress) for queue in chosen}, "machine": here}


def measure(amount: Amount, tell: Progress) -> dict[str, float]:
    """All that is measured of the queue that the settings name."""
    with open_jobs() as jobs:
        tell("kernels", 0.0)
        kernels = _time_kernels(amount.runs)
        tell("whole jobs", 0.3)
        whole = _time_whole_jobs(jobs, amount.runs)
        tell("queue", 0.6)
        return {**kernels, **whole, **_time_queue(jobs, amount.jobs)}


def _time_kernels(runs: int) -> dict[str, float]:
    """From the call to the first cell, by our runner with a warm kernel and by plain papermill; and to the last cell."""
    from services.worker.execution import Runner
    from services.worker.limits import Limits

    kind = find_kind(KIND)
    ours, plain = [], []
    with Runner({KIND: kind}, warm=1) as runner, _folders(2 * runs) as folders:
        for folder in folders[:runs]:
            _until(lambda: KIND in runner.warm_kinds, "a warm kernel")
            start = time.perf_counter()
            outcome = runner.run(kind, {**_PARAMETERS, "out": str(folder)}, folder, Limits.of_settings(), _ignore)
            if outcome.failure is not None or outcome.first_cell_s is None:
                raise AscensionError(f"the notebook failed: {outcome.failure}")
            ours.append((outcome.first_cell_s, time.perf_counter() - start))
        plain = [_plain_run(kind.notebook, folder) for folder in folders[runs:]]
    names = ("first_cell_s", "run_s", "plain_papermill_s", "plain_papermill_run_s")
    return dict(zip(names, (*_medians(ours), *_medians(plain)), strict=True))


def _plain_run(notebook: Path, folder: Path) -> tuple[float, float]:
    """Seconds from the start of papermill to its first cell, and to its end."""
    import papermill

    start = time.perf_counter()
    executed = papermill.execute_notebook(
        notebook, folder / "executed.ipynb", {**_PARAMETERS, "out": str(folder)}, cwd=folder, progress_bar=False
    )
    return _first_cell_s(executed), time.perf_counter() - start


def _first_cell_s(executed: Any) -> float:
    began = datetime.fromisoformat(executed.metadata.papermill.start_time)
    cells = [datetime.fromisoformat(cell.metadata.papermill.start_time) for cell in executed.cells if cell.cell_type == "code"]
    return (min(cells) - began).total_seconds()


def _time_whole_jobs(jobs: Jobs, runs: int) -> dict[str, float]:
    """From submit to success by a worker in a process of its own, beside the pipeline called directly."""
    from ascension_core.pipelines.training import ProgramOptions, make_program, warm

    options = ProgramOptions(today=_TODAY, seed=1)
    warm()
    with _folders(runs + 1) as folders:
        direct = [_seconds(partial(make_program, _ATHLETE, folder, options)) for folder in folders][1:]
    with _worker() as address:
        whole = []
        for _ in range(runs):
            _until(partial(_ready, address), "the worker")
            whole.append(_seconds(partial(_do, jobs)))
    job_s, pipeline_s = median(whole), median(direct)
    return {"job_s": job_s, "pipeline_s": pipeline_s, "overhead_s": job_s - pipeline_s}


def _do(jobs: Jobs) -> None:
    done = jobs.wait(jobs.submit(Wish(KIND, _PARAMETERS)).id, TIMEOUT_S)
    if done.status != "succeeded":
        raise AscensionError(f"the job has {done.status}: {done.error}")


def _time_queue(jobs: Jobs, count: int) -> dict[str, float]:
    """Jobs that do nothing, taken by nobody but us."""
    sheet = Worksheet(jobs, "bench", [TRIFLE])
    empty = _next_job_ms(jobs, sheet)
    seconds = _seconds(lambda: [jobs.submit(Wish(TRIFLE, {"n": n})) for n in range(count)])
    _fill(jobs, QUEUED - count)
    return {"submits_per_s": count / seconds, "next_job_ms_empty": empty, "next_job_ms_10000_queued": _next_job_ms(jobs, sheet)}


def _next_job_ms(jobs: Jobs, sheet: Worksheet) -> float:
    """How long it takes to get the next job when one more has just been submitted."""
    taken = []
    for _ in range(NEXT_ROUNDS):
        jobs.submit(Wish(TRIFLE))
        start = time.perf_counter()
        lease = _take(sheet)
        taken.append(time.perf_counter() - start)
        sheet.succeed(lease, {})
    return 1000 * median(taken)


def _take(sheet: Worksheet) -> Lease:
    end = time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        lease = sheet.take(1.0)
        if lease is not None:
            return lease
    raise AscensionError("no job came")


def _fill(jobs: Jobs, count: int) -> None:
    """Have so many more jobs wait, without the price of submitting each."""
    query = "insert into jobs (kind) select %s from generate_series(1, %s) returning *"
    jobs.announce([job_of(row) for row in jobs.database.rows(query, [TRIFLE, max(count, 0)])])


@contextmanager
def _worker() -> Iterator[str]:
    """A worker for the block; yields the address of its health."""
    command = [*_COMMAND, "worker", "--kinds", KIND, "--warm", "1", "--metrics-port", "0"]
    log = settings().home / "worker.log"
    with log.open("wb") as said:
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, **_tied())
    try:
        assert worker.stdout is not None
        told = re.search(r"http://\S+(?=/metrics)", worker.stdout.readline())
        if told is None:
            raise AscensionError(f"the worker did not start: {log.read_text(errors='replace')[-500:]}")
        yield told[0]
    finally:
        worker.terminate()
        worker.wait(TIMEOUT_S)


def _tied() -> dict[str, Any]:
    """Options under which a process ends when we do, however that comes."""
    return {"preexec_fn": before_exec(None, signal.SIGTERM)}


def _ready(address: str) -> bool:
    try:
        with urlopen(f"{address}/readyz", timeout=5) as answer:  # 503 raises
            return bool(answer.status == 200)
    except URLError:
        return False


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not true():
        if time.monotonic() > end:
            raise AscensionError(f"{what} was not ready within {TIMEOUT_S:.0f} s")
        time.sleep(0.05)


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def _medians(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    first, second = zip(*pairs, strict=True)
    return median(first), median(second)


@contextmanager
def _folders(count: int) -> Iterator[list[Path]]:
    """Empty folders for the block."""
    with tempfile.TemporaryDirectory(dir=settings().home) as name:
        folders = [Path(name, str(number)) for number in range(count)]
        for folder in folders:
            folder.mkdir()
        yield folders


def _ignore(_stage: str, _fraction: float, _message: str) -> None:
    pass


def _in_process(queue: str, amount: Amount, progress: Progress) -> dict[str, float]:
    """Measure a queue in a new process with a data folder of its own, and remove both."""
    with tempfile.TemporaryDirectory(prefix="ascension-bench-") as name:
        home = Path(name)
        _write_notebooks(home / "notebooks")
        try:
            return _follow(queue, amount, home, progress)
        finally:
            down(home)


def _follow(queue: str, amount: Amount, home: Path, progress: Progress) -> dict[str, float]:
    """Run the process, and pass on what it tells."""
    command = [sys.executable, "-m", "services.benchmark", str(amount.jobs), str(amount.runs)]
    log = home / "bench.log"
    found: dict[str, float] | None = None
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command,
            env=_environment(queue, home, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            **_tied(),
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                told = json.loads(line)
                found = told.get("found", found)
                progress(queue, told.get("fraction", 1.0), told.get("stage", ""))
        finally:
            process.terminate()
    if found is None:
        raise AscensionError(f"measuring {queue} failed: {log.read_text(errors='replace').strip()[-500:]}")
    return found


def _environment(queue: str, home: Path, around: Mapping[str, str]) -> dict[str, str]:
    """Ours without any server of somebody else's."""
    own = {name: value for name, value in around.items() if not name.startswith("ASCENSION_")}
    own |= {"ASCENSION_HOME": str(home), "ASCENSION_NOTEBOOKS": str(home / "notebooks"), "ASCENSION_WORK": str(home / "work")}
    return own | ({"ASCENSION_AMQP_URL": "private"} if queue == "rabbitmq" else {})


def _write_notebooks(folder: Path) -> None:
    folder.mkdir()
    shutil.copy(find_kind(KIND).notebook, folder)
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"]},
        "source": "n = 0",
        "outputs": [],
        "execution_count": None,
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    (folder / f"{TRIFLE}.ipynb").write_text(json.dumps(notebook))


def main() -> int:
    """Program of the child: JOBS RUNS; tells lines of JSON on stdout, the last one with what was found."""
    jobs, runs = map(int, sys.argv[1:])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tell = partial(print, file=os.fdopen(os.dup(1), "w"), flush=True)
    os.dup2(2, 1)  # whatever libraries print is not for who reads our lines
    try:
        found = measure(
            Amount(jobs, runs), lambda stage, fraction, _="": tell(json.dumps({"stage": stage, "fraction": fraction}))
        )
    except AscensionError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    tell(json.dumps({"found": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
