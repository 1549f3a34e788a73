"""A climber of sticks, seen from behind, that the tests of tracks move about."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ascension_core.pose.track import PoseTrack

TORSO_PX = 200.0
FIGURE = np.array(
    [
        *[[x, -1.45] for x in (0.0, -0.03, -0.06, -0.09, 0.03, 0.06, 0.09, -0.14, 0.14, -0.03, 0.03)],
        *[[-0.35, -1.0], [0.35, -1.0], [-0.6, -1.4], [0.6, -1.4], [-0.5, -1.9], [0.5, -1.9]],
        *[[-0.55, -2.05], [0.55, -2.05], [-0.5, -2.08], [0.5, -2.08], [-0.45, -2.0], [0.45, -2.0]],
        *[[-0.2, 0.0], [0.2, 0.0], [-0.5, 0.6], [0.5, 0.6], [-0.4, 1.4], [0.4, 1.4]],
        *[[-0.4, 1.5], [0.4, 1.5], [-0.55, 1.5], [0.55, 1.5]],
    ]
)
"""(33, 2) torso lengths from the middle of the hips, y down."""

Climber = Callable[..., PoseTrack]


@pytest.fixture(scope="session")
def climber() -> Climber:
    """A track of the figure that drifts upwards; ``move={keypoint: (T, 2) torso lengths}`` adds to it."""

    def make(seconds: float = 4.0, fps: float = 30.0, noise: float = 0.0, move: dict | None = None, time=None, seed: int = 0):
        time = np.arange(round(seconds * fps)) / fps if time is None else time
        points = np.repeat(FIGURE[None], len(time), axis=0)
        points += np.stack([0.1 * np.sin(2 * np.pi * 0.3 * time), -0.2 * time], -1)[:, None]
        for keypoint, offset in (move or {}).items():
            points[:, keypoint] += offset
        points += np.random.default_rng(seed).normal(0, noise, points.shape)
        image = 500 + TORSO_PX * points
        world = np.concatenate([0.5 * points, np.zeros((len(time), 33, 1))], -1)
        known = np.ones((len(time), 33), bool)
        return PoseTrack(
            time=time, image=image, world=world, visibility=np.full((len(time), 33), 0.9), observed=known, size=(1000, 1400)
        )

    return make
