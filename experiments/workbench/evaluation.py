"""All evaluation sets, slice by slice: options that are tried, against the champion of the registry or what is installed.

Differences are paired by unit (a second of the clip, a picture, a climber) as in `registry.samples`. Both sides run with the
code of this checkout; `ascension models compare` runs each version with its own.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ascension_core.errors import InvalidOption
from ascension_core.pipelines import versions
from ascension_core.pipelines.versions import PipelineVersion
from ascension_core.platform.registry import Registry
from ascension_core.pose.keypoints import BODY, NAMES
from ascension_core.progress import Progress, silent
from ascension_core.report import palette
from experiments import scores
from experiments.documents import to_json
from experiments.registry import suites
from experiments.registry.comparison import verdict
from experiments.registry.data import Data
from experiments.registry.gate import CHAMPION, fetch
from experiments.registry.metrics import METRICS, Metric
from experiments.registry.samples import Samples, difference
from experiments.workbench.clips import beginning

Floats = NDArray[np.float64]
Slices = dict[tuple[str, str], tuple[Metric, Samples]]
"""What was measured by (what, slice)."""

INSTALLED: Final = "installed"
_RIGHT: Final = 0.2  # torso lengths
_JOINTS: Final = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")


@dataclass(frozen=True)
class Limits:
    """How much of each set is looked at; None for all of it.

    Attributes
    ----------
    seconds
        Of the clip.
    pictures
        Of labelled people, and of labelled walls.
    """

    seconds: float | None = None
    pictures: int | None = None


EVERYTHING: Final = Limits()


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What an evaluation gave.

    Attributes
    ----------
    table
        One row a slice: what was found and its 95 % interval, what was found of whom it is compared with, and the difference
        with its interval. `sign` is -1 where less is better.
    against
        Name of whom each pipeline was compared with.
    data
        SHA-256 of the data of each pipeline.
    """

    table: pd.DataFrame
    against: Mapping[str, str]
    data: Mapping[str, str]

    def metrics(self) -> dict[str, float]:
        """Every number by a name: ``clip/joints/wrists``, and the same with ``/low``, ``/high`` and ``/difference``."""
        columns = {"value": "", "low": "/low", "high": "/high", "difference": "/difference"}
        found = {
            "/".join(row) + end: float(values[column])
            for row, values in zip(self.table.index.tolist(), self.table.to_dict("records"), strict=True)
            for column, end in columns.items()
        }
        return {name: value for name, value in found.items() if np.isfinite(value)}


def evaluate(
    sets: Sequence[str],
    options: Mapping[str, Mapping[str, Any]],
    registry: Registry,
    *,
    limits: Limits = EVERYTHING,
    progress: Progress = silent,
) -> Evaluated:
    """Measure options on evaluation sets, and whom they are compared with on the same.

    Parameters
    ----------
    sets
        Some of `SETS`.
    options
        By pipeline, those that differ from the defaults: ``{"vision": {"model": "lite"}}``.
    registry
        Whose champions are the measure; a pipeline without one is compared with what is installed.

    Raises
    ------
    InvalidOption
        A set, pipeline or option is unknown.
    InvalidDataset
        Evaluation data are needed that are not on this machine: set ``ASCENSION_DATA``.
    """
    if not sets or not set(sets) <= SETS.keys():
        raise InvalidOption(f"sets must name some of {', '.join(SETS)}, got {', '.join(sets) or 'none'}")
    unknown = options.keys() - {pipeline for pipeline, _ in SETS.values()}
    if unknown:
        raise InvalidOption(f"there is no pipeline {sorted(unknown)[0]!r} among the sets")
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}
    against, hashes = {}, {}
    for name in sets:
        pipeline, measured = SETS[name]
        with _sides(pipeline, options.get(pipeline, {}), registry) as (candidate, champion, called):
            with _data(name, pipeline, limits) as data:
                tried = measured(candidate, data, limits, progress)
                before = None if champion is None else measured(champion, data, limits, progress)
            rows |= {(name, *key): _row(found, (before or {}).get(key)) for key, found in tried.items() if _counts(found[1])}
            against[pipeline], hashes[pipeline] = called, Data.of(pipeline, "quick").sha256()
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index = pd.MultiIndex.from_tuples(rows, names=["set", "what", "slice"])
    return Evaluated(table, against, hashes)


