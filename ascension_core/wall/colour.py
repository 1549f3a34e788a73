"""The colours of holds: measured in a perceptual space, freed from the light, and named.

Colours are measured in OKLab (Ottosson, "A perceptual color space for image processing", 2020). More light multiplies all
three of its coordinates by one factor, so hue and the ratio of chroma to lightness do not depend on the exposure. The colour
of the light is estimated by shades of grey (Finlayson and Trezzi, 2004), and taken out in part only: cameras have corrected
most of it already, and a wall of plywood is not grey.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

NAMES = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "black", "grey", "white")

Image = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_TO_CONE = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_CODES = np.arange(256) / 255
_LINEAR = np.where(_CODES <= 0.04045, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4)
"""Light of the 256 codes of sRGB (IEC 61966-2-1)."""

_HUES = (
    (12.0, "pink"),
    (41.0, "red"),
    (74.0, "orange"),
    (116.0, "yellow"),
    (165.0, "green"),
    (217.0, "turquoise"),
    (287.0, "blue"),
    (328.0, "purple"),
    (360.0, "pink"),
)
"""Hue angle in OKLab, in degrees, up to which each name reaches."""


@dataclass(frozen=True)
class ColourOptions:
    """How colours are measured and named.

    Attributes
    ----------
    norm
        Of shades of grey: 1 takes the mean for grey, large values the brightest for white.
    correction
        Share of the estimated cast that is taken out, and of the exposure, both as logarithms.
    most_correction
        Factor that the correction of a channel does not exceed.
    white_percentile, white
        This percentile of the picture's luminance is what lightness is measured against, as if it were this bright (0 to 1).
    chalk_lightness, chalk_saturation
        Lighter and greyer than these is chalk, on a hold that has another colour beneath.
    least_share
        Share of a hold's pixels that must be free of chalk for their colour to count.
    grey_saturation, colour_saturation
        Ratio of chroma to lightness below which there is no hue, and above which there is one; between them it is not told.
    unsure_hue_deg
        So near to the border of two hues neither is told.
    """

    norm: float = 6.0
    correction: float = 0.6
    most_correction: float = 1.35
    white_percentile: float = 97.0
    white: float = 0.85
    chalk_lightness: float = 0.72
    chalk_saturation: float = 0.07
    least_share: float = 0.2
    grey_saturation: float = 0.075
    colour_saturation: float = 0.1
    unsure_hue_deg: float = 2.0


@dataclass(frozen=True, slots=True)
class Light:
    """What the light of a picture did to its colours.

    Attributes
    ----------
    gains
        (3,) factors for linear red, green and blue that take out its colour and its strength.
    """

    gains: Floats

    @classmethod
    def of(cls, image: Image, options: ColourOptions | None = None) -> Light:
        """The light of an (H, W, 3) uint8 RGB picture."""
        options = options or ColourOptions()
        thin = _thinned(image).reshape(-1, 3)
        cast = np.maximum((_LINEAR**options.norm)[thin].mean(0) ** (1 / options.norm), 1e-4)
        factors = (np.exp(np.log(cast).mean()) / cast) ** options.correction
        factors = np.clip(factors, 1 / options.most_correction, options.most_correction)
        white = np.percentile(_LINEAR[thin] @ (factors / 3), options.white_percentile)
        return cls(factors * (options.white / max(float(white), 1e-3)) ** options.correction)


def to_oklab(pixels: Image, light: Light | None = None) -> Floats:
    """(..., 3) lightness, a, b of uint8 sRGB pixels, as they would look in neutral light."""
    linear = _LINEAR[pixels] * (light.gains if light else 1.0)
    return np.asarray(np.cbrt(linear @ _TO_CONE.T) @ _TO_LAB.T)


def main_colour(lab: Floats, options: ColourOptions | None = None) -> Floats:
    """(3,) the colour of a hold from the (N, 3) OKLab pixels on it, without chalk, bolts and glare; ``nan`` of nothing."""
    options = options or ColourOptions()
    if not len(lab):
        return np.full(3, np.nan)
    saturation = _saturation(lab)
    chalk = (lab[:, 0] > options.chalk_lightness) & (saturation < options.chalk_saturation)
    clean = lab[~chalk]
    if len(clean) < options.least_share * len(lab):
        return np.asarray(np.median(lab, 0))
    strength = np.hypot(clean[:, 1], clean[:, 2])
    strong = clean[strength >= np.percentile(strength, 50)]
    if np.median(_saturation(strong)) > options.colour_saturation:
        return np.asarray(np.median(strong, 0))
    return np.asarray(np.median(lab, 0))


def name(lab: Floats, options: ColourOptions | None = None) -> str | None:
    """The name of an OKLab colour, one of `NAMES`; None where it is not known or lies between two."""
    options = options or ColourOptions()
    if not np.isfinite(lab).all():
        return None
    lightness, saturation = float(lab[0]), float(_saturation(lab[None])[0])
    hue = float(np.degrees(np.arctan2(lab[2], lab[1])) % 360)
    if lightness < 0.42 and saturation < 0.16:
        return "black"
    if saturation < options.grey_saturation:
        return "white" if lightness > 0.84 else "grey"
    if saturation < options.colour_saturation:
        return None
    return _hue_name(hue, lightness, saturation, options)


def _hue_name(hue: float, lightness: float, saturation: float, options: ColourOptions) -> str | None:
    if min(abs(hue - border) for border, _ in _HUES[:-1]) < options.unsure_hue_deg:
        return None
    called = next(found for border, found in _HUES if hue <= border)
    if called in ("red", "orange", "yellow") and saturation < 0.15 and lightness < 0.8:
        return "brown"
    if called == "red" and lightness > 0.7:
        return "pink"
    return called


def _saturation(lab: Floats) -> Floats:
    return np.asarray(np.hypot(lab[:, 1], lab[:, 2]) / np.maximum(lab[:, 0], 1e-3))


def _thinned(image: Image, side: int = 200) -> Image:
    """The picture at about 200 pixels: enough for its light."""
    factor = min(1.0, side / max(image.shape[:2]))
    size = [max(1, round(length * factor)) for length in image.shape[1::-1]]
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
