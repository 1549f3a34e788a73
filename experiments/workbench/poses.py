"""Two sets of pose options on one clip: where, and by how much, they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ascension_core.pipelines.vision import follow
from ascension_core.pose.keypoints import BODY, NAMES
from ascension_core.pose.track import PoseTrack
from ascension_core.progress import Progress, silent
from ascension_core.report import palette
from ascension_core.report.widgets.player import PosePlayer
from experiments.pose_options import pose_options

Floats = NDArray[np.float64]

RIGHT_TORSOS: Final = 0.2
"""Joints that are nearer to each other than this count as the same place, as in evaluations."""
_INKS: Final = (palette.LEFT_INK, palette.RIGHT_INK)


def names(first: Mapping[str, Any], second: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """Two sets of options by what they say, ``defaults`` where that is nothing; the second may be missing, or say the same."""
    return {_name(given): given for given in (first, second) if given is not None}


def tracks(
    video: Path, options: Mapping[str, Mapping[str, Any]], progress: Progress = silent
) -> tuple[dict[str, PoseTrack], pd.DataFrame]:
    """Follow the climber with each set of options.

    Parameters
    ----------
    options
        By name: those that differ from the defaults, ``{"lite": {"model": "lite"}}``.

    Returns
    -------
    The tracks by name, and a table of what each took and saw: percentages of frames (`followed`) and of body joints
    (`known`), their mean visibility, and seconds for each stage.

    Raises
    ------
    InvalidOption
        An option is unknown.
    VideoError, NoClimberFound
        See `following.follow`.
    """
    found, rows = {}, {}
    for name, given in options.items():
        seen = follow(video, pose_options(given).of_videos, progress)
        found[name] = seen.track
        rows[name] = _summary(seen.track) | {f"{stage} (s)": seconds for stage, seconds in seen.seconds.items()}
    return found, pd.DataFrame(rows).T.round(2)


def player(video: Path, found: Mapping[str, PoseTrack]) -> PosePlayer:
    """The clip with the tracks; below it their median distance, or the track's own mean visibility if there is only one."""
    if len(found) == 1:
        (track,) = found.values()
        seen = np.where(track.known, track.visibility, np.nan)[:, list(BODY)]
        return PosePlayer(video, found, curve=_quiet(np.nanmean, seen), label="mean visibility of the body", unit="")
    first, second = found.values()
    between = _quiet(np.nanmedian, distances(first, second)[:, list(BODY)])
    return PosePlayer(video, found, curve=between, label="median distance of the two", unit="torso lengths")


def distances(first: PoseTrack, second: PoseTrack) -> Floats:
    """(T, 33) distance between two tracks of one clip in torso lengths of the first; ``nan`` where either knows nothing."""
    torso = float(np.nanmedian(first.torso_px()))
    return np.asarray(np.linalg.norm(first.image - second.image, axis=-1) / torso)


def by_joint(first: PoseTrack, second: PoseTrack) -> pd.DataFrame:
    """Of each joint of the body: how often both see it in the same place, how far apart, who sees it alone."""
    apart = distances(first, second)
    rows = {}
    for joint in BODY:
        both = apart[:, joint][np.isfinite(apart[:, joint])]
        rows[NAMES[joint].replace("_", " ")] = {
            "same place (%)": 100 * float(np.mean(both <= RIGHT_TORSOS)) if len(both) else np.nan,
            "median (torsos)": float(np.median(both)) if len(both) else np.nan,
            "90 % below (torsos)": float(np.quantile(both, 0.9)) if len(both) else np.nan,
            "only first (%)": 100 * float(np.mean(first.known[:, joint] & ~second.known[:, joint])),
            "only second (%)": 100 * float(np.mean(second.known[:, joint] & ~first.known[:, joint])),
        }
    return pd.DataFrame(rows).T.round(2)


def moments(found: Mapping[str, PoseTrack], count: int = 6, apart_s: float = 0.5) -> list[float]:
    """Seconds at which two tracks lie farthest apart, at least `apart_s` from each other; of one track, evenly spaced ones."""
    if len(found) == 1:
        (track,) = found.values()
        return [float(at) for at in np.linspace(track.time[0], track.time[-1], count)]
    first, second = found.values()
    gap = np.nan_to_num(_quiet(np.nanmean, distances(first, second)[:, list(BODY)]), nan=-1.0)
    chosen: list[float] = []
    for row in np.argsort(-gap, kind="stable"):
        at = float(first.time[row])
        if len(chosen) < count and gap[row] >= 0 and all(abs(at - other) >= apart_s for other in chosen):
            chosen.append(at)
    return sorted(chosen)


def difference_plot(found: Mapping[str, PoseTrack]) -> Figure:
    """Distance of two tracks over time, and below it how visible each says that the body is."""
    first, second = found.values()
    apart = distances(first, second)[:, list(BODY)]
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 4.2), sharex=True, layout="constrained")
    low, middle, high = (_quiet(np.nanquantile, apart, q=q) for q in (0.1, 0.5, 0.9))
    above.fill_between(first.time, low, high, color=palette.RULE, label="10 to 90 % of the joints")
    above.plot(first.time, middle, color=palette.INK, linewidth=1.3, label="median joint")
    above.axhline(RIGHT_TORSOS, color=palette.MUTED_INK, linewidth=0.8, linestyle=":", label="counts as the same place")
    above.set_title("distance (torso lengths)", loc="left", fontsize=9)
    for (name, track), ink in zip(found.items(), _INKS, strict=True):
        seen = np.where(track.known, track.visibility, np.nan)[:, list(BODY)]
        below.plot(track.time, _quiet(np.nanmean, seen), color=ink, linewidth=1.3, label=name)
    below.set_title("mean visibility of the body", loc="left", fontsize=9)
    below.set_xlabel("time (s)")
    for axis in (above, below):
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, fontsize=8, ncols=3, loc="upper right")
    return figure


def _name(options: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in flat(options).items()) or "defaults"


def flat(options: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Options in one level: ``{"clean.cutoff_hz": 6}``."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        found |= flat(value, f"{above}{name}.") if isinstance(value, Mapping) else {f"{above}{name}": value}
    return found


def _summary(track: PoseTrack) -> dict[str, float]:
    body = list(BODY)
    known, seen = track.known[:, body], track.visibility[:, body]
    return {
        "frames": len(track),
        "followed (%)": 100 * track.frames_observed / len(track),
        "known (%)": 100 * float(known.mean()),
        "visibility": float(seen[known].mean()) if known.any() else np.nan,
    }


def _quiet(statistic: Any, values: Floats, **options: Any) -> Floats:
    """A statistic over the joints of each frame; ``nan`` where nothing is known."""
    result = np.full(len(values), np.nan)
    some = np.isfinite(values).any(1)
    result[some] = statistic(values[some], axis=1, **options)
    return result
