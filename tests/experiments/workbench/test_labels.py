from __future__ import annotations

import json

import pytest

from ascension_core.errors import InvalidDataset, OutputNotWritable
from experiments.contact_truth import load_contact_truth
from experiments.workbench.labels import begun, label, save, table

MARK = {
    "limb": "left_hand",
    "hold": "h1",
    "start_s": 1.0,
    "end_s": 2.5,
    "xy_start": [3, 4],
    "start_open": False,
    "end_open": False,
}
DOCUMENT = {"fps": 30, "size": [720, 1280], "labelled_frames": [0, 99], "contacts": [MARK], "hidden": [], "climb": None}


def test_what_is_saved_is_what_the_reader_reads(tmp_path):
    lasting = MARK | {"limb": "right_foot", "start_s": 0.5, "end_s": None}
    hidden = {"limb": "left_foot", "start_s": 1, "end_s": None}
    said = save(DOCUMENT | {"contacts": [MARK, lasting], "hidden": [hidden], "climb": [0.5, 3]}, tmp_path / "new" / "t.json")
    truth = load_contact_truth(tmp_path / "new" / "t.json")
    assert said == "2 contacts saved in t.json"
    assert [(c.limb, c.start, c.end, c.end_open) for c in truth.contacts] == [
        ("right_foot", 0.5, 3.3333, True),
        ("left_hand", 1.0, 2.5, False),
    ]
    assert (truth.hidden[0].end, truth.climb) == (3.3333, (0.5, 3.0))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["t.json"]


def test_each_contact_has_a_line_of_its_own(tmp_path):
    save(DOCUMENT, tmp_path / "t.json")
    (line,) = (one for one in (tmp_path / "t.json").read_text().splitlines() if "left_hand" in one)
    assert json.loads(line) == MARK


@pytest.mark.parametrize(
    ("change", "named"), [({"xy_start": None}, "xy_start"), ({"hold": ""}, "hold"), ({"end_s": 0.5}, "end_s")]
)
def test_what_makes_no_truth_is_refused_and_the_file_stays(tmp_path, change, named):
    path = tmp_path / "t.json"
    save(DOCUMENT, path)
    before = path.read_bytes()
    with pytest.raises(InvalidDataset, match=named):
        save(DOCUMENT | {"contacts": [MARK | change]}, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputNotWritable, match=r"t\.json"):
        save(DOCUMENT, tmp_path / "file" / "t.json")


def test_the_labeller_begins_with_nothing_and_goes_on_with_what_there_is(short_clip, tmp_path):
    path = tmp_path / "t.json"
    fresh = label(short_clip, path)
    assert fresh.document == begun(short_clip)
    assert (fresh.document["labelled_frames"], len(fresh.times)) == ([0, 39], 40)
    fresh._save(fresh.document | {"contacts": [MARK]})
    assert label(short_clip, path).document["contacts"] == [MARK]
    assert table(label(short_clip, path).document)["limb"].tolist() == ["left_hand"]


def test_labels_of_another_clip_are_refused(short_clip, tmp_path):
    save(DOCUMENT | {"size": [640, 480]}, tmp_path / "t.json")
    with pytest.raises(InvalidDataset, match="720, 1280"):
        label(short_clip, tmp_path / "t.json")
