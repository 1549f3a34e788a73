"""The wall, the contacts and the climb as the result names them: milliseconds, and places as shares of the reference frame."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ascension_core import results
from ascension_core.movement.contacts import Contact
from ascension_core.movement.moves import Climb, Move, Span
from ascension_core.wall.camera import CameraTrack
from ascension_core.wall.holds import Hold, Route

Floats = NDArray[np.float64]
Size = tuple[int, int]

_DIGITS = 5  # of a share: a fiftieth of a pixel at 1080p


def wall_result(
    camera: CameraTrack,
    holds: Iterable[Hold],
    routes: Iterable[Route],
    *,
    camera_file: str,
    picture: results.WallPicture | None = None,
    overhang: results.Estimate | None = None,
) -> results.Wall:
    """What was climbed on."""
    return results.Wall(
        reference_ms=_ms(camera.time[camera.reference]),
        camera="static" if camera.static else "moving",
        cuts_ms=[_ms(time) for time in camera.cuts],
        placed_fraction=round(float(camera.known.mean()), 4),
        camera_file=camera_file,
        picture=picture,
        overhang_deg=overhang,
        holds=[hold_result(hold, camera.size) for hold in holds],
        routes=[route_result(route) for route in routes],
    )


def contact_results(contacts: Iterable[Contact], size: Size) -> list[results.ContactSpan]:
    """Who held what, in the order of the starts."""
    return [_contact(contact, size) for contact in sorted(contacts, key=lambda c: (c.start, c.limb))]


def climb_result(climb: Climb) -> results.Climb:
    """The climb, move by move."""
    return results.Climb(
        start_ms=_ms(climb.start),
        end_ms=_ms(climb.end),
        ending=climb.ending,
        start_holds=list(climb.start_holds),
        top_hold=climb.top_hold,
        moves=[_move(move) for move in climb.moves],
        spans=[_span(span) for span in climb.spans],
    )


def hold_result(hold: Hold, size: Size) -> results.WallHold:
    """A hold; `size` is that of the reference frame."""
    left, top, right, bottom = hold.box / np.tile(size, 2)
    return results.WallHold(
        id=hold.id,
        kind=hold.kind,
        box=(_share(left), _share(top), _share(right - left), _share(bottom - top)),
        outline=[_place(corner, size) for corner in hold.outline],
        colour=hold.colour,
        confidence=round(hold.confidence, 4),
        inferred=hold.inferred,
    )


def route_result(route: Route) -> results.WallRoute:
    """A route."""
    return results.WallRoute(
        colour=route.colour, holds=list(route.holds), climbed=route.climbed, start=list(route.start), top=route.top
    )


def _contact(contact: Contact, size: Size) -> results.ContactSpan:
    return results.ContactSpan(
        limb=contact.limb,
        hold=contact.hold,
        start_ms=_ms(contact.start),
        end_ms=_ms(contact.end),
        place=_place(contact.place, size),
        confidence=round(contact.confidence, 4),
        start_open=contact.start_open,
        end_open=contact.end_open,
    )


def _move(move: Move) -> results.ClimbMove:
    return results.ClimbMove(
        limb=move.limb,
        source=move.source,
        target=move.target,
        start_ms=_ms(move.start),
        end_ms=_ms(move.end),
        reach_torsos=None if move.reach_torsos is None else round(move.reach_torsos, 3),
        style=move.style,
        readjustment=move.readjustment,
    )


def _span(span: Span) -> results.ClimbSpan:
    return results.ClimbSpan(kind=span.kind, start_ms=_ms(span.start), end_ms=_ms(span.end), limb=span.limb)


def _place(point: Floats, size: Size) -> tuple[float, float]:
    x, y = point / size
    return _share(x), _share(y)


def _share(value: float) -> float:
    return round(float(value), _DIGITS)


def _ms(time_s: float) -> float:
    return round(float(time_s) * 1000, 3)
