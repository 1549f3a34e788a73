"""Pictures of the strength model: what it says against what is true, where it is sure, and what climbers can do."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ascension_core.training.strength import StrengthModel
from ascension_core.training.strength_features import NAMES, to_features
from ascension_core.training.strength_levels import SCALES
from experiments.strength import MAIN, Result, with_intervals

INK, SOFT, ACCENT = "#1f2933", "#9aa5b1", "#c2410c"
SIZE = (7.0, 4.6)


def figures(result: Result) -> dict[str, Figure]:
    """All plots of one experiment, by file name."""
    done = with_intervals(result.held_out)
    main = done[(done["target"] == MAIN) & (done["subset"] == "all tests") & (done["repeat"] == 0)]
    return {
        "expected_against_told": _expected(main),
        "coverage": _coverage(result.report),
        "errors": _errors(result.report),
        "directions": _directions(result.model),
        "levels": _levels(result.model),
    }


def _figure(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _expected(rows: pd.DataFrame) -> Figure:
    """Truth against expectation of climbers the model had not seen, with the 80 % band."""
    figure, axes = _figure("Unseen climbers", "expected boulder grade (V)", "hardest boulder told (V)")
    order = rows.sort_values("median")
    jitter = np.random.default_rng(0).uniform(-0.18, 0.18, len(order))
    axes.scatter(order["median"], order["truth"] + jitter, s=12, color=INK, alpha=0.45, linewidths=0, label="a climber")
    band = order[["median", "low", "high"]].rolling(31, min_periods=1, center=True).mean()
    axes.fill_between(band["median"], band["low"], band["high"], color=ACCENT, alpha=0.15, label="80 % interval")
    ends = [float(order["median"].min()), float(order["median"].max())]
    axes.plot(ends, ends, color=ACCENT, label="expected = told")
    axes.legend(frameon=False, loc="upper left")
    return figure


def _coverage(report: pd.DataFrame) -> Figure:
    """Share of unseen climbers inside their interval, by subset of columns and by group."""
    rows = report[report.index.str.startswith(MAIN)].iloc[::-1]
    figure, axes = _figure("Does the 80 % interval hold?", "share of unseen climbers inside (%)", "")
    names = [str(name).removeprefix(f"{MAIN}, ") for name in rows.index]
    spread = 196.0 * np.sqrt(rows["coverage"] * (1 - rows["coverage"]) / rows["climbers"])
    axes.errorbar(100 * rows["coverage"], names, xerr=spread, fmt="o", color=INK, ecolor=SOFT)
    axes.axvspan(77, 83, color=ACCENT, alpha=0.12)
    axes.axvline(80, color=ACCENT)
    axes.set_xlim(60, 100)
    return figure


def _errors(report: pd.DataFrame) -> Figure:
    """Mean absolute error against the two baselines."""
    rows = report[report.index.str.startswith(MAIN)].iloc[::-1]
    figure, axes = _figure("Mean absolute error on unseen climbers", "V grades", "")
    names = [str(name).removeprefix(f"{MAIN}, ") for name in rows.index]
    axes.scatter(rows["mae_mean"], names, marker="|", s=120, color=SOFT, label="grade mean")
    axes.scatter(rows["mae_line"], names, marker="|", s=120, color=INK, label="line on the max hang")
    bars = [rows["mae"] - rows["mae_low"], rows["mae_high"] - rows["mae"]]
    axes.errorbar(rows["mae"], names, xerr=bars, fmt="o", color=ACCENT, ecolor=ACCENT, label="model, 95 % interval")
    axes.set_xlim(left=0.8)
    axes.legend(frameon=False)
    return figure


TYPICAL: Mapping[str, float] = {
    "female": 0.0, "age_years": 30.0, "height_m": 1.75, "mass_kg": 70.0, "years_climbing": 6.0,
    "max_hang_added_kg": 25.0, "weighted_pull_up_added_kg": 32.0, "weighted_pull_up_reps": 1.0, "pull_ups": 14.0,
}  # fmt: skip


def _directions(model: StrengthModel) -> Figure:
    """Expected grade as one measure of a typical climber changes, body mass included."""
    figure = Figure(figsize=(9.0, 3.2), layout="constrained")
    ranges = {
        "max_hang_added_kg": (-10, 70, "added to the max hang (kg)"),
        "weighted_pull_up_added_kg": (0, 70, "added to the pull-up (kg)"),
        "years_climbing": (0, 25, "years of climbing"),
        "mass_kg": (55, 90, "body mass (kg)"),
    }
    for axes, (name, (low, high, title)) in zip(figure.subplots(1, 4, sharey=True), ranges.items(), strict=True):
        grid = np.linspace(low, high, 41)
        answer = model.predict(to_features({**TYPICAL, name: grid}))
        axes.fill_between(grid, answer.low, answer.high, color=ACCENT, alpha=0.15)
        axes.plot(grid, answer.median, color=INK)
        axes.set_xlabel(title)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].set_ylabel("expected boulder grade (V)")
    return figure


def _levels(model: StrengthModel) -> Figure:
    """Quantiles of each test by grade, with the number of people."""
    figure = Figure(figsize=(11.0, 6.0), layout="constrained")
    grades = model.levels.boulder["all"]
    for axes, scale in zip(figure.subplots(2, 3).flat, SCALES, strict=True):
        there = [(grade, tests[scale.name]) for grade, tests in sorted(grades.items()) if scale.name in tests]
        x = [grade for grade, _ in there]
        low, lower, middle, upper, high = np.array([level.quantiles for _, level in there]).T
        axes.fill_between(x, low, high, color=ACCENT, alpha=0.12)
        axes.fill_between(x, lower, upper, color=ACCENT, alpha=0.2)
        axes.plot(x, middle, color=INK, marker="o", markersize=3)
        for grade, level in there[::2]:
            axes.annotate(
                f"n {level.n}", (grade, level.median), fontsize=7, color=INK, xytext=(0, 4), textcoords="offset points"
            )
        axes.set(title=scale.title, xlabel="V", ylabel=scale.unit)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def inputs_of(model: StrengthModel, target: str = MAIN) -> pd.Series:
    """Slope of each input with the tests of a survey known, in grades per standard deviation of the input."""
    known = np.array([name not in {"repeaters", "critical_force"} for name in NAMES] + [True])
    slopes = model.weights(known, target).coefficients
    return pd.Series(slopes * np.sqrt(np.diag(model.moments.covariance))[: slopes.size], index=[*NAMES, "survey"])
