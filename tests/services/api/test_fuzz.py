"""schemathesis over the running API: whatever it is asked, it answers as its OpenAPI document says, and never with a 5xx."""

import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from ascension_core.platform.jobs import LeaseLost
from ascension_core.platform.keys import Keys

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
OPTIONS = [
    *("--max-examples", "6", "--seed", "7", "--request-timeout", "60", "--phases", "examples,coverage,fuzzing,stateful"),
    *("--exclude-checks", "positive_data_acceptance"),  # what fits the schema may still be refused, as a video that is none
    *("--exclude-operation-id", "followJob"),  # it ends with the job
    *("--generation-database", "none", "--no-color"),
]


@pytest.fixture
def helper(worker, api):
    """Does all jobs meanwhile."""
    done = threading.Event()

    def work():
        while not done.is_set():
            with suppress(LeaseLost):
                lease = worker.take(0.5)
                if lease is not None:
                    worker.succeed(lease, {"kind": "analysis"})

    thread = threading.Thread(target=work)
    thread.start()
    yield
    done.set()
    thread.join()


@pytest.mark.slow
@pytest.mark.usefixtures("helper")
def test_no_answer_is_a_surprise(api, database, tmp_path):
    _, token = Keys(database).create("fuzz", ["admin"])
    command = [SCHEMATHESIS, "run", f"{api}/openapi.json", "--url", api, "-H", f"Authorization: Bearer {token}", *OPTIONS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
    assert " 0 generated" not in done.stdout
