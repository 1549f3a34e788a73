from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.movement.contacts import GROUND, LIMBS, SMEAR
from ascension_core.movement.touch import find_contacts
from ascension_core.pose.keypoints import MIRROR, Keypoint
from ascension_core.wall.camera import CameraTrack, still
from ascension_core.wall.holds import Hold, corners

TORSO_PX = 100.0


def hold(name, x, y, size=0.2):
    """A square hold; torso lengths as in the fixture `climb`."""
    box = 1000 + TORSO_PX * np.array([x - size / 2, y - size / 2, x + size / 2, y + size / 2])
    return Hold(name, "hold", box, corners(box), 0.9)


def found(track, holds=(), camera=None):
    return find_contacts(track, camera or still(track.time, track.size), holds)


def of(touches, limb):
    return [contact for contact in touches.contacts if contact.limb == limb]


START, TARGET = hold("h1", -0.3, -1.6), hold("h2", -0.4, -2.4)
REACHING = [(0, -0.3, -1.6), (1.5, -0.3, -1.6), (1.9, -0.4, -2.4), (2.4, -0.4, -2.4), (2.8, -0.3, -1.6)]
"""Rests, goes up, rests for half a second, comes back."""


def test_hand_that_rests_for_half_a_second_holds(climb):
    touches = of(found(climb(left_hand=REACHING), [START, TARGET]), "left_hand")
    assert [contact.hold for contact in touches] == ["h1", "h2", "h1"]
    assert touches[1].start == pytest.approx(1.9, abs=0.07)
    assert touches[1].end == pytest.approx(2.4, abs=0.07)
    assert touches[1].place == pytest.approx([960, 760], abs=5)
    assert [(contact.start_open, contact.end_open) for contact in touches] == [(True, False), (False, False), (False, True)]


def test_hand_that_passes_a_hold_does_not_hold_it(climb):
    passing = [(0, -0.3, -1.6), (1.5, -0.3, -1.6), (1.9, -0.4, -2.4), (2.3, -0.5, -3.2)]
    touches = of(found(climb(left_hand=passing), [START, TARGET, hold("h3", -0.5, -3.2)]), "left_hand")
    assert [contact.hold for contact in touches] == ["h1", "h3"]


def test_touch_of_a_speed_climber_is_found(climb):
    quick = [(0, -0.3, -1.6), (1.5, -0.3, -1.6), (1.7, -0.4, -2.4), (1.9, -0.4, -2.4), (2.1, -0.5, -3.2)]
    touches = of(found(climb(left_hand=quick, fps=25.0), [START, TARGET, hold("h3", -0.5, -3.2)]), "left_hand")
    assert [contact.hold for contact in touches] == ["h1", "h2", "h3"]


def test_contact_lasts_through_a_time_unseen(climb):
    track = climb()
    hidden = (track.time > 1) & (track.time < 1.8)
    image = track.image.copy()
    image[np.ix_(hidden, [Keypoint.LEFT_WRIST, Keypoint.LEFT_PINKY, Keypoint.LEFT_INDEX])] = np.nan
    touches = of(found(track.with_(image=image), [hold("h1", -0.3, -2.0)]), "left_hand")
    assert [contact.hold for contact in touches] == ["h1"]


def test_contact_ends_open_where_the_limb_is_lost(climb):
    track = climb()
    visibility = track.visibility.copy()
    visibility[track.time > 2] = 0.1
    (touch,) = of(found(track.with_(visibility=visibility), [hold("h1", -0.3, -2.0)]), "left_hand")
    assert touch.end_open
    assert touch.end == pytest.approx(2.0, abs=0.07)


def test_limbs_that_are_not_seen_touch_nothing(climb):
    track = climb()
    assert found(track.with_(visibility=np.full((len(track), 33), 0.1))).contacts == ()


def test_track_without_anybody_gives_no_contacts(climb):
    track = climb()
    nobody = track.with_(image=np.full_like(track.image, np.nan), visibility=np.zeros((len(track), 33)))
    holds = [START]
    assert found(nobody, holds).contacts == ()
    assert found(nobody, holds).holds == tuple(holds)


def test_two_hands_share_a_hold(climb):
    left = [(0, -0.3, -1.6), (1.5, -0.3, -1.6), (1.9, 0.2, -2.0)]
    touches = found(climb(left_hand=left), [START, hold("h2", 0.25, -2.0, size=0.3)])
    assert [contact.hold for contact in of(touches, "left_hand")] == ["h1", "h2"]
    assert [contact.hold for contact in of(touches, "right_hand")] == ["h2"]


def test_hand_gives_a_missed_hold_away(climb):
    touches = found(climb(left_hand=REACHING), [START])
    assert [_name(contact) for contact in of(touches, "left_hand")] == ["h1", "inferred", "h1"]
    (inferred,) = [h for h in touches.holds if h.id == of(touches, "left_hand")[1].hold]
    assert inferred.inferred
    assert inferred.centre == pytest.approx([960, 760], abs=5)


def test_foot_on_the_bare_wall_smears(climb):
    up = [(0, 0, 0), (1.5, 0, 0), (2.5, 0, -0.3)]
    touches = found(climb(hips=up, left_foot=[(0, -0.4, 1.2)], left_hand=[(0, -0.3, -1.8)]), [hold("h1", -0.3, -1.8)])
    assert [contact.hold for contact in of(touches, "left_foot")] == [SMEAR]


