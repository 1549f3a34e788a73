"""How likely each keypoint is right: a learned, calibrated probability in place of the network's own visibility.

BlazePose's visibility answers another question (is the point hidden?) and is no probability. `Confidence` takes what the
landmark network tells of a body (its heat maps, its scores, the shape of the body, whether its two heads agree) and
returns the probability that each keypoint lies within 0.2 torso lengths of the truth. A small perceptron, evaluated with
numpy in a fraction of a millisecond, serves the lite, full and heavy networks alike. How it was trained and how far it can
be trusted: `weights/MODEL_CARD.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import ModelError
from ascension_core.pose.keypoints import BODY, KEYPOINTS, MIRROR, Keypoint
from ascension_core.pose.networks import Landmarks

WEIGHTS = Path(__file__).parent / "weights" / "confidence.npz"
ROLES = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")

Floats = NDArray[np.float64]

_EARS, _NECK = KEYPOINTS, KEYPOINTS + 1
"""Two more points: the middle of the ears, the middle of the shoulders."""

_LINKS: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    # role: (point, its mirror image, its neighbour away from the trunk, its neighbour towards the trunk)
    "head": tuple((k, MIRROR[k], _EARS, _NECK) for k in range(11)),
    "shoulder": ((11, 12, 13, 23), (12, 11, 14, 24)),
    "elbow": ((13, 14, 15, 11), (14, 13, 16, 12)),
    "wrist": ((15, 16, 19, 13), (16, 15, 20, 14), *((k, MIRROR[k], 16 - k % 2, 14 - k % 2) for k in range(17, 23))),
    "hip": ((23, 24, 25, 11), (24, 23, 26, 12)),
    "knee": ((25, 26, 27, 23), (26, 25, 28, 24)),
    "ankle": ((27, 28, 31, 25), (28, 27, 32, 26), *((k, MIRROR[k], 28 - k % 2, 26 - k % 2) for k in range(29, 33))),
}
_ROLE = np.array([next(r for r, role in enumerate(ROLES) if k in {link[0] for link in _LINKS[role]}) for k in range(KEYPOINTS)])
_MIRROR, _OUTER, _INNER = np.array(sorted(link for links in _LINKS.values() for link in links)).T[1:]
_LEADER = np.array([0] * 11 + [11, 12, 13, 14] + [15, 16] * 4 + [23, 24, 25, 26] + [27, 28] * 3)
"""The labelled joint that each keypoint hangs on: hands on wrists, feet on ankles, the face on the nose."""
_ONE_HOT = np.eye(len(ROLES))[_ROLE]
_BODY = np.array(BODY)
_TRUNK = np.array([11, 12, 23, 24])
_BONES = np.array([(11, 13), (13, 15), (23, 25), (25, 27)])
_BONES_RIGHT = _BONES + 1
FEATURES = 16 + len(ROLES) + 20


@dataclass(frozen=True)
class Confidence:
    """A perceptron over `features`.

    Attributes
    ----------
    mean, scale
        (F,) standardisation of the features.
    layers
        (weights (in, out), bias (out,)) of each layer; rectified in between, one logit at the end.
    """

    mean: Floats
    scale: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Self:
        """Read the trained weights: plain arrays, never code.

        Raises
        ------
        ModelError
            If the file is missing, or not what this version expects.
        """
        try:
            with np.load(BytesIO(path.read_bytes()), allow_pickle=False) as file:
                arrays = {name: file[name].astype(np.float64) for name in file.files}
            count = sum(name.startswith("weights_") for name in arrays)
            layers = tuple((arrays[f"weights_{k}"], arrays[f"bias_{k}"]) for k in range(count))
            model = cls(arrays["mean"], arrays["scale"], layers)
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as cause:
            raise ModelError(f"the confidence weights {path} cannot be read: reinstall Ascension ({cause})") from cause
        return model._checked(path)

    def save(self, path: Path) -> None:
        """Write the weights whole or not at all."""
        partial = path.with_name(f".{path.name}.partial")
        arrays = {"mean": self.mean, "scale": self.scale}
        for k, (weights, bias) in enumerate(self.layers):
            arrays |= {f"weights_{k}": weights, f"bias_{k}": bias}
        with partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **{name: np.asarray(values, np.float32) for name, values in arrays.items()})
        partial.replace(path)

    def predict(self, bodies: Sequence[Landmarks]) -> Floats:
        """(N, 33) probability that each keypoint of each body lies within 0.2 torso lengths of the truth.

        Notes
        -----
        Trained on the twelve joints from shoulders to ankles and the middle of the head. The eleven points of the face share
        the head's probability. Points of the hands and feet are judged as wrists and ankles by their own evidence, and are
        never surer than the wrist or ankle that they hang on.
        """
        if not bodies:
            return np.empty((0, KEYPOINTS))
        each = self.probability(features(bodies))
        return np.minimum(each, each[:, _LEADER])

    def probability(self, values: Floats) -> Floats:
        """(...,) probability for (..., F) features."""
        signal = (values - self.mean) / self.scale
        for weights, bias in self.layers[:-1]:
            signal = np.maximum(signal @ weights + bias, 0)
        weights, bias = self.layers[-1]
        logit = (signal @ weights + bias)[..., 0]
        return np.asarray(1 / (1 + np.exp(-np.clip(logit, -30, 30))))

    def _checked(self, path: Path) -> Self:
        widths = [len(self.mean), *(w.shape[-1] for w, _ in self.layers)]
        shapes = list(pairwise(widths))
        fits = [w.shape for w, _ in self.layers] == shapes and [b.shape for _, b in self.layers] == [(b,) for _, b in shapes]
        if not (fits and shapes and widths[0] == FEATURES == len(self.scale) and widths[-1] == 1):
            raise ModelError(f"the confidence weights {path} do not fit this version: reinstall Ascension")
        return self


def features(bodies: Sequence[Landmarks]) -> Floats:
    """(N, 33, F) what is known of each keypoint; independent of the image's size and of the window's place and turn."""
    seen = _seen(bodies)
    shape = (len(bodies), KEYPOINTS)
    whole = _of_body(bodies, seen)[:, None]
    parts = (
        _of_keypoints(seen),
        np.broadcast_to(_ONE_HOT, (*shape, len(ROLES))),
        np.broadcast_to(whole, (*shape, whole.shape[-1])),
    )
    return np.concatenate(parts, -1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Arrays of N bodies, lengths in sides of their windows; (N, 35, ...) with both middles or (N, 33) without, (N,) size."""

    window: Floats
    world: Floats
    peak: Floats
    spread: Floats
    visibility: Floats
    inside: Floats
    depth: Floats
    misfit: Floats
    size: Floats


