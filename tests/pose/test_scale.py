from __future__ import annotations

import numpy as np
import pytest

from ascension_core.pose.scale import body_scale


def test_scale_is_the_torso_of_an_upright_climber(climber):
    assert body_scale(climber()) == pytest.approx(np.full(120, 200.0))


def test_a_crouch_towards_the_camera_does_not_shorten_the_scale(climber):
    track = climber(seconds=10)
    crouch = (track.time > 4) & (track.time < 5)
    image = track.image.copy()
    hips = image[:, [23, 24]].mean(1, keepdims=True)
    image[crouch] = hips[crouch] + (image[crouch] - hips[crouch]) * (1, 0.4)
    assert body_scale(track.with_(image=image)) == pytest.approx(np.full(300, 200.0), rel=0.02)


def test_scale_follows_a_climber_who_comes_nearer(climber):
    track = climber(seconds=20)
    nearer = np.linspace(1, 2, len(track))[:, None, None]
    scale = body_scale(track.with_(image=track.image * nearer))
    assert scale[300] == pytest.approx(300, rel=0.12)
    assert np.all(np.diff(scale) >= -1e-9)


def test_scale_is_known_through_gaps_and_unknown_without_a_trunk(climber):
    track = climber()
    image = track.image.copy()
    image[30:100] = np.nan
    assert np.isfinite(body_scale(track.with_(image=image))).all()
    nothing = track.with_(image=np.full_like(image, np.nan))
    assert np.isnan(body_scale(nothing)).all()


def test_scale_is_proportional_to_the_image(climber):
    track = climber(noise=0.02)
    assert body_scale(track.with_(image=3 * track.image)) == pytest.approx(3 * body_scale(track))
