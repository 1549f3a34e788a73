"""The colours of everything that Ascension draws, in this one place: overlay video, page and figures.

Left is blue and right is orange, the pair that stays apart in every common form of colour blindness
(Okabe and Ito, "Color Universal Design", 2008). On video the bright tones sit on a dark halo, so that they are seen on
any wall; on paper-like surfaces darker tones keep the contrast of text (WCAG 2.2, at least 4.5 to 1).
"""

from __future__ import annotations

from functools import cache

from ascension_core.pose.keypoints import PAIRS

LEFT = "#3db8ff"
RIGHT = "#ff9838"
TRUNK = "#f6f7f9"
CENTRE = "#7df0b8"
HALO = "#0a0c10"

LEFT_INK = "#0a6cab"
RIGHT_INK = "#ad4a00"
TRUNK_INK = "#3d434d"
CENTRE_INK = "#0b7a52"
PAPER = "#fbfaf8"
INK = "#15181d"
MUTED_INK = "#5d646f"
RULE = "#e3e1dc"

HOLD = "#dfe3ea"
"""A hold whose colour is not known."""

HOLDS = {
    "red": "#ff5a4f",
    "orange": "#ff9a3c",
    "yellow": "#ffe14d",
    "green": "#4fd36b",
    "turquoise": "#3fd9d0",
    "blue": "#5a9bff",
    "purple": "#b98aff",
    "pink": "#ff86c8",
    "brown": "#c08a5e",
    "black": "#8d95a3",
    "grey": "#b9c0ca",
    "white": "#ffffff",
}
"""Named colours of holds as they are drawn over video: bright enough for a dark halo, black ones too."""

_LEFT_KEYPOINTS = frozenset(left for left, _ in PAIRS)
_RIGHT_KEYPOINTS = frozenset(right for _, right in PAIRS)


@cache
def side(*keypoints: int) -> str:
    """``left`` or ``right`` if all these keypoints belong to that side of the body, else ``trunk``."""
    if _LEFT_KEYPOINTS.issuperset(keypoints):
        return "left"
    return "right" if _RIGHT_KEYPOINTS.issuperset(keypoints) else "trunk"


@cache
def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour written ``#rrggbb``."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue
