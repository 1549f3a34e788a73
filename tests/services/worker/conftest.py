"""Notebooks that a worker can really run, and workers."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

OUT = {"out": {"type": "string", "format": "output"}}


def _cell(source: str, *tags: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": None}


@pytest.fixture(scope="session")
def write_job() -> Callable[..., None]:
    """Writes a notebook that can be run: ``write_job(file, "n = 1", ["print(n)"], result="r.json")``, parameters and cells."""

    def write(file: Path, parameters: str, cells: Sequence[str], rules: dict[str, Any] | None = None, **said: Any) -> None:
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        metadata = {"kernelspec": kernel, "ascension": {"parameters": rules or {}, **said}}
        cells = [_cell(parameters, "parameters"), *map(_cell, cells)]
        file.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}))

    return write


ADD = """
import json
from pathlib import Path
Path(out, "result.json").write_text(json.dumps({"n": n + 1, "summary": {"n": n + 1, "words": "some"}}))
"""
COPY = """
from pathlib import Path
Path(out, "copies").mkdir()
Path(out, "copies", "copy.txt").write_bytes(Path(source).read_bytes())
print("copied", Path(source).name)
"""
NAP = """
import time
from pathlib import Path
from ascension_core.notebook import progress
tell = progress()
tell("nap", 0.5, "half")
Path(started).touch() if started else None
time.sleep(seconds)
"""
CHATTER = """
from IPython.display import display
from ascension_core.notebook import MIME
for n in range(times):
    display({MIME: {"stage": "talk", "fraction": n / times, "message": str(n)}, "text/plain": "talk"}, raw=True)
"""
FLAKY = """
from pathlib import Path
marker = Path(folder) / name
if not marker.exists():
    marker.touch()
    raise ConnectionError("away for now")
"""
HOG = """
hoard = []
while True:
    hoard.append(bytearray(b"x") * (16 << 20))
"""


VIDEO = {
    "file_name": "clip.mp4", "sha256": "0" * 64, "bytes": 1, "width": 1, "height": 1, "rotation_deg": 0, "codec": "h264",
    "frame_rate": 30.0, "variable_frame_rate": False, "duration_ms": 1.0, "frames": 1, "truncated": False,
    "has_audio": False,
}  # fmt: skip
SUMMARY = {
    "frames": 1, "frames_observed": 1, "frames_interpolated": 0, "people": 1, "first_seen_ms": 0.0, "last_seen_ms": 0.0,
    "mean_visibility": 0.9, "warnings": [],
}  # fmt: skip
ANALYSIS = {
    "kind": "analysis", "schema_version": "1.1", "created_at": "2026-01-01T00:00:00Z", "software": {"version": "0.1.0"},
    "models": [], "options": {}, "video": VIDEO, "people": [], "summary": SUMMARY, "measures": [], "seconds": {},
    "track": {"file": "track.json.gz", "version": 1, "sha256": "0" * 64, "bytes": 1},
}  # fmt: skip


@pytest.fixture(scope="session")
def analysis() -> dict[str, Any]:
    """The smallest document that is an analysis."""
    return ANALYSIS


@pytest.fixture(scope="session")
def runnable(tmp_path_factory: pytest.TempPathFactory, write_job: Callable[..., None]) -> Path:
    """A folder of notebooks that can be run."""
    folder = tmp_path_factory.mktemp("runnable")
    source = {"source": {"type": ["string", "null"], "format": "input"}}
    write_job(folder / "add.ipynb", 'n = 1\nout = "out"', [ADD], OUT, result="result.json")
    write_job(folder / "copy.ipynb", 'source = None\nout = "out"', [COPY], OUT | source)
    write_job(folder / "nap.ipynb", 'seconds = 0.2\nstarted = ""', [NAP])
    write_job(folder / "chatter.ipynb", "times = 1", [CHATTER])
    write_job(folder / "flaky.ipynb", 'folder = ""\nname = ""', [FLAKY])
    write_job(folder / "fail.ipynb", "n = 1", ["1", 'raise ValueError("no such thing")'])
    write_job(folder / "hog.ipynb", "n = 1", [HOG])
    write_job(folder / "nothing.ipynb", 'out = "out"', ["1"], OUT, result="result.json")
    analyse = ["from pathlib import Path", f"Path(out, 'analysis.json').write_text({json.dumps(ANALYSIS)!r})"]
    write_job(folder / "analyse.ipynb", 'out = "out"', analyse, OUT, result="analysis.json", stores="analysis")
    write_job(folder / "tracked.ipynb", 'n = 1\nout = "out"', [ADD], OUT, result="result.json", experiment="test")
    return folder
