"""Holds of one colour are one route, whatever light falls on them."""

import numpy as np
import pytest

from ascension_core.wall.colour import name, to_oklab
from ascension_core.wall.holds import Hold, corners
from ascension_core.wall.routes import MIXED, climbed, routes

PAINTS = {
    "red": (200, 40, 40),
    "green": (60, 160, 70),
    "blue": (40, 80, 190),
    "yellow": (235, 205, 50),
    "black": (35, 35, 38),
    "white": (240, 240, 236),
    "grey": (130, 130, 128),
}


def wall(**counts):
    """Holds of these colours with brightness that varies, one above the other, and their OKLab colours."""
    random = np.random.default_rng(1)
    holds, colours = [], []
    for paint, count in counts.items():
        kind = "volume" if paint.startswith("volume_") else "hold"
        for _ in range(count):
            light = random.uniform(0.85, 1.0)
            lab = to_oklab((np.array(PAINTS[paint.removeprefix("volume_")]) * light).astype(np.uint8))
            y = 1000 - 20.0 * len(holds)
            box = np.array([0, y, 10, y + 10])
            holds.append(Hold(f"{kind[0]}{len(holds) + 1}", kind, box, corners(box), 0.9, name(lab)))
            colours.append(lab)
    return holds, np.array(colours).reshape(-1, 3)


def test_colours_become_routes_the_largest_first():
    found = routes(*wall(red=6, green=4, blue=9))
    assert [(route.colour, len(route.holds)) for route in found] == [("blue", 9), ("red", 6), ("green", 4)]


def test_a_route_runs_from_its_lowest_hold_to_its_top():
    (route,) = routes(*wall(yellow=5))
    assert route.holds == ("h1", "h2", "h3", "h4", "h5")
    assert (route.top, route.climbed, route.start) == ("h5", False, ())


def test_grey_things_and_lone_holds_are_no_route():
    assert routes(*wall(grey=12, red=2)) == []


def test_black_and_white_are_routes_of_their_own():
    assert {route.colour for route in routes(*wall(black=5, white=5))} == {"black", "white"}


def test_a_volume_belongs_to_a_route_of_its_colour_only():
    found = routes(*wall(red=4, volume_red=1, volume_blue=1, volume_grey=1))
    assert [set(route.holds) for route in found] == [{"h1", "h2", "h3", "h4", "v5"}]


def test_volumes_alone_are_no_route():
    assert routes(*wall(volume_red=6)) == []


def test_a_board_of_one_colour_is_not_one_route():
    assert routes(*wall(yellow=140)) == []


def test_holds_without_a_colour_are_left_out():
    holds, colours = wall(red=4)
    colours[0] = np.nan
    assert [len(route.holds) for route in routes(holds, colours)] == [3]
    assert routes([], np.empty((0, 3))) == []


def test_the_climbed_route_is_the_one_that_was_held():
    holds, colours = wall(red=6, green=4)
    first, *others = climbed(routes(holds, colours), holds, {"h7": 4.0, "h8": 3.0, "h1": 0.5, "smear": 9.0}, ["h7"])
    assert (first.colour, first.climbed, first.start, first.top) == ("green", True, ("h7",), "h10")
    assert [route.climbed for route in others] == [False]


def test_on_a_board_the_climbed_route_is_what_was_held():
    holds, colours = wall(yellow=60)
    (route,) = climbed(routes(holds, colours), holds, {"h9": 1.0, "h2": 2.0, "h30": 1.0}, ["h2"])
    assert (route.colour, route.holds, route.top) == ("yellow", ("h2", "h9", "h30"), "h30")


def test_a_route_across_colours_is_mixed():
    holds, colours = wall(red=4, green=4, blue=4)
    held = {hold.id: 1.0 for hold in holds}
    first, *others = climbed(routes(holds, colours), holds, held)
    assert (first.colour, len(first.holds), first.climbed) == (MIXED, 12, True)
    assert len(others) == 3


@pytest.mark.parametrize("held", [{}, {"smear": 3.0}, {"ground": 1.0}])
def test_without_held_holds_nothing_was_climbed(held):
    holds, colours = wall(red=4)
    assert not any(route.climbed for route in climbed(routes(holds, colours), holds, held))
