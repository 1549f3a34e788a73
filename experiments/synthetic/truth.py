"""The truth about a clip, as one JSON document; the README beside this file documents every key."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import NAMES
from experiments.synthetic.geometry import Array
from experiments.synthetic.plan import GROUND, Contact, contacts
from experiments.synthetic.render import Scene, Shot
from experiments.synthetic.scene import LIMBS, VERSION, Hold, Limb
from experiments.synthetic.wall import hold_mesh, purchase

LIMB_KEYPOINT: dict[Limb, int] = {"left_hand": 19, "right_hand": 20, "left_foot": 31, "right_foot": 32}
HIDDEN_S = 0.2
"""Shortest stretch that is listed under `hidden`."""


def make_truth(scene: Scene, shots: list[Shot]) -> dict[str, Any]:
    """Everything that is known about a clip whose frames have been drawn; `shots` need not keep their images."""
    options, plan = scene.options, scene.plan
    times = np.arange(len(shots)) / options.fps
    views = [scene.camera.at(t) for t in times]
    points = np.array([s.keypoints for s in shots])
    pixels = np.array([v.project(p)[:, :2] for v, p in zip(views, points, strict=True)])
    visible = np.array([s.visible for s in shots])
    found = contacts(plan, scene.motion.landing)
    return {
        "generator": {"name": "experiments.synthetic", "version": VERSION, "options": asdict(options)},
        "seed": options.seed,
        "fps": options.fps,
        "size": [options.width, options.height],
        "frames": len(shots),
        "joints": list(NAMES),
        "keypoints": _rounded(pixels, 1),
        "keypoints_3d": _rounded(points, 4),
        "visible": visible.astype(int).tolist(),
        "on_wall": [int(plan.start <= t < plan.end) for t in times],
        "holds": [_hold(h) for h in scene.wall.holds],
        "contacts": {
            "fps": options.fps,
            "size": [options.width, options.height],
            "labelled_frames": [0, len(shots) - 1],
            "contacts": [_contact(c, scene) for c in found],
            "hidden": _hidden(visible, times),
            "climb": [round(plan.start, 3), round(plan.end, 3)],
        },
        "moves": [
            {
                "limb": m.limb, "start_s": round(m.start, 3), "end_s": round(m.end, 3),
                "from": m.source, "to": m.target, "style": m.style,
            }
            for m in plan.moves
        ],
        "ending": options.ending,
        "camera": {
            "intrinsics": _rounded(scene.camera.matrix, 3),
            "centre": _rounded(scene.camera.centre, 4),
            "rotations": _rounded(np.array([v.turn for v in views]), 7),
            "wall_to_image": _rounded(np.array([v.wall_homography / v.wall_homography[2, 2] for v in views]), 6),
        },
    }  # fmt: skip


def hold_box(hold: Hold, projection: Array) -> Array:
    """Left, top, right, bottom (px) of a hold in a view whose (3, 4) projection matrix is given."""
    vertices = hold_mesh(hold).vertices
    seen = np.concatenate([vertices, np.ones((len(vertices), 1))], 1) @ projection.T
    pixels = seen[:, :2] / seen[:, 2:]
    return np.concatenate([pixels.min(0), pixels.max(0)])


def image_box(hold: dict[str, Any], camera: dict[str, Any], frame: int) -> Array:
    """Left, top, right, bottom (px) of one of the truth's holds in one frame, from its outline."""
    outline = np.array(hold["outline"])
    matrix = np.array(camera["intrinsics"]) @ np.array(camera["rotations"][frame])
    seen = (outline - np.array(camera["centre"])) @ matrix.T
    pixels = seen[:, :2] / seen[:, 2:]
    return np.concatenate([pixels.min(0), pixels.max(0)])


def _rounded(values: Array, digits: int) -> Any:
    return np.round(values, digits).tolist()


def _hold(hold: Hold) -> dict[str, Any]:
    vertices = hold_mesh(hold).vertices
    low, high = vertices.min(0), vertices.max(0)
    return {
        "id": hold.id,
        "kind": hold.kind,
        "shape": hold.shape,
        "colour": hold.paint.name,
        "route": hold.route,
        "box_m": _rounded(np.array([low[0], low[2], high[0], high[2]]), 4),
        "depth_m": round(hold.depth, 4),
        "purchase_m": _rounded(purchase(hold), 4),
        "outline": _rounded(_outline(vertices), 3),
    }


def _outline(vertices: Array, directions: int = 16) -> Array:
    """The vertices that lie furthest out, around the hold and leaning to the viewer: their box is the hold's box."""
    angle = np.arange(directions) * 2 * np.pi / directions
    chosen = []
    for lift in (0.0, 0.5):
        ways = np.stack([np.cos(angle), np.full(directions, lift), np.sin(angle)], 1)
        chosen += (vertices @ ways.T).argmax(0).tolist()
    return np.asarray(vertices[sorted(set(chosen))])


def _contact(contact: Contact, scene: Scene) -> dict[str, Any]:
    pixel = scene.camera.at(contact.start).project(contact.point)[:2]
    return {
        "limb": contact.limb,
        "hold": contact.hold,
        "start_s": round(contact.start, 3),
        "end_s": round(contact.end, 3),
        "xy_start": _rounded(pixel, 1),
        "point_m": _rounded(contact.point, 4),
        "start_open": contact.start_open,
        "end_open": contact.end_open,
    }


def _hidden(visible: npt.NDArray[np.bool_], times: Array) -> list[dict[str, Any]]:
    """Stretches in which a hand or a foot cannot be seen."""
    found = []
    step = times[1] - times[0] if len(times) > 1 else 0.0
    for limb in LIMBS:
        unseen = np.concatenate([[False], ~visible[:, LIMB_KEYPOINT[limb]], [False]])
        starts, ends = np.nonzero(np.diff(unseen.astype(int)) == 1)[0], np.nonzero(np.diff(unseen.astype(int)) == -1)[0]
        for start, end in zip(starts, ends, strict=True):
            if (end - start) * step >= HIDDEN_S:
                found.append({"limb": limb, "start_s": round(times[start], 3), "end_s": round(times[end - 1] + step, 3)})
    return found


def encode_truth(truth: dict[str, Any]) -> bytes:
    """The document as gzip, the same bytes for the same truth."""
    return gzip.compress(json.dumps(truth, separators=(",", ":")).encode(), compresslevel=9, mtime=0)


def load_truth(path: str | Path) -> dict[str, Any]:
    """Read a truth file, plain (`truth.json`) or compressed (`truth.json.gz`).

    Raises
    ------
    InvalidDataset
        If there is no such file, or it is not a truth file.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
        truth = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise InvalidDataset(f"cannot read {path} as a truth file: {error}") from error
    if not isinstance(truth, dict) or "keypoints" not in truth or "fps" not in truth:
        raise InvalidDataset(f"{path} is not a truth file: it needs at least 'fps' and 'keypoints'")
    return truth


__all__ = ["GROUND", "encode_truth", "hold_box", "image_box", "load_truth", "make_truth"]
