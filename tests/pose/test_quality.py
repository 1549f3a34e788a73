from __future__ import annotations

import numpy as np
import pytest

from ascension_core.pose.quality import jitter, jump_frames, jumps, swapped_frames, swaps
from ascension_core.pose.swaps import exchange


def test_jitter_of_a_known_acceleration_is_that_acceleration(climber):
    time = np.arange(120) / 30
    fall = np.stack([0 * time, 0.5 * 20 * time**2], -1)
    sway = 0.1 * (2 * np.pi * 0.3) ** 2
    assert jitter(climber(move=dict.fromkeys(range(33), fall))) == pytest.approx(20, abs=sway)


def test_jitter_of_white_noise_is_what_the_docstring_says(climber):
    assert jitter(climber(seconds=20, noise=0.01)) == pytest.approx(25, rel=0.1)


@pytest.mark.parametrize("fps", [25, 60, 240])
def test_jitter_means_the_same_at_every_frame_rate(climber, fps):
    assert jitter(climber(seconds=20, fps=fps, noise=0.01)) == pytest.approx(jitter(climber(seconds=20, noise=0.01)), rel=0.5)


def test_jitter_does_not_depend_on_resolution(climber):
    track = climber(noise=0.01)
    assert jitter(track.with_(image=4 * track.image)) == pytest.approx(jitter(track))


def test_one_spike_is_one_jump(climber):
    track = climber(noise=0.005)
    assert jumps(track) == 0
    image = track.image.copy()
    image[60, 15, 0] += 200
    assert np.flatnonzero(jump_frames(track.with_(image=image))).tolist() == [60]


def test_a_fast_move_that_does_not_come_back_is_no_jump(climber):
    step = np.where(np.arange(120)[:, None] < 60, 0.0, 1.0) * [1, 0]
    assert jumps(climber(move={15: step})) == 0


def test_hands_and_face_are_not_judged(climber):
    track = climber()
    image = track.image.copy()
    image[60, [0, 19, 31], 0] += 400
    assert jumps(track.with_(image=image)) == 0


def test_short_and_empty_tracks_have_no_jitter(climber):
    assert np.isnan(jitter(climber(time=np.arange(2) / 30)))
    assert jumps(climber(time=np.arange(2) / 30)) == 0
    track = climber()
    assert np.isnan(jitter(track.with_(image=np.full_like(track.image, np.nan))))


def test_swaps_are_counted_against_the_truth(climber):
    truth = climber()
    where = np.zeros(120, bool)
    where[10:15] = where[50:70] = True
    track = exchange(climber(noise=0.02), (25, 27, 29, 31), where)
    assert swaps(track, truth) == 25
    assert swapped_frames(track, truth).sum(0).tolist() == [0, 25]


def test_limbs_that_lie_together_cannot_be_told(climber):
    together = {27: np.array([0.38, 0.0]), 28: np.array([-0.38, 0.0]), 25: np.array([0.45, 0.0]), 26: np.array([-0.45, 0.0])}
    truth = climber(move=together)
    assert swaps(exchange(truth, (25, 27), np.ones(120, bool)), truth) == 0


def test_tracks_of_different_length_are_refused(climber):
    with pytest.raises(ValueError, match="frames"):
        swaps(climber(), climber(seconds=1))
