from __future__ import annotations

import numpy as np
import pytest

from ascension_core.errors import InvalidOption
from ascension_core.pose.keypoints import BODY
from ascension_core.pose.quality import jitter, jumps
from ascension_core.pose.scale import body_scale
from ascension_core.pose.smoothing import CleanOptions, clean, smooth
from ascension_core.pose.swaps import exchange

RATES = (25, 30, 60, 240)


def spoiled(track, seed=0):
    """Spikes, missing points and exchanged legs, as a network makes them."""
    rng = np.random.default_rng(seed)
    image, frames = track.image.copy(), len(track)
    spike = max(2, round(1 / 15 / np.median(np.diff(track.time))))
    starts = rng.choice(np.arange(10, frames - 20, 5 * spike), frames // spike // 10, replace=False)
    for frame in starts:
        image[frame : frame + spike, rng.choice(BODY)] += rng.choice([-1, 1], 2) * rng.uniform(0.5, 1.5) * 200
    gone = rng.random(image.shape[:2]) < 0.02
    image[gone] = np.nan
    where = np.zeros(frames, bool)
    where[frames // 2 : frames // 2 + frames // 8] = True
    bad = track.with_(
        image=image,
        world=np.where(gone[..., None], np.nan, track.world),
        visibility=np.where(gone, 0, track.visibility),
        observed=~gone,
    )
    return exchange(bad, (25, 27, 29, 31), where)


def error(track, truth):
    """(T, 12) torso lengths."""
    return (np.linalg.norm(track.image - truth.image, axis=-1) / body_scale(truth)[:, None])[:, list(BODY)]


@pytest.mark.parametrize("fps", RATES)
def test_a_spoiled_track_comes_back_near_the_truth(climber, fps):
    truth = climber(seconds=8, fps=fps)
    raw = spoiled(climber(seconds=8, fps=fps, noise=0.02))
    before, after = error(raw, truth), error(clean(raw), truth)
    assert np.nanmean(after) < 0.6 * np.nanmean(before)
    assert np.nanpercentile(after, 99.9) < 0.15
    assert np.isfinite(after[5:-5]).mean() > 0.995


@pytest.mark.parametrize("fps", RATES)
def test_jitter_is_halved_and_jumps_are_gone(climber, fps):
    raw = spoiled(climber(seconds=8, fps=fps, noise=0.02))
    cleaned = clean(raw)
    assert jitter(cleaned) < 0.5 * jitter(raw)
    assert jumps(raw) > 0
    assert jumps(cleaned) == 0


@pytest.mark.parametrize("fps", RATES)
def test_a_dyno_keeps_its_peak_speed_without_lag(climber, fps):
    """Hips and hands travel two torso lengths in half a second: a peak of 7.5 torso lengths/s."""
    time = np.arange(4 * fps) / fps
    s = np.clip((time - 1.75) / 0.5, 0, 1)
    up = np.stack([0 * s, -2.0 * (10 * s**3 - 15 * s**4 + 6 * s**5)], -1)
    truth = climber(fps=fps, move=dict.fromkeys(range(33), up))
    cleaned = clean(climber(fps=fps, noise=0.01, move=dict.fromkeys(range(33), up)))
    speed, true_speed = (-np.gradient(t.image[:, 23:25, 1].mean(1), time) for t in (cleaned, truth))
    assert speed.max() == pytest.approx(true_speed.max(), rel=0.05)
    half = true_speed.max() / 2
    assert time[np.argmax(speed > half)] == pytest.approx(time[np.argmax(true_speed > half)], abs=1.01 / fps)


def test_order_of_observation_is_told(climber):
    cleaned = clean(spoiled(climber(seconds=8, noise=0.01)))
    interpolated = cleaned.known & ~cleaned.observed
    assert interpolated.any()
    assert (cleaned.visibility[interpolated] < 0.9).all()
    assert (cleaned.visibility[cleaned.observed] == 0.9).all()
    assert (cleaned.visibility[~cleaned.known] == 0).all()


def test_smoothing_changes_neither_visibility_nor_what_is_known(climber):
    track = climber(noise=0.02)
    image = track.image.copy()
    image[30:50, 3] = np.nan
    track = track.with_(image=image)
    smoothed = smooth(track, CleanOptions())
    assert np.array_equal(smoothed.visibility, track.visibility)
    assert np.array_equal(smoothed.known, track.known)
    assert np.array_equal(smoothed.observed, track.observed)


def test_mirror_scale_and_place_do_not_matter(climber):
    track = spoiled(climber(seconds=6, noise=0.01))
    moved = track.with_(image=track.image * (-0.5, 0.5) + (700, 20))
    assert clean(moved).image == pytest.approx(clean(track).image * (-0.5, 0.5) + (700, 20), nan_ok=True, abs=1e-6)


def test_switched_off_it_changes_nothing(climber):
    track = spoiled(climber(noise=0.01))
    untouched = clean(track, CleanOptions(swaps=False, outliers=False, max_gap_s=0, cutoff_hz=0))
    assert np.array_equal(untouched.image, track.image, equal_nan=True)


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 5, 9])
def test_tiny_tracks_pass(climber, frames):
    track = climber(time=np.arange(frames) / 30)
    assert len(clean(track)) == frames


def test_a_track_without_anyone_stays_so(climber):
    track = climber()
    nobody = track.with_(
        image=np.full_like(track.image, np.nan),
        world=np.full_like(track.world, np.nan),
        visibility=np.zeros_like(track.visibility),
        observed=np.zeros_like(track.observed),
    )
    assert not clean(nobody).known.any()


def test_variable_frame_rate_is_no_harm(climber):
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.choice([1 / 30, 1 / 15, 1 / 60], 300, p=[0.8, 0.1, 0.1]))
    truth = climber(time=time)
    raw = climber(time=time, noise=0.02)
    assert error(clean(raw), truth).mean() < 0.65 * error(raw, truth).mean()


def test_bad_options_are_refused():
    with pytest.raises(InvalidOption):
        CleanOptions(max_gap_s=-1)


@pytest.mark.slow
def test_ten_minutes_take_seconds(climber):
    import time as clock

    track = climber(seconds=600, noise=0.01)
    begin = clock.process_time()
    clean(track)
    assert clock.process_time() - begin < 8
