from __future__ import annotations

import numpy as np
import pytest

from ascension_core.pose.outliers import forget, remove_overlong, remove_spikes
from ascension_core.pose.scale import body_scale

RATES = (25, 30, 60, 120)
LIMBS = (13, 14, 15, 16, 25, 26, 27, 28)


def removed(before, after):
    return before.known & ~after.known


def displaced(track, frames, keypoint, by=(0.8, 0.3)):
    image = track.image.copy()
    image[frames, keypoint] += np.array(by) * body_scale(track)[frames, None]
    return track.with_(image=image)


def reach(time, at=2.0, duration=0.25, distance=2.0):
    """A minimum-jerk reach; two torso lengths in a quarter of a second peak at 15 torso lengths/s (7.5 m/s)."""
    s = np.clip((time - at) / duration, 0, 1)
    return np.stack([0 * s, -distance * (10 * s**3 - 15 * s**4 + 6 * s**5)], -1)


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("duration", [0.02, 0.08, 0.13])
def test_spikes_are_forgotten_at_every_frame_rate(climber, fps, duration):
    track = climber(fps=fps, noise=0.005)
    spike = slice(fps * 2, fps * 2 + max(1, round(duration * fps)))
    cleaned = remove_spikes(displaced(track, spike, 15))
    assert not cleaned.known[spike, 15].any()
    assert not cleaned.observed[spike, 15].any()
    assert (cleaned.visibility[spike, 15] == 0).all()
    assert removed(track, cleaned).sum() <= spike.stop - spike.start + 1


def test_a_spike_during_a_fast_movement_is_forgotten(climber):
    track = climber(noise=0.005)
    moving = climber(noise=0.005, move={27: 4 * np.stack([track.time, 0 * track.time], -1)})
    cleaned = remove_spikes(displaced(moving, slice(60, 62), 27, by=(0, 0.8)))
    assert np.flatnonzero(removed(moving, cleaned)[:, 27]).tolist() == [60, 61]


@pytest.mark.parametrize("fps", RATES)
@pytest.mark.parametrize("duration", [0.15, 0.25, 0.5, 1.0])
def test_a_dyno_survives(climber, fps, duration):
    time = np.arange(4 * fps) / fps
    offset = reach(time, duration=duration)
    track = climber(fps=fps, noise=0.005, move=dict.fromkeys((13, 15, 14, 16), offset))
    assert not removed(track, remove_spikes(track)).any()


@pytest.mark.parametrize("period", [0.6, 1.0])
@pytest.mark.parametrize("amplitude", [0.3, 0.8])
def test_swinging_feet_survive(climber, period, amplitude):
    time = np.arange(120) / 30
    swing = np.stack([amplitude * np.sin(2 * np.pi * time / period), 0.2 * np.cos(4 * np.pi * time / period)], -1)
    track = climber(noise=0.005, move=dict.fromkeys((25, 27, 26, 28), swing))
    assert not removed(track, remove_spikes(track)).any()


def test_ordinary_noise_is_left_to_the_filter(climber):
    track = climber(noise=0.02)
    assert not removed(track, remove_spikes(track)).any()


def test_doubtful_points_are_judged_more_strictly(climber):
    track = displaced(climber(), slice(60, 61), 15, by=(0.12, 0))
    assert not removed(track, remove_spikes(track)).any()
    visibility = track.visibility.copy()
    visibility[60, 15] = 0.05
    assert removed(track, remove_spikes(track.with_(visibility=visibility)))[60, 15]


def test_a_spike_in_depth_alone_costs_only_the_world_point(climber):
    track = climber(noise=0.005)
    world = track.world.copy()
    world[60, 15, 2] += 0.5
    cleaned = remove_spikes(track.with_(world=world))
    assert np.isnan(cleaned.world[60, 15]).all()
    assert cleaned.known.all()


def test_scale_and_place_do_not_matter(climber):
    track = displaced(climber(noise=0.01), slice(40, 43), 28)
    moved = track.with_(image=3 * track.image + 1000)
    assert (remove_spikes(track).known == remove_spikes(moved).known).all()


def test_a_limb_longer_than_its_bones_is_forgotten_with_its_hand(climber):
    track = climber(seconds=8)
    long = displaced(track, slice(100, 140), 15, by=(0, -1.5))
    gone = removed(track, remove_overlong(long))
    assert gone[100:140][:, [15, 17, 19, 21]].all()
    assert not gone[:, [13, 14, 16, 27]].any()
    assert not gone[:100].any()


def test_a_wrong_elbow_does_not_condemn_its_wrist(climber):
    track = climber(seconds=8)
    gone = removed(track, remove_overlong(displaced(track, slice(100, 130), 13, by=(-1.5, 0))))
    assert gone[100:130, 13].all()
    assert not gone[:, 15].any()


def test_forgetting_nothing_changes_nothing(climber):
    track = climber()
    same = forget(track, np.zeros((120, 33), bool))
    assert np.array_equal(same.image, track.image)
    assert np.array_equal(same.observed, track.observed)


def test_tracks_too_short_or_unknown_pass_through(climber):
    assert remove_spikes(climber(seconds=0.2)).known.all()
    track = climber()
    nothing = track.with_(image=np.full_like(track.image, np.nan), world=np.full_like(track.world, np.nan))
    assert not remove_overlong(remove_spikes(nothing)).known.any()
