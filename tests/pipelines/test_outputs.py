from __future__ import annotations

import os
from pathlib import Path

import pytest

from ascension_core.errors import OutputNotWritable
from ascension_core.pipelines.outputs import staged


def test_files_appear_together_when_the_block_succeeds(tmp_path: Path) -> None:
    out = tmp_path / "a" / "b"
    with staged(out) as folder:
        (folder / "one").write_text("1")
        (folder / "two").write_text("2")
        assert sorted(p.name for p in out.iterdir() if not p.name.startswith(".")) == []
    assert sorted(p.name for p in out.iterdir()) == ["one", "two"]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing_behind(tmp_path: Path, failure: type[BaseException]) -> None:
    def fail() -> None:
        with staged(tmp_path / "a" / "b") as folder:
            (folder / "half").write_text("x")
            raise failure

    with pytest.raises(failure):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_older_results(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("kept")

    def fail() -> None:
        with staged(tmp_path) as folder:
            (folder / "old").write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["old"]
    assert (tmp_path / "old").read_text() == "kept"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputNotWritable, match="out"), staged(tmp_path / "out"):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputNotWritable, match="Permission"), staged(tmp_path / "out"):
        pass
