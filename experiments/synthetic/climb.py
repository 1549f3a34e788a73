"""The movement: from a plan to the pose of the whole body at any instant.

Two parts. `make_motion` finds the course of the pelvis over the whole climb: it seeks a comfortable place between
hands and feet, smoothly, and is then projected onto what arms and legs can reach, over and over (position based
dynamics), so that every held limb reaches its hold. `pose_at` sets the skeleton by inverse kinematics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.synthetic.body import (
    ARM,
    LEG,
    SIGN,
    Body,
    Figure,
    Pose,
    Side,
    curl_fingers,
    finger_pads,
    hand_grip,
    hand_rest,
    toe_point,
)
from experiments.synthetic.geometry import Array, X, Y, Z, align, ease, frame, norm, rotate, smooth, turn_about, twist, unit
from experiments.synthetic.plan import FREE, STAND_Y_M, Move, Plan
from experiments.synthetic.scene import LIMBS, Limb

RATE = 60.0
"""Instants per second at which the course of the body is worked out."""

GRIP_CURL, OPEN_CURL = 0.42, 0.16
"""Bend of every finger joint when it holds and when it is on its way, rad."""

REACH = 0.972
"""Share of a limb's length that it may use: nobody climbs with locked joints."""

GRAVITY = 9.81
LIMB_SIDE: dict[Limb, Side] = {"left_hand": "L", "right_hand": "R", "left_foot": "L", "right_foot": "R"}
HANDS: tuple[Limb, Limb] = ("left_hand", "right_hand")
FEET: tuple[Limb, Limb] = ("left_foot", "right_foot")


@dataclass(frozen=True)
class LimbCourse:
    """One limb over the (T,) instants.

    Attributes
    ----------
    point : (T, 3) m, where the fingertips or the toes shall be
    slack : (T,) m, how far the limb may be from it: 0 while it holds, inf while it is free
    firm : (T,) 0 to 1: how much the hand is shaped to grip, or the foot to stand on a hold rather than flat
    grip : (T,) 0 to 1: how far the fingers are closed
    load : (T,) 0 to 1: how much weight it carries
    """

    point: Array
    slack: Array
    firm: Array
    grip: Array
    load: Array


@dataclass(frozen=True)
class Motion:
    """Everything that sets the pose, over the (T,) instants of `time`."""

    body: Body
    time: Array
    limbs: dict[Limb, LimbCourse]
    pelvis: Array
    hips: Array
    chest: Array
    gaze: Array
    stand: Array
    landing: dict[Limb, tuple[float, Array]]


def make_motion(plan: Plan, body: Body) -> Motion:
    """The course of the body over a whole plan."""
    time = np.arange(0, plan.seconds + 2 / RATE, 1 / RATE)
    limbs = {limb: _course(plan, limb, time) for limb in LIMBS}
    stand = smooth(np.mean([1 - limbs[f].firm for f in FEET], axis=0), 0.12 * RATE)
    hips, chest = _leans(limbs, stand)
    comfort = _comfort(limbs, stand, body)
    motion = Motion(body, time, limbs, comfort, hips, chest, _gaze(plan, time), stand, {})
    motion = _with(motion, pelvis=_within_reach(motion, comfort))
    return motion if plan.slip is None else _fall(motion, plan.slip)


def _with(motion: Motion, **changes: object) -> Motion:
    return Motion(**{**motion.__dict__, **changes})


# ------------------------------------------------------------------------------------------------ limbs


