"""The wall: which holds it has, how they are shaped, and where a hand or a foot finds purchase on them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from experiments.synthetic.geometry import Array, IntArray
from experiments.synthetic.scene import HOLD_PAINTS, RGB, Hold, Limb, Options, Paint, Route, Stream, Wall, WallStyle

SIZES: dict[str, tuple[float, float, float]] = {
    "jug": (0.17, 0.10, 0.085),
    "crimp": (0.16, 0.060, 0.050),
    "sloper": (0.20, 0.14, 0.095),
    "pinch": (0.09, 0.15, 0.080),
    "foot": (0.085, 0.055, 0.045),
    "volume": (0.55, 0.50, 0.14),
}
"""Typical width, height and depth of each shape, metres."""

STEP_M = 0.23
"""How much higher each hand hold is than the one before it, of the other hand."""

LONG_STEP_M = 0.31
"""The same at the dynamic move."""

NARROW_M = {1: 0.12, -1: 0.40}
"""How far a hold may lie to the right of the one before it if it is for the left hand (1), or the right (-1), and mirrored."""

SPACING_M = 0.30
"""Least distance between the centres of two holds that are not of the route."""

SEEN_X_M, SEEN_Z_M = 2.1, 4.6
"""Half width and height of the area that gets holds: more than any camera sees."""


@dataclass(frozen=True)
class Mesh:
    """Vertices (V, 3) m and triangles (F, 3), counter-clockwise from outside."""

    vertices: Array
    faces: IntArray


def make_wall(options: Options) -> Wall:
    """Set the problem first, then fill the wall around it with other holds and volumes."""
    random = options.random(Stream.ROUTE)
    paint = HOLD_PAINTS[int(random.integers(len(HOLD_PAINTS) - 1))]
    hands = _hand_ladder(random, hand_moves(options.seconds))
    feet = _foot_ladder(random, hands)
    holds = [_hold(random, x, z, shape, paint, route=True) for x, z, shape in [*hands, *feet]]
    holds[len(hands) - 1] = replace(holds[len(hands) - 1], width=0.30, height=0.11, tilt=0.0)
    random = options.random(Stream.WALL)
    holds += _fill(random, holds, paint)
    style, colour, accent = _finish(random)
    sides: tuple[Limb, Limb] = ("left_hand", "right_hand")
    route = Route(
        start={"left_hand": 0, "right_hand": 1},
        hands=tuple((sides[k % 2], k) for k in range(2, len(hands))),
        feet=tuple(range(len(hands), len(hands) + len(feet))),
    )
    mats: list[RGB] = [(0.03, 0.06, 0.13), (0.05, 0.05, 0.055), (0.12, 0.035, 0.03)]
    mat = mats[int(random.integers(3))]
    numbered = tuple(replace(h, id=("v" if h.shape == "volume" else "h") + str(i + 1)) for i, h in enumerate(holds))
    return Wall(numbered, route, style, colour, accent, mat, int(random.integers(2**31)))


def hand_moves(seconds: float) -> int:
    """How many hand moves a clip of this length has room for at a natural tempo; even, the left hand ends on top."""
    return int(np.clip(2 * round((seconds - 4.6) / 2.35), 2, 8))


def _hand_ladder(random: np.random.Generator, moves: int) -> list[tuple[float, float, str]]:
    """Hand holds (x, z, shape) from the start holds up, left and right in turn, along a line that wanders."""
    phase, swing = random.uniform(0, 2 * np.pi), random.uniform(0.18, 0.3)
    long_step = moves // 2 + 3
    crossing = int(random.integers(4, 6))
    ladder: list[tuple[float, float, str]] = []
    z = random.uniform(1.5, 1.56)
    for k in range(moves + 2):
        side = 1 if k % 2 == 0 else -1
        x = swing * (np.sin(phase + 0.55 * k) - np.sin(phase)) + side * random.uniform(0.13, 0.2)
        if k == crossing:
            x -= side * 0.26
        if ladder:
            x = float(np.clip(x, ladder[-1][0] - NARROW_M[side], ladder[-1][0] + NARROW_M[-side]))
        shape = str(random.choice(["jug", "crimp", "sloper", "pinch"], p=[0.4, 0.25, 0.2, 0.15])) if 1 < k <= moves else "jug"
        ladder.append((float(x), float(z), shape))
        z += LONG_STEP_M if k + 1 == long_step else STEP_M * random.uniform(0.88, 1.12)
    return ladder


def _foot_ladder(random: np.random.Generator, hands: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    """Foot holds (x, z, shape) on both sides below the line of the hands, clear of the hand holds."""
    heights = np.array([h[1] for h in hands])
    line = np.convolve([h[0] for h in hands], [0.25, 0.5, 0.25], mode="same")
    feet: list[tuple[float, float, str]] = []
    for side in (1, -1):
        z = 0.36 if side > 0 else 0.27
        while z < heights[-1] - 1.15:
            x = float(np.interp(z + 1.2, heights, line)) * 0.8 + side * random.uniform(0.15, 0.27)
            taken = [*hands, *feet]
            clear = min(np.hypot(x - h[0], z - h[1]) for h in taken) if taken else 1.0
            if clear > 0.16:
                feet.append((x, float(z), "foot" if random.random() < 0.75 else "jug"))
                z += random.uniform(0.27, 0.36)
            else:
                z += 0.06
    return feet


def _hold(random: np.random.Generator, x: float, z: float, shape: str, paint: Paint, *, route: bool) -> Hold:
    size = np.array(SIZES[shape]) * random.uniform(0.9, 1.15)
    tilt = random.uniform(-0.15, 0.15) if route else random.uniform(-0.5, 0.5)
    seed = int(random.integers(2**31))
    return Hold("", x, z, float(size[0]), float(size[1]), float(size[2]), float(tilt), shape, paint, route, seed)


def _fill(random: np.random.Generator, holds: list[Hold], route_paint: Paint) -> list[Hold]:
    """Holds of other problems and volumes, spread evenly by dart throwing."""
    others = [p for p in HOLD_PAINTS if p is not route_paint]
    paints = [others[i] for i in random.permutation(len(others))[:4]]
    added: list[Hold] = []
    for _ in range(2):
        side, z = random.choice([-1, 1]), random.uniform(0.9, 3.6)
        volume = _hold(random, side * random.uniform(0.82, 1.05), z, "volume", Paint("grey", (0.22, 0.22, 0.23)), route=False)
        if all(np.hypot(h.x - volume.x, h.z - volume.z) > 0.42 + h.width / 2 for h in [*holds, *added]):
            added.append(volume)
    for _ in range(900):
        x, z = random.uniform(-SEEN_X_M, SEEN_X_M), random.uniform(0.3, SEEN_Z_M)
        shape = str(random.choice(["jug", "crimp", "sloper", "pinch", "foot"], p=[0.3, 0.2, 0.2, 0.12, 0.18]))
        paint = paints[int(random.integers(len(paints)))]
        gaps = (np.hypot(h.x - x, h.z - z) - (0.22 if h.shape == "volume" else 0) for h in [*holds, *added])
        if min(gaps) > SPACING_M:
            added.append(_hold(random, x, z, shape, paint, route=False))
    return added


def _finish(random: np.random.Generator) -> tuple[WallStyle, RGB, RGB]:
    styles: list[tuple[WallStyle, RGB, RGB]] = [
        ("plywood", (0.58, 0.42, 0.26), (0.5, 0.35, 0.2)),
        ("painted", (0.46, 0.46, 0.44), (0.3, 0.33, 0.36)),
        ("panels", (0.55, 0.56, 0.55), (0.10, 0.22, 0.30)),
    ]
    return styles[int(random.integers(len(styles)))]


def hold_mesh(hold: Hold) -> Mesh:
    """The hold as a dome over its outline, with the bumps of its seed; volumes are faceted."""
    return _volume_mesh(hold) if hold.shape == "volume" else _dome_mesh(hold)


_ROUNDNESS = {"jug": (0.55, 0.20), "crimp": (0.5, 0.24), "sloper": (0.9, 0.0), "pinch": (0.6, 0.04), "foot": (0.6, 0.14)}
"""Exponent of the profile (small is boxy) and how far the front lip leans up, in hold heights."""


def _dome_mesh(hold: Hold, around: int = 56, rings: int = 18) -> Mesh:
    random = np.random.default_rng(hold.seed)
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)[None]
    v = np.linspace(0, 1, rings)[:, None]
    exponent, lean = _ROUNDNESS[hold.shape]
    radius = np.cos(v * np.pi / 2) ** exponent
    phases, sizes = random.uniform(0, 2 * np.pi, (5, 2)), random.normal(0, 1, 5)
    outline = 1 + sum(
        0.055 * s / (1 + 0.3 * k) * np.cos((k + 2) * angle + p[0]) for k, (p, s) in enumerate(zip(phases, sizes, strict=True))
    )
    bumps = sum(
        0.05 * s * np.cos((k + 1) * angle + p[0]) * np.sin((k + 2) * v * 2 + p[1])
        for k, (p, s) in enumerate(zip(phases, sizes, strict=True))
    )
    across = 0.5 * hold.width * radius * outline * np.cos(angle)
    up = 0.5 * hold.height * radius * outline * np.sin(angle) + lean * hold.height * v
    out = hold.depth * np.sin(v * np.pi / 2) ** exponent * (1 + bumps * np.sin(v * np.pi))
    x = hold.x + across * np.cos(hold.tilt) - up * np.sin(hold.tilt)
    z = hold.z + across * np.sin(hold.tilt) + up * np.cos(hold.tilt)
    vertices = np.stack(np.broadcast_arrays(x, out, z), -1).reshape(-1, 3)
    return Mesh(vertices, _grid_faces(rings, around))


def _grid_faces(rings: int, around: int) -> IntArray:
    i, j = np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij")
    a, b = i * around + j, i * around + (j + 1) % around
    c, d = a + around, b + around
    return np.concatenate([np.stack([a, c, b], -1).reshape(-1, 3), np.stack([b, c, d], -1).reshape(-1, 3)]).astype(np.int64)


def _volume_mesh(hold: Hold) -> Mesh:
    """A pyramid with a flat top over three to five corners; no vertex is shared, so facets stay flat."""
    random = np.random.default_rng(hold.seed)
    corners = int(random.integers(3, 6))
    angle = np.arange(corners) * 2 * np.pi / corners + random.uniform(0, 2 * np.pi)
    rim = np.stack([np.cos(angle) * hold.width / 2, 0 * angle, np.sin(angle) * hold.height / 2], 1)
    top = rim * 0.3 + [random.uniform(-0.06, 0.06), hold.depth, random.uniform(-0.06, 0.06)]
    middle = top.mean(0)
    nxt = np.roll(np.arange(corners), -1)
    sides = [
        t
        for a, b in zip(range(corners), nxt, strict=True)
        for t in ((rim[a], top[a], rim[b]), (rim[b], top[a], top[b]), (top[a], middle, top[b]))
    ]
    vertices = np.array(sides).reshape(-1, 3) + hold.centre
    return Mesh(vertices, np.arange(len(vertices)).reshape(-1, 3))


def purchase(hold: Hold) -> Array:
    """(3,) m, the crest of the hold: fingers curl over this point, toes stand on it."""
    vertices = hold_mesh(hold).vertices
    if hold.shape == "volume":
        return np.array([hold.x, vertices[:, 1].max(), hold.z])
    near = (np.abs(vertices[:, 0] - hold.x) < 0.2 * hold.width) & (vertices[:, 1] > 0.45 * hold.depth)
    near &= vertices[:, 1] < 0.93 * hold.depth
    top = vertices[near]
    crest = top[top[:, 2] > np.quantile(top[:, 2], 0.9)].mean(0)
    return np.array([hold.x, crest[1], crest[2]])
