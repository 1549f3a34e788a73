"""The committed labels of real clips: in the form, inside their clips, and one hold at a time."""

from itertools import pairwise

import pytest

from ascension_core.movement.contacts import LIMBS
from ascension_core.video import open_video, probe
from experiments.contact_truth import load_contact_truth

NAMES = ("boulder-campus", "boulder-static", "moonboard-bluebird")


@pytest.fixture(params=NAMES)
def labels(request, root):
    return request.param, load_contact_truth(root / "experiments" / "contacts" / f"{request.param}.json")


def test_every_file_is_named_here_and_in_the_readme(root):
    folder = root / "experiments" / "contacts"
    assert sorted(path.stem for path in folder.glob("*.json")) == sorted(NAMES)
    assert all(f"`{name}.json`" in (folder / "README.md").read_text() for name in NAMES)


def test_a_limb_is_at_one_place_at_a_time_and_never_hidden_where_a_contact_begins(labels):
    _, truth = labels
    for limb in LIMBS:
        touches = [c for c in truth.contacts if c.limb == limb]
        assert all(one.end <= other.start for one, other in pairwise(touches))
        hidden = [(h.start, h.end) for h in truth.hidden if h.limb == limb]
        assert not any(start <= c.start < end for c in touches for start, end in hidden)


def test_contacts_lie_inside_the_picture_and_the_labelled_frames(labels):
    _, truth = labels
    first, last = truth.window
    for contact in truth.contacts:
        assert (contact.place >= 0).all()
        assert (contact.place < truth.size).all()
        assert first - 0.001 <= contact.start < contact.end <= last + 0.001


def test_an_edge_at_the_ends_of_the_clip_is_open(labels):
    _, truth = labels
    assert all(c.start_open for c in truth.contacts if c.start == 0)


def test_labels_fit_their_clips(labels, data_dir):
    name, truth = labels
    info = probe(data_dir / "clips" / f"{name}.mp4")
    assert (info.width, info.height) == truth.size
    with open_video(data_dir / "clips" / f"{name}.mp4") as video:
        assert truth.labelled[1] < sum(1 for _ in video.frames())
    assert truth.fps == pytest.approx(info.frame_rate, rel=0.002)
