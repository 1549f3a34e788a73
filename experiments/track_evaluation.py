"""How well the climber is followed through a clip whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from ascension_core.pose.keypoints import BODY, KEYPOINTS, NAMES, PAIRS, Keypoint
from ascension_core.pose.models import task_path
from ascension_core.pose.track import PoseTrack
from ascension_core.progress import Progress, silent
from ascension_core.video import open_video, probe
from experiments import scores
from experiments.datasets import TrackTruth
from experiments.predictors import Backend, landmarker, prediction_of, wrap_image

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Follower = Callable[[Path, Progress], PoseTrack]
"""Follows the climber of a clip."""

BLOCK_S = 1.0
"""Frames of the same second err together: blocks of the bootstrap."""
ON_CLIMBER = 0.5
"""Torso lengths: a pose whose body joints are off by less on average is the climber's, whatever else is wrong with it."""
JUMP = 0.5
"""Torso lengths by which the error of a joint changes from one frame to the next: further than blur or lag explain."""
APART = 0.4
"""Torso lengths between the left and the right joint from which on a swap can be told from an inaccuracy."""

_TRUNK = [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER, Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]
_BODY = list(BODY)
_BODY_PAIRS = [(left, right) for left, right in PAIRS if left in BODY]


def follower(backend: Backend, model: str, *, fast: bool = False, confidence: float = 0.5) -> Follower:
    """What a backend offers to follow a climber with, its model (lite, full or heavy) loaded when it is used.

    `fast` is ours alone, `confidence` the baseline's.
    """
    if backend is Backend.MEDIAPIPE:
        return follow_mediapipe(model, confidence)
    return follow_ascension(model, fast=fast)


def follow_ascension(model: str, *, fast: bool = False) -> Follower:
    """Our pipeline: follow the climber, clean the track."""
    from ascension_core.pipelines.vision import VisionOptions, follow

    options = VisionOptions(model=model, fast=fast)  # type: ignore[arg-type]  # checked by VisionOptions
    return lambda clip, progress: follow(clip, options, progress).track


def follow_mediapipe(model: str, confidence: float = 0.5) -> Follower:
    """The baseline: MediaPipe's PoseLandmarker in VIDEO mode on every whole frame, nothing cleaned."""
    return lambda clip, progress: _plain_track(clip, task_path(model), confidence, progress)


def evaluate_track(clip: Path, truth: TrackTruth, follow: Follower, progress: Progress = silent) -> dict[str, Any]:
    """Follow the climber of a clip and score the track; see `score_track`.

    Raises
    ------
    VideoError
        If the clip cannot be read.
    InvalidDataset
        If the truth is not of this clip; known before the work where the sizes differ.
    """
    info = probe(clip)
    _check_same_size((info.width, info.height), truth.size)
    return score_track(follow(clip, progress), truth)


def score_track(track: PoseTrack, truth: TrackTruth) -> dict[str, Any]:
    """Compare a track with the truth.

    Joints that lie outside the frame are not scored; joints that are hidden but inside it are, as is usual in the field.
    Joints without a position, measured or interpolated, count as wrong.

    Returns
    -------
    A document (see `docs/evaluation.md`); percentages from 0 to 100, lengths in torso lengths of the truth.

    Raises
    ------
    InvalidDataset
        If track and truth are not of the same clip, or the climber is never in the frame.
    """
    _check_same_clip(track, truth)
    target = inside_frame(truth)
    everything = scores.errors(track.image, target)
    body = everything[:, _BODY]
    in_view = ~np.isnan(body).all(1)
    if not in_view.any():
        raise InvalidDataset("the truth has no frame in which the climber's body is inside the picture")
    blocks = (np.arange(len(truth)) / truth.fps / BLOCK_S).astype(np.int64)
    on = on_climber(track.image, target)[in_view]
    return {
        "frames": len(truth),
        "frames_in_view": int(in_view.sum()),
        "frames_observed": track.frames_observed,
        "frames_without_pose": int((in_view & ~track.known.any(axis=1)).sum()),
        "frames_with_false_pose": int((~in_view & track.known.any(axis=1)).sum()),
        "on_climber": scores.percent(int(on.sum()), len(on)),
        "interval_on_climber": _share_interval(on, blocks[in_view]),
        **scores.summary(body, blocks),
        "pck_33_at_0.2": scores.pck(everything, 0.2),
        "pck_33_at_0.5": scores.pck(everything, 0.5),
        "visible": _visible(body, truth),
        "median_error": _median(body[np.isfinite(body)]),
        "by_joint": scores.by_joint(everything, range(KEYPOINTS)),
        "by_angle": scores.by_angle(body, scores.trunk_angle_deg(truth.image), blocks, unit="frames"),
        **steadiness(track.image, target, truth.fps),
        **swaps(track.image, target),
        "calibration": scores.calibration(track.visibility[:, _BODY], body),
    }


def on_climber(predicted: Floats, truth: Floats) -> Bools:
    """(T,) whether the pose is the climber's.

    It is where its body joints are off by less than 0.5 torso lengths on average, or the middle of its trunk lies inside the
    bounding box of the true joints: so that a frame with the limbs wrong still counts, and one on a bystander does not.
    """
    error = scores.errors(predicted, truth)[:, _BODY]
    counted = np.isfinite(error)
    mean = np.where(counted, error, 0).sum(1) / np.maximum(counted.sum(1), 1)
    near = counted.any(1) & (mean < ON_CLIMBER)
    trunk = predicted[:, _TRUNK].mean(1)
    low = np.where(np.isnan(truth), np.inf, truth).min(1)
    high = np.where(np.isnan(truth), -np.inf, truth).max(1)
    return np.asarray(near | ((trunk >= low) & (trunk <= high)).all(1))


def steadiness(predicted: Floats, truth: Floats, fps: float) -> dict[str, Any]:
    """How steadily the body joints follow the truth's own movement.

    Returns
    -------
    `jitter`, the median speed of the error in torso lengths per second over joints known in two neighbouring frames;
    `jumps`, how often the error changes by more than 0.5 torso lengths between them; and `jumps_per_s`.
    """
    offset = (predicted - truth)[:, _BODY] / scores.torso_px(truth)[:, None, None]
    step = np.linalg.norm(np.diff(offset, axis=0), axis=-1)
    step = step[np.isfinite(step)]
    jumps = int((step > JUMP).sum())
    return {"jitter": _median(step) * fps, "jumps": jumps, "jumps_per_s": jumps * fps / len(truth)}


def swaps(predicted: Floats, truth: Floats) -> dict[str, Any]:
    """How often left and right are exchanged.

    Of each pair (shoulders, elbows, wrists, hips, knees, ankles) in each frame where both are known and at least 0.4 torso
    lengths apart in truth, the pair is swapped where it fits the truth at least twice as well with its sides exchanged.

    Returns
    -------
    `swaps` (pairs swapped), `swaps_percent` of the pairs that could be told, and `swaps_by_pair`.
    """
    torso = scores.torso_px(truth)
    counts = {
        f"{NAMES[left].removeprefix('left_')}s": _pair_swaps(predicted, truth, torso, left, right)
        for left, right in _BODY_PAIRS
    }
    swapped, told = (sum(pair[k] for pair in counts.values()) for k in (0, 1))
    return {
        "swaps": swapped,
        "swaps_percent": scores.percent(swapped, told),
        "swaps_by_pair": {name: count for name, (count, _) in counts.items()},
    }


def _pair_swaps(predicted: Floats, truth: Floats, torso: Floats, left: int, right: int) -> tuple[int, int]:
    """Frames in which one pair is swapped, and frames in which that could be told."""

    def gap(a: Floats, b: Floats) -> Floats:
        return np.asarray(np.linalg.norm(a - b, axis=-1) / torso)

    same = gap(predicted[:, left], truth[:, left]) + gap(predicted[:, right], truth[:, right])
    crossed = gap(predicted[:, left], truth[:, right]) + gap(predicted[:, right], truth[:, left])
    told = np.isfinite(same) & (gap(truth[:, left], truth[:, right]) >= APART)
    return int((told & (crossed <= same / 2)).sum()), int(told.sum())


def _check_same_clip(track: PoseTrack, truth: TrackTruth) -> None:
    if len(track) != len(truth):
        raise InvalidDataset(f"the clip has {len(track)} frames, the truth {len(truth)}: they are not of the same clip")
    _check_same_size(track.size, truth.size)


def _check_same_size(clip: tuple[int, int], truth: tuple[int, int]) -> None:
    if clip != truth:
        raise InvalidDataset("the clip is {}x{} pixels, the truth {}x{}: they are not of the same clip".format(*clip, *truth))


def inside_frame(truth: TrackTruth) -> Floats:
    """The truth with ``nan`` where a joint lies outside the picture."""
    inside = ((truth.image >= 0) & (truth.image < truth.size)).all(-1, keepdims=True)
    return np.where(inside, truth.image, np.nan)


def _visible(body: Floats, truth: TrackTruth) -> dict[str, Any] | None:
    """PCK over the joints that can be seen, None where the truth does not say which."""
    if truth.visible is None:
        return None
    seen = np.where(truth.visible[:, _BODY], body, np.nan)
    return {"scored": int((~np.isnan(seen)).sum())} | {f"pck_at_{t}": scores.pck(seen, t) for t in scores.THRESHOLDS}


def _share_interval(right: Bools, blocks: NDArray[np.int64]) -> tuple[float, float] | None:
    return scores.ratio_interval(np.bincount(blocks, right), np.bincount(blocks))


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _plain_track(clip: Path, task: Path, confidence: float, progress: Progress) -> PoseTrack:
    times, points, visibility = [], [], []
    with open_video(clip) as video, landmarker(task, "VIDEO", confidence) as detector:
        expected = video.info.frames_declared or 0
        for frame in video.frames():
            found = prediction_of(detector.detect_for_video(wrap_image(frame.image), round(frame.time * 1000)), frame.image)
            times.append(frame.time)
            points.append(np.full((KEYPOINTS, 2), np.nan) if found is None else found.image)
            visibility.append(np.zeros(KEYPOINTS) if found is None else found.visibility)
            progress("evaluate", min(1.0, len(times) / expected) if expected else 0.0)
        size = (video.info.width, video.info.height)
    image = np.array(points)
    return PoseTrack(
        time=np.array(times),
        image=image,
        world=np.full((len(times), KEYPOINTS, 3), np.nan),
        visibility=np.clip(np.array(visibility), 0, 1),
        observed=np.isfinite(image).all(axis=2),
        size=size,
    )
