from __future__ import annotations

import numpy as np

from ascension_core.wall.fitting import along, apply, corners, inverse, unit
from ascension_core.wall.settling import Link, settled

SIZE = (640, 360)


def moved(seed: int, reach: float) -> np.ndarray:
    scale = unit(SIZE)
    step = np.random.default_rng(seed).uniform(-reach, reach, 8) * [1, 1, 0.2, 0.2, 0.05, 0.05, 0.02, 0.02]
    matrix = inverse(scale) @ along(step) @ scale
    return matrix / matrix[2, 2]


def ring(count: int, drift: float) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray], list[Link]]:
    """True places of pictures in a ring, those that a chain of links gives which all err alike, and the links."""
    true = {n: moved(n, 0.5) if n else np.eye(3) for n in range(count)}
    links = []
    for n in range(count):
        a, b = (n + 1) % count, n
        links.append(Link(a, b, inverse(true[b]) @ true[a] @ moved(100, drift), 0.5))
    chained = {0: np.eye(3)}
    for link in links[:-1]:
        chained[link.a] = chained[link.b] @ link.matrix
    return true, chained, links


def off(places: dict[int, np.ndarray], true: dict[int, np.ndarray]) -> float:
    points = corners(SIZE)
    return max(float(np.linalg.norm(apply(places[n], points) - apply(true[n], points), axis=1).max()) for n in true)


def test_a_closed_ring_takes_most_of_the_drift_away():
    true, chained, links = ring(8, drift=0.01)

    assert off(settled(chained, links, 0, SIZE), true) < 0.5 * off(chained, true)


def test_links_that_agree_move_nothing_and_the_first_picture_stays():
    true, chained, links = ring(5, drift=0.0)

    places = settled(chained, links, 0, SIZE)

    np.testing.assert_array_equal(places[0], np.eye(3))
    assert off(places, true) < 1e-3
