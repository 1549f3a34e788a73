from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ascension_core.pose.keypoints import MIRROR, PAIRS
from ascension_core.pose.swaps import GROUPS, cheapest, exchange, undo_swaps

MEMBERS = {group.name: group.members for group in GROUPS}


def intervals(frames, *pieces):
    mask = np.zeros(frames, bool)
    for start, stop in pieces:
        mask[start:stop] = True
    return mask


def moving(climber, **kwargs):
    """All limbs move a little, each in its own way."""
    time = np.arange(round(kwargs.get("seconds", 4) * kwargs.get("fps", 30))) / kwargs.get("fps", 30)
    move = {
        k: 0.1 * np.stack([np.sin(2 * np.pi * (0.4 + 0.03 * k) * time), np.cos(2 * np.pi * (0.5 + 0.02 * k) * time)], -1)
        for k in range(13, 33)
        if k not in (23, 24)
    }
    return climber(noise=0.01, move=move, **kwargs)


def changed(a, b):
    return np.abs(np.nan_to_num(a.image) - np.nan_to_num(b.image)).max((1, 2)) > 0


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("fps", [25, 30, 60, 240])
def test_exchanges_are_undone_at_every_frame_rate(climber, name, fps):
    true = moving(climber, fps=fps)
    where = intervals(len(true), (fps // 2, fps // 2 + 1), (fps, fps + fps // 3), (2 * fps, 3 * fps))
    fixed = undo_swaps(exchange(true, MEMBERS[name], where))
    assert not changed(fixed, true).any()
    assert np.array_equal(fixed.world, true.world)
    assert np.array_equal(fixed.visibility, true.visibility)


@pytest.mark.parametrize("name", ["arms", "legs", "lower body"])
def test_a_clip_that_begins_or_ends_exchanged_is_put_right(climber, name):
    true = moving(climber)
    for where in (intervals(120, (0, 25)), intervals(120, (95, 120))):
        assert not changed(undo_swaps(exchange(true, MEMBERS[name], where)), true).any()


@pytest.mark.parametrize("fps", [15, 25, 30, 60])
@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.5])
@pytest.mark.parametrize("limb", [(13, 15, 17, 19, 21), (25, 27, 29, 31)], ids=["arms", "legs"])
def test_limbs_that_truly_cross_are_left_alone(climber, fps, seconds, limb):
    time = np.arange(4 * fps) / fps
    s = np.clip((time - 2) / seconds + 0.5, 0, 1)
    across = np.stack([10 * s**3 - 15 * s**4 + 6 * s**5, 0 * s], -1)
    track = climber(fps=fps, noise=0.01, move={**dict.fromkeys(limb, across), **{k + 1: -across for k in limb}})
    assert not changed(undo_swaps(track), track).any()


def test_limbs_that_stay_together_are_left_alone(climber):
    together = {k: np.array([0.4 * (1 if k % 2 else -1), 0.0]) for k in (25, 26, 27, 28, 29, 30, 31, 32)}
    for seed in range(5):
        track = climber(noise=0.03, move=together, seconds=6, seed=seed)
        assert not changed(undo_swaps(track), track).any()


@pytest.mark.parametrize("seed", range(5))
def test_noise_alone_exchanges_nothing(climber, seed):
    track = climber(noise=0.04, seconds=8, seed=seed)
    assert not changed(undo_swaps(track), track).any()


def test_nothing_is_concluded_across_a_long_gap(climber):
    """The limbs are seen on the other side after two seconds unseen: the climber may have turned."""
    true = moving(climber, seconds=6)
    turned = exchange(true, MEMBERS["legs"], intervals(180, (120, 180)))
    image = turned.image.copy()
    image[60:120] = np.nan
    track = turned.with_(image=image)
    fixed = undo_swaps(track)
    assert not changed(fixed, track).any()


def test_a_short_gap_does_not_hide_an_exchange(climber):
    true = moving(climber)
    track = exchange(true, MEMBERS["legs"], intervals(120, (50, 80)))
    image = track.image.copy()
    image[50:53] = np.nan
    fixed = undo_swaps(track.with_(image=image))
    assert not changed(fixed, true)[53:].any()


def test_scale_and_place_do_not_matter(climber):
    track = exchange(moving(climber), MEMBERS["arms"], intervals(120, (40, 70)))
    far = track.with_(image=0.2 * track.image + 50)
    assert undo_swaps(far).image == pytest.approx(0.2 * undo_swaps(track).image + 50)


def test_a_mirrored_climber_is_treated_alike(climber):
    track = exchange(moving(climber), MEMBERS["legs"], intervals(120, (40, 70)))
    mirrored = track.with_(image=(1000 - track.image * (1, 0) - track.image * (0, 1))[:, list(MIRROR)] * (1, -1) + (0, 1000))
    assert (changed(undo_swaps(mirrored), mirrored) == changed(undo_swaps(track), track)).all()


def test_exchanging_twice_gives_the_track_back(climber):
    track = moving(climber)
    where = intervals(120, (3, 9))
    assert np.array_equal(exchange(exchange(track, MEMBERS["body"], where), MEMBERS["body"], where).image, track.image)
    once = exchange(track, MEMBERS["body"], where)
    left, right = PAIRS[6]
    assert np.array_equal(once.image[5, left], track.image[5, right])


def test_an_unknown_track_passes_through(climber):
    track = climber()
    nothing = track.with_(image=np.full_like(track.image, np.nan))
    assert not undo_swaps(nothing).known.any()


@settings(max_examples=40)
@given(st.integers(3, 7), st.integers(0, 10_000))
def test_viterbi_finds_the_cheapest_of_all_sequences(frames, seed):
    rng = np.random.default_rng(seed)
    stay, course = rng.uniform(0, 3, (frames, 2)), rng.uniform(0, 6, (frames, 2, 2))

    def cost(states):
        own = sum(stay[t, s] for t, s in enumerate(states))
        switches = 3.0 * sum(a != b for a, b in pairwise(states))
        return own + switches + sum(course[t, states[t - 1] ^ states[t], states[t - 2] ^ states[t]] for t in range(2, frames))

    every = [[(n >> t) & 1 for t in range(frames)] for n in range(2**frames)]
    assert cost(cheapest(stay, course).astype(int).tolist()) == pytest.approx(min(map(cost, every)))
