import subprocess
import sys

import psutil
import pytest

from ascension_core.settings import settings
from services.worker.limits import Limits, memory_bytes

FAMILY = """
import os, subprocess, sys
hoard = bytearray(b"x") * (100 << 20)
child = os.fork()
if child == 0:
    own = bytearray(b"x") * (50 << 20)
print(len(hoard), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def parent():
    """A process with 100 MB, which it shares with its child, who has 50 MB beside."""
    with subprocess.Popen([sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline()
        assert process.stdout.readline()
        yield process
        process.stdin.close()


def test_shared_memory_is_counted_once_where_it_matters(parent):
    exact, rough = memory_bytes(parent.pid), memory_bytes(parent.pid, enough=1 << 40)
    assert 150 < exact / (1 << 20) < 200
    assert rough / (1 << 20) > 250


def test_process_that_has_ended_uses_nothing():
    process = subprocess.Popen(["true"])
    process.wait()
    assert not psutil.pid_exists(process.pid)
    assert memory_bytes(process.pid) == 0


def test_limits_are_settings(monkeypatch):
    monkeypatch.setenv("ASCENSION_WORKER_MEMORY_BYTES", "1000000")
    monkeypatch.setenv("ASCENSION_WORKER_TIME_S", "2.5")
    settings.cache_clear()
    try:
        assert Limits.of_settings() == Limits(memory_bytes=1_000_000, time_s=2.5)
    finally:
        settings.cache_clear()
