"""The climber's body: mesh, skeleton, linear blend skinning, and the 33 keypoints with MediaPipe's definitions.

Poses are stacks over time. Turns are rotations away from the rest pose, in the world frame of `geometry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from ascension_core.pose.keypoints import NAMES
from experiments.synthetic.geometry import Array, IntArray, align, cross, dot, frame, norm, rotate, turn_about, unit

BODIES = Path(__file__).with_name("bodies.npz")

Sex = Literal["m", "f"]
Side = Literal["L", "R"]
SIGN: dict[Side, float] = {"L": 1.0, "R": -1.0}
STATURE_M: dict[Sex, float] = {"m": 1.78, "f": 1.67}


@dataclass(frozen=True, eq=False)
class Body:
    """A body at rest, facing -y, standing upright; metres, sole of the foot at z = 0.

    Attributes
    ----------
    vertices : (V, 3)
    faces : (F, 3)
    weights : (V, B), how much each vertex follows each bone; rows sum to 1
    joints : (B, 3), head of each bone
    parents : (B,), -1 for the root; a parent comes before its children
    bones : names of the B bones
    landmarks : name -> (V,) weights over the vertices
    """

    sex: Sex
    vertices: Array
    faces: IntArray
    weights: Array
    joints: Array
    parents: IntArray
    bones: tuple[str, ...]
    landmarks: dict[str, Array]

    @cached_property
    def index(self) -> dict[str, int]:
        """Number of each bone."""
        return {name: i for i, name in enumerate(self.bones)}

    @cached_property
    def below(self) -> list[IntArray]:
        """For each bone, itself and all bones that hang on it."""
        tree = [{b} for b in range(len(self.bones))]
        for b in reversed(range(len(self.bones))):
            if self.parents[b] >= 0:
                tree[self.parents[b]] |= tree[b]
        return [np.array(sorted(t)) for t in tree]

    def joint(self, bone: str) -> Array:
        """Rest position of a bone's head."""
        return np.asarray(self.joints[self.index[bone]])

    def share(self, *prefixes: str) -> Array:
        """(V,) summed weight of the bones whose names start with one of the prefixes."""
        return np.asarray(self.weights[:, [i for i, n in enumerate(self.bones) if n.startswith(prefixes)]].sum(1))

    @cached_property
    def toe_point(self) -> Array:
        """Point under the left big toe that stands on a hold, relative to the ankle joint at rest."""
        toes = self.vertices[self.share("toe1", "toe2") * (self.vertices[:, 0] > 0) > 0.5]
        return np.array([toes[:, 0].mean(), toes[:, 1].min() + 0.018, 0.004]) - self.joint("foot.L")


def load_body(sex: Sex) -> Body:
    """Read one of the two shipped bodies and scale it to its stature."""
    with np.load(BODIES) as data:
        z = {k: data[k] for k in data.files}
    bones = tuple(b.decode() for b in z["bones"])
    rest = z[f"vertices_{sex}"].astype(float) / 20000
    floor = rest[:, 2].min()
    scale = STATURE_M[sex] / (rest[:, 2].max() - floor)
    weights = np.zeros((len(rest), len(bones)))
    np.add.at(weights, (np.arange(len(rest))[:, None], z["weight_bone"]), z["weight"].astype(float))
    weights /= weights.sum(1, keepdims=True)
    regressor = np.zeros((len(z["landmarks"]), len(rest)))
    regressor[z["landmark"], z["landmark_vertex"]] = z["landmark_weight"]
    regressor /= regressor.sum(1, keepdims=True)
    return Body(
        sex=sex,
        vertices=(rest - [0, 0, floor]) * scale,
        faces=z["faces"].astype(np.int64),
        weights=weights,
        joints=(z[f"joints_{sex}"].astype(float) - [0, 0, floor]) * scale,
        parents=z["parents"].astype(np.int64),
        bones=bones,
        landmarks={n.decode(): w for n, w in zip(z["landmarks"], regressor, strict=True)},
    )


@dataclass(frozen=True)
class Pose:
    """The skeleton over T instants: `turn` (T, B, 3, 3) away from rest, `joint` (T, B, 3) m."""

    turn: Array
    joint: Array

    def __getitem__(self, frames: IntArray | slice) -> Pose:
        return Pose(self.turn[frames], self.joint[frames])


def skin(body: Body, pose: Pose, frame_index: int, points: Array, weights: Array) -> Array:
    """Points (N, 3) of the rest pose, bound by `weights` (N, B), carried to one instant of the pose."""
    turn, joint = pose.turn[frame_index], pose.joint[frame_index]
    move = np.concatenate([turn, (joint - rotate(turn, body.joints))[..., None]], -1).reshape(-1, 12)
    blended = (weights @ move).reshape(-1, 3, 4)
    return np.asarray(np.einsum("nij,nj->ni", blended[..., :3], points) + blended[..., 3])


