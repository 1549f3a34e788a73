"""Truth files of contacts: what is read, and what is said about one that is not in the form."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_test
from hypothesis import strategies as st

from ascension_core.errors import InvalidDataset
from experiments.contact_truth import Hidden, load_contact_truth

TOUCH = {"limb": "left_hand", "hold": "h1", "start_s": 1, "end_s": 2.5, "xy_start": [3, 4.5]}
DOCUMENT = {
    "fps": 25,
    "size": [100, 200],
    "labelled_frames": [10, 99],
    "contacts": [TOUCH | {"start_s": 2, "end_open": True}, TOUCH | {"limb": "right_foot", "hold": "smear"}],
    "hidden": [{"limb": "left_foot", "start_s": 0.4, "end_s": 4}],
    "climb": [0.5, 3.0],
}


def write(path, document):
    path.write_text(json.dumps(document))
    return path


def test_a_file_is_read_whole_and_contacts_come_in_the_order_of_their_starts(tmp_path):
    truth = load_contact_truth(write(tmp_path / "t.json", DOCUMENT))
    assert (truth.fps, truth.size, truth.labelled, truth.climb) == (25, (100, 200), (10, 99), (0.5, 3.0))
    assert truth.window == (0.4, 4.0)
    assert [(c.limb, c.hold, c.start, c.end) for c in truth.contacts] == [
        ("right_foot", "smear", 1.0, 2.5),
        ("left_hand", "h1", 2.0, 2.5),
    ]
    assert [(c.start_open, c.end_open, c.on_hold) for c in truth.contacts] == [(False, False, False), (False, True, True)]
    assert truth.contacts[0].place.tolist() == [3, 4.5]
    assert truth.hidden == (Hidden("left_foot", 0.4, 4.0),)


def test_the_truth_of_the_synthetic_clip_is_read(synthetic_truth):
    truth = load_contact_truth(synthetic_truth)
    assert (truth.fps, truth.size, truth.labelled) == (30, (720, 1280), (0, 419))
    assert len(truth.contacts) > 20
    assert {c.limb for c in truth.contacts} == {"left_hand", "right_hand", "left_foot", "right_foot"}


def test_a_packed_file_with_the_contacts_under_their_key_is_the_same(tmp_path):
    plain = load_contact_truth(write(tmp_path / "t.json", DOCUMENT))
    (tmp_path / "t.json.gz").write_bytes(gzip.compress(json.dumps({"keypoints": [], "contacts": DOCUMENT}).encode()))
    packed = load_contact_truth(tmp_path / "t.json.gz")
    assert [c.start for c in packed.contacts] == [c.start for c in plain.contacts]
    assert packed.window == plain.window


def test_hidden_and_climb_may_be_left_out(tmp_path):
    document = {key: value for key, value in DOCUMENT.items() if key not in {"hidden", "climb"}}
    truth = load_contact_truth(write(tmp_path / "t.json", document))
    assert (truth.hidden, truth.climb) == ((), None)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fps": 0}, "fps: Input should be greater than 0"),
        ({"fps": float("inf")}, "fps: Input should be a finite number"),
        ({"size": [100]}, r"size\.1: Field required"),
        ({"labelled_frames": [5, 4]}, ".*labelled_frames end at 4, before they start at 5"),
        ({"contacts": None}, "contacts: Input should be a valid list"),
        ({"contacts": [TOUCH | {"limb": "nose"}]}, r"contacts\.0\.limb: Input should be 'left_hand'"),
        ({"contacts": [TOUCH, TOUCH | {"end_s": 0.9}]}, r"contacts\.1: .*end_s 0.9 comes before start_s 1"),
        ({"contacts": [TOUCH | {"xy_start": [1]}]}, r"contacts\.0\.xy_start\.1: Field required"),
        ({"contacts": [TOUCH | {"hold": ""}]}, r"contacts\.0\.hold"),
        ({"hidden": [{"limb": "left_foot", "start_s": 0.4}]}, r"hidden\.0\.end_s: Field required"),
    ],
)
def test_says_what_is_wrong_with_a_truth_file(tmp_path, changes, said):
    with pytest.raises(InvalidDataset, match=f"t.json is not a truth file of contacts: {said}"):
        load_contact_truth(write(tmp_path / "t.json", DOCUMENT | changes))


@pytest.mark.parametrize("missing", ["fps", "size", "labelled_frames", "contacts"])
def test_says_which_field_is_missing(tmp_path, missing):
    document = {key: value for key, value in DOCUMENT.items() if key != missing}
    with pytest.raises(InvalidDataset, match=f"{missing}: Field required"):
        load_contact_truth(write(tmp_path / "t.json", document))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(DOCUMENT | TOUCH)), inner, max_size=3),
    max_leaves=6,
)


@settings_of_test(max_examples=200)
@given(st.dictionaries(st.sampled_from(list(DOCUMENT)), anything, max_size=2))
def test_any_other_truth_file_is_refused_with_our_error_or_read(tmp_path_factory, changes):
    path = tmp_path_factory.getbasetemp() / "any-contacts.json"
    try:
        truth = load_contact_truth(write(path, DOCUMENT | changes))
    except InvalidDataset as error:
        assert "any-contacts.json" in str(error)  # noqa: PT017
    else:
        assert truth.window[0] < truth.window[1]
