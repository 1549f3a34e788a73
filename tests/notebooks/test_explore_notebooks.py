from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.mark.usefixtures("models")
def test_two_sets_of_pose_options_are_laid_side_by_side(execute, short_clip: Path, tmp_path: Path) -> None:
    options = {"first": {"model": "lite"}, "second": {"model": "lite", "clean": {"cutoff_hz": 2}}}
    found = execute("explore_pose", video=str(short_clip), seconds=0.8, out=str(tmp_path / "out"), **options)
    told = json.loads((tmp_path / "out" / "poses.json").read_text())
    assert {name: row["frames"] for name, row in told["tracks"].items()} == {
        "model lite": 24,
        "model lite, clean.cutoff_hz 2": 24,
    }
    (player,) = (data for data in found if "application/vnd.jupyter.widget-view+json" in data)
    assert player["image/png"].startswith("iVBOR")
    assert sum("image/png" in data for data in found) == 6


def test_the_labeller_goes_on_with_what_is_marked(execute, synthetic_clip: Path, synthetic_truth: Path, tmp_path: Path) -> None:
    from experiments.datasets import read_json
    from experiments.workbench.labels import save

    known = read_json(synthetic_truth)["contacts"]
    save(known, tmp_path / "out" / f"{synthetic_clip.stem}.json")
    found = execute("label_contacts", video=str(synthetic_clip), out=str(tmp_path / "out"))
    told = json.loads((tmp_path / "out" / "labels.json").read_text())
    assert told["summary"]["contacts"] == len(known["contacts"])
    assert any("application/vnd.jupyter.widget-view+json" in data and "image/png" in data for data in found)


@pytest.mark.usefixtures("models", "tracking_store")
def test_options_are_evaluated_slice_by_slice_and_the_run_is_kept(execute, tmp_path: Path) -> None:
    tried = {"vision": {"model": "lite", "wall": False, "every": 3}}
    found = execute("evaluate", options=tried, sets=["clip"], seconds=1, out=str(tmp_path / "out"))
    told = json.loads((tmp_path / "out" / "slices.json").read_text())
    assert told["against"] == {"vision": "installed"}
    assert {"clip/joints/all", "clip/joints/all/low", "clip/joints/wrists/difference"} <= told["summary"].keys()
    assert len(told["mlflow_run"]) == 32
    assert sum("image/png" in data for data in found) == 1


def test_holds_of_a_picture_are_looked_into(execute, synthetic_clip: Path, tmp_path: Path) -> None:
    import cv2

    from ascension_core.video import open_video

    with open_video(synthetic_clip) as video:
        image = next(iter(video.frames())).image
    cv2.imwrite(str(tmp_path / "wall.png"), image[..., ::-1])
    found = execute("explore_holds", video=str(tmp_path / "wall.png"), second={"most": 30}, out=str(tmp_path / "out"))
    told = json.loads((tmp_path / "out" / "holds.json").read_text())
    assert told["looks"]["defaults"]["holds"] > told["looks"]["most 30"]["holds"] > 0
    assert sum("image/png" in data for data in found) == 5
