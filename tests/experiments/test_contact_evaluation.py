"""Scores of contacts, on contacts whose faults are known beforehand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.errors import InvalidDataset
from ascension_core.movement.contacts import LIMBS, Contact
from ascension_core.pose.keypoints import Keypoint
from ascension_core.pose.track import PoseTrack
from ascension_core.wall.camera import CameraTrack, still
from experiments.contact_evaluation import score_contacts
from experiments.contact_matching import Found, SeenTime, match
from experiments.contact_truth import ContactTruth, Hidden, load_contact_truth

FPS = 20.0
FRAMES = 200
SIZE = (600, 1000)
TORSO = 100.0


def body(frames=FRAMES, time=None):
    """A person with a torso of 100 px who stands there."""
    image = np.full((frames, 33, 2), 300.0)
    image[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER], 1] -= TORSO
    return PoseTrack(
        time=np.arange(frames) / FPS if time is None else time,
        image=image,
        world=np.full((frames, 33, 3), np.nan),
        visibility=np.ones((frames, 33)),
        observed=np.ones((frames, 33), bool),
        size=SIZE,
    )


def held(start, end, *, limb="left_hand", hold="h1", place=(100.0, 100.0), **edges):
    return Contact(limb, hold, float(start), float(end), np.array(place, float), 1.0, **edges)


def truth_of(*contacts, hidden=(), labelled=(0, FRAMES - 1)):
    return ContactTruth(FPS, SIZE, labelled, contacts, hidden, None)


def found_of(*contacts, track=None, camera=None):
    track = track or body()
    return Found(contacts, track, camera or still(track.time, track.size))


def score(truth, *contacts, **made_of):
    return score_contacts(found_of(*contacts, **made_of), truth)


def counts(result):
    return result["labelled"], result["found"], result["matched"]


def test_the_truth_itself_scores_one():
    contacts = (held(1, 3), held(4, 6, hold="h2", place=(200, 50)), held(1, 9, limb="right_foot", hold="smear"))
    result = score(truth_of(*contacts), *contacts)
    assert (result["f1_at_0.5"], result["precision"], result["recall"], result["mean_tiou"]) == (1, 1, 1, 1)
    assert (result["start_error_ms"], result["end_error_ms"]) == (0, 0)
    assert (result["kind_agreement"], result["hold_consistency"]) == (1, 1)
    assert counts(result["by_limb"]["left_hand"]) == (2, 2, 2)
    assert counts(result["by_kind"]["smear"]) == (1, 1, 1)
    assert result["torso_px"] == TORSO


def test_worked_by_hand():
    """Of three true contacts two are found, one of them 0.2 s late and the other as long as it should be; one is made up."""
    truth = truth_of(held(1, 3), held(4, 6, hold="h2"), held(2, 5, limb="right_foot", hold="h3"))
    result = score(
        truth, held(1.2, 3, hold="a"), held(2, 5, limb="right_foot", hold="b"), held(6, 8, limb="right_foot", hold="c")
    )
    assert counts(result) == (3, 3, 2)
    assert result["precision"] == result["recall"] == result["f1_at_0.5"] == pytest.approx(2 / 3)
    assert result["mean_tiou"] == pytest.approx((0.9 + 1) / 2)
    assert result["start_error_ms"] == result["start_bias_ms"] == pytest.approx(100)
    assert result["by_limb"]["right_foot"]["precision"] == 0.5
    assert result["by_limb"]["left_hand"]["recall"] == 0.5
    assert math.isnan(result["by_limb"]["left_foot"]["f1_at_0.5"])


@pytest.mark.parametrize(("end", "matched"), [(1.95, 0), (2.05, 1), (4.95, 1), (5.05, 0)])
def test_half_of_the_time_must_be_shared(end, matched):
    assert score(truth_of(held(1, 3)), held(1, end))["matched"] == matched


@pytest.mark.parametrize(("away", "matched"), [(24, 1), (26, 0)])
def test_the_place_must_lie_within_a_quarter_of_a_torso(away, matched):
    assert score(truth_of(held(1, 3)), held(1, 3, place=(100, 100 + away)))["matched"] == matched


def test_another_limb_does_not_count():
    assert counts(score(truth_of(held(1, 3)), held(1, 3, limb="right_hand"))) == (1, 1, 0)


def test_one_true_contact_is_matched_once():
    truth = truth_of(held(1, 3))
    assert counts(score(truth, held(1, 2.1, hold="a"), held(2.1, 3, hold="b"))) == (1, 2, 1)


def test_a_kind_of_another_name_still_counts_and_is_reported():
    result = score(truth_of(held(1, 3), held(1, 3, limb="left_foot")), held(1, 3), held(1, 3, limb="left_foot", hold="smear"))
    assert (result["matched"], result["kind_agreement"]) == (2, 0.5)
    assert counts(result["by_kind"]["hold"]) == (2, 1, 1)
    assert counts(result["by_kind"]["smear"]) == (0, 1, 0)


def test_a_hold_under_two_names_is_inconsistent():
    real = [held(k, k + 1, hold=name) for k, name in enumerate(["h1", "h2", "h1", "h1"])]
    named = [held(k, k + 1, hold=name) for k, name in enumerate(["a", "b", "a", "c"])]
    result = score(truth_of(*real), *named)
    assert (result["matched"], result["hold_consistency"]) == (4, 0.75)


def test_what_lies_outside_the_labelled_frames_is_cut_off():
    truth = truth_of(held(2, 4, start_open=True), labelled=(40, 159))
    result = score(truth, held(0, 4), held(0.5, 1.9, limb="left_foot"), held(8.1, 9, limb="left_foot"))
    assert counts(result) == (1, 1, 1)
    assert result["mean_tiou"] == 1
    assert math.isnan(result["start_error_ms"])


def test_hidden_time_is_cut_out_of_both():
    truth = truth_of(held(1, 2), hidden=[Hidden("left_hand", 2, 6)])
    assert score(truth, held(1, 6))["mean_tiou"] == 1
    assert counts(score(truth, held(1, 2), held(2.5, 5, hold="h9"))) == (1, 1, 1)
    assert score(truth, held(1, 7))["matched"] == 1
    assert score(truth, held(1, 8.5))["matched"] == 0
    other = truth_of(held(1, 2), hidden=[Hidden("right_hand", 2, 6)])
    assert score(other, held(1, 6))["matched"] == 0


def test_pieces_on_one_hold_around_hidden_time_are_one_contact():
    whole, parts = [held(1, 8)], [held(1, 3), held(5, 8)]
    gap = [Hidden("left_hand", 3, 5)]
    for real, ours in ((whole, parts), (parts, whole), (parts, parts)):
        assert counts(score(truth_of(*real, hidden=gap), *ours)) == (1, 1, 1)
    elsewhere = [held(1, 3), held(5, 8, hold="h2", place=(300, 300))]
    assert counts(score(truth_of(*elsewhere, hidden=gap), *elsewhere)) == (2, 2, 2)


def test_beyond_an_open_edge_nothing_is_scored():
    for edges, ours in (({"start_open": True}, held(1, 6)), ({"end_open": True}, held(4, 9))):
        assert score(truth_of(held(4, 6)), ours)["matched"] == 0
        result = score(truth_of(held(4, 6, **edges)), ours)
        assert (result["matched"], result["mean_tiou"]) == (1, 1)
    both = score(truth_of(held(4, 6, start_open=True, end_open=True)), held(1, 9))
    assert both["mean_tiou"] == 1
    assert math.isnan(both["start_error_ms"])
    assert math.isnan(both["end_error_ms"])


def test_an_open_edge_does_not_excuse_a_contact_that_was_mostly_missed():
    assert score(truth_of(held(0, 6, start_open=True)), held(4, 6))["matched"] == 0


def test_places_are_compared_in_the_picture_of_the_true_start():
    """The camera pans by 5 px a frame: the truth's pixels are those of its first frame, the prediction's those of the wall."""
    time = np.arange(FRAMES) / FPS
    pan = np.tile(np.eye(3), (FRAMES, 1, 1))
    pan[:, 0, 2] = 5.0 * np.arange(FRAMES)
    camera = CameraTrack(time, pan, np.ones(FRAMES), np.zeros(FRAMES, np.int64), 0, SIZE, static=False)
    real = held(2, 4, place=(100, 100))
    assert score(truth_of(real), held(2.5, 4, place=(300, 100)), camera=camera)["matched"] == 1
    assert score(truth_of(real), held(2.5, 4, place=(100, 100)), camera=camera)["matched"] == 0


def test_a_place_in_a_frame_that_is_not_on_the_wall_is_unknown():
    lost = np.full((FRAMES, 3, 3), np.nan)
    camera = CameraTrack(np.arange(FRAMES) / FPS, lost, np.zeros(FRAMES), np.zeros(FRAMES, np.int64), 0, SIZE, static=False)
    assert counts(score(truth_of(held(1, 3)), held(1, 3), camera=camera)) == (1, 1, 0)


def test_uneven_times_are_counted_in_frames_as_the_truth_counts_them():
    """Frames that come ever more slowly: frame n lies at true second (n / 20) ** 1.5."""
    time = (np.arange(FRAMES) / FPS) ** 1.5
    result = score(truth_of(held(4, 9)), held(4**1.5, 9**1.5), track=body(time=time))
    assert result["mean_tiou"] == pytest.approx(1)
    assert result["end_error_ms"] == pytest.approx(0, abs=1e-6)


def test_nothing_to_find_and_nothing_found_has_no_score():
    result = score(truth_of())
    assert all(math.isnan(result[key]) for key in ("f1_at_0.5", "precision", "recall", "mean_tiou", "hold_consistency"))
    missed = score(truth_of(held(1, 3)))
    assert (missed["f1_at_0.5"], missed["recall"]) == (0, 0)
    assert math.isnan(missed["precision"])


@pytest.mark.parametrize("truth", [truth_of(labelled=(0, FRAMES + 1)), replace(truth_of(), size=(1000, 600))])
def test_a_truth_of_another_clip_is_refused(truth):
    with pytest.raises(InvalidDataset, match="not of the same clip"):
        score(truth)


def test_the_synthetic_truth_against_itself(synthetic_truth):
    truth = load_contact_truth(synthetic_truth)
    track = replace_size(body(420), truth)
    found = Found(truth.contacts, track, still(track.time, track.size))
    result = score_contacts(found, truth)
    assert (result["f1_at_0.5"], result["mean_tiou"]) == (1, 1)
    assert result["labelled"] <= len(truth.contacts)


def replace_size(track, truth):
    return track.with_(size=truth.size, time=np.arange(len(track)) / truth.fps)


@st.composite
def climbs(draw):
    """Contacts of all limbs that do not overlap, at least a quarter of a second each, and hidden stretches."""
    contacts, hidden = [], []
    for limb in LIMBS:
        knots = sorted(draw(st.lists(st.integers(0, 39), unique=True, max_size=10)))
        for k, (start, end) in enumerate(zip(knots[::2], knots[1::2], strict=False)):
            hold = draw(st.sampled_from([f"{limb}{k}", "smear", "ground"]))
            place = (draw(st.integers(0, 600)), draw(st.integers(0, 1000)))
            contacts.append(held(start / 4, end / 4, limb=limb, hold=hold, place=place, end_open=draw(st.booleans())))
        if draw(st.booleans()):
            start = draw(st.integers(0, 30))
            hidden.append(Hidden(limb, start / 4, start / 4 + 1))
    return truth_of(*contacts, hidden=tuple(hidden))


@given(climbs())
def test_every_truth_matches_itself_whole(truth):
    pairs = match(found_of(*truth.contacts), truth)
    assert all(pair.truth is not None and pair.found is not None for pair in pairs)
    assert all(pair.tiou == pytest.approx(1) for pair in pairs)


@given(climbs(), climbs(), st.randoms())
def test_the_order_of_contacts_does_not_matter(truth, other, random):
    mixed, ours = (random.sample(c, len(c)) for c in (truth.contacts, other.contacts))
    one = score_contacts(found_of(*other.contacts), truth)
    two = score_contacts(found_of(*ours), replace(truth, contacts=tuple(mixed)))
    np.testing.assert_equal(one, two)


@given(climbs(), st.floats(0.01, 0.2), st.floats(0.25, 5))
def test_the_later_everything_is_found_the_lower_the_score(truth, less, more):
    apart = [replace(c, place=np.array([100.0 * k, 0])) for k, c in enumerate(truth.contacts)]
    truth = truth_of(*apart)

    def late(by):
        return score(truth, *(replace(c, start=c.start + by, end=c.end + by) for c in apart))

    exact, little, much = late(0), late(less), late(less + more)
    assert much["matched"] <= little["matched"] <= exact["matched"] == len(apart)
    assert not little["mean_tiou"] >= 1


@given(climbs(), climbs())
def test_rates_are_what_their_counts_say(truth, other):
    result = score_contacts(found_of(*other.contacts), truth)
    assert result["matched"] <= min(result["labelled"], result["found"])
    assert sum(result["by_limb"][limb]["matched"] for limb in LIMBS) == result["matched"]
    for kind in ("labelled", "found"):
        assert sum(part[kind] for part in result["by_kind"].values()) == result[kind]


@given(climbs(), st.floats(0, 10), st.floats(0, 10))
def test_seen_time_never_runs_back_nor_faster_than_time(truth, one, other):
    first, last = sorted((one, other))
    for limb in LIMBS:
        seen = SeenTime(truth, limb)
        assert 0 <= seen(last) - seen(first) <= last - first + 1e-9