def _course(plan: Plan, limb: Limb, time: Array) -> LimbCourse:
    """Where one limb goes, by the moves of the plan."""
    hand = "hand" in limb
    point = np.tile(plan.rest_points[limb], (len(time), 1))
    slack = np.full(len(time), np.inf if hand else 0.0)
    firm, grip, load = np.zeros(len(time)), np.zeros(len(time)), np.full(len(time), 0.0 if hand else 1.0)
    for move in plan.of(limb):
        u = (time - move.start) / (move.end - move.start)
        during, after = (u > 0) & (u < 1), u >= 1
        before = point[np.searchsorted(time, move.start) - 1].copy()
        point[during] = _transfer(move, before, u[during])
        slack[during] = np.inf if move.style == "shake" else 0.45 * (1 - ease(u[during]))
        point[after], slack[after] = move.point, 0.0
        was_firm = firm[np.searchsorted(time, move.start) - 1]
        firm[during | after] = was_firm + (1 - was_firm) * ease(u[during | after] * 1.15)
        if move.style == "shake":
            firm[during] = 1 - _bump(u[during])
        was_closed = grip[np.searchsorted(time, move.start) - 1]
        grip[during | after] = np.maximum(was_closed * ease(1 - 4 * u[during | after]), ease(5 * u[during | after] - 3.7))
        load[during], load[after] = 0.1, 1.0
    return LimbCourse(point, slack, firm, grip, smooth(load, 0.1 * RATE))


def _bump(u: Array) -> Array:
    """Rise to 1, stay, and come back."""
    return ease(u / 0.38) * ease((1 - u) / 0.38)


def _transfer(move: Move, source: Array, u: Array) -> Array:
    """The way of a limb from one hold to the next: minimum jerk, off the wall in between."""
    outward = np.array([0.3 * SIGN[LIMB_SIDE[move.limb]], 0.24, 0.0])  # round the shoulder, not through it
    if move.style == "shake":
        swing = np.stack([0.035 * np.sin(34 * u), 0.02 * np.sin(29 * u), 0.03 * np.cos(34 * u)], 1)
        away = _bump(u)[:, None]
        return np.asarray(source + away * (move.via - source + swing) + 4 * away * (1 - away) * outward)
    way = source + ease(u)[:, None] * (move.point - source)
    arc = np.sin(np.pi * u) ** 1.5
    far = min(1.0, float(np.linalg.norm(move.point - source)) / 0.4)
    lift = np.array([0, 0.10, 0.02]) if "hand" in move.limb else np.array([0, 0.12, 0.05])
    if move.source == FREE:
        lift = 0.7 * outward
    return np.asarray(way + far * arc[:, None] * lift)


# ------------------------------------------------------------------------------------------------ trunk


def _leans(limbs: dict[Limb, LimbCourse], stand: Array) -> tuple[Array, Array]:
    """Turns (T, 3) of hips and chest: yaw about the vertical, roll in the plane of the wall, pitch towards it; rad.

    The side that reaches comes nearer to the wall and up; the hips turn in further than the chest.
    """
    sigma = 0.2 * RATE
    hands = smooth(limbs["left_hand"].point[:, 2] - limbs["right_hand"].point[:, 2], sigma)
    feet = smooth(limbs["left_foot"].point[:, 2] - limbs["right_foot"].point[:, 2], sigma)
    on = 1 - stand
    hips = np.stack([-np.clip(1.3 * hands, -0.6, 0.6) * on, -np.clip(0.25 * feet, -0.2, 0.2) * on, 0.02 + 0.05 * on], 1)
    chest = np.stack([-np.clip(0.45 * hands, -0.3, 0.3) * on, -np.clip(0.4 * hands, -0.28, 0.28) * on, 0.0 + 0.06 * on], 1)
    return smooth(hips, 0.08 * RATE), smooth(chest, 0.08 * RATE)


def _comfort(limbs: dict[Limb, LimbCourse], stand: Array, body: Body) -> Array:
    """Where the pelvis (T, 3) would like to be: over the loaded feet, hanging below the hands, close to the wall."""
    size = body.vertices[:, 2].max() / 1.78
    load = np.stack([limbs[limb].load for limb in LIMBS], 1) + 0.05
    points = np.stack([limbs[limb].point for limb in LIMBS], 1)
    weight = load * [0.8, 0.8, 1.2, 1.2]
    x = (points[..., 0] * weight).sum(1) / weight.sum(1)
    hands = (points[:, :2, 2] * load[:, :2]).sum(1) / load[:, :2].sum(1)
    feet = (points[:, 2:, 2] * load[:, 2:]).sum(1) / load[:, 2:].sum(1)
    z = 0.62 * (hands - 1.02 * size) + 0.38 * (feet + 0.84 * size)
    hanging = np.stack([x, np.full_like(x, 0.27), z], 1)
    feet_x = points[:, 2:, 0].mean(1)
    standing = np.stack([feet_x, np.full_like(x, STAND_Y_M), np.full_like(x, body.joint("root")[2] - 0.015)], 1)
    mixed = hanging + stand[:, None] * (standing - hanging)
    return smooth(mixed, 0.16 * RATE)


