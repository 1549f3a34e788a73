import asyncio
import json
import os
import signal
import threading
from contextlib import suppress

import nbformat
import psutil
import pytest
from nbclient.exceptions import DeadKernelError

from ascension_core.notebook import MIME
from ascension_core.pipelines.vision import analyze
from ascension_core.platform.jobs import Failure, find_kind, kinds
from services.worker.engine import CellRunner
from services.worker.execution import LOG, NOTEBOOK, PAGE, Limits, Runner
from services.worker.job_log import LARGEST_LOG

ENOUGH = Limits(memory_bytes=8 << 30, time_s=120.0)
SECRETS = {
    "ASCENSION_DATABASE_URL": "postgresql://me:hush@host/db",
    "ASCENSION_AMQP_URL": "amqp://me:hush@host",
    "ASCENSION_S3_SECRET_KEY": "hush",
    "SOME_PASSWORD": "hush",
    "some_token": "hush",
}
SLEEP = """
import time
from ascension_core.notebook import progress
progress()("now", 0.0)
time.sleep(600)
"""


def write(file, *cells):
    """A notebook of cells, each with its tags."""
    made = [
        {"cell_type": "code", "metadata": {"tags": tags.split()}, "source": source, "outputs": [], "execution_count": None}
        for tags, source in cells
    ]
    file.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The kind `code` runs code that it is given."""
    folder = tmp_path_factory.mktemp("notebooks")
    write(folder / "code.ipynb", ("parameters", 'code = ""'), ("warm", "import numpy as np"), ("", "exec(code)"), ("", "'end'"))
    return folder


@pytest.fixture(scope="module")
def runner(notebooks):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        with Runner(kinds(notebooks), warm=1) as runner:
            runner.run(
                find_kind("code", notebooks), {}, notebooks, ENOUGH, print
            )  # so that the fork server has these variables
            yield runner


@pytest.fixture
def run(runner, notebooks, tmp_path):
    """Runs code in a notebook; its files are in `tmp_path`."""

    def run(code, limits=ENOUGH, tell=lambda *_: None):
        return runner.run(find_kind("code", notebooks), {"code": code}, tmp_path, limits, tell)

    return run


def outputs(folder):
    return [output for cell in nbformat.read(folder / NOTEBOOK, as_version=4).cells for output in cell.get("outputs", ())]


def text(folder):
    return "".join(output.get("text", "") for output in outputs(folder))


def test_notebook_runs_with_its_parameters(run, tmp_path):
    outcome = run("print('hello', 6 * 7)")
    assert outcome.failure is None
    assert outcome.first_cell_s > 0
    assert outcome.memory_bytes > 10 << 20
    assert text(tmp_path) == "hello 42\n"
    assert "hello 42" in (tmp_path / PAGE).read_text()
    assert (tmp_path / LOG).read_text().endswith("Z hello 42\n")


def test_what_was_written_is_kept_of_a_notebook_that_fails(run, tmp_path):
    outcome = run("print('so far')\nraise ValueError('no good\\nat all')")
    assert outcome.failure == Failure("ValueError", "no good", cell=2, passing=False)
    assert "so far" in text(tmp_path)
    assert "'end'" not in json.dumps([output.get("data", {}) for output in outputs(tmp_path)])
    assert "ValueError" in (tmp_path / PAGE).read_text()
    assert "ValueError: no good" in (tmp_path / LOG).read_text()


def test_message_does_not_name_the_folder_of_the_run(run, tmp_path):
    outcome = run(f"open({str(tmp_path / 'missing.mp4')!r})")
    assert outcome.failure.message == "[Errno 2] No such file or directory: 'missing.mp4'"


@pytest.mark.parametrize(("raised", "passing"), [("ServerUnavailable('away')", True), ("InvalidOption('no')", False)])
def test_our_errors_are_known(run, raised, passing):
    outcome = run(f"from ascension_core.errors import *\nraise {raised}")
    assert (outcome.failure.kind, outcome.failure.passing) == (raised.split("(")[0], passing)


def test_one_job_sees_nothing_of_another(run, tmp_path):
    seen = []
    for _ in range(2):
        code = "assert 'left' not in globals()\nglobals()['left'] = 1\nimport os; print(os.getpid(), np.random.rand())"
        assert run(code).failure is None
        seen += text(tmp_path).split()
    assert len(set(seen)) == 4


def test_linear_algebra_works_in_all_its_threads_after_a_fork(run):
    code = """
