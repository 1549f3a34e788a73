"""The climb for people: its moves one by one, and what is said of it first."""

from __future__ import annotations

from dataclasses import dataclass

from ascension_core.results import Analysis, Climb, ClimbMove, MovementMeasure, Wall

LIMBS = {"left_hand": "Left hand", "right_hand": "Right hand", "left_foot": "Left foot", "right_foot": "Right foot"}
"""Names of the limbs in the order of the lanes."""

ENDINGS = {
    "top": "ended at the top",
    "fall": "ended in a fall",
    "down": "ended on the way down",
    "unknown": "how it ended cannot be told",
}
PLACES = {"smear": "the wall", "ground": "the ground"}
STYLES = {"static": "static", "dynamic": "dynamic", "dyno": "dyno"}


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One line of the list of moves; empty where something is not known."""

    number: int | None
    limb: str
    name: str
    start: float
    end: float
    way: str
    style: str
    reach: str
    duration: str


def move_rows(climb: Climb) -> list[MoveRow]:
    """The moves in order; hand moves that reach somewhere new are numbered, as climbers count them."""
    rows: list[MoveRow] = []
    for move in climb.moves:
        counted = sum(row.number is not None for row in rows)
        rows.append(_row(move, counted + 1 if counts(move) else None))
    return rows


def counts(move: ClimbMove) -> bool:
    """Whether climbers count this as a move: a hand that reaches something new."""
    return move.limb.endswith("hand") and not move.readjustment


def climb_sentence(analysis: Analysis) -> str | None:
    """The climb in a sentence; None where nobody was seen to climb."""
    climb = analysis.climb
    if climb is None:
        return None
    start, end = climb.start_ms / 1000, climb.end_ms / 1000
    moves, holds = sum(counts(move) for move in climb.moves), len(holds_used(analysis))
    return (
        f"The climb took {end - start:.1f} s, from {start:.1f} to {end:.1f} s, with {_count(moves, 'hand move')} "
        f"on {_count(holds, 'hold')}, and {ENDINGS[climb.ending]}."
    )


def angle_sentence(wall: Wall) -> str:
    """How steep the wall is, if that could be told."""
    angle = wall.overhang_deg
    if angle is None:
        return ""
    way = "overhanging" if angle.value >= 0 else "leaning back"
    return f"The wall is very roughly {abs(angle.value):.0f}° {way}, give or take {angle.uncertainty:.0f}°."


def holds_used(analysis: Analysis) -> dict[str, list[str]]:
    """The limbs that held each hold during the climb, holds in the order of their first use."""
    climb = analysis.climb
    used: dict[str, list[str]] = {}
    for contact in analysis.contacts:
        during = climb is None or (contact.end_ms > climb.start_ms and contact.start_ms < climb.end_ms)
        if during and contact.hold not in PLACES:
            limbs = used.setdefault(contact.hold, [])
            limbs.extend({contact.limb} - set(limbs))
    return used


def measure_rows(measures: list[MovementMeasure]) -> list[dict[str, str]]:
    """The movement measures for people; those that could not be told have no value."""
    return [
        {
            "title": one.title,
            "value": "" if one.value is None else f"{one.value:.3g}",
            "unit": one.unit,
            "usual": "" if one.low is None or one.high is None else f"{one.low:.3g} – {one.high:.3g}",
            "coverage": f"{100 * one.coverage:.0f} %",
            "meaning": one.meaning,
            "source": one.source,
        }
        for one in measures
    ]


def _row(move: ClimbMove, number: int | None) -> MoveRow:
    return MoveRow(
        number=number,
        limb=move.limb,
        name=LIMBS[move.limb],
        start=move.start_ms / 1000,
        end=move.end_ms / 1000,
        way=_way(move),
        style="" if move.style is None or move.readjustment else STYLES[move.style],
        reach="" if move.reach_torsos is None or move.readjustment else f"{move.reach_torsos:.1f}",
        duration=f"{(move.end_ms - move.start_ms) / 1000:.2f} s",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _way(move: ClimbMove) -> str:
    source, target = (PLACES.get(place, place) if place else "out of sight" for place in (move.source, move.target))
    return f"{source}, readjusted" if move.readjustment else f"{source} → {target}"