@contextmanager
def _sides(
    pipeline: str, options: Mapping[str, Any], registry: Registry
) -> Iterator[tuple[PipelineVersion, PipelineVersion | None, str]]:
    """The candidate, whom it is compared with, and how that is called; None where both would be the same."""
    number = registry.alias(pipeline, CHAMPION)
    with tempfile.TemporaryDirectory(prefix="ascension-evaluate-") as scratch:
        candidate = versions.write(Path(scratch) / "candidate", pipeline, options)
        if number is not None:
            yield candidate, fetch(registry, pipeline, str(number)), f"champion {number}"
        elif options:
            yield candidate, versions.write(Path(scratch) / INSTALLED, pipeline), INSTALLED
        else:
            yield candidate, None, "nothing: it is what is installed"


@contextmanager
def _data(name: str, pipeline: str, limits: Limits) -> Iterator[Data]:
    """The data of a set; of the clip perhaps only the beginning."""
    data = Data.of(pipeline, "full" if name in {"images", "photographs"} else "quick")
    with tempfile.TemporaryDirectory(prefix="ascension-evaluate-") as scratch:
        clip = beginning(data.clip, limits.seconds, Path(scratch))
        yield data if clip == data.clip else replace(data, clip=clip, truth=_begun(data.truth, limits.seconds, Path(scratch)))


def _begun(truth_file: Path, seconds: float | None, folder: Path) -> Path:
    """The truth of the beginning of the clip."""
    from experiments.datasets import read_json

    assert seconds is not None
    truth = read_json(truth_file)
    frames = sum(frame / truth["fps"] < seconds for frame in range(len(truth["keypoints"])))
    truth |= {name: truth[name][:frames] for name in ("keypoints", "visible", "keypoints_3d")}
    labels = truth["contacts"]
    begun = [one for one in labels["contacts"] if one["start_s"] * truth["fps"] < frames]
    truth["contacts"] = labels | {"contacts": begun, "labelled_frames": [0, frames - 1]}
    path = folder / "truth.json.gz"
    path.write_bytes(gzip.compress(to_json(truth, compact=True).encode()))
    return path


def _clip(version: PipelineVersion, data: Data, _limits: Limits, progress: Progress) -> Slices:
    from ascension_core.pipelines.understanding import understand
    from ascension_core.wall.camera import still
    from experiments.contact_matching import Found
    from experiments.datasets import load_track_truth
    from experiments.track_evaluation import inside_frame

    options = versions.options(version)
    seen = understand(data.clip, options, progress)
    track, attempt, truth = seen.following.track, seen.attempt, load_track_truth(data.truth)
    error = scores.errors(track.image, inside_frame(truth))
    second = (np.arange(len(truth)) / truth.fps).astype(np.int64)
    found = _joints(METRICS["vision"][0], error, second, scores.trunk_angle_deg(truth.image))
    if truth.visible is not None:
        for name, mask in (("seen", truth.visible), ("hidden", ~truth.visible)):
            found["joints", name] = METRICS["vision"][0], _percent(np.where(mask, error, np.nan)[:, list(BODY)], second)
    if options.wall:
        contacts = Found((), track, still(track.time, track.size))
        if attempt is not None:
            contacts = Found(attempt.contacts, track, attempt.wall.camera)
        found |= _contacts(suites.contact_units(contacts, data.truth))
    return found