import os
threads = len(os.listdir('/proc/self/task'))
a = np.random.default_rng(0).normal(size=(700, 700))
assert np.allclose(np.linalg.inv(a) @ a, np.eye(700), atol=1e-6)
assert len(os.listdir('/proc/self/task')) - threads == len(os.sched_getaffinity(0)) - 1
"""
    assert run(code).failure is None


def test_kernel_knows_no_secret(run, tmp_path):
    code = "import os\nprint(dict(os.environ), open('/proc/self/environ').read(), os.environ['ASCENSION_JOB'])"
    assert run(code).failure is None
    said = text(tmp_path)
    assert said.endswith("1\n")
    assert "hush" not in said
    assert not [name for name in SECRETS if name in said]


def test_killed_kernel_may_pass_and_the_next_job_runs(run, tmp_path):
    outcome = run("import os, signal\nprint('before', flush=True)\nos.kill(os.getpid(), signal.SIGKILL)")
    assert outcome.failure == Failure("KernelDied", "the notebook's kernel died (Killed)", cell=2, passing=True)
    assert "KernelDied" in (tmp_path / PAGE).read_text()
    assert run("1").failure is None


def test_crash_in_a_library_is_told_and_its_stack_logged(run, tmp_path):
    outcome = run("import faulthandler\nfaulthandler._sigsegv()")
    assert outcome.failure.message == "the notebook's kernel died (Segmentation fault)"
    assert "Fatal Python error: Segmentation fault" in (tmp_path / LOG).read_text()
    assert run("import os\nos._exit(3)").failure.message == "the notebook's kernel died (exit code 3)"


def test_killed_fork_server_is_replaced(run, runner, tmp_path, eventually):
    old = runner.fork_server
    code = f"import subprocess, os\nprint(subprocess.Popen(['sleep', '600']).pid, os.getpid(), flush=True)\n{SLEEP}"
    outcome = run(code, tell=lambda *_: os.kill(old, signal.SIGKILL))
    assert outcome.failure == Failure("KernelDied", "the notebook's kernel died (with its fork server)", cell=2, passing=True)
    assert eventually(lambda: not any(map(psutil.pid_exists, map(int, text(tmp_path).split()))))
    assert run("1").failure is None
    assert runner.fork_server not in {old, None}


def test_kernel_that_dies_is_noticed_although_the_cell_forgets_that_it_was_cancelled(run, monkeypatch):
    execute = CellRunner.async_execute_cell

    async def forgetful(self, cell, index, **named):  # as `asyncio.wait_for` is before Python 3.12, once in some thousand times
        with suppress(asyncio.CancelledError, DeadKernelError):
            await execute(self, cell, index, **named)
        return cell

    monkeypatch.setattr(CellRunner, "async_execute_cell", forgetful)
    outcome = run("import os; os.kill(os.getpid(), 9)", Limits(memory_bytes=8 << 30, time_s=20.0))
    assert outcome.failure == Failure("KernelDied", "the notebook's kernel died (Killed)", cell=2, passing=True)


def test_memory_of_all_processes_of_a_kernel_is_limited(run):
    hog = "import time; hoard = bytearray(b'x') * (600 << 20); time.sleep(600)"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {hog!r}])"
    outcome = run(code, Limits(memory_bytes=500_000_000, time_s=120.0))
    assert outcome.failure == Failure("MemoryLimit", "the notebook used more than 0.5 GB of memory", cell=2, passing=False)
    assert outcome.memory_bytes > 500_000_000
    assert run("1").failure is None


def test_time_is_limited_also_where_nothing_can_be_interrupted(run):
    stuck = "import ctypes, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nctypes.PyDLL(None).sleep(600)"
    outcome = run(stuck, Limits(memory_bytes=8 << 30, time_s=1.0))
    assert outcome.failure == Failure("TimeLimit", "the notebook took longer than 1 s", cell=2, passing=False)
    assert run("1").failure is None


def test_run_can_be_stopped_from_another_thread(run, runner, tmp_path):
    def stop(*_):
        threading.Thread(target=runner.stop).start()

    outcome = run(SLEEP, tell=stop)
    assert (outcome.failure.kind, outcome.failure.cell) == ("Stopped", 2)
    assert "Stopped" in (tmp_path / PAGE).read_text()
    runner.stop()  # of no effect on what begins later
    assert run("1").failure is None


def test_error_while_progress_is_told_ends_the_run(run):
    def fail(*_):
        raise LookupError("nobody listens")

    with pytest.raises(LookupError, match="nobody listens"):
        run(SLEEP, tell=fail)
    assert run("1").failure is None


def test_progress_is_told_and_only_the_last_is_kept(run, tmp_path):
    told = []
    code = """