def _seen(bodies: Sequence[Landmarks]) -> _Seen:
    size = np.array([b.roi.size for b in bodies])
    window = _in_window(bodies)
    world = _with_middles(np.stack([b.world for b in bodies]))
    return _Seen(
        window=window,
        world=world,
        peak=_with_middles(np.stack([b.peak for b in bodies])),
        spread=_with_middles(np.stack([b.spread for b in bodies])),
        visibility=np.stack([b.visibility for b in bodies]),
        inside=np.stack([b.inside for b in bodies]),
        depth=np.stack([b.depth for b in bodies]) / size[:, None],
        misfit=_misfit(window[:, :KEYPOINTS], world[:, :KEYPOINTS]),
        size=size,
    )


def _of_keypoints(seen: _Seen) -> Floats:
    """(N, 33, 16) what is known of each keypoint and its neighbours."""
    points = seen.window[:, :KEYPOINTS]
    own = (
        _logit(seen.visibility),
        _logit(seen.inside),
        seen.peak[:, :KEYPOINTS],
        seen.spread[:, :KEYPOINTS],
        seen.peak[:, _MIRROR],
        seen.peak[:, _OUTER],
        seen.peak[:, _INNER],
        seen.spread[:, _OUTER],
        np.clip(np.minimum(points, 1 - points).min(-1), -0.5, 0.5),
        _log_distance(seen.window, _MIRROR),
        _log_distance(seen.window, _OUTER),
        _log_distance(seen.window, _INNER),
        np.clip(seen.depth, -1.5, 1.5),
        np.clip(_distance(seen.world, _OUTER), 0, 1),
        np.clip(_distance(seen.world, _INNER), 0, 1),
        np.log(seen.misfit + 0.01),
    )
    return np.stack(own, -1)