def _contacts(samples: Samples) -> Slices:
    """All of them, and those of hands and of feet: the units are the limbs' spans of time, one limb after the other."""
    metric, half = METRICS["vision"][1], len(samples.units) // 2
    parts = {"all": samples.units, "hands": samples.units[:half], "feet": samples.units[half:]}
    return {("contacts", name): (metric, Samples("percent", units)) for name, units in parts.items()}


def _images(version: PipelineVersion, _data: Data, limits: Limits, progress: Progress) -> Slices:
    from ascension_core.pipelines.skeleton import Skeletal
    from experiments.datasets import lsp
    from experiments.pose_evaluation import predict_all
    from experiments.predictors import surest_person

    people = lsp(limits.pictures)
    predicted, _ = predict_all(people, surest_person(Skeletal.load(versions.options(version)).estimator), progress)
    error = scores.errors(predicted, people.truth)
    return _joints(METRICS["vision"][2], error, np.arange(len(people)), scores.trunk_angle_deg(people.truth))


def _joints(metric: Metric, error: Floats, unit: NDArray[np.int64], angle_deg: Floats) -> Slices:
    """Joints of the body together, pair by pair, and by the trunk's angle."""
    found: Slices = {("joints", "all"): (metric, _percent(error[:, list(BODY)], unit))}
    for joint in _JOINTS:
        pair = [k for k in BODY if NAMES[k].endswith(joint)]
        found["joints", f"{joint}s"] = metric, _percent(error[:, pair], unit)
    for name, (low, high) in scores.ANGLES.items():
        inside = ((angle_deg >= low) & (angle_deg < high))[:, None]
        found["joints", name] = metric, _percent(np.where(inside, error, np.nan)[:, list(BODY)], unit)
    return found


def _percent(error: Floats, unit: NDArray[np.int64]) -> Samples:
    right, scored = np.bincount(unit, (error <= _RIGHT).sum(1)), np.bincount(unit, (~np.isnan(error)).sum(1))
    return Samples("percent", np.column_stack([right, scored]).astype(float))


def _frames(version: PipelineVersion, data: Data, _limits: Limits, progress: Progress) -> Slices:
    return _boxes(version, suites.clip_frames(data), progress)


def _photographs(version: PipelineVersion, data: Data, limits: Limits, progress: Progress) -> Slices:
    assert data.walls is not None
    return _boxes(version, islice(suites.photographs(data.walls), limits.pictures), progress)


def _boxes(version: PipelineVersion, pictures: Iterator[tuple[NDArray[np.uint8], Floats]], progress: Progress) -> Slices:
    """Holds and volumes, and holds by their size."""
    from experiments.hold_evaluation import SIZES, match

    found, truths = suites.looked_at(pictures, suites.detector_of(version), progress)
    _, holds, volumes, *_ = METRICS["hold_detector"]
    matched = {("holds", "all"): match(found, truths, 0), ("volumes", "all"): match(found, truths, 1)}
    matched |= {("holds", name.replace("_", " ") + " px"): match(found, truths, 0, span) for name, span in SIZES.items()}
    labelled = {key: one for key, one in matched.items() if one.labelled.sum()}
    return {key: (volumes if key[0] == "volumes" else holds, Samples.of_matches(one)) for key, one in labelled.items()}


def _whole(version: PipelineVersion, data: Data, _limits: Limits, progress: Progress) -> Slices:
    """The registry's own measures, which know no slices."""
    by_name = {metric.name: metric for metric in METRICS[version.pipeline]}
    found = suites.measure(version, "quick", data, progress)
    return {(by_name[name].title, "all"): (by_name[name], samples) for name, samples in found.items()}


