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
from pathlib import Path
from typing import Self

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
    "wrist": ((15, 16, 19, 13), (16, 15, 20, 14))
    + tuple((k, MIRROR[k], 15 + (k + 1) % 2, 13 + (k + 1) % 2) for k in range(17, 23)),
    "hip": ((23, 24, 25, 11), (24, 23, 26, 12)),
    "knee": ((25, 26, 27, 23), (26, 25, 28, 24)),
    "ankle": ((27, 28, 31, 25), (28, 27, 32, 26))
    + tuple((k, MIRROR[k], 27 + (k + 1) % 2, 25 + (k + 1) % 2) for k in range(29, 33)),
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
            with np.load(path, allow_pickle=False) as file:
                arrays = {name: file[name].astype(np.float64) for name in file.files}
            count = sum(name.startswith("weights_") for name in arrays)
            layers = tuple((arrays[f"weights_{k}"], arrays[f"bias_{k}"]) for k in range(count))
            model = cls(arrays["mean"], arrays["scale"], layers)
        except (OSError, ValueError, KeyError, EOFError) as cause:
            raise ModelError(f"the confidence weights {path} cannot be read: reinstall Ascension ({cause})") from cause
        return model._checked(path)

    def save(self, path: Path) -> None:
        """Write the weights whole or not at all."""
        partial = path.with_name(f".{path.name}.partial.npz")
        arrays = {f"weights_{k}": w for k, (w, _) in enumerate(self.layers)} | {
            f"bias_{k}": b for k, (_, b) in enumerate(self.layers)
        }
        single = {
            name: np.asarray(values, np.float32) for name, values in ({"mean": self.mean, "scale": self.scale} | arrays).items()
        }
        np.savez(partial, **single)
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
        shapes = [(a, b) for a, b in zip(widths, widths[1:], strict=False)]
        fits = [w.shape for w, _ in self.layers] == shapes and [b.shape for _, b in self.layers] == [(b,) for _, b in shapes]
        if not (fits and shapes and widths[0] == FEATURES == len(self.scale) and widths[-1] == 1):
            raise ModelError(f"the confidence weights {path} do not fit this version: reinstall Ascension")
        return self


def features(bodies: Sequence[Landmarks]) -> Floats:
    """(N, 33, F) what is known of each keypoint; independent of the image's size and of the window's place and turn."""
    size = np.array([b.roi.size for b in bodies])[:, None]
    window = _in_window(bodies)
    world = _with_middles(np.stack([b.world for b in bodies]))
    peak, spread = (_with_middles(np.stack([getattr(b, name) for b in bodies])) for name in ("peak", "spread"))
    visibility = np.stack([b.visibility for b in bodies])
    inside = np.stack([b.inside for b in bodies])
    depth = np.stack([b.depth for b in bodies]) / size
    misfit = _misfit(window[:, :KEYPOINTS], world[:, :KEYPOINTS])
    whole = _whole_body(bodies, window, world, peak, spread, misfit, size[:, 0])
    own = [
        _logit(visibility),
        _logit(inside),
        peak[:, :KEYPOINTS],
        spread[:, :KEYPOINTS],
        peak[:, _MIRROR],
        peak[:, _OUTER],
        peak[:, _INNER],
        spread[:, _OUTER],
        np.clip(np.minimum(window[:, :KEYPOINTS], 1 - window[:, :KEYPOINTS]).min(-1), -0.5, 0.5),
        _log_distance(window, _MIRROR),
        _log_distance(window, _OUTER),
        _log_distance(window, _INNER),
        np.clip(depth, -1.5, 1.5),
        np.clip(_distance(world, _OUTER), 0, 1),
        np.clip(_distance(world, _INNER), 0, 1),
        np.log(misfit + 0.01),
    ]
    shape = (len(bodies), KEYPOINTS)
    return np.concatenate(
        [
            np.stack(own, -1),
            np.broadcast_to(_ONE_HOT, (*shape, len(ROLES))),
            np.broadcast_to(whole[:, None], (*shape, whole.shape[1])),
        ],
        -1,
    )


def _whole_body(
    bodies: Sequence[Landmarks], window: Floats, world: Floats, peak: Floats, spread: Floats, misfit: Floats, size: Floats
) -> Floats:
    """(N, 20) what is known of the whole body."""
    torso = np.hypot(*(window[:, _NECK] - window[:, [23, 24]].mean(1)).T)
    moved = np.array([(b.following.x - b.roi.x, b.following.y - b.roi.y) for b in bodies])
    turned = np.array([b.following.angle - b.roi.angle for b in bodies])
    grown = np.array([b.following.size for b in bodies]) / size
    left, right = (
        np.hypot(*np.moveaxis(window[:, bones[:, 0]] - window[:, bones[:, 1]], -1, 0)) for bones in (_BONES, _BONES_RIGHT)
    )
    ratio = np.abs(np.log((left + 0.02) / (right + 0.02))).mean(1)
    body = peak[:, _BODY]
    return np.column_stack(
        [
            _logit(np.array([b.presence for b in bodies])),
            body.mean(1),
            body.min(1),
            peak[:, _TRUNK].mean(1),
            _logit(np.stack([b.visibility for b in bodies])[:, _BODY].mean(1)),
            np.stack([b.inside for b in bodies])[:, _BODY].mean(1),
            spread[:, _BODY].mean(1),
            np.clip(np.log(grown + 1e-3), -2, 2),
            np.clip(np.hypot(*moved.T) / size, 0, 1),
            np.cos(turned),
            np.abs(np.sin(turned)),
            np.log(torso + 0.01),
            np.log(np.hypot(*(window[:, 11] - window[:, 12]).T) + 0.01),
            np.log(np.hypot(*(window[:, 23] - window[:, 24]).T) + 0.01),
            peak[:, :11].mean(1),
            peak[:, [19, 20]].mean(1),
            peak[:, [31, 32]].mean(1),
            np.clip(np.abs(np.stack([b.depth for b in bodies])[:, _BODY]).mean(1) / size, 0, 1),
            np.log(misfit[:, _BODY].mean(1) + 0.01),
            ratio,
        ]
    )


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
    return np.minimum(np.abs(flat - factor * seen), 1.0)


def _with_middles(values: Floats) -> Floats:
    ears = values[:, [Keypoint.LEFT_EAR, Keypoint.RIGHT_EAR]].mean(1, keepdims=True)
    neck = values[:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(1, keepdims=True)
    return np.concatenate([values, ears, neck], 1)


def _distance(points: Floats, other: NDArray[np.int64]) -> Floats:
    return np.asarray(np.sqrt(((points[:, :KEYPOINTS] - points[:, other]) ** 2).sum(-1)))


def _log_distance(points: Floats, other: NDArray[np.int64]) -> Floats:
    return np.asarray(np.log(np.minimum(_distance(points, other), 1.0) + 0.01))


def _logit(p: Floats) -> Floats:
    return np.asarray(np.log((p + 1e-3) / (1.001 - p)))


FEATURES = 16 + len(ROLES) + 20
