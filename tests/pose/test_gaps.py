from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.pose.gaps import bridgeable, fill_gaps, gap_lengths


def without(track, frames, keypoint=15):
    image, world, visibility, observed = (a.copy() for a in (track.image, track.world, track.visibility, track.observed))
    image[frames, keypoint], world[frames, keypoint], visibility[frames, keypoint], observed[frames, keypoint] = (
        np.nan,
        np.nan,
        0,
        False,
    )
    return track.with_(image=image, world=world, visibility=visibility, observed=observed)


def test_a_short_gap_is_bridged_and_flagged(climber):
    true = climber()
    filled = fill_gaps(without(true, slice(50, 57)), max_gap_s=0.3)
    assert filled.known.all()
    assert not filled.observed[50:57, 15].any()
    assert filled.observed[49, 15]
    assert filled.image[50:57, 15] == pytest.approx(true.image[50:57, 15], abs=1.0)
    assert filled.world[50:57, 15] == pytest.approx(true.world[50:57, 15], abs=0.003)


def test_visibility_falls_with_the_length_of_the_gap(climber):
    one = fill_gaps(without(climber(), slice(50, 51)), max_gap_s=0.3)
    eight = fill_gaps(without(climber(), slice(50, 58)), max_gap_s=0.3)
    assert one.visibility[50, 15] == pytest.approx(0.9 * (1 - 0.25 * (2 / 30) / 0.3))
    assert eight.visibility[50:58, 15] == pytest.approx(0.9 * 0.75)
    assert eight.visibility[49, 15] == 0.9


def test_a_long_gap_and_the_ends_stay_unknown(climber):
    track = without(without(climber(), slice(50, 60)), slice(0, 2))
    filled = fill_gaps(without(track, slice(118, 120)), max_gap_s=0.3)
    assert np.isnan(filled.image[50:60, 15]).all()
    assert np.isnan(filled.image[:2, 15]).all()
    assert np.isnan(filled.image[118:, 15]).all()
    assert (filled.visibility[50:60, 15] == 0).all()


def test_gaps_are_measured_in_time_not_frames(climber):
    for fps, missing in ((30, 8), (60, 17), (240, 71)):
        known = climber(fps=fps)
        assert fill_gaps(without(known, slice(60, 60 + missing)), max_gap_s=0.3).known.all()
        assert not fill_gaps(without(known, slice(60, 61 + missing)), max_gap_s=0.3).known.all()


def test_the_bridge_never_overshoots(climber):
    jump = np.where(np.arange(120)[:, None] < 55, 0.0, 1.0)
    track = climber(move={15: np.concatenate([jump, 0 * jump], 1)})
    filled = fill_gaps(without(track, slice(53, 58)), max_gap_s=0.3)
    x = filled.image[50:61, 15, 0]
    assert x.min() >= track.image[50:61, 15, 0].min() - 1e-9
    assert x.max() <= track.image[50:61, 15, 0].max() + 1e-9


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_gap_lengths_agree_with_a_plain_search(known):
    time = np.cumsum(np.linspace(0.01, 0.05, len(known)))
    mask = np.array(known)[:, None]
    lengths = gap_lengths(time, mask)[:, 0]
    for i, seen in enumerate(known):
        before = [t for t, k in zip(time[: i + 1], known[: i + 1], strict=True) if k]
        after = [t for t, k in zip(time[i:], known[i:], strict=True) if k]
        expected = 0 if seen else (after[0] - before[-1] if before and after else np.inf)
        assert lengths[i] == pytest.approx(expected)
    assert not (bridgeable(time, mask, 0.3) & mask).any()
