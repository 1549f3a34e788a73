"""From a file to `holds.json` and `holds.png`, and what is said where that is not possible."""

import json

import numpy as np
import pytest
from PIL import Image

from ascension_core.errors import AscensionError, OutputNotWritable, UnreadableImage, VideoNotFound
from ascension_core.pipelines import holds as pipeline
from ascension_core.pipelines.holds import HOLDS_FILE, PICTURE_FILE, map_holds
from ascension_core.results import HoldMap
from ascension_core.video.still import read_still


@pytest.fixture
def wall(tmp_path, squares_network, monkeypatch):
    """A picture with two rows of red holds and a blue volume, and a network that sees them."""
    squares_network(long_sides=[640])
    weights = tmp_path / "weights.onnx"
    weights.write_bytes(b"weights")
    monkeypatch.setattr(pipeline, "WEIGHTS", weights)
    image = np.full((480, 640, 3), 128, np.uint8)
    for row, column in ((0, 1), (0, 2), (1, 1), (1, 3)):
        image[100 + 150 * row : 140 + 150 * row, 100 * column : 100 * column + 50] = (190, 20, 20)
    image[300:400, 450:580] = (20, 20, 220)
    path = tmp_path / "wall.png"
    Image.fromarray(image).save(path)
    return path


def test_writes_holds_and_picture(wall, tmp_path):
    found = map_holds(wall, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [HOLDS_FILE, PICTURE_FILE]
    assert HoldMap.model_validate_json((tmp_path / "out" / HOLDS_FILE).read_text()) == found
    assert [hold.id for hold in found.holds] == ["h1", "h2", "h3", "h4", "v1"]
    assert (found.source, found.width, found.height, found.views, found.warnings) == ("image", 640, 480, 1, [])
    np.testing.assert_allclose(found.holds[4].box, [450 / 640, 300 / 480, 130 / 640, 100 / 480], atol=0.01)
    assert [(route.colour, len(route.holds)) for route in found.routes] == [("red", 4)]
    drawn = read_still(tmp_path / "out" / PICTURE_FILE)
    assert drawn.shape == (found.picture.height, found.picture.width, 3)
    assert found.picture.scale == pytest.approx(drawn.shape[1] / 640, rel=0.01)


def test_the_picture_shows_the_outlines(wall, tmp_path):
    found = map_holds(wall, tmp_path / "out")
    drawn = read_still(tmp_path / "out" / PICTURE_FILE).astype(int)
    x, y, width, _ = np.array(found.holds[4].box) * np.tile([drawn.shape[1], drawn.shape[0]], 2)
    edge = drawn[int(y) - 6 : int(y) + 7, int(x + width / 2)]
    assert np.abs(np.diff(edge, axis=0)).max() > 60


def test_a_wall_without_holds_is_a_result(wall, tmp_path):
    Image.new("RGB", (200, 100), (128, 128, 128)).save(wall)
    found = map_holds(wall, tmp_path / "out")
    assert (found.holds, found.routes) == ([], [])
    assert [note.code for note in found.warnings] == ["no_holds"]


@pytest.mark.parametrize("content", [b"", b"some words", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 no photo"])
def test_a_file_that_is_neither_picture_nor_video_is_refused(wall, tmp_path, content):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"bad\.jpg"):
        map_holds(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_refused(wall, tmp_path):
    with pytest.raises(VideoNotFound):
        map_holds(tmp_path / "none.jpg", tmp_path / "out")


def test_a_folder_that_cannot_be_written_is_said(wall, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable):
        map_holds(wall, tmp_path / "file" / "out")


def test_the_command_prints_one_object_or_a_few_lines(wall, tmp_path, capsys):
    from ascension_core.cli.holds import holds

    holds(wall, tmp_path / "out", json=True)
    assert len(json.loads(capsys.readouterr().out)["holds"]) == 5
    holds(wall, tmp_path / "out", json=False)
    said = capsys.readouterr().out
    assert "4 holds, 1 volume." in said
    assert "red 4" in said


@pytest.mark.slow
def test_a_video_is_watched(wall, tmp_path, models, short_clip):
    try:
        found = map_holds(short_clip, tmp_path / "out")
    except AscensionError as error:
        pytest.fail(str(error))
    assert found.source == "video"
    assert found.views > 1
    assert "camera_unknown" not in {note.code for note in found.warnings}