class Figure:
    """A skeleton over T instants while it is being posed: from the root outwards, each step turns a whole subtree."""

    def __init__(self, body: Body, instants: int) -> None:
        self.body = body
        self.turn = np.broadcast_to(np.eye(3), (instants, len(body.bones), 3, 3)).copy()
        self.joint = np.broadcast_to(body.joints, (instants, len(body.bones), 3)).copy()

    def at(self, bone: str) -> Array:
        """(T, 3) position of a bone's head."""
        return np.asarray(self.joint[:, self.body.index[bone]])

    def facing(self, bone: str) -> Array:
        """(T, 3, 3) turn of a bone away from rest."""
        return np.asarray(self.turn[:, self.body.index[bone]])

    def shift(self, by: Array) -> None:
        """Move everything by (T, 3)."""
        self.joint += by[:, None]

    def rotate(self, bone: str, by: Array) -> None:
        """Turn a bone and all that hangs on it by (T, 3, 3) about the bone's head."""
        below = self.body.below[self.body.index[bone]]
        pivot = self.at(bone)[:, None]
        self.turn[:, below] = by[:, None] @ self.turn[:, below]
        self.joint[:, below] = pivot + np.einsum("tij,tbj->tbi", by, self.joint[:, below] - pivot)

    def orient(self, bone: str, turn: Array) -> None:
        """Give a bone the turn (T, 3, 3) away from rest; what hangs on it follows."""
        self.rotate(bone, turn @ np.swapaxes(self.facing(bone), -1, -2))

    def place(self, bone: str, target: Array, at_most: float) -> None:
        """Shift a bone and all that hangs on it to `target` (T, 3), by no more than `at_most` metres."""
        way = target - self.at(bone)
        length = norm(way)
        below = self.body.below[self.body.index[bone]]
        self.joint[:, below] += (way * np.minimum(1, at_most / np.maximum(length, 1e-9)))[:, None]

    def reach(self, chain: Chain, target: Array, pole: Array, clearance: float) -> None:
        """Two-bone inverse kinematics: put the chain's end on `target` (T, 3), as near as its length allows.

        The middle joint bends towards `pole` (T, 3), but stays at least `clearance` metres off the wall where it can.
        Each segment is turned as a whole frame (direction and bending plane), so that hinges never bend backwards.
        """
        before = self.facing(chain.start).copy()
        aim = target
        for _ in range(3):  # the twist bones lie a little off the straight line: correct what that costs
            self._bend(chain, before, aim, pole, clearance)
            aim = aim + (target - self.at(chain.end))
        self._bend(chain, before, aim, pole, clearance)

    def _bend(self, chain: Chain, before: Array, target: Array, pole: Array, clearance: float) -> None:
        """One closed-form solution; `before` (T, 3, 3) is how the chain's first bone was turned by the trunk."""
        start = self.at(chain.start)
        upper, lower = chain.lengths(self.body)
        way = target - start
        distance = np.clip(norm(way), abs(upper - lower) + 0.03, (upper + lower) * 0.999)
        way = unit(way)
        end = start + way * distance
        along = (upper**2 + distance**2 - lower**2) / (2 * distance)
        aside = np.sqrt(np.maximum(upper**2 - along**2, 0))
        bend = _clear_of_wall(start + way * along, way, aside, pole, clearance)
        middle = start + way * along + bend * aside
        hinge = cross(bend, way)
        rest_upper, rest_lower, rest_hinge = chain.rest(self.body)
        whole = frame(middle - start, hinge) @ frame(rest_upper, rest_hinge).T
        swing = align(rotate(before, rest_upper), middle - start) @ before
        half = frame(middle - start, rotate(swing, rest_hinge) + 1.5 * hinge) @ frame(rest_upper, rest_hinge).T
        self.orient(chain.start, half)
        self.orient(chain.start_twist, whole)
        self.orient(chain.middle, frame(end - middle, hinge) @ frame(rest_lower, rest_hinge).T)

    def pose(self) -> Pose:
        """The finished pose."""
        return Pose(self.turn, self.joint)


@dataclass(frozen=True)
class Chain:
    """A limb: bone names from the trunk outwards."""

    start: str
    start_twist: str
    middle: str
    end: str

    def lengths(self, body: Body) -> tuple[float, float]:
        """Upper and lower segment, metres."""
        upper, lower, _ = self.rest(body)
        return float(norm(upper)[0]), float(norm(lower)[0])

    def rest(self, body: Body) -> tuple[Array, Array, Array]:
        """Both segments at rest and the axis of the hinge between them."""
        upper = body.joint(self.middle) - body.joint(self.start)
        lower = body.joint(self.end) - body.joint(self.middle)
        return upper, lower, unit(cross(upper, lower))


