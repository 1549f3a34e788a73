from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ascension_core.errors import InvalidDataset
from experiments.hold_training.data import (
    Corrections,
    aside_names,
    corrected,
    digest,
    grouped,
    pyramid,
    read_folder,
    read_images,
    split,
    turned,
)


def test_a_folder_gives_pictures_with_boxes_in_pixels(folder, wall):
    images = read_folder(folder)
    assert [image.name for image in images] == ["one.rf.a", "one.rf.b", "three.rf.a", "two.rf.a"]
    np.testing.assert_allclose(images[0].boxes, wall(0).boxes, atol=0.01)
    assert (images[0].image == wall(0).image).all()
    assert images[0].truth[:, 4].tolist() == [1, *[0] * 8]


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(InvalidDataset, match="images"):
        read_folder(tmp_path)


def test_copies_of_a_photo_stay_on_one_side(folder):
    learned, aside = split(read_folder(folder), ["one"])
    assert {image.photo for image in learned} == {"two", "three"}
    assert [image.name for image in aside] == ["one.rf.a", "one.rf.b"]


def test_pictures_are_grouped_by_their_photo(wall):
    images = [wall(0, "a.rf.1"), wall(1, "a.rf.2"), wall(2, "b.rf.1")]
    groups = grouped(images, {"x": ["a"], "y": ["c"]})
    assert [image.name for image in groups["x"]] == ["a.rf.1", "a.rf.2"]
    assert groups["y"] == []


def test_corrections_survive_a_file(tmp_path):
    corrections = Corrections(("b", "a"), ("c",), {"d": [[1.0, 2.0, 3.0, 4.0]]})
    corrections.write(tmp_path / "corrections.json")
    read = Corrections.read(tmp_path / "corrections.json")
    assert read == Corrections(("a", "b"), ("c",), {"d": [[1.0, 2.0, 3.0, 4.0]]})


@pytest.mark.parametrize("content", ["", "[]", '{"turned": []}', '{"turned": 1, "dropped": [], "confusing": {}}'])
def test_a_file_that_holds_no_corrections_is_refused(tmp_path, content):
    path = tmp_path / "corrections.json"
    path.write_text(content)
    with pytest.raises(InvalidDataset, match="audit"):
        Corrections.read(path)


def test_a_missing_file_of_corrections_is_refused(tmp_path):
    with pytest.raises(InvalidDataset, match="cannot read"):
        Corrections.read(tmp_path / "none.json")


def test_corrections_turn_drop_and_mark(folder, wall):
    corrections = Corrections(("one.rf.a",), ("two.rf.a",), {"three.rf.a": [[1, 2, 3, 4]]})
    images = {image.name: image for image in corrected(read_folder(folder), corrections)}
    assert "two.rf.a" not in images
    np.testing.assert_allclose(images["one.rf.a"].boxes[0], [320, 220, 440, 320], atol=0.01)
    assert images["three.rf.a"].confusing.tolist() == [[1, 2, 3, 4]]
    assert images["one.rf.b"].confusing.shape == (0, 4)


@given(arrays(np.float32, (3, 4), elements=st.floats(0, 300, width=32)))
def test_turning_twice_changes_nothing(boxes):
    np.testing.assert_allclose(turned(turned(boxes, (400, 300, 3)), (400, 300, 3)), boxes, atol=1e-3)


def test_aside_names_are_read_by_group(tmp_path):
    path = tmp_path / "aside.json"
    path.write_text('{"walls": ["one"], "other": []}')
    assert aside_names(path) == {"walls": ["one"], "other": []}
    assert aside_names(None) == {}


@pytest.mark.parametrize("content", ["nonsense", "[1]", '{"walls": 3}'])
def test_a_file_without_names_is_refused(tmp_path, content):
    path = tmp_path / "aside.json"
    path.write_text(content)
    with pytest.raises(InvalidDataset, match="lists of photos"):
        aside_names(path)
    with pytest.raises(InvalidDataset, match="cannot read"):
        aside_names(tmp_path / "none.json")


def test_the_digest_sees_one_changed_label(folder):
    before = digest(folder)
    assert digest(folder) == before
    label = next((folder / "labels").iterdir())
    label.write_text(label.read_text() + "\n0 0.5 0.5 0.1 0.1")
    assert digest(folder) != before


def test_a_pyramid_halves_down_to_one_pixel():
    assert [level.shape for level in pyramid(np.zeros((5, 2, 3), np.uint8))] == [(5, 2, 3), (2, 1, 3), (1, 1, 3)]


@pytest.mark.slow
def test_the_files_of_the_shipped_weights_fit_the_data(root: Path, data_dir: Path):
    own = root / "experiments" / "hold_training"
    corrections = Corrections.read(own / "corrections.json")
    images = read_images([data_dir / "holds" / "valid", data_dir / "holds" / "train"], own / "corrections.json")
    photos = {image.photo for image in images}
    assert {name for names in aside_names(own / "aside.json").values() for name in names} <= photos
    assert len(images) == 517 - len(corrections.dropped)
    assert set(corrections.confusing) <= {image.name for image in images}