def test_arms_that_hang_beside_somebody_who_stands_hold_nothing(climb):
    hanging = {"left_hand": [(0, -0.4, 0.2)], "right_hand": [(0, 0.4, 0.2)]}
    touches = found(climb(**hanging), [hold("h1", -0.4, 0.2), hold("h2", 0.4, 0.2)])
    assert {contact.limb for contact in touches.contacts} == {"left_foot", "right_foot"}
    assert {contact.hold for contact in touches.contacts} == {GROUND}


def test_who_drops_off_the_wall_lands_on_the_ground(climb):
    drop = 1.5
    hips = [(0, 0, 0), (2, 0, 0), (2.4, 0, drop)]
    feet = {
        limb: [(t, x + dx, y + dy) for t, x, y in hips] for limb, dx, dy in (("left_foot", -0.2, 1.6), ("right_foot", 0.2, 1.6))
    }
    touches = found(climb(hips=hips, **feet), [hold("h1", -0.2, 1.6), hold("h2", 0.2, 1.6)])
    assert [contact.hold for contact in of(touches, "left_foot")] == ["h1", GROUND]


def test_camera_that_zooms_and_pans_changes_nothing(climb):
    track = climb(left_hand=REACHING)
    holds = [START, TARGET]
    expected = found(track, holds)
    factor, shift = 1 + 0.2 * track.time, 150 * track.time
    to_wall = np.tile(np.eye(3), (len(track), 1, 1))
    to_wall[:, 0, 0] = to_wall[:, 1, 1] = 1 / factor
    to_wall[:, 0, 2] = -shift / factor
    moved = track.with_(image=track.image * factor[:, None, None] + np.stack([shift, 0 * shift], 1)[:, None])
    seen = still(track.time, track.size)
    camera = CameraTrack(seen.time, to_wall, seen.quality, seen.shot, 0, seen.size, static=False)
    same(found(moved, holds, camera), expected)


def same(ours, others, factor=1.0, mirror=False):
    """Both have the same contacts, up to the size of a pixel."""
    key = lambda c: (LIMBS.index(c.limb), c.start)  # noqa: E731
    flip = dict(zip(LIMBS, (LIMBS[1], LIMBS[0], LIMBS[3], LIMBS[2]), strict=True)) if mirror else {limb: limb for limb in LIMBS}
    left = sorted(ours.contacts, key=key)
    right = sorted(others.contacts, key=lambda c: (LIMBS.index(flip[c.limb]), c.start))
    assert [(c.limb, _name(c)) for c in left] == [(flip[c.limb], _name(c)) for c in right]
    for a, b in zip(left, right, strict=True):
        assert (a.start, a.end, a.confidence) == pytest.approx((b.start, b.end, b.confidence), abs=1e-6)
        assert a.place[1] == pytest.approx(b.place[1] * factor, abs=1e-3)


def _name(contact):
    """Inferred holds are numbered from below and from the left."""
    return "inferred" if contact.hold.startswith("x") else contact.hold


@st.composite
def ways(draw):
    """A way of rests and moves that are not too quick to be told from each other."""
    count = draw(st.integers(1, 5))
    t, way = 0.0, []
    for _ in range(count):
        place = draw(st.tuples(st.floats(-1, 1), st.floats(-2.5, -0.5)))
        way += [(t, *place), (t + draw(st.floats(0.1, 1.2)), *place)]
        t = way[-1][0] + draw(st.floats(0.2, 0.6))
    return way


@settings(max_examples=15)
@given(ways(), ways())
def test_contacts_of_a_limb_never_overlap(climb, left, right):
    touches = found(climb(left_hand=left, right_hand=right), [START, TARGET])
    for limb in LIMBS:
        own = of(touches, limb)
        assert all(a.end <= b.start for a, b in pairwise(own))
        assert all(contact.start < contact.end for contact in own)


@settings(max_examples=10)
@given(ways(), st.floats(0.3, 3))
def test_size_of_the_picture_does_not_matter(climb, way, factor):
    track = climb(left_hand=way)
    bigger = track.with_(image=track.image * factor)
    grown = [h.with_(box=h.box * factor, outline=h.outline * factor) for h in (START, TARGET)]
    same(found(bigger, grown), found(track, [START, TARGET]), factor)


@settings(max_examples=10)
@given(ways())
def test_mirror_image_has_mirrored_contacts(climb, way):
    track = climb(left_hand=way)
    flip = lambda points: np.stack([2000 - points[..., 0], points[..., 1]], -1)  # noqa: E731
    mirrored = track.with_(image=flip(track.image)[:, list(MIRROR)])
    holds = [
        h.with_(box=np.concatenate([flip(h.box[:2]), flip(h.box[2:])])[[2, 1, 0, 3]], outline=flip(h.outline))
        for h in (START, TARGET)
    ]
    same(found(mirrored, holds), found(track, [START, TARGET]), mirror=True)


@settings(max_examples=10)
@given(ways(), st.floats(0.5, 30))
def test_clock_may_start_at_any_time(climb, way, later):
    track = climb(left_hand=way)
    shifted = found(track.with_(time=track.time + later), [START, TARGET])
    for a, b in zip(shifted.contacts, found(track, [START, TARGET]).contacts, strict=True):
        assert (a.limb, a.hold) == (b.limb, b.hold)
        assert a.start - later == pytest.approx(b.start, abs=1e-6)
