from __future__ import annotations

import pytest

from ascension_core.report import palette


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [c / 255 for c in palette.rgb(colour)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    "ink", [palette.LEFT_INK, palette.RIGHT_INK, palette.TRUNK_INK, palette.CENTRE_INK, palette.INK, palette.MUTED_INK]
)
def test_inks_are_readable_on_paper(ink: str) -> None:
    assert contrast(ink, palette.PAPER) >= 4.5


@pytest.mark.parametrize("tone", [palette.LEFT, palette.RIGHT, palette.TRUNK, palette.CENTRE])
def test_video_tones_stand_out_from_their_halo(tone: str) -> None:
    assert contrast(tone, palette.HALO) >= 7


def test_sides() -> None:
    assert (palette.side(11, 13), palette.side(12, 14), palette.side(11, 12), palette.side(0)) == (
        "left",
        "right",
        "trunk",
        "trunk",
    )