def _gaze(plan: Plan, time: Array) -> Array:
    """The point (T, 3) that is looked at: the target of the move that comes, from 0.4 s before it until it arrives."""
    gaze = np.tile(plan.moves[0].point, (len(time), 1))
    for move in plan.moves:
        point = move.point if move.style != "shake" else move.point + 0.8 * Z
        gaze[time > move.start - 0.4] = point
    gaze[time > plan.moves[-1].end + 0.2] = plan.moves[-1].point + np.array([0.0, 0.3, 0.5])
    return smooth(gaze, 0.13 * RATE)


# ------------------------------------------------------------------------------------------------ reach


def _within_reach(motion: Motion, comfort: Array, rounds: int = 60, passes: int = 3) -> Array:
    """The smooth course of the pelvis nearest to `comfort` from which every limb reaches what it holds."""
    pelvis = comfort
    for _ in range(passes):
        ranges = _ranges(_with(motion, pelvis=pelvis))
        for _ in range(rounds):
            pelvis = _project(smooth(pelvis + 0.08 * (comfort - pelvis), 0.06 * RATE), ranges)
    ranges = _ranges(_with(motion, pelvis=pelvis))
    for _ in range(rounds):  # take out what kinks the bounds have left
        pelvis = _project(smooth(pelvis, 0.03 * RATE), ranges, sweeps=6)
    return _project(pelvis, ranges, sweeps=60)


@dataclass(frozen=True)
class _Range:
    """The pelvis must lie between two spheres about `centre` (T, 3)."""

    centre: Array
    least: Array
    most: Array


def _ranges(motion: Motion) -> list[_Range]:
    """What each limb allows the pelvis, with the trunk posed as it now is."""
    figure, targets = _trunk(motion)
    ranges = []
    for limb in LIMBS:
        side = LIMB_SIDE[limb]
        chain = ARM[side] if limb in HANDS else LEG[side]
        length = sum(chain.lengths(motion.body))
        centre = targets[limb] - (figure.at(chain.start) - motion.pelvis)
        slack = motion.limbs[limb].slack
        near = 0.47 if limb in HANDS else 0.5
        ranges.append(_Range(centre, np.maximum(near * length - slack, 0), REACH * length + slack))
    return ranges


def _project(pelvis: Array, ranges: list[_Range], sweeps: int = 4) -> Array:
    """Move each pelvis the least way into all its ranges, in turn; and never into the wall."""
    for _ in range(sweeps):
        for bound in ranges:
            away = pelvis - bound.centre
            distance = norm(away)[:, 0]
            wanted = np.clip(distance, bound.least, bound.most)
            pelvis = pelvis + unit(away) * (wanted - distance)[:, None]
        pelvis = np.stack([pelvis[:, 0], np.maximum(pelvis[:, 1], 0.2), pelvis[:, 2]], 1)
    return pelvis


# ------------------------------------------------------------------------------------------------ pose


def pose_at(motion: Motion, seconds: Array) -> tuple[Pose, dict[Limb, Array]]:
    """The pose at any instants (T,) and the point of each limb that touches (fingertips, toes), (T, 3) m."""
    at = _resample(motion, seconds)
    figure, targets = _trunk(at)
    touch = {}
    for limb in HANDS:
        touch[limb] = _arm(figure, at, limb, targets[limb])
    for limb in FEET:
        touch[limb] = _leg(figure, at, limb, targets[limb])
    _head(figure, at)
    return figure.pose(), touch


