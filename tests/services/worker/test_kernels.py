import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from ascension_core.platform.jobs import find_kind, kinds
from services.worker.execution import Limits, Runner
from services.worker.forking import ForkServer
from services.worker.warm import imports_of

ENOUGH = Limits(memory_bytes=8 << 30, time_s=120.0)


def write(file, warm, code):
    cells = [("parameters", "n = 1"), ("warm", warm), ("", code)]
    made = [
        {"cell_type": "code", "metadata": {"tags": tags.split()}, "source": source, "outputs": [], "execution_count": None}
        for tags, source in cells
    ]
    file.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))


@pytest.fixture
def run(tmp_path):
    """Runs the notebook of a name in `tmp_path`."""

    def run(runner, name):
        return runner.run(find_kind(name, tmp_path), {}, tmp_path, ENOUGH, lambda *_: None).failure

    return run


def family(process):
    return [process, *(child.pid for child in psutil.Process(process).children(recursive=True))]


def test_kernels_wait_for_the_kinds_that_ran_last_and_go_with_their_owner(tmp_path, run, eventually):
    for name in "ab":
        write(tmp_path / f"{name}.ipynb", "import json", "1")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert eventually(lambda: runner.warm_kinds == {"a"})
        assert run(runner, "b") is None
        assert eventually(lambda: runner.warm_kinds == {"b"})
        processes = family(runner.fork_server)
        assert eventually(lambda: len(family(runner.fork_server)) == 2)  # that of `a` has been ended
    assert eventually(lambda: not any(map(psutil.pid_exists, processes)))


def test_closing_ends_what_runs(tmp_path, run, eventually):
    write(tmp_path / "a.ipynb", "1", f"import time\nopen({str(tmp_path / 'began')!r}, 'w')\ntime.sleep(600)")
    failures = []
    with Runner(kinds(tmp_path), warm=1) as runner:
        job = threading.Thread(target=lambda: failures.append(run(runner, "a")))
        job.start()
        assert eventually((tmp_path / "began").exists)
    job.join()
    assert [failure.kind for failure in failures] == ["Stopped"]


def test_warm_cells_ran_before_the_job_and_run_with_it(tmp_path, run, eventually):
    log = tmp_path / "log"
    write(tmp_path / "a.ipynb", f"open({str(log)!r}, 'a').write('x')", f"assert open({str(log)!r}).read() == 'xx'")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert eventually(lambda: runner.warm_kinds)
        assert log.read_text() == "x"
        assert run(runner, "a") is None


def test_changed_notebook_gets_a_new_kernel(tmp_path, run, eventually):
    write(tmp_path / "a.ipynb", "old = 1", "1")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert eventually(lambda: runner.warm_kinds)
        write(tmp_path / "a.ipynb", "new = 1", "assert 'old' not in globals()")
        assert run(runner, "a") is None


def test_failing_warm_cell_fails_the_job_and_says_where(tmp_path, run, eventually):
    write(tmp_path / "a.ipynb", "import json\n1 / 0", "1")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert eventually(lambda: runner.warm_kinds)
        failure = run(runner, "a")
    assert (failure.kind, failure.cell) == ("ZeroDivisionError", 1)


def test_killed_waiting_kernel_is_replaced(tmp_path, run, eventually):
    write(tmp_path / "a.ipynb", "1", "1")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert eventually(lambda: runner.warm_kinds)
        for child in psutil.Process(runner.fork_server).children():
            child.kill()
        assert eventually(lambda: not runner.warm_kinds)
        assert run(runner, "a") is None


def test_module_that_starts_threads_is_not_forked(tmp_path, monkeypatch, run):
    lines = ["import threading", "thread = threading.Thread(target=threading.Event().wait, daemon=True)", "thread.start()"]
    (tmp_path / "restless.py").write_text("\n".join(lines))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    write(tmp_path / "a.ipynb", "import json\nimport restless", "assert restless.thread.is_alive()")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert run(runner, "a") is None
        assert psutil.Process(runner.fork_server).num_threads() == 1


@pytest.fixture
def scratch():
    """A folder whose name is short enough for sockets in it."""
    with tempfile.TemporaryDirectory(prefix="s-") as name:
        yield Path(name)


def test_folders_of_the_dead_are_swept_and_those_of_the_living_are_not(tmp_path, scratch, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    dead, other = scratch / "ascension-kernels-dead", scratch / "else"
    for folder in (dead, other):
        folder.mkdir()
    with closing(ForkServer([])) as first, closing(ForkServer([])) as second:
        for server in (first, second):
            fork = server.fork(tmp_path)
            os.close(fork.status)
            os.close(fork.output)
        left = set(scratch.iterdir())
    assert len(left) == 3
    assert dead not in left
    assert set(scratch.iterdir()) == {other}


def test_folder_for_temporary_files_may_have_a_long_name(tmp_path, monkeypatch, run):
    far = tmp_path / ("long" * 20)
    far.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(far))
    write(tmp_path / "a.ipynb", "import json", "assert json")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert run(runner, "a") is None


def test_kernel_that_dies_while_it_waits_is_replaced(tmp_path, eventually):
    write(tmp_path / "a.ipynb", "import json", "assert json")
    with Runner(kinds(tmp_path), warm=1) as runner:
        assert eventually(lambda: runner.warm_kinds)
        for kernel in psutil.Process(runner.fork_server).children():
            kernel.kill()
        assert eventually(lambda: not runner.warm_kinds)
        runner.mend()
        assert eventually(lambda: runner.warm_kinds)


def test_fork_server_imports_what_warm_cells_import(tmp_path):
    write(tmp_path / "a.ipynb", "import json, csv\nfrom pathlib import Path\nif n:\n    import os", "import sys")
    write(tmp_path / "b.ipynb", "%matplotlib inline\nimport json", "1")
    assert imports_of(kinds(tmp_path).values()) == ["import json, csv", "from pathlib import Path", "import json"]


OWNER = """
import asyncio, sys
from pathlib import Path
from services.worker.forking import ForkServer
from services.worker.kernels import start

async def main():
    server = ForkServer([])
    kernel = await start(server, Path.cwd(), ["import subprocess; subprocess.Popen(['setsid', 'sleep', '600'])"])
    print(server.process, flush=True)
    await kernel.ended

asyncio.run(main())
"""


def test_nothing_is_left_of_an_owner_that_is_killed(tmp_path, scratch, eventually):
    environment = os.environ | {"TMPDIR": str(scratch)}
    owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    with owner:
        fork_server = int(owner.stdout.readline())
        processes = family(fork_server)
        assert len(processes) == 3
        assert list(scratch.iterdir())
        owner.send_signal(signal.SIGKILL)
    assert eventually(lambda: not any(map(psutil.pid_exists, processes)))
    assert eventually(lambda: not list(scratch.iterdir()))
