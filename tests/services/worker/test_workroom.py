"""Folders of jobs: private, and never left over."""

import subprocess
import sys

import pytest

from ascension_core.errors import OutputNotWritable
from services.worker.workroom import Workroom

HOLD = """
import sys, time
from pathlib import Path
from services.worker.workroom import Workroom
room = Workroom(Path(sys.argv[1]))
with room.job("job") as folder:
    (folder / "file").touch()
    print(room.folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """A worker in another process, and its folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "work")], stdout=subprocess.PIPE, text=True)
    with process:
        yield process, process.stdout.readline().strip()
        process.kill()


def test_folder_of_a_job_is_private_and_goes_with_it(tmp_path):
    room = Workroom(tmp_path / "work")
    with room.job("a") as folder:
        (folder / "x").touch()
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (tmp_path / "work").stat().st_mode & 0o777 == 0o700
    assert not folder.exists()
    room.close()
    assert list((tmp_path / "work").glob("worker-*")) == []


def test_leftovers_of_dead_workers_are_removed_and_those_of_others_stay(tmp_path, other):
    process, folder = other
    room = Workroom(tmp_path / "work")
    assert room.sweep() == 0
    process.kill()
    process.wait()
    assert room.sweep() == 1
    assert [path.name for path in (tmp_path / "work").iterdir() if path.is_dir()] == [room.folder.name]
    assert folder != str(room.folder)


def test_folder_that_others_may_enter_is_refused(tmp_path):
    (tmp_path / "work").mkdir(mode=0o755)
    with pytest.raises(OutputNotWritable, match="not private"):
        Workroom(tmp_path / "work")


def test_link_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "work").symlink_to(tmp_path / "real")
    with pytest.raises(OutputNotWritable, match="not private"):
        Workroom(tmp_path / "work")


def test_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputNotWritable, match="cannot be made"):
        Workroom(tmp_path / "file" / "work")