def _resample(motion: Motion, seconds: Array) -> Motion:
    """All courses at other instants, linearly."""

    def pick(x: Array) -> Array:
        flat = x.reshape(len(x), -1)
        columns = [np.interp(seconds, motion.time, flat[:, k]) for k in range(flat.shape[1])]
        return np.stack(columns, 1).reshape(len(seconds), *x.shape[1:])

    limbs = {
        limb: LimbCourse(pick(c.point), pick(np.minimum(c.slack, 9.0)), pick(c.firm), pick(c.grip), pick(c.load))
        for limb, c in motion.limbs.items()
    }
    parts = {name: pick(getattr(motion, name)) for name in ("pelvis", "hips", "chest", "gaze", "stand")}
    return _with(motion, time=seconds, limbs=limbs, **parts)


def _attitude(angles: Array) -> Array:
    """Turns (T, 3, 3) from yaw, roll, pitch (T, 3)."""
    return np.asarray(turn_about(Z, angles[:, 0]) @ turn_about(Y, angles[:, 1]) @ turn_about(X, angles[:, 2]))


def _trunk(motion: Motion) -> tuple[Figure, dict[Limb, Array]]:
    """Pelvis, spine and shoulder girdle; and where wrists and ankles must be."""
    figure = Figure(motion.body, len(motion.time))
    figure.shift(motion.pelvis - figure.at("root"))
    figure.orient("root", _attitude(motion.hips))
    for share, bone in ((0.25, "spine05"), (0.5, "spine04"), (0.75, "spine03"), (1.0, "spine02")):
        figure.orient(bone, _attitude(motion.hips + share * (motion.chest - motion.hips)))
    for limb in HANDS:
        _shoulder(figure, motion, limb)
    targets = {limb: _wrist_target(figure, motion, limb) for limb in HANDS}
    targets |= {limb: _ankle_target(motion, limb) for limb in FEET}
    return figure, targets


def _shoulder(figure: Figure, motion: Motion, limb: Limb) -> None:
    """The collar bone rises and comes forward with the arm."""
    side = LIMB_SIDE[limb]
    to = motion.limbs[limb].point - figure.at(f"upperarm01.{side}")
    up = np.clip(to[:, 2] / 0.55, 0, 1)
    figure.rotate(f"clavicle.{side}", turn_about(Y, -SIGN[side] * 0.42 * up) @ turn_about(Z, -SIGN[side] * 0.1 * up))


def _hand_turn(figure: Figure, motion: Motion, limb: Limb) -> Array:
    """(T, 3, 3) how the hand is held: palm to the wall and fingers over the hold, or hanging."""
    side = LIMB_SIDE[limb]
    course = motion.limbs[limb]
    to = course.point - figure.at(f"upperarm01.{side}")
    lean = 0.6 * np.clip(np.arctan2(to[:, 0], np.maximum(to[:, 2], 0.15)), -1.0, 1.0)
    angle = lean * course.firm + SIGN[side] * 2.75 * (1 - course.firm)
    tilt = -0.28 * course.firm - 0.15
    ahead = np.stack([np.sin(angle), tilt, np.cos(angle)], 1)
    inward = np.array([-SIGN[side] * 0.9, 0.0, 0.0]) * (1 - course.firm)[:, None]
    palm = inward - Y * (0.25 + 0.75 * course.firm)[:, None]
    rest_ahead, rest_palm = hand_rest(motion.body, side)
    return np.asarray(frame(ahead, palm) @ frame(rest_ahead, rest_palm).T)


def _wrist_target(figure: Figure, motion: Motion, limb: Limb) -> Array:
    grip = hand_grip(motion.body, LIMB_SIDE[limb], GRIP_CURL)
    return np.asarray(motion.limbs[limb].point - rotate(_hand_turn(figure, motion, limb), grip))


