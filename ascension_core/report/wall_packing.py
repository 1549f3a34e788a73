"""The wall, what was held and the climb, for the page."""

from __future__ import annotations

from typing import Any

import numpy as np

from ascension_core.report import palette
from ascension_core.report.holds import to_image
from ascension_core.report.packing import base64_of
from ascension_core.results import Analysis, ContactSpan, WallHold
from ascension_core.wall.camera import CameraTrack


def pack_wall(analysis: Analysis, camera: CameraTrack | None) -> dict[str, Any] | None:
    """Holds, contacts and the climb, and where the camera looked; None where no wall is known.

    Notes
    -----
    Times are seconds, places shares of the reference frame. ``corners`` holds the outlines of all holds one after the other,
    float32 (sum of ``count``, 2). ``camera`` is float32 (T, 3, 3) from wall to image, both as shares, nan where a frame is not
    placed; null for a camera that stood still all the time.
    """
    wall = analysis.wall
    if wall is None or camera is None:
        return None
    corners = [corner for hold in wall.holds for corner in hold.outline]
    return {
        "holds": [_hold(hold) for hold in wall.holds],
        "corners": base64_of(np.array(corners).reshape(-1, 2), "<f4"),
        "camera": None if camera.static and camera.known.all() else base64_of(to_image(camera), "<f4"),
        "contacts": [_contact(contact) for contact in analysis.contacts],
        "climb": _climb(analysis),
    }


def _hold(hold: WallHold) -> dict[str, Any]:
    ink = palette.HOLDS.get(hold.colour or "", palette.HOLD)
    return {"id": hold.id, "ink": ink, "count": len(hold.outline), "inferred": hold.inferred}


def _contact(contact: ContactSpan) -> dict[str, Any]:
    return {
        "limb": contact.limb,
        "hold": contact.hold,
        "start": contact.start_ms / 1000,
        "end": contact.end_ms / 1000,
        "place": list(contact.place),
    }


def _climb(analysis: Analysis) -> dict[str, Any] | None:
    climb = analysis.climb
    if climb is None:
        return None
    spans = [
        {"kind": span.kind, "start": span.start_ms / 1000, "end": span.end_ms / 1000, "limb": span.limb} for span in climb.spans
    ]
    return {"start": climb.start_ms / 1000, "end": climb.end_ms / 1000, "spans": spans}
