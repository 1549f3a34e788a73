from __future__ import annotations

from pathlib import Path

import nbformat
import papermill
import pytest

from ascension_core.results import Analysis
from ascension_core.video import VideoWriter, open_video


@pytest.fixture
def second(synthetic_clip: Path, tmp_path: Path) -> Path:
    """The first second of the repository's clip."""
    path = tmp_path / "second.mp4"
    with open_video(synthetic_clip) as video, VideoWriter(path, (video.info.width, video.info.height)) as writer:
        for frame in video.frames():
            if frame.time >= 1:
                break
            writer.write(frame.image, frame.time)
    return path


@pytest.mark.slow
@pytest.mark.usefixtures("models")
@pytest.mark.filterwarnings("default")
def test_the_notebook_runs_as_a_job_and_writes_what_the_command_writes(root: Path, second: Path, tmp_path: Path) -> None:
    executed = tmp_path / "executed.ipynb"
    parameters = {"video": str(second), "out": str(tmp_path / "out"), "every": 2, "overlay": False}
    papermill.execute_notebook(
        root / "notebooks" / "vision.ipynb", executed, parameters, cwd=root / "notebooks", progress_bar=False
    )
    analysis = Analysis.model_validate_json((tmp_path / "out" / "analysis.json").read_text())
    assert analysis.options["every"] == 2
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["analysis.json", "report.html", "track.json.gz"]
    pictures = [o for c in nbformat.read(executed, 4).cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    assert len(pictures) == 3


def test_every_notebook_has_one_cell_of_parameters_and_no_outputs(root: Path) -> None:
    for path in (root / "notebooks").glob("*.ipynb"):
        cells = nbformat.read(path, 4).cells
        assert sum("parameters" in c.metadata.get("tags", []) for c in cells) == 1, path.name
        assert not [c for c in cells if c.get("outputs") or c.get("execution_count")], path.name
