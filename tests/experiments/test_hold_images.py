"""Labelled walls are read as documented; whatever is wrong is said with its file and line."""

import numpy as np
import pytest

from ascension_core.errors import InvalidDataset
from experiments.hold_images import load_wall_images


@pytest.fixture
def folder(tmp_path):
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    for name in ("b.jpg", "a.PNG", "notes.txt"):
        (tmp_path / "images" / name).touch()
    return tmp_path


def label(folder, text, name="a.txt"):
    (folder / "labels" / name).write_text(text)
    return folder


def test_reads_boxes_and_polygons_by_name(folder):
    first, second = load_wall_images(label(folder, "0 0.5 0.5 0.2 0.4\n\n1 0.1 0.2 0.3 0.1 0.2 0.6\n"))
    assert (first.path.name, second.path.name) == ("a.PNG", "b.jpg")
    np.testing.assert_allclose(first.boxes(100, 50), [[40, 15, 60, 35, 0], [10, 5, 30, 30, 1]])


def test_a_picture_without_labels_shows_no_hold(folder):
    assert all(image.shares.shape == (0, 5) for image in load_wall_images(folder))


def test_limit_takes_the_first(folder):
    assert [image.path.name for image in load_wall_images(folder, 1)] == ["a.PNG"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 .5 .5 .2 .2\n2 .5 .5 .1 .1", "line 2: unknown class '2'"),
        ("hold .5 .5 .1 .1", "line 1: unknown class 'hold'"),
        ("0 .5 .5 .1", "line 1: 3 numbers"),
        ("0 .1 .1 .2 .2 .3", "line 1: 5 numbers"),
        ("0 .5 .5 nan .1", "line 1: 'nan'"),
        ("0 .5 .5 x .1", "line 1: 'x'"),
        ("0 250 31 12 10", "line 1: '250' is not a share"),
        ("0 .5 .5 0 .1", "line 1: width and height must be positive"),
        ("0", "line 1: 0 numbers"),
    ],
)
def test_says_what_is_wrong_and_where(folder, text, said):
    with pytest.raises(InvalidDataset, match=said):
        load_wall_images(label(folder, text))


def test_says_that_a_label_file_is_no_text(folder):
    (folder / "labels" / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidDataset, match=r"a\.txt"):
        load_wall_images(folder)


@pytest.mark.parametrize("missing", ["nowhere", "labels"])
def test_a_folder_without_pictures_is_refused(folder, missing):
    with pytest.raises(InvalidDataset, match="images"):
        load_wall_images(folder / missing)
