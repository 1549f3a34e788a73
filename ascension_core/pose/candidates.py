"""Several looks at one body, made into one pose.

A landmark network is wrong now and then, but not always in the same way: through a window that is a little larger, turned
or mirrored it errs differently. So a doubtful body is looked at through several windows (`views`), the results are sorted
into people (`group`), and those of one person vote (`fuse`).

The vote keeps bodies whole. Joints are not chosen one by one, which can make a body with two left legs out of views that
disagree about left and right: the upper half (arms and head) comes from one view and the lower half (legs) from one view,
the two agreeing about the trunk; only then is each keypoint moved to the middle of those views that agree with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ascension_core.pose.keypoints import BODY, KEYPOINTS
from ascension_core.pose.networks import ROI_SCALE, Landmarks
from ascension_core.pose.roi import Roi

Floats = NDArray[np.float64]

SCALES = (0.87, 1.15)
"""How much smaller and larger the windows of `views` are."""
AGREEMENT = 0.15
"""Standard deviation of the kernel by which views agree on a joint, in torso lengths; .1 to .2 do equally well."""
SAME_PERSON = 0.6
"""Two bodies are one person's if the middles of their trunks are nearer than this, in torso lengths."""
_TRUNK_OF_REACH = 0.4
"""A trunk that looks shorter than this share of the body's reach is foreshortened."""
_SHIFTS = 3

_BODY = np.array(BODY)
_TRUNK = np.array([11, 12, 23, 24])
_UPPER = np.array([*range(23)])
_LOWER = np.array([*range(23, KEYPOINTS)])
_UPPER_VOTES, _LOWER_VOTES = _BODY[:6], _BODY[6:]


@dataclass(frozen=True, slots=True)
class FusedPose:
    """One body out of several looks at it.

    Attributes
    ----------
    image
        (33, 2) pixels of the image.
    world
        (33, 3) metres, hips at the origin, axes of the image.
    confidence
        (33,) probability of lying within 0.2 torso lengths of the truth, as the views that agree state it.
    agreement
        (33,) share of the vote, 0 to 1, that lies near the keypoint.
    following
        The window that this body suggests for another look.
    """

    image: Floats
    world: Floats
    confidence: Floats
    agreement: Floats
    following: Roi


def views(roi: Roi, *, scales: Sequence[float] = SCALES, mirrored: bool = True) -> list[Roi]:
    """Windows beside `roi` through which to look at the same body: smaller, larger, and as in a mirror."""
    resized = [roi.with_(size=roi.size * scale) for scale in scales]
    return [*resized, roi.with_(mirrored=not roi.mirrored)] if mirrored else resized


def is_same(a: Roi, b: Roi, *, shift: float = 0.06, scale: float = 1.1, turn_deg: float = 9.0) -> bool:
    """Whether two windows show the same, so that looking through both tells nothing new.

    Parameters
    ----------
    shift
        Largest distance of the centres in sides of the window.
    scale
        Largest ratio of the sizes.
    turn_deg
        Largest difference of the turns.
    """
    near = np.hypot(a.x - b.x, a.y - b.y) < shift * min(a.size, b.size)
    sized = abs(np.log(a.size / b.size)) < np.log(scale)
    turned = np.cos(a.angle - b.angle) > np.cos(np.radians(turn_deg))
    return bool(near and sized and turned and a.mirrored == b.mirrored)


def torso_px(body: Landmarks) -> float:
    """Length of the trunk in pixels, no shorter than the body's reach allows for a trunk that points at the camera."""
    trunk = body.image[[11, 12]].mean(0) - body.image[[23, 24]].mean(0)
    reach = body.following.size / (2 * ROI_SCALE)
    return max(float(np.hypot(*trunk)), _TRUNK_OF_REACH * reach)


def group(bodies: Sequence[Landmarks], confidences: Floats) -> list[list[int]]:
    """Sort bodies into people: indices of each person's bodies, the surest person and body first.

    Parameters
    ----------
    confidences
        (N, 33) as `Confidence.predict` gives them.
    """
    sure = confidences[:, _BODY].mean(1)
    people: list[list[int]] = []
    for index in np.argsort(-sure, kind="stable").tolist():
        own = next((p for p in people if same_person(bodies[p[0]], bodies[index])), None)
        if own is None:
            people.append([index])
        else:
            own.append(index)
    return people


def fuse(bodies: Sequence[Landmarks], confidences: Floats) -> FusedPose:
    """One pose from several looks at the same person.

    Parameters
    ----------
    bodies
        At least one.
    confidences
        (N, 33) as `Confidence.predict` gives them: the weights of the vote.
    """
    points = np.stack([b.image for b in bodies])
    vote = confidences**2 + 1e-6
    unit = AGREEMENT * torso_px(bodies[int(confidences[:, _BODY].mean(1).argmax())])
    kernel = np.exp(-(_squared(points[:, None] - points[None]) / (2 * unit**2)))
    support = (kernel * vote[None]).sum(1) / vote.sum(0)
    upper, lower = _halves(support, kernel, vote)
    chosen = np.where(np.arange(KEYPOINTS) < _LOWER[0], upper, lower)
    every = np.arange(KEYPOINTS)
    image, weight = _shift(points, vote, points[chosen, every], unit)
    near = weight.sum(0)
    best = max((upper, lower), key=lambda n: float(confidences[n, _BODY].mean()))
    return FusedPose(
        image=image,
        world=np.stack([b.world for b in bodies])[chosen, every],
        confidence=(weight * confidences).sum(0) / near,
        agreement=near / vote.sum(0),
        following=bodies[best].following,
    )


def same_person(a: Landmarks, b: Landmarks) -> bool:
    """Whether two bodies are one person's: their trunks lie in the same place."""
    apart = np.hypot(*(a.image[_TRUNK].mean(0) - b.image[_TRUNK].mean(0)))
    return bool(apart < SAME_PERSON * max(torso_px(a), torso_px(b)))


def _halves(support: Floats, kernel: Floats, vote: Floats) -> tuple[int, int]:
    """The views that the upper and the lower half of the body come from.

    Those with the most support, plus how well the two agree on the trunk, each joint of it counting as one of a half.
    """
    above = support[:, _UPPER_VOTES].sum(1)
    below = support[:, _LOWER_VOTES].sum(1)
    shared = kernel[..., _TRUNK].sum(-1)
    upper, lower = np.unravel_index(int((above[:, None] + below[None] + shared).argmax()), kernel.shape[:2])
    return int(upper), int(lower)


def _shift(points: Floats, vote: Floats, start: Floats, unit: float) -> tuple[Floats, Floats]:
    """Mean shift of each keypoint; where it ends, and (N, 33) the weight of each view there.

    Fukunaga and Hostetler, "The estimation of the gradient of a density function", IEEE Trans. Inf. Theory 1975.
    """
    centre = start
    for _ in range(_SHIFTS):
        weight = np.exp(-_squared(points - centre) / (2 * unit**2)) * vote
        centre = (points * weight[..., None]).sum(0) / weight.sum(0)[:, None]
    return centre, weight


def _squared(offsets: Floats) -> Floats:
    return np.asarray((offsets**2).sum(-1))
