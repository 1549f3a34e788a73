"""Colours are named alike in any light."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ascension_core.wall.colour import _LINEAR, NAMES, Light, main_colour, name, to_oklab
from ascension_core.wall.outlines import described


def cast(image, gains):
    """The picture under light of another colour and strength."""
    linear = np.clip(_LINEAR[image] * gains, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (coded * 255).round().astype(np.uint8)


def test_oklab_of_known_colours():
    # white and the primaries of sRGB, from the publication of OKLab
    found = to_oklab(np.array([[255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]], np.uint8))
    expected = [[1, 0, 0], [0.628, 0.225, 0.126], [0.866, -0.234, 0.179], [0.452, -0.032, -0.312]]
    np.testing.assert_allclose(found, expected, atol=0.001)


@pytest.mark.parametrize("wall", ["plywood", "paint", "dark"])
def test_paints_have_their_names_on_any_wall(painted_wall, wall):
    painted = painted_wall(wall)
    found, _ = described(painted.image, painted.holds)
    assert [hold.colour for hold in found] == painted.names


@pytest.mark.parametrize("gains", [(0.8, 1, 1.2), (1.25, 1, 0.8), (1.1, 1, 1.1), (0.9, 1, 0.9)])
@pytest.mark.parametrize("exposure", [0.5, 1.1])
def test_names_survive_white_balance_and_exposure(painted_wall, gains, exposure):
    painted = painted_wall("paint")
    found, _ = described(cast(painted.image, np.array(gains) * exposure), painted.holds)
    assert sum(hold.colour == paint for hold, paint in zip(found, painted.names, strict=True)) >= len(NAMES) - 1


def test_chalk_and_bolts_do_not_change_the_colour():
    red, chalk, bolt = (to_oklab(np.array(paint, np.uint8)) for paint in ((190, 35, 40), (235, 235, 232), (40, 40, 40)))
    pixels = np.vstack([np.tile(red, (40, 1)), np.tile(chalk, (50, 1)), np.tile(bolt, (10, 1))])
    np.testing.assert_allclose(main_colour(pixels), red)


def test_a_white_hold_is_not_all_chalk():
    white = to_oklab(np.array((238, 238, 234), np.uint8))
    assert name(main_colour(np.tile(white, (50, 1)))) == "white"


def test_what_is_not_known_has_no_name():
    assert name(main_colour(np.empty((0, 3)))) is None
    assert name(np.array([0.7, 0.05, 0.04])) is None  # between grey and brown


@pytest.mark.parametrize("value", [0, 127, 255])
def test_the_light_of_a_blank_picture_is_finite(value):
    gains = Light.of(np.full((20, 30, 3), value, np.uint8)).gains
    assert np.isfinite(gains).all()
    assert (gains > 0).all()


@given(st.tuples(*[st.integers(0, 255)] * 3), st.floats(0.3, 3))
def test_more_light_changes_neither_hue_nor_saturation(paint, factor):
    pixel = np.array([paint], np.uint8)
    once, more = (to_oklab(pixel, Light(np.full(3, gain))) for gain in (1.0, factor))
    np.testing.assert_allclose(once * np.cbrt(factor), more, atol=1e-9)


@given(st.tuples(st.floats(0, 1), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4)))
def test_every_colour_has_a_known_name_or_none(lab):
    assert name(np.array(lab)) in (*NAMES, None)
