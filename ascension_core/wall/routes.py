"""Holds of one colour as routes, and the one that was climbed.

Colours are compared as they were measured in this picture, not by their names: two greens may be two routes, and one red may
be called red here and pink there. A hold in the shade belongs to the same route as one in the light, so lightness counts
little.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from ascension_core.wall.colour import ColourOptions, name
from ascension_core.wall.holds import Hold, Route, by_id

Floats = NDArray[np.float64]

MIXED = "mixed"
"""Colour of a route whose holds are of several colours, as on a training board."""


@dataclass(frozen=True)
class RouteOptions:
    """What makes a route.

    Attributes
    ----------
    apart
        Distance between two colours from which on they are two routes: of a and b over lightness, and of lightness, weighted.
    lightness
        Weight of lightness.
    fewest
        Holds that a route has at the least.
    most
        Of so many holds of one colour nobody can tell which belong together: a training board, or several routes.
    least_held
        Share of the time that hands and feet spent on holds which the climbed route must account for.
    colour
        How colours are named.
    """

    apart: float = 0.09
    lightness: float = 0.2
    fewest: int = 3
    most: int = 40
    least_held: float = 0.6
    colour: ColourOptions = field(default_factory=ColourOptions)


def routes(holds: Sequence[Hold], colours: Floats, options: RouteOptions | None = None) -> list[Route]:
    """Group holds by colour; the largest route first.

    Parameters
    ----------
    holds
        Of one wall.
    colours
        (N, 3) OKLab colour of each, ``nan`` where it is not known (see `outlines.described`).

    Returns
    -------
    Routes with the name of their colour. Grey and brown things (features of the wall, wood, volumes) and those without a
    name belong to none; volumes only to a route that holds of their colour make.
    """
    options = options or RouteOptions()
    told = [
        row for row, hold in enumerate(holds) if np.isfinite(colours[row]).all() and hold.colour not in (None, "grey", "brown")
    ]
    grips = [row for row in told if holds[row].kind == "hold"]
    found = []
    for rows in _clusters(grips, colours, options):
        middle = np.median(colours[rows], 0)
        colour = name(middle, options.colour)
        if colour is None or not options.fewest <= len(rows) <= options.most:
            continue
        volumes = [row for row in told if holds[row].kind == "volume" and _apart(colours[row], middle, options) < options.apart]
        found.append(_route(colour, [holds[row] for row in [*rows, *volumes]]))
    return sorted(found, key=lambda route: -len(route.holds))


def climbed(
    routes: Sequence[Route], holds: Sequence[Hold], held: Mapping[str, float], start: Sequence[str] = ()
) -> list[Route]:
    """The routes with the climbed one marked and first.

    Parameters
    ----------
    routes, holds
        Of one wall.
    held
        For each hold that was held: seconds, hands and feet together.
    start
        Ids of the holds that the hands held when the climb began.

    Returns
    -------
    The same routes; where none of them accounts for most of what was held (a training board, a route of several colours), a
    further one of the held holds themselves, from the lowest.
    """
    known = by_id(holds)
    seconds = {hold: time for hold, time in held.items() if hold in known}
    if not seconds:
        return list(routes)
    share = [sum(seconds.get(hold, 0) for hold in route.holds) / sum(seconds.values()) for route in routes]
    best = int(np.argmax(share)) if share else -1
    if share and share[best] >= RouteOptions().least_held:
        chosen, others = routes[best], [route for row, route in enumerate(routes) if row != best]
    else:
        chosen, others = _of_held([known[hold] for hold in seconds]), list(routes)
    top = max((known[hold] for hold in chosen.holds if hold in known), key=lambda hold: -hold.centre[1])
    return [replace(chosen, climbed=True, start=tuple(start), top=top.id), *others]


def _clusters(rows: Sequence[int], colours: Floats, options: RouteOptions) -> list[list[int]]:
    """Rows whose colours are alike: average linkage, so that a chain of shades does not join two colours."""
    if len(rows) < 2:
        return [list(rows)] if rows else []
    tree = linkage(_scaled(colours[list(rows)], options), "average")
    labels = fcluster(tree, options.apart, "distance")
    return [[row for row, own in zip(rows, labels, strict=True) if own == label] for label in np.unique(labels)]


def _scaled(colours: Floats, options: RouteOptions) -> Floats:
    """Hue and saturation, which shade does not change, and a little lightness."""
    lightness = np.maximum(colours[:, :1], 0.1)
    return np.hstack([colours[:, 1:] / lightness, lightness * options.lightness])


def _apart(a: Floats, b: Floats, options: RouteOptions) -> float:
    return float(np.linalg.norm(np.subtract(*_scaled(np.stack([a, b]), options))))


def _of_held(holds: Sequence[Hold]) -> Route:
    colours = Counter(hold.colour for hold in holds if hold.colour)
    first, count = colours.most_common(1)[0] if colours else (MIXED, 0)
    return _route(first if count > len(holds) / 2 else MIXED, holds)


def _route(colour: str, holds: Sequence[Hold]) -> Route:
    lowest_first = sorted(holds, key=lambda hold: (-float(hold.centre[1]), hold.id))
    return Route(colour=colour, holds=tuple(hold.id for hold in lowest_first), top=lowest_first[-1].id)