def _foot_turn(motion: Motion, limb: Limb) -> Array:
    """(T, 3, 3) how the foot is held: toes to the wall and out, heel up on a hold, flat on the mat."""
    side = SIGN[LIMB_SIDE[limb]]
    firm = motion.limbs[limb].firm[:, None]
    on_hold = np.array([side * 0.42, -0.85, -0.22])
    flat = np.array([side * 0.2, -1.0, 0.0])
    return frame(flat + firm * (on_hold - flat), np.broadcast_to(Z, (len(firm), 3))) @ frame(-Y, Z).T


def _ankle_target(motion: Motion, limb: Limb) -> Array:
    toes = toe_point(motion.body, LIMB_SIDE[limb])
    return np.asarray(motion.limbs[limb].point - rotate(_foot_turn(motion, limb), toes))


def _arm(figure: Figure, motion: Motion, limb: Limb, wrist: Array) -> Array:
    side = LIMB_SIDE[limb]
    sign, firm = SIGN[side], motion.limbs[limb].firm[:, None]
    reached = unit(wrist - figure.at(f"upperarm01.{side}"))
    carried = align(np.broadcast_to(unit(np.array([sign * 0.2, -0.55, 0.8])), reached.shape), reached)
    elbow = firm * np.array([sign * 0.6, 0.5, -0.45]) + (1 - firm) * np.array([sign * 0.5, -0.75, -0.45])
    pole = rotate(carried, elbow)  # carried along with the arm: no flip while it swings anywhere before the body
    figure.reach(ARM[side], wrist, pole, clearance=0.06)
    hand = _hand_turn(figure, motion, limb)
    forearm = figure.at(f"wrist.{side}") - figure.at(f"lowerarm01.{side}")
    angle = twist(hand @ np.swapaxes(figure.facing(f"lowerarm01.{side}"), -1, -2), forearm)
    figure.rotate(f"lowerarm01.{side}", turn_about(forearm, 0.25 * angle))
    figure.rotate(f"lowerarm02.{side}", turn_about(forearm, 0.45 * angle))
    figure.orient(f"wrist.{side}", hand)
    figure.place(f"wrist.{side}", wrist, at_most=0.012)  # the twist bones lie millimetres off the forearm's axis
    curl_fingers(figure, side, OPEN_CURL + (GRIP_CURL - OPEN_CURL) * motion.limbs[limb].grip)
    return finger_pads(figure, side)


def _leg(figure: Figure, motion: Motion, limb: Limb, ankle: Array) -> Array:
    side = LIMB_SIDE[limb]
    sign, stand = SIGN[side], 1 - motion.limbs[limb].firm[:, None]
    turned = np.clip(1.2 * sign * motion.hips[:, :1], -0.3, 0.7)  # the hip that turns in drops its knee inwards
    on_wall = np.array([sign * 0.85, -0.25, 0.35]) - turned * np.array([sign * 1.0, 0, 0.2])
    knee = on_wall + stand * (np.array([sign * 0.16, -1.0, 0.0]) - on_wall)
    stretched = unit(ankle - figure.at(f"upperleg01.{side}"))
    pole = rotate(align(np.broadcast_to(-Z, stretched.shape), stretched), knee)  # as for the arm
    figure.reach(LEG[side], ankle, pole, clearance=0.085)
    figure.orient(f"foot.{side}", _foot_turn(motion, limb))
    return figure.at(f"foot.{side}") + rotate(figure.facing(f"foot.{side}"), toe_point(motion.body, side))


def _head(figure: Figure, motion: Motion) -> None:
    """Neck and head share the way to what is looked at."""
    away = motion.gaze - figure.at("head")
    local = rotate(np.swapaxes(figure.facing("spine01"), -1, -2), away)
    ahead = np.maximum(-local[:, 1], 0.25)
    yaw = np.clip(np.arctan2(local[:, 0], ahead), -0.85, 0.85)
    pitch = np.clip(np.arctan2(local[:, 2], np.hypot(ahead, local[:, 0])), -0.65, 0.75)
    base = figure.facing("spine01")
    for share, bone in ((0.3, "neck01"), (0.6, "neck02"), (0.8, "neck03"), (1.0, "head")):
        figure.orient(bone, base @ turn_about(Z, share * yaw) @ turn_about(X, -share * pitch))


