"""`ascension evaluate holds`: one JSON object on stdout."""

import json

import cv2
import numpy as np
import pytest

from ascension_core.cli.evaluate import holds
from ascension_core.errors import InvalidDataset


@pytest.fixture
def folder(tmp_path, squares_network):
    """Two pictures of red squares; the network sees all of them, and one that nobody labelled."""
    squares_network(long_sides=[640])
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    image = np.full((480, 640, 3), 128, np.uint8)
    lines = []
    for left, top in ((100, 100), (300, 200), (500, 350)):
        image[top : top + 48, left : left + 64] = (20, 20, 255)  # OpenCV writes blue first
        lines.append(f"0 {(left + 32) / 640} {(top + 24) / 480} 0.1 0.1")
    for name in "ab":
        cv2.imwrite(str(tmp_path / "images" / f"{name}.png"), image)
    (tmp_path / "labels" / "a.txt").write_text("\n".join(lines))
    (tmp_path / "labels" / "b.txt").write_text("\n".join(lines[:2]))
    return tmp_path


def test_prints_one_object(folder, capsys):
    holds(folder, limit=None, compact=False)
    result = json.loads(capsys.readouterr().out)
    assert {"images", "map50", "precision", "recall", "ms_per_image", "by_size", "interval_map50", "threshold"} <= set(result)
    assert (result["images"], result["recall"], result["precision"]) == (2, 1.0, round(5 / 6, 4))
    assert result["map50"]["volume"] is None
    assert 0.9 < result["map50"]["hold"] <= 1
    assert result["ms_per_image"] > 0


def test_as_one_line_of_the_first_pictures(folder, capsys):
    holds(folder, limit=1, compact=True)
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert json.loads(said)["map50"]["hold"] == 1.0


def test_a_broken_line_is_named(folder):
    (folder / "labels" / "b.txt").write_text("0 0.5 0.5 0.1 0.1\n0 0.5 0.5\n")
    with pytest.raises(InvalidDataset, match=r"b\.txt, line 2"):
        holds(folder, limit=None, compact=False)
