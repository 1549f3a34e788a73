"""A short climb whose holds, moves and pauses are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from ascension_core.movement.body import body_measures
from ascension_core.movement.contacts import LIMBS, Contact, Limb
from ascension_core.movement.metrics import movement_measures
from ascension_core.movement.moves import Climb, Move, Span
from ascension_core.pose.track import PoseTrack
from ascension_core.results import MovementMeasure
from ascension_core.wall.camera import CameraTrack, still

FPS = 30.0
ROUND_S = 2.0
"""Every round, each limb moves once, one after the other, and then all rest for 1.2 s."""
MOVE_S = 0.2
STEP = 0.5
"""Torso lengths that each limb, and the hips, rise in a round."""
END_POINTS = {"left_hand": 19, "right_hand": 20, "left_foot": 31, "right_foot": 32}


@dataclass(frozen=True)
class Attempt:
    """Everything that the measures are taken from."""

    track: PoseTrack
    camera: CameraTrack
    contacts: tuple[Contact, ...]
    climb: Climb

    def measures(self, **options: object) -> dict[str, MovementMeasure]:
        com = body_measures(self.track).com_px
        found = movement_measures(self.track, self.camera, self.contacts, self.climb, com_px=com, **options)
        return {measure.name: measure for measure in found}

    def values(self, **options: object) -> dict[str, float | None]:
        return {name: measure.value for name, measure in self.measures(**options).items()}

    def with_(self, **changes: object) -> Attempt:
        return replace(self, **changes)


def limb_moves(rounds: int) -> list[Move]:
    """Moves of all limbs in all rounds; the hips rise with them."""
    return [
        Move(limb, f"{limb}{n}", f"{limb}{n + 1}", start, start + MOVE_S, STEP, "static")
        for n in range(rounds)
        for k, limb in enumerate(LIMBS)
        for start in [ROUND_S * n + MOVE_S * k]
    ]


def rise(time: np.ndarray, moves: list[Move]) -> np.ndarray:
    """Torso lengths that moves carry something up: `STEP` for each, at an even pace."""
    return STEP * sum(np.clip((time - m.start) / MOVE_S, 0, 1) for m in moves)


@pytest.fixture(scope="session")
def attempt(standing: np.ndarray) -> Attempt:
    """Five rounds of moves, in one torso of 100 px; the last second is spent at rest."""
    rounds = 5
    moves = limb_moves(rounds)
    time = np.arange(round(ROUND_S * rounds * FPS) + 1) / FPS
    points = np.repeat(standing[None], len(time), axis=0)
    points[:, :, 1] -= rise(time, moves)[:, None] / len(LIMBS)
    track = PoseTrack(
        time=time,
        image=500 + 100 * points[..., :2],
        world=0.5 * points,
        visibility=np.ones(points.shape[:2]),
        observed=np.ones(points.shape[:2], bool),
        size=(1000, 1000),
    )
    contacts = tuple(c for limb in LIMBS for c in _contacts(limb, moves, track))
    climb = Climb(0.0, float(time[-1]), tuple(moves), (Span("rest", 8.8, 10.0),), "top", (), None)
    return Attempt(track, still(time, track.size), contacts, climb)


def _contacts(limb: Limb, moves: list[Move], track: PoseTrack) -> list[Contact]:
    own = [m for m in moves if m.limb == limb]
    starts, ends = [0.0, *(m.end for m in own)], [*(m.start for m in own), float(track.time[-1])]
    holds = [own[0].source, *(m.target for m in own)]
    return [
        Contact(limb, hold, start, end, _place(limb, n), 1.0, start_open=n == 0, end_open=n == len(own))
        for n, (hold, start, end) in enumerate(zip(holds, starts, ends, strict=True))
        if end > start
    ]


def _place(limb: Limb, n: int) -> np.ndarray:
    """Hands hold 1.5 torso lengths above the first hips, feet stand as far below, 0.3 to either side; all go up with `n`."""
    side = -1 if limb.startswith("left") else 1
    height = -1.5 if limb.endswith("hand") else 1.5
    return 500 + 100 * np.array([0.3 * side, height - STEP * n])
