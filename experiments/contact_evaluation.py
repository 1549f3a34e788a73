"""How well contacts are found in a clip whose contacts are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from ascension_core.errors import InvalidDataset
from ascension_core.movement.contacts import GROUND, LIMBS, SMEAR
from ascension_core.pose.scale import body_scale
from ascension_core.progress import Progress, silent
from ascension_core.video import probe
from ascension_core.wall.camera import still
from experiments.contact_matching import Event, Found, Pair, SeenTime, match
from experiments.contact_truth import ContactTruth

KINDS = ("hold", SMEAR, GROUND)
"""What a limb touches."""

Finder = Callable[[Path, Progress], Found]
"""Finds the contacts of a clip."""


def finder(model: str) -> Finder:
    """Our pipeline with a landmark network (lite, full or heavy): follow the climber, read the wall, find the contacts."""
    from ascension_core.pipelines.options import VisionOptions
    from ascension_core.pipelines.understanding import understand

    options = VisionOptions(model=model)  # type: ignore[arg-type]  # checked by VisionOptions

    def find(clip: Path, progress: Progress) -> Found:
        seen = understand(clip, options, progress)
        track = seen.following.track
        if seen.attempt is None:
            return Found((), track, still(track.time, track.size))
        return Found(seen.attempt.contacts, track, seen.attempt.wall.camera)

    return find


def evaluate_contacts(clip: Path, truth: ContactTruth, find: Finder, progress: Progress = silent) -> dict[str, Any]:
    """Find the contacts of a clip and score them; see `score_contacts`.

    Raises
    ------
    VideoError, NoClimberFound
        If the clip cannot be read, or has nobody in it.
    InvalidDataset
        If the truth is not of this clip; known before the work where the sizes differ.
    """
    info = probe(clip)
    _check_size((info.width, info.height), truth)
    return score_contacts(find(clip, progress), truth)


def score_contacts(found: Found, truth: ContactTruth) -> dict[str, Any]:
    """Compare contacts with the truth.

    Returns
    -------
    A document (see `docs/evaluation.md`); `f1_at_0.5`, `precision`, `recall` and other shares run from 0 to 1.

    Raises
    ------
    InvalidDataset
        If the truth is not of this clip.
    """
    _check_size(found.track.size, truth)
    if truth.labelled[1] > len(found.track):
        last, frames = truth.labelled[1], len(found.track)
        raise InvalidDataset(f"the truth goes on to frame {last}, the clip has {frames}: they are not of the same clip")
    pairs = match(found, truth)
    matched = [(pair.truth, pair.found) for pair in pairs if pair.truth and pair.found]
    return {
        **_rates(pairs),
        "mean_tiou": _mean([pair.tiou for pair in pairs if pair.truth and pair.found]),
        **_edge_errors(matched, truth),
        "kind_agreement": _mean([real.kind == ours.kind for real, ours in matched]),
        "hold_consistency": hold_consistency(matched),
        "by_limb": {limb: _rates([pair for pair in pairs if pair.limb == limb]) for limb in LIMBS},
        "by_kind": {kind: _rates(_of_kind(pairs, kind)) for kind in KINDS},
        "torso_px": float(np.median(body_scale(found.track))),
    }


def hold_consistency(matched: Sequence[tuple[Event, Event]]) -> float:
    """Share of the matched contacts with holds whose hold has the name that fits its true name.

    Names are fitted one to one so that as many contacts as possible agree: one hold under two names, or two under one, costs.
    """
    named = Counter((real.contact.hold, ours.contact.hold) for real, ours in matched if {real.kind, ours.kind} == {"hold"})
    if not named:
        return float("nan")
    rows, columns = (sorted({name[side] for name in named}) for side in (0, 1))
    counts = np.array([[named[row, column] for column in columns] for row in rows])
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / counts.sum())


def _check_size(size: tuple[int, int], truth: ContactTruth) -> None:
    if size != truth.size:
        raise InvalidDataset(
            "the clip is {}x{} pixels, the truth {}x{}: they are not of the same clip".format(*size, *truth.size)
        )


def _of_kind(pairs: Sequence[Pair], kind: str) -> list[Pair]:
    """The pairs of one kind; what was found as another kind is missing on one side."""
    of_kind = [
        replace(
            pair,
            truth=pair.truth if pair.truth and pair.truth.kind == kind else None,
            found=pair.found if pair.found and pair.found.kind == kind else None,
        )
        for pair in pairs
    ]
    return [pair for pair in of_kind if pair.truth or pair.found]


def _rates(pairs: Sequence[Pair]) -> dict[str, Any]:
    """`f1_at_0.5`, `precision`, `recall` and the numbers behind them."""
    labelled, found = (sum(getattr(pair, side) is not None for pair in pairs) for side in ("truth", "found"))
    matched = sum(pair.truth is not None and pair.found is not None for pair in pairs)
    return {
        "f1_at_0.5": _over(2 * matched, labelled + found),
        "precision": _over(matched, found),
        "recall": _over(matched, labelled),
        "labelled": labelled,
        "found": found,
        "matched": matched,
    }


def _edge_errors(matched: Sequence[tuple[Event, Event]], truth: ContactTruth) -> dict[str, float]:
    """Median size of the errors of both edges, and median with its sign (late is positive), ms; open and unseen edges aside."""
    clocks = {limb: SeenTime(truth, limb) for limb in LIMBS}
    errors: dict[str, float] = {}
    for edge in ("start", "end"):
        late = [
            1000 * (getattr(ours.contact, edge) - getattr(real.contact, edge))
            for real, ours in matched
            if not getattr(real.contact, f"{edge}_open") and clocks[real.contact.limb].shows(getattr(real.contact, edge))
        ]
        errors[f"{edge}_error_ms"] = float(np.median(np.abs(late))) if late else float("nan")
        errors[f"{edge}_bias_ms"] = float(np.median(late)) if late else float("nan")
    return errors


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _over(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