def _of_body(bodies: Sequence[Landmarks], seen: _Seen) -> Floats:
    """(N, 20) what is known of the whole body: the network's scores, its heat maps, the window that it suggests, its shape."""
    suggested = (
        np.array([(b.following.x - b.roi.x, b.following.y - b.roi.y, b.following.size) for b in bodies]) / seen.size[:, None]
    )
    turned = np.array([b.following.angle - b.roi.angle for b in bodies])
    body = seen.peak[:, _BODY]
    whole = (
        _logit(np.array([b.presence for b in bodies])),
        body.mean(1),
        body.min(1),
        seen.peak[:, _TRUNK].mean(1),
        _logit(seen.visibility[:, _BODY].mean(1)),
        seen.inside[:, _BODY].mean(1),
        seen.spread[:, _BODY].mean(1),
        np.clip(np.log(suggested[:, 2] + 1e-3), -2, 2),
        np.clip(_norm(suggested[:, :2]), 0, 1),
        np.cos(turned),
        np.abs(np.sin(turned)),
        np.log(_norm(seen.window[:, _NECK] - seen.window[:, [23, 24]].mean(1)) + 0.01),
        np.log(_norm(seen.window[:, 11] - seen.window[:, 12]) + 0.01),
        np.log(_norm(seen.window[:, 23] - seen.window[:, 24]) + 0.01),
        seen.peak[:, :11].mean(1),
        seen.peak[:, [19, 20]].mean(1),
        seen.peak[:, [31, 32]].mean(1),
        np.clip(np.abs(seen.depth[:, _BODY]).mean(1), 0, 1),
        np.log(seen.misfit[:, _BODY].mean(1) + 0.01),
        _lopsided(seen.window),
    )
    return np.stack(whole, -1)


def _lopsided(window: Floats) -> Floats:
    """(N,) mean ratio, as a logarithm, of the lengths that left and right bones have in the window."""
    left, right = (_norm(window[:, bones[:, 0]] - window[:, bones[:, 1]]) for bones in (_BONES, _BONES_RIGHT))
    return np.asarray(np.abs(np.log((left + 0.02) / (right + 0.02))).mean(1))


def _in_window(bodies: Sequence[Landmarks]) -> Floats:
    """(N, 35, 2) points as shares of their window, left and right as in the image."""
    image = np.stack([b.image for b in bodies])
    centre = np.array([(b.roi.x, b.roi.y) for b in bodies])
    size, angle = np.array([(b.roi.size, b.roi.angle) for b in bodies]).T
    c, s = np.cos(angle) / size, np.sin(angle) / size
    turn = np.stack([np.stack([c, -s], -1), np.stack([s, c], -1)], -2)
    return _with_middles((image - centre[:, None]) @ turn + 0.5)


def _misfit(window: Floats, world: Floats) -> Floats:
    """(N, 33) how far the network's two heads disagree: image points from world points fitted by a similarity, in windows."""
    flat = window[..., 0] + 1j * window[..., 1]
    seen = world[..., 0] + 1j * world[..., 1]
    flat = flat - flat[:, _BODY].mean(1, keepdims=True)
    seen = seen - seen[:, _BODY].mean(1, keepdims=True)
    power = (np.abs(seen[:, _BODY]) ** 2).sum(1, keepdims=True) + 1e-9
    factor = (np.conj(seen[:, _BODY]) * flat[:, _BODY]).sum(1, keepdims=True) / power
    return np.asarray(np.minimum(np.abs(flat - factor * seen), 1.0))


def _with_middles(values: Floats) -> Floats:
    ears = values[:, [Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR]].mean(1, keepdims=True)
    neck = values[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(1, keepdims=True)
    return np.concatenate([values, ears, neck], 1)


def _norm(offsets: Floats) -> Floats:
    return np.asarray(np.sqrt((offsets**2).sum(-1)))


def _distance(points: Floats, other: NDArray[np.int64]) -> Floats:
    return _norm(points[:, :KEYPOINTS] - points[:, other])


def _log_distance(points: Floats, other: NDArray[np.int64]) -> Floats:
    return np.asarray(np.log(np.minimum(_distance(points, other), 1.0) + 0.01))


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log((p + 1e-3) / (1.001 - p)))
