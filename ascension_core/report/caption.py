"""The small caption in a corner of the overlay video: the time and what the colours mean."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ascension_core.report import palette
from ascension_core.report.drawing import Image

_DIGITS = "0123456789:."
_INK = np.array(palette.rgb(palette.TRUNK), np.float32)


class Caption:
    """A chip for frames of one size, drawn once; per frame only the digits of the time are set.

    Parameters
    ----------
    size
        (width, height) of the frames in pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self._text_px = max(9, round(min(size) * 0.022))
        self._margin = round(self._text_px * 1.1)
        self._pad = round(self._text_px * 0.7)
        self._glyphs = {d: text_mask(d, self._text_px) for d in _DIGITS}
        self._digit_px = max(g.shape[1] for g in self._glyphs.values())
        self._chip, self._opacity = self._blank(size[0] - 2 * self._margin)

    def draw(self, image: Image, time_s: float) -> Image:
        """Draw the chip with this time into the bottom left corner of `image` and return it."""
        height, width = self._chip.shape[:2]
        left, bottom = self._margin, image.shape[0] - self._margin
        if bottom >= height and left + width <= image.shape[1]:
            region = image[bottom - height : bottom, left : left + width]
            region[:] = (region * (1 - self._opacity) + self._chip).astype(np.uint8)
            self._set_time(region, clock(time_s))
        return image

    def _set_time(self, region: Image, text: str) -> None:
        x = self._pad
        for letter in text:
            glyph = self._glyphs[letter]
            left = x + (self._digit_px - glyph.shape[1]) // 2 if letter.isdigit() else x
            target = region[self._pad : self._pad + glyph.shape[0], left : left + glyph.shape[1]]
            target[:] = (target + (_INK - target) * glyph[..., None]).astype(np.uint8)
            x += self._digit_px if letter.isdigit() else glyph.shape[1]

    def _blank(self, room: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The chip without a time, premultiplied, and its opacity: with the legend where there is room for it."""
        time_px = 6 * self._digit_px + 2 * self._glyphs[":"].shape[1]
        legend = _legend(self._text_px)
        wide = time_px + legend.width + 3 * self._pad
        width = wide if wide <= room else time_px + 2 * self._pad
        chip = _rounded(width, self._glyphs["0"].shape[0] + 2 * self._pad)
        if width == wide:
            chip.alpha_composite(legend, (time_px + 2 * self._pad, self._pad))
        pixels = np.asarray(chip, np.float32)
        opacity = pixels[..., 3:] / np.float32(255)
        return np.multiply(pixels[..., :3], opacity), opacity


def clock(time_s: float) -> str:
    """Minutes, seconds and hundredths, such as ``0:03.24``."""
    hundredths = int(time_s * 100 + 1e-6)
    return f"{hundredths // 6000}:{hundredths // 100 % 60:02d}.{hundredths % 100:02d}"


def _rounded(width: int, height: int) -> Pillow.Image:
    """A dark see-through chip with round corners, drawn large and shrunk so that they are smooth."""
    scale = 4
    large = Pillow.new("RGBA", (width * scale, height * scale), (*palette.rgb(palette.HALO), 0))
    box = (0, 0, width * scale - 1, height * scale - 1)
    ImageDraw.Draw(large).rounded_rectangle(box, radius=height * scale * 0.28, fill=(*palette.rgb(palette.HALO), 165))
    return large.resize((width, height), Pillow.Resampling.LANCZOS)


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which matplotlib brings along; importing all of matplotlib for it would take a second."""
    package = find_spec("matplotlib")
    assert package is not None
    assert package.origin is not None
    return ImageFont.truetype(str(Path(package.origin).parent / "mpl-data/fonts/ttf/DejaVuSans.ttf"), size_px)


def text_mask(text: str, size_px: int) -> NDArray[np.float32]:
    """(H, W) coverage of a text, 0 to 1; every text of one size has the same height and baseline."""
    font = _font(size_px)
    picture = Pillow.new("L", (max(1, round(font.getlength(text))), round(size_px * 1.2)))
    ImageDraw.Draw(picture).text((0, size_px), text, font=font, fill=255, anchor="ls")
    return np.asarray(picture, np.float32) / np.float32(255)


def _legend(size_px: int) -> Pillow.Image:
    """Transparent picture of the words left, right and estimated, each behind its mark."""
    font, gap = _font(size_px), round(size_px * 0.45)
    entries = (("left", palette.LEFT, False), ("right", palette.RIGHT, False), ("estimated", palette.TRUNK, True))
    mark = round(size_px * 0.8)
    widths = [mark + gap + round(font.getlength(word)) + 2 * gap for word, _, _ in entries]
    picture = Pillow.new("RGBA", (sum(widths), round(size_px * 1.2)))
    pen = ImageDraw.Draw(picture)
    x, middle, thick = 0, round(size_px * 0.66), max(2, round(size_px * 0.2))
    for (word, colour, dashed), width in zip(entries, widths, strict=True):
        for start, end in ((0.0, 0.38), (0.62, 1.0)) if dashed else ((0.0, 1.0),):
            pen.line((x + start * mark, middle, x + end * mark, middle), fill=colour, width=thick)
        pen.text((x + mark + gap, size_px), word, font=font, fill=palette.TRUNK, anchor="ls")
        x += width
    return picture