from ascension_core.notebook import progress
tell = progress()
for n in range(5000): tell('first', n / 5000, f'frame {n}')
tell('second', 1.0)
"""
    assert run(code, tell=lambda *report: told.append(report)).failure is None
    assert told[-1] == ("second", 1.0, "")
    assert len(told) < 100
    (shown,) = [output.data for output in outputs(tmp_path) if MIME in output.get("data", {})]
    assert shown["text/plain"] == "second 100%"


def test_flood_of_output_is_cut(run, tmp_path):
    before = psutil.Process().memory_info().rss
    outcome = run("while True: print('x' * 1000)", Limits(memory_bytes=8 << 30, time_s=3.0))
    assert outcome.failure.kind == "TimeLimit"
    assert psutil.Process().memory_info().rss - before < 500 << 20
    assert "… cut: more output" in text(tmp_path)
    assert 9 << 20 < (tmp_path / NOTEBOOK).stat().st_size < 12 << 20
    log = (tmp_path / LOG).read_text()
    assert log.endswith("… cut: the log holds 5 MB at most\n")
    assert len(log) < LARGEST_LOG + 100


def test_outputs_beyond_the_limit_are_left_out_one_by_one(run, tmp_path):
    code = "from IPython.display import HTML, display\nfor n in range(4): display(HTML('x' * (4 << 20)))\nprint('end')"
    assert run(code).failure is None
    shown = [output.data["text/html"] for output in outputs(tmp_path) if "text/html" in output.get("data", {})]
    assert [len(html) >> 20 for html in shown] == [4, 4]
    assert text(tmp_path) == "\n… cut: more output than a notebook may hold\n"


def test_figures_are_shown_although_pyplot_was_imported_before_the_fork(tmp_path):
    write(
        tmp_path / "figure.ipynb", ("parameters", "n = 1"), ("warm", "import matplotlib.pyplot as plt"), ("", "plt.plot([n]);")
    )
    kind = find_kind("figure", tmp_path)
    with Runner({"figure": kind}) as runner:
        assert runner.run(kind, {}, tmp_path, ENOUGH, print).failure is None
    assert [list(output.data) for output in outputs(tmp_path)] == [["image/png", "text/plain"]]


def test_flood_below_python_is_cut_too(run, tmp_path):
    assert run("import os\nos.system('yes')", Limits(memory_bytes=8 << 30, time_s=2.0)).failure.kind == "TimeLimit"
    assert (tmp_path / LOG).read_text().endswith("y\n… cut: the log holds 5 MB at most\n")


def test_output_that_is_shown_and_cleared_again_is_not_cut(run, tmp_path):
    lines = [
        "from IPython.display import clear_output",
        "for n in range(30):",
        "    clear_output()",
        "    print('x' * (1 << 20))",
    ]
    code = "\n".join([*lines, "print('end')"])
    assert run(code).failure is None
    assert text(tmp_path).endswith("end\n")


def test_what_libraries_write_is_logged_and_not_in_the_notebook(run, tmp_path):
    assert run("import os\nos.write(2, b'from C\\n')\nos.system('echo from a child')").failure is None
    assert text(tmp_path) == ""
    assert [line.split("Z ")[1] for line in (tmp_path / LOG).read_text().splitlines()] == ["from C", "from a child"]


def test_nothing_that_a_job_starts_outlives_it(run, tmp_path, eventually):
    code = "import subprocess\nfor command in ('setsid sleep 600', 'sleep 600'): print(subprocess.Popen(command.split()).pid)"
    assert run(code).failure is None
    assert eventually(lambda: not any(map(psutil.pid_exists, map(int, text(tmp_path).split()))))


@pytest.mark.slow
def test_video_is_analysed_as_without_a_job(root, models, synthetic_clip, first_second, tmp_path):
    kind = find_kind("vision", root / "notebooks")
    clip = first_second(synthetic_clip)
    (tmp_path / "out").mkdir()
    parameters = {"video": str(clip), "out": str(tmp_path / "out"), "overlay": False}
    told = []
    with Runner({"vision": kind}) as runner:
        outcome = runner.run(kind, parameters, tmp_path, ENOUGH, lambda *report: told.append(report))
    assert outcome.failure is None
    assert {"scan", "follow", "wall"} <= {stage for stage, _, _ in told}
    analyze(clip, tmp_path / "plain")
    by_job, plain = (json.loads((tmp_path / folder / "analysis.json").read_text()) for folder in ("out", "plain"))
    assert {name for name in plain if by_job[name] != plain[name]} <= {"created_at", "seconds", "options"}


@pytest.fixture
def first_second(tmp_path):
    """Cuts a clip after a second."""

    def cut(clip):
        import av

        with av.open(clip) as source, av.open(tmp_path / "clip.mp4", "w") as target:
            stream = source.streams.video[0]
            copy = target.add_stream_from_template(stream)
            for packet in source.demux(stream):
                if packet.dts is None or packet.dts * packet.time_base > 1:
                    break
                packet.stream = copy
                target.mux(packet)
        return tmp_path / "clip.mp4"

    return cut