ARM: dict[Side, Chain] = {s: Chain(f"upperarm01.{s}", f"upperarm02.{s}", f"lowerarm01.{s}", f"wrist.{s}") for s in SIGN}
LEG: dict[Side, Chain] = {s: Chain(f"upperleg01.{s}", f"upperleg02.{s}", f"lowerleg01.{s}", f"foot.{s}") for s in SIGN}


def _clear_of_wall(centre: Array, way: Array, radius: Array, pole: Array, clearance: float) -> Array:
    """Direction (T, 3) across `way` nearest to `pole` that keeps centre + radius * direction off the wall."""
    out = unit(np.array([0.0, 1.0, 0.0]) - way * way[:, 1:2])  # the direction across the limb that leads off the wall fastest
    side = cross(way, out)
    angle = np.arctan2(dot(side, pole), dot(out, pole))
    needed = (clearance - centre[:, 1:2]) / np.maximum(radius * out[:, 1:2], 1e-6)
    widest = np.arccos(np.clip(needed, -1, 1))
    angle = np.clip(angle, -widest, widest)
    return np.asarray(out * np.cos(angle) + side * np.sin(angle))


def finger_pads(figure: Figure, side: Side) -> Array:
    """(T, 3) the point of the hand that holds: between the last joints of the three middle fingers."""
    return np.asarray(np.mean([figure.at(f"finger{f}-3.{side}") for f in (2, 3, 4)], axis=0))


def curl_fingers(figure: Figure, side: Side, amount: Array) -> None:
    """Bend every joint of the four fingers by `amount` (T,) rad towards the palm."""
    body = figure.body
    across = unit(body.joint(f"finger5-1.{side}") - body.joint(f"finger2-1.{side}"))
    palm = hand_rest(body, side)[1]
    finger = body.joint(f"finger3-2.{side}") - body.joint(f"finger3-1.{side}")
    sign = np.sign(np.dot(cross(across, finger), palm))
    axis = rotate(figure.facing(f"wrist.{side}"), across)
    for finger_number in (2, 3, 4, 5):
        for phalanx in (1, 2, 3):
            figure.rotate(f"finger{finger_number}-{phalanx}.{side}", turn_about(axis, sign * amount))


def hand_rest(body: Body, side: Side) -> tuple[Array, Array]:
    """Where the hand points at rest, and the normal of its palm."""
    wrist = body.joint(f"wrist.{side}")
    normal = cross(body.joint(f"finger2-1.{side}") - wrist, body.joint(f"finger5-1.{side}") - wrist)
    normal *= np.sign(normal @ (body.joint(f"finger3-3.{side}") - wrist))
    return body.joint(f"finger3-1.{side}") - wrist, unit(normal)


@lru_cache(maxsize=8)
def hand_grip(body: Body, side: Side, curl: float) -> Array:
    """The holding point relative to the wrist at rest, with the fingers curled."""
    figure = Figure(body, 1)
    curl_fingers(figure, side, np.array([curl]))
    return np.asarray((finger_pads(figure, side) - figure.at(f"wrist.{side}"))[0])


def toe_point(body: Body, side: Side) -> Array:
    """The standing point relative to the ankle joint at rest."""
    return body.toe_point * [SIGN[side], 1, 1]


def keypoints(body: Body, pose: Pose, frame_index: int) -> Array:
    """The 33 keypoints (33, 3) m of one instant.

    Shoulders, elbows, wrists, hips, knees and ankles are joint centres; ears, nose, toes and heels lie on the skin;
    pinky, index and thumb are the knuckles that MediaPipe's documentation names.
    """
    mesh = skin(body, pose, frame_index, body.vertices, body.weights)
    on_skin = {name: w @ mesh for name, w in body.landmarks.items()}

    def bone(name: str) -> Array:
        return np.asarray(pose.joint[frame_index, body.index[name]])

    points = {}
    for side, word in (("L", "left"), ("R", "right")):
        for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "ear", "eye"):
            points[f"{word}_{part}"] = on_skin[f"{word}_{part}"]
        points[f"{word}_foot_index"] = on_skin[f"{word}_big_toe"]
        points[f"{word}_pinky"] = bone(f"finger5-1.{side}")
        points[f"{word}_index"] = bone(f"finger2-1.{side}")
        points[f"{word}_thumb"] = bone(f"finger1-2.{side}")
    points["nose"] = on_skin["nose"]
    between_ears = (points["left_ear"] + points["right_ear"]) / 2
    for word, other in (("left", "right"), ("right", "left")):
        eye, other_eye = points[f"{word}_eye"], points[f"{other}_eye"]
        points[f"{word}_eye_inner"] = eye + 0.25 * (other_eye - eye)
        points[f"{word}_eye_outer"] = eye - 0.22 * (other_eye - eye)
        points[f"mouth_{word}"] = points["nose"] + 0.35 * (eye - points["nose"]) + 0.6 * (bone("head") - between_ears)
    return np.array([points[name] for name in NAMES])