# ------------------------------------------------------------------------------------------------ fall


def _fall(motion: Motion, slip: float) -> Motion:
    """Everything comes off at `slip`: the body drops freely, lands on its feet on the mat, and goes down with the blow."""
    since = motion.time - slip
    falling = since > 0
    first = int(np.argmax(falling))
    start = motion.pelvis[first]
    speed = np.clip(np.gradient(motion.pelvis, 1 / RATE, axis=0)[first - 1], -0.6, 0.6) * [1, 0, 1] + [0, 0.5, 0]
    legs = 0.86 * (motion.body.joint("root")[2])
    landed = float((speed[2] + np.sqrt(speed[2] ** 2 + 2 * GRAVITY * (start[2] - legs))) / GRAVITY)
    t = np.minimum(since[falling], landed)[:, None]
    path = start + speed * t - 0.5 * GRAVITY * t**2 * Z
    blow = ease((since[falling] - landed) / 0.38)[:, None]
    up = ease((since[falling] - landed - 0.45) / 0.9)[:, None]
    path = path + blow * np.array([0, 0.12, 0.43 - legs]) + up * np.array([0, -0.03, 0.12])
    pelvis = motion.pelvis.copy()
    pelvis[falling] = path
    touchdown = path[min(np.searchsorted(since[falling], landed), len(path) - 1)]
    spread = ease(since / 0.25)
    tumble = np.stack(
        [0 * since, 0.10 * ease(since / landed), 0.55 * ease((since - landed) / 0.35) - 0.12 * ease(since / landed)], 1
    )
    limbs, landing = {}, {}
    for limb, course in motion.limbs.items():
        limbs[limb], where = _falling_limb(course, limb, since, landed=landed, pelvis=pelvis, touchdown=touchdown)
        if limb in FEET:
            landing[limb] = (slip + landed, where)
    gaze = motion.gaze.copy()
    gaze[falling] += spread[falling][:, None] * (pelvis[falling] + [0.1, -1.0, 0.1] - gaze[falling])
    down = np.where(falling, spread, 0)
    hips = motion.hips * (1 - down[:, None]) + tumble * down[:, None]
    chest = motion.chest * (1 - down[:, None]) + 1.25 * tumble * down[:, None]
    stand = np.maximum(motion.stand, down)
    return _with(motion, pelvis=pelvis, limbs=limbs, gaze=gaze, hips=hips, chest=chest, stand=stand, landing=landing)


def _falling_limb(
    course: LimbCourse, limb: Limb, since: Array, *, landed: float, pelvis: Array, touchdown: Array
) -> tuple[LimbCourse, Array]:
    """A limb in the fall: feet drop below the body and then stay where they land, arms fly up and come down."""
    side = SIGN[LIMB_SIDE[limb]]
    first = int(np.argmax(since > 0))
    held = course.point[first]
    if limb in FEET:
        below = pelvis + np.array([side * 0.17, -0.16, 0.0])
        below[:, 2] = pelvis[:, 2] - touchdown[2] + 0.06 * (1 - ease(since / landed))
        where = np.array([touchdown[0] + side * 0.17, touchdown[1] - 0.16, 0.0])
        below[since >= landed] = where
    else:
        flying = pelvis + np.array([side * 0.46, -0.22, 0.72])
        down = pelvis + np.array([side * 0.34, -0.42, 0.12])
        below = flying + ease((since - landed + 0.1) / 0.45)[:, None] * (down - flying)
        where = held
    blend = ease(since / 0.26)[:, None]
    point = np.where(since[:, None] > 0, held + blend * (below - held), course.point)
    off = since > 0
    firm = np.where(off, course.firm[first] * (1 - ease(since / 0.3) * (1.0 if limb in FEET else 0.45)), course.firm)
    slack = np.where(off, np.inf if limb in HANDS else np.where(since >= landed, 0.0, np.inf), course.slack)
    grip = np.where(off, course.grip[first] * (1 - ease(since / 0.1)), course.grip)
    return LimbCourse(point, slack, firm, grip, course.load), where
