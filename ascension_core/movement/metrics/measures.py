"""All measures of one climb, for the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ascension_core.movement.body import speed
from ascension_core.movement.contacts import GROUND, Contact
from ascension_core.movement.mass import torso_over_stature
from ascension_core.movement.metrics import handling, path, posture, smoothness, timing
from ascension_core.movement.metrics.ascent import Ascent, MetricOptions, ascent
from ascension_core.movement.metrics.catalogue import CATALOGUE
from ascension_core.movement.metrics.handling import FEET, HANDS
from ascension_core.movement.moves import Climb
from ascension_core.pose.filters import finite
from ascension_core.pose.track import PoseTrack
from ascension_core.results import MovementMeasure
from ascension_core.wall.camera import CameraTrack

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Found = tuple[str, float, float]
"""Name, value in torso lengths or seconds or percent, and coverage."""


def movement_measures(
    track: PoseTrack,
    camera: CameraTrack,
    contacts: Sequence[Contact],
    climb: Climb,
    *,
    com_px: Floats,
    height_m: float | None = None,
    options: MetricOptions | None = None,
) -> list[MovementMeasure]:
    """Measure how a climb was moved, from its first to its last frame.

    Parameters
    ----------
    track
        Result of `pose.smoothing.clean`.
    camera
        Frames that it could not place on the wall take no part.
    contacts, climb
        Who held what, and the moves that follow from it; those that begin within the climb count.
    com_px
        (T, 2) centre of mass in image pixels (`body.BodyMeasures.com_px`).
    height_m
        The athlete's height: lengths are then in metres.

    Returns
    -------
    One for each of `catalogue.CATALOGUE`, in its order; without a value where too little was seen, or too little happened.

    Raises
    ------
    ValueError
        If track and camera have different numbers of frames.
    """
    options = options or MetricOptions()
    climb = replace(climb, moves=tuple(m for m in climb.moves if climb.start <= m.start < climb.end))
    climbed = ascent(track, camera, contacts, climb, com_px=com_px, options=options)
    found = {name: (value, coverage) for name, value, coverage in _found(climbed, contacts, climb, options)}
    metres = None if height_m is None else height_m * torso_over_stature()
    return [_measure(name, *found[name], metres, options) for name in CATALOGUE]


def _found(climbed: Ascent, contacts: Sequence[Contact], climb: Climb, options: MetricOptions) -> Iterator[Found]:
    yield from _pace(climbed, climb, options)
    yield from _hips(climbed, climb, options)
    yield from _pauses(climbed, climb, options)
    yield from _hands(climbed, contacts, climb, options)
    yield from _feet(climbed, contacts, climb, options)
    yield from _posture(climbed, options)


def _pace(climbed: Ascent, climb: Climb, options: MetricOptions) -> Iterator[Found]:
    hips, hands = _known_share(climbed, climbed.hips), _mean(_sides(climbed, climbed.hands_seen))
    duration = climb.end - climb.start
    moves = handling.progress_moves(climb.moves, HANDS)
    yield "climb_time", duration, hips
    yield "climbing_speed", path.rise(climbed.time, climbed.hips[:, 1]), hips
    yield "holds_per_minute", _enough(moves, 60 * len(moves) / duration if duration > 0 else np.nan, options), hands
    yield "time_per_move", _enough(moves, duration / max(1, len(moves)), options), hands
    reaches = [m.end - m.start for m in moves if m.source is not None]
    yield "reach_time", _enough(reaches, _median(np.array(reaches)), options), hands


def _hips(climbed: Ascent, climb: Climb, options: MetricOptions) -> Iterator[Found]:
    coverage = _known_share(climbed, climbed.hips)
    runs = smoothness.even_runs(climbed.time, climbed.hips_raw, options.cutoff_hz)
    catches = np.unique([m.end for m in handling.progress_moves(climb.moves, HANDS)])
    between = smoothness.smoothness_between(runs, catches)
    between = between[np.isfinite(between)]
    longest = max(runs, key=lambda run: len(run[0]), default=None)
    yield "path_length", path.path_length(climbed.hips), coverage
    yield "geometric_entropy", path.geometric_entropy(climbed.hips), coverage
    yield "smoothness", _enough(between, float(np.median(between)) if len(between) else np.nan, options), coverage
    if longest is None:
        yield "climb_smoothness", np.nan, 0.0
    else:
        whole = smoothness.log_dimensionless_jerk(longest[1], smoothness.STEP_S)
        yield "climb_smoothness", whole, float(np.ptp(longest[0])) / max(climb.end - climb.start, smoothness.STEP_S)


def _pauses(climbed: Ascent, climb: Climb, options: MetricOptions) -> Iterator[Found]:
    within, coverage = (climb.start, climb.end), _known_share(climbed, climbed.hips)
    pace = speed(climbed.time, climbed.hips)
    rests = _recoveries(climb)
    moves = [(m.start, m.end) for m in climb.moves]
    pauses = timing.hesitations(climbed.time, pace, moves, rests, still=options.still, least_s=options.hesitation_s)
    duration = climb.end - climb.start
    seen = max(duration * coverage, 1e-9)
    yield "immobility", 100 * timing.immobility_ratio(climbed.time, pace, options.still), coverage
    yield (
        "rest",
        100 * timing.covered(rests, within) / duration if duration > 0 else np.nan,
        _mean(_sides(climbed, climbed.hands_seen)),
    )
    yield "hesitation", 100 * timing.covered(pauses, within) / seen if climb.moves else np.nan, coverage
    yield "hesitations", len(pauses) if climb.moves else np.nan, coverage


def _hands(climbed: Ascent, contacts: Sequence[Contact], climb: Climb, options: MetricOptions) -> Iterator[Found]:
    within, sides = (climb.start, climb.end), _sides(climbed, climbed.hands_seen)
    coverage, both = _mean(sides), min(sides)
    touches = handling.whole_contacts(contacts, HANDS, within)
    tried = handling.explored(touches, climb.moves, _recoveries(climb))
    moves = [m.limb for m in handling.progress_moves(climb.moves, HANDS)]
    left, right = (handling.holding_time(contacts, hand, within) for hand in HANDS)
    yield "hold_time", _enough(touches, _mean([t.end - t.start for t in touches]), options), coverage
    yield "exploration", _enough(touches, 100 * len(tried) / max(1, len(touches)), options), coverage
    yield "left_hand_moves", _enough(moves, 100 * moves.count("left_hand") / max(1, len(moves)), options), both
    yield "left_hand_time", 100 * handling.left_share(left, right), both


def _feet(climbed: Ascent, contacts: Sequence[Contact], climb: Climb, options: MetricOptions) -> Iterator[Found]:
    coverage = _mean(_sides(climbed, climbed.feet_seen))
    placed = handling.progress_moves(climb.moves, FEET)
    again = [m for m in climb.moves if m.limb in FEET and m.readjustment]
    settling = [
        handling.settle_time(
            climbed.time, climbed.toes[:, foot], (c.start, c.end), still=options.settled, least_s=options.settled_s
        )
        for foot, limb in enumerate(FEET)
        for c in contacts
        if c.limb == limb and c.hold != GROUND and not c.start_open and climb.start <= c.start <= climb.end
    ]
    seen = [s for s in settling if np.isfinite(s)]
    yield "foot_readjustments", _enough(placed, len(again) / max(1, len(placed)), options), coverage
    yield "foot_settle_time", _enough(seen, float(np.median(seen)) if seen else np.nan, options), coverage


def _posture(climbed: Ascent, options: MetricOptions) -> Iterator[Found]:
    hands, feet = climbed.places[:, :2], climbed.places[:, 2:]
    holding = finite(hands)
    beside = posture.beside_line(climbed.hips, hands, feet)
    across = climbed.com[:, 0]
    outside = posture.outside_support(across, climbed.places[..., 0])
    off_feet = posture.outside_support(across, feet[..., 0])
    elbows = posture.straight_arm_share(climbed.time, climbed.elbows, holding, options.straight_deg)
    yield "straight_arms", 100 * elbows, _share(climbed, np.asarray((holding & np.isfinite(climbed.elbows)).any(1), bool))
    yield "hips_beside_line", _median(beside), _known_share(climbed, beside[:, None])
    yield (
        "com_inside_support",
        100 * timing.share(climbed.time, outside == 0, np.isfinite(outside)),
        _known_share(climbed, outside[:, None]),
    )
    yield "com_beside_feet", _median(off_feet), _known_share(climbed, off_feet[:, None])


def _measure(name: str, value: float, coverage: float, metres: float | None, options: MetricOptions) -> MovementMeasure:
    entry = CATALOGUE[name]
    is_length = entry.unit.startswith("length")
    told = np.isfinite(value) and coverage >= options.min_coverage
    return MovementMeasure(
        name=name,
        title=entry.title,
        value=round(float(value) * (metres if metres and is_length else 1.0), 4) if told else None,
        unit=entry.unit.replace("length", "torso lengths" if metres is None else "m"),
        low=entry.low,
        high=entry.high,
        coverage=round(min(1.0, coverage), 4),
        meaning=entry.meaning,
        source=entry.source,
    )


def _recoveries(climb: Climb) -> list[timing.Stretch]:
    return [(s.start, s.end) for s in climb.spans if s.kind in {"rest", "shake"}]


def _known_share(climbed: Ascent, values: Floats) -> float:
    return _share(climbed, finite(values))


def _share(climbed: Ascent, known: Bools) -> float:
    """Share of the climb's time; 0 for a climb without frames."""
    if not len(climbed.time):
        return 0.0
    return timing.share(climbed.time, known, np.ones(len(climbed.time), bool))


def _sides(climbed: Ascent, seen: Bools) -> list[float]:
    """Share of the climb's time in which the left and in which the right one was seen."""
    return [_share(climbed, seen[:, side]) for side in (0, 1)]


def _enough(events: Sequence[object] | Floats, value: float, options: MetricOptions) -> float:
    return value if len(events) >= options.least_moves else np.nan


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else np.nan


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan
