"""Pose options judged on people whose joints are known: what the notebook `evaluate_pose` runs, and each trial of a sweep.

Two sets: ``clip``, the synthetic climb of this repository; ``images``, the labelled people of the evaluation data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from ascension_core.errors import InvalidOption
from ascension_core.pipelines.vision import follow
from ascension_core.pose.estimate import PoseEstimator
from ascension_core.progress import Progress, silent
from experiments.datasets import load_track_truth, lsp
from experiments.documents import plain
from experiments.pose_evaluation import evaluate_pose
from experiments.pose_options import PoseOptions
from experiments.predictors import surest_person
from experiments.track_evaluation import evaluate_track

SYNTHETIC: Final = Path(__file__).parent / "synthetic" / "clip"
_NUMBERS: Final = (
    "pck_at_0.2",
    "pck_at_0.5",
    "detected",
    "on_climber",
    "median_error",
    "jitter",
    "jumps_per_s",
    "swaps_percent",
)
_INTERVALS: Final = ("interval_0.2", "interval_0.5")


def judge(
    options: PoseOptions, sets: Sequence[str] = ("clip",), *, limit: int | None = None, progress: Progress = silent
) -> dict[str, Any]:
    """Evaluate options.

    Parameters
    ----------
    options
        What to judge.
    sets
        ``clip``, ``images``, or both.
    limit
        Of the labelled images only the first so many.
    progress
        Called often.

    Returns
    -------
    A document: `options` in full, `summary` (one level of numbers by name, such as ``clip_pck_at_0.2``, its interval
    ``clip_pck_at_0.2_low`` and ``_high``, ``clip_seconds`` and ``clip_cpu_seconds``), and for each set what
    `score_track` or `score_pose` says. Percentages run from 0 to 100.

    Raises
    ------
    InvalidOption
        If a set is unknown.
    InvalidDataset
        If the images are asked for, but not on this machine.
    """
    evaluations = {"clip": _clip, "images": _images}
    if not sets or not set(sets) <= evaluations.keys():
        raise InvalidOption(f"sets must name some of {', '.join(evaluations)}, got {', '.join(sets) or 'none'}")
    found = {name: _timed(evaluations[name], options, limit, progress) for name in evaluations if name in sets}
    summary = {f"{name}_{key}": value for name, scores in found.items() for key, value in _summary(scores).items()}
    document: dict[str, Any] = plain({"options": asdict(options), "summary": summary, **found})
    return document


def _clip(options: PoseOptions, _limit: int | None, progress: Progress) -> dict[str, Any]:
    truth = load_track_truth(SYNTHETIC / "truth.json.gz")
    return evaluate_track(
        SYNTHETIC / "climb.mp4", truth, lambda clip, told: follow(clip, options.of_videos, told).track, progress
    )


def _images(options: PoseOptions, limit: int | None, progress: Progress) -> dict[str, Any]:
    people = surest_person(PoseEstimator(model=options.model, effort=options.effort))
    return evaluate_pose(lsp(limit), people, progress)


def _timed(
    evaluate: Callable[[PoseOptions, int | None, Progress], dict[str, Any]],
    options: PoseOptions,
    limit: int | None,
    progress: Progress,
) -> dict[str, Any]:
    """The scores, and what they took; the processor's seconds say how much work it is on a machine that is busy otherwise."""
    start, cpu_start = time.perf_counter(), time.process_time()
    scores = evaluate(options, limit, progress)
    return scores | {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu_start}


def _summary(scores: dict[str, Any]) -> dict[str, float]:
    """The numbers by which options are compared."""
    numbers = {name: scores[name] for name in (*_NUMBERS, "seconds", "cpu_seconds") if name in scores}
    numbers["calibration_error"] = scores["calibration"]["expected_calibration_error"]
    for name in _INTERVALS:
        if scores[name] is not None:
            of = name.replace("interval", "pck_at")
            numbers[f"{of}_low"], numbers[f"{of}_high"] = scores[name]
    return numbers
