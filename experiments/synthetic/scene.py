"""What a clip is made of, as plain frozen values: the options of the command line, and the parts that a seed decides."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

import numpy as np

from ascension_core.errors import InvalidOption
from experiments.synthetic.body import Sex
from experiments.synthetic.geometry import Array

VERSION = "1.0"
"""Of the generator: the same version, options and seed give the same clip."""

CameraStyle = Literal["static", "handheld", "pan"]
Ending = Literal["top", "fall"]
LightStyle = Literal["steady", "changing"]
WallStyle = Literal["plywood", "painted", "panels"]
Limb = Literal["left_hand", "right_hand", "left_foot", "right_foot"]
LIMBS: tuple[Limb, ...] = get_args(Limb)
RGB = tuple[float, float, float]
"""Linear light, 0 to 1."""


class Stream(IntEnum):
    """Independent sources of chance, so that one option changes one thing only."""

    ROUTE = 1
    WALL = 2
    LOOK = 3
    PLAN = 4
    CAMERA = 5
    LIGHT = 6


@dataclass(frozen=True)
class Options:
    """What a clip shall be.

    Attributes
    ----------
    seed : decides route, wall, clothes, the way of climbing, camera shake and light
    seconds : length; 4 to 60
    fps : frames per second
    width, height : pixels, even
    body : "m" or "f"
    camera : "static", "handheld" (shake and drift), "pan" (handheld, and follows the climber)
    ending : "top" (both hands on the last hold) or "fall" (slips off it and drops on the mat)
    light : "steady" or "changing" (exposure, warmth)
    attempt : another number climbs the same holds in the same clothes with another sequence, tempo and camera
    blur : shutter as a fraction of the frame interval; 0 switches motion blur off
    """

    seed: int = 7
    seconds: float = 14.0
    fps: float = 30.0
    width: int = 720
    height: int = 1280
    body: Sex = "f"
    camera: CameraStyle = "handheld"
    ending: Ending = "top"
    light: LightStyle = "changing"
    attempt: int = 1
    blur: float = 0.4

    def __post_init__(self) -> None:
        checks = {
            "--seed must be at least 0": self.seed >= 0,
            "--seconds must lie between 4 and 60": 4 <= self.seconds <= 60,
            "--fps must lie between 1 and 120": 1 <= self.fps <= 120,
            "--size must be two even numbers from 64 to 4096": all(
                64 <= n <= 4096 and n % 2 == 0 for n in (self.width, self.height)
            ),
            "--body must be m or f": self.body in get_args(Sex),
            "--camera must be static, handheld or pan": self.camera in get_args(CameraStyle),
            "--light must be steady or changing": self.light in get_args(LightStyle),
            "--attempt must be at least 1": self.attempt >= 1,
            "--blur must lie between 0 and 1": 0 <= self.blur <= 1,
        }
        for message, good in checks.items():
            if not good:
                raise InvalidOption(message)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return round(self.seconds * self.fps)

    def random(self, stream: Stream) -> np.random.Generator:
        """One source of chance; attempts differ in how they climb, how they are filmed and lit."""
        own = self.attempt if stream in (Stream.PLAN, Stream.CAMERA, Stream.LIGHT) else 0
        return np.random.default_rng([self.seed, int(stream), own])


@dataclass(frozen=True)
class Paint:
    """A colour with its name."""

    name: str
    rgb: RGB


HOLD_PAINTS: tuple[Paint, ...] = (
    Paint("red", (0.56, 0.025, 0.03)),
    Paint("orange", (0.78, 0.19, 0.02)),
    Paint("yellow", (0.78, 0.55, 0.03)),
    Paint("green", (0.04, 0.36, 0.08)),
    Paint("blue", (0.02, 0.14, 0.55)),
    Paint("purple", (0.19, 0.05, 0.42)),
    Paint("pink", (0.78, 0.13, 0.38)),
    Paint("black", (0.018, 0.018, 0.02)),
)


@dataclass(frozen=True)
class Look:
    """The climber's colours."""

    skin: RGB
    shirt: RGB
    print: RGB
    trousers: RGB
    shoe: RGB
    hair: RGB
    bag: RGB


@dataclass(frozen=True)
class Hold:
    """One hold or volume on the wall.

    Attributes
    ----------
    id : "h1", "h2", ... holds; "v1", ... volumes
    x, z : m, where it is bolted on (world frame of `geometry`)
    width, height, depth : m
    tilt : rad, turn within the wall
    shape : "jug", "crimp", "sloper", "pinch", "foot", "volume"
    paint : colour and its name
    route : whether it belongs to the problem that is climbed
    seed : decides its bumps
    """

    id: str
    x: float
    z: float
    width: float
    height: float
    depth: float
    tilt: float
    shape: str
    paint: Paint
    route: bool
    seed: int

    @property
    def kind(self) -> str:
        """Class of the object, as data sets of holds label it."""
        return "volume" if self.shape == "volume" else "hold"

    @property
    def centre(self) -> Array:
        """(3,) m, on the wall."""
        return np.array([self.x, 0.0, self.z])


@dataclass(frozen=True)
class Route:
    """The problem: hold numbers of the two start holds, the hand holds in order (the last is the top), the foot holds."""

    start: dict[Limb, int]
    hands: tuple[tuple[Limb, int], ...]
    feet: tuple[int, ...]


@dataclass(frozen=True)
class Wall:
    """Every hold, the problem, and how the wall is painted."""

    holds: tuple[Hold, ...]
    route: Route
    style: WallStyle
    paint: RGB
    accent: RGB
    mat: RGB
    seed: int


def make_look(options: Options) -> Look:
    """Clothes, skin and hair of the seed."""
    random = options.random(Stream.LOOK)
    shirts: list[RGB] = [
        (0.05, 0.16, 0.42),
        (0.55, 0.09, 0.05),
        (0.62, 0.62, 0.6),
        (0.03, 0.24, 0.22),
        (0.62, 0.36, 0.04),
        (0.3, 0.06, 0.24),
    ]
    trousers: list[RGB] = [(0.035, 0.04, 0.05), (0.12, 0.1, 0.075), (0.05, 0.075, 0.13), (0.2, 0.19, 0.18)]
    shoes: list[RGB] = [(0.5, 0.05, 0.03), (0.62, 0.42, 0.03), (0.03, 0.22, 0.4), (0.06, 0.06, 0.065)]
    skins: list[RGB] = [(0.52, 0.29, 0.2), (0.4, 0.21, 0.135), (0.25, 0.12, 0.07), (0.6, 0.37, 0.27)]
    hairs: list[RGB] = [(0.03, 0.018, 0.011), (0.09, 0.045, 0.02), (0.25, 0.14, 0.05), (0.012, 0.01, 0.01)]

    def pick(choices: list[RGB]) -> RGB:
        return choices[int(random.integers(len(choices)))]

    shirt = int(random.integers(len(shirts)))
    return Look(
        skin=pick(skins),
        shirt=shirts[shirt],
        print=shirts[(shirt + 1 + int(random.integers(len(shirts) - 1))) % len(shirts)],
        trousers=pick(trousers),
        shoe=pick(shoes),
        hair=pick(hairs),
        bag=shirts[(shirt + 1 + int(random.integers(len(shirts) - 1))) % len(shirts)],
    )