Measure = Callable[[PipelineVersion, Data, Limits, Progress], Slices]
SETS: Final[Mapping[str, tuple[str, Measure]]] = {
    "clip": ("vision", _clip),
    "images": ("vision", _images),
    "frames": ("hold_detector", _frames),
    "photographs": ("hold_detector", _photographs),
    "strength": ("strength", _whole),
    "training": ("training", _whole),
}
"""Evaluation sets: the pipeline that each is of, and how it is measured.

``clip``: the synthetic climb of this repository. ``frames``: holds in some frames of it. ``images``: labelled people.
``photographs``: labelled walls. ``strength``: climbers. ``training``: athletes to plan for. All but ``clip``, ``frames`` and
``training`` need ``ASCENSION_DATA``.
"""


def _counts(samples: Samples) -> bool:
    """Whether there is anything to score."""
    return samples.kind != "percent" or bool(samples.units[:, 1].sum())


def _row(found: tuple[Metric, Samples], before: tuple[Metric, Samples] | None) -> dict[str, Any]:
    metric, samples = found
    own = samples.estimate()
    sign = 1 if metric.higher else -1
    row = {"unit": metric.unit, "sign": sign, "units": len(samples.units), "value": own.value, "low": own.low, "high": own.high}
    if before is None or not _counts(before[1]):
        return row | dict.fromkeys(("before", "difference", "difference low", "difference high"), np.nan) | {"verdict": ""}
    gap = difference(before[1], samples)
    return row | {
        "before": before[1].value(),
        "difference": gap.value,
        "difference low": gap.low,
        "difference high": gap.high,
        "verdict": verdict(metric, gap),
    }


def told(table: pd.DataFrame) -> pd.DataFrame:
    """The table as people read it: each number with its interval in one cell."""
    shown = table[["unit", "units"]].copy()
    shown["tried"] = [_interval(*found) for found in table[["value", "low", "high"]].to_numpy(float).tolist()]
    shown["before"] = ["" if np.isnan(value) else f"{value:.2f}" for value in table["before"]]
    gaps = table[["difference", "difference low", "difference high"]].to_numpy(float)
    shown["difference"] = [_interval(*gap, sign="+") for gap in gaps.tolist()]
    shown["verdict"] = table["verdict"]
    return shown


def difference_plot(table: pd.DataFrame) -> Figure:
    """Each difference with its interval, better to the right, by unit; what was compared with nothing is left out."""
    known = table[np.isfinite(table["difference"].astype(float))]
    groups = [(unit, known[known["unit"] == unit]) for unit in dict.fromkeys(known["unit"])]
    heights = [max(len(rows), 1) for _, rows in groups] or [1]
    size = (9, 0.26 * sum(heights) + 0.8 * len(heights))
    figure, axes = plt.subplots(len(heights), 1, figsize=size, squeeze=False, layout="constrained", height_ratios=heights)
    for axis, (unit, rows) in zip(axes[:, 0], groups, strict=False):
        _draw_differences(axis, unit, rows)
    if not groups:
        axes[0, 0].set_axis_off()
        axes[0, 0].text(0, 0.5, "Nothing to compare with: the options are those that are installed.", fontsize=9)
    return figure


def _draw_differences(axis: Axes, unit: str, rows: pd.DataFrame) -> None:
    inks = {"better": palette.CENTRE_INK, "worse": palette.RIGHT_INK}
    for k, row in enumerate(rows.to_dict("records")):
        ends = [row["sign"] * row[f"difference {end}"] for end in ("low", "high")]
        ink = inks.get(row["verdict"], palette.MUTED_INK)
        axis.plot(ends, [k, k], color=ink, linewidth=2)
        axis.plot(row["sign"] * row["difference"], k, "o", color=ink, markersize=5)
    axis.axvline(0, color=palette.INK, linewidth=0.8)
    axis.set_yticks(range(len(rows)), ["  ".join(name) for name in rows.index], fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel(f"better by ({unit})" if unit else "better by")
    axis.spines[["top", "right", "left"]].set_visible(False)


def _interval(value: float, low: float, high: float, *, sign: str = "") -> str:
    if np.isnan(value):
        return ""
    return f"{value:{sign}.2f}" if low == high else f"{value:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"
