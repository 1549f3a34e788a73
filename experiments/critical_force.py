"""Our critical force beside the published one: ``python -m experiments.critical_force TABLE.csv`` prints one JSON object.

The table is the one published with Giles et al. (2021), 121 climbers: peak force, critical force (CF), W' and grades, no
recordings. So three things can be checked: whether the table agrees with itself and with the relations that the paper
reports; what climbers of each grade show; and whether our analysis gives a climber's published results back from a
recording that is made to have them, with the noise that hands and gauges make.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from ascension_core.errors import AscensionError, InvalidDataset
from ascension_core.training.force import ForceRecording, analyze_force
from experiments.documents import to_json
from experiments.force_synthetic import all_out_recording, with_results

FloatArray = NDArray[np.float64]

COLUMNS = {
    "SEX": "sex",
    "BODY MASS (KG)": "mass_kg",
    "SPORT GRADE IRCRA": "sport",
    "BOULDER GRADE IRCRA": "boulder",
    "# REPS": "contractions",
    "PEAK FORCE (KG)": "peak_kg",
    "CF (KG)": "cf_kg",
    "W' (KG)": "w_prime_kg_s",
    "PEAK FORCE % BODY MASS": "peak_share",
    "CF % PEAK FORCE": "cf_share_of_peak",
    "CF % BODY MASS": "cf_share",
    "W' PER KG BODY MASS": "w_prime_per_kg",
    "40% MVC (KG)": "forty_percent_kg",
}
# What the derived columns are computed from, the unit of their last digit, and the factor to it.
DERIVED = {
    "peak_share": ("peak_kg", "mass_kg", 0.001),
    "cf_share": ("cf_kg", "mass_kg", 0.001),
    "cf_share_of_peak": ("cf_kg", "peak_kg", 0.001),
    "w_prime_per_kg": ("w_prime_kg_s", "mass_kg", 0.01),
}
# Variance explained together with sex, from the abstract of Giles et al. (2021).
PUBLISHED_R2 = {
    ("cf_share",): {"sport": 0.61, "boulder": 0.26},
    ("w_prime_per_kg",): {"sport": 0.07, "boulder": 0.34},
    ("cf_share", "w_prime_per_kg"): {"sport": 0.66, "boulder": 0.44},
}
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
BANDS = {"sport": (0, 17, 20, 23, 40), "boulder": (0, 19, 21, 23, 40)}
# Of what a hand and a gauge add: noise of the gauge, tremor within a contraction, contractions about the decay, tare, drift.
DISTURBANCE = {"noise_kg": 0.1, "tremor": 0.05, "effort_spread": 0.04, "offset_kg": -1.5, "drift_kg_per_min": 0.3}


def evaluate(path: Path, *, limit: int | None = None, seed: int = 0) -> dict[str, Any]:
    """Everything that the table allows to check.

    Raises
    ------
    InvalidDataset
        If the file is not that table.
    """
    table = load_table(path)
    honest = table.assign(cf_share=table.cf_kg / table.mass_kg, w_prime_per_kg=table.w_prime_kg_s / table.mass_kg)
    return {
        "rows": len(table),
        "consistency": consistency(table),
        "relations": {"published_columns": relations(table), "recomputed": relations(honest)},
        "plausibility": plausibility(table),
        "percentiles": {grade: percentiles(honest, grade) for grade in BANDS},
        "recovery": {
            "clean": recovery(table.head(limit or len(table)), {}, seed),
            "disturbed": recovery(table.head(limit or len(table)), DISTURBANCE, seed),
        },
    }


def load_table(path: Path) -> pd.DataFrame:
    """The published table with our names; shares as fractions.

    Raises
    ------
    InvalidDataset
        If it cannot be read or lacks a column.
    """
    try:
        raw = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InvalidDataset(f"{path} cannot be read as a table: {error}") from error
    missing = [name for name in COLUMNS if name not in raw.columns]
    if missing:
        raise InvalidDataset(f"{path.name} lacks the columns {', '.join(missing)}: is it the table of Giles et al. (2021)?")
    table = raw[list(COLUMNS)].rename(columns=COLUMNS)
    for name in ("peak_share", "cf_share_of_peak", "cf_share"):
        table[name] = table[name].str.rstrip("%").astype(float) / 100
    return table


def consistency(table: pd.DataFrame) -> dict[str, Any]:
    """Which derived columns follow from their sources; rows are counted from 0."""
    wrong = {name: _disagree(table, name) for name in DERIVED}
    forty = np.flatnonzero(np.abs(table.forty_percent_kg / table.peak_kg - 0.4) > 0.002)
    by_mass = sorted(set(wrong["peak_share"]) | set(wrong["cf_share"]) | set(wrong["w_prime_per_kg"]))
    implied = (table.peak_kg / table.peak_share)[table.index.isin(by_mass)]
    return {
        "rows_that_disagree": {name: len(rows) for name, rows in wrong.items()} | {"forty_percent_kg": len(forty)},
        "rows_of_other_body_mass": by_mass,
        "implied_body_mass_kg": [round(float(mass), 1) for mass in implied],
        "implied_body_mass_only_rises": bool(np.all(np.diff(implied) > -0.05)),
    }


def relations(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Variance of the grade that sex and the measures explain (adjusted for their number), beside what the paper reports."""
    found = []
    for measures, published in PUBLISHED_R2.items():
        for grade, wanted in published.items():
            rows = table.dropna(subset=[grade])
            found.append(
                {
                    "measures": list(measures),
                    "grade": grade,
                    "rows": len(rows),
                    "adjusted_r2": round(_adjusted_r2(rows, list(measures), grade), 3),
                    "published": wanted,
                }
            )
    return found


def plausibility(table: pd.DataFrame) -> dict[str, Any]:
    """Ranges that our own warnings rest on."""
    spent = table.w_prime_kg_s / ((table.peak_kg - table.cf_kg) * table.contractions * 7)
    return {
        "cf_share_of_peak": _quantiles(table.cf_kg / table.peak_kg),
        "w_prime_per_kg": _quantiles(table.w_prime_kg_s / table.mass_kg),
        "share_of_the_possible_impulse_spent": _quantiles(spent),
    }


def percentiles(table: pd.DataFrame, grade: str) -> list[dict[str, Any]]:
    """Quantiles of critical force and W' relative to body mass in bands of the grade (IRCRA)."""
    bands = pd.cut(table[grade], list(BANDS[grade]), right=False)
    return [
        {"band": f"{band.left:g} to {band.right:g}", "climbers": len(rows)}
        | {name: _quantiles(rows[name]) for name in ("cf_share", "w_prime_per_kg")}
        for band, rows in table.groupby(bands, observed=True)
    ]


def recovery(table: pd.DataFrame, disturbance: Mapping[str, float], seed: int) -> dict[str, Any]:
    """Errors of our analysis on recordings made to have each climber's published results."""
    outcomes = [_recovered(row, disturbance, seed + i) for i, row in enumerate(table.itertuples())]
    done = [outcome for outcome in outcomes if outcome is not None]
    force, w_prime, inside, w_inside = (np.array(column) for column in zip(*done, strict=True))
    covered = {"cf_inside_95_interval": _round(inside.mean()), "w_prime_inside_95_interval": _round(w_inside.mean())}
    return {
        "recordings": len(done),
        "impossible": len(outcomes) - len(done),
        "cf_error": {"median": _round(np.median(np.abs(force))), "p95": _round(np.quantile(np.abs(force), 0.95))},
        "cf_bias": _round(force.mean()),
        "w_prime_error": {"median": _round(np.median(np.abs(w_prime))), "p95": _round(np.quantile(np.abs(w_prime), 0.95))},
        "w_prime_bias": _round(w_prime.mean()),
    } | (covered if disturbance else {})  # without any disturbance the interval has no width


def _recovered(row: Any, disturbance: Mapping[str, float], seed: int) -> tuple[float, float, bool, bool] | None:
    """Relative errors of CF and W', and whether each lies in its interval; None where no such fall exists."""
    try:
        test = with_results(row.cf_kg, 0.97 * row.peak_kg, row.w_prime_kg_s, int(row.contractions))
    except ValueError:
        return None
    time, force = all_out_recording(test, seed=seed, **disturbance)
    found = analyze_force(ForceRecording(time, force), protocol="critical", seed=seed).critical_force
    assert found is not None
    cf, w_prime = found.force_kg, found.w_prime_kg_s
    return (
        cf.value / row.cf_kg - 1,
        w_prime.value / row.w_prime_kg_s - 1,
        cf.low <= row.cf_kg <= cf.high,
        w_prime.low <= row.w_prime_kg_s <= w_prime.high,
    )


def _disagree(table: pd.DataFrame, name: str) -> list[int]:
    above, below, digit = DERIVED[name]
    return [int(i) for i in np.flatnonzero(np.abs(table[above] / table[below] - table[name]) > 0.65 * digit)]


def _adjusted_r2(rows: pd.DataFrame, measures: list[str], grade: str) -> float:
    """Variance explained by least squares on sex and the measures."""
    columns = [np.ones(len(rows)), (rows.sex == "Male").to_numpy(float), *(rows[m].to_numpy(float) for m in measures)]
    design, wanted = np.column_stack(columns), rows[grade].to_numpy(float)
    residual = wanted - design @ np.linalg.lstsq(design, wanted, rcond=None)[0]
    unexplained = float(residual @ residual / np.sum((wanted - wanted.mean()) ** 2))
    return float(1 - unexplained * (len(rows) - 1) / (len(rows) - design.shape[1]))


def _quantiles(values: pd.Series) -> dict[str, float]:
    ends = {"least": float(values.min()), "most": float(values.max())}
    return {k: _round(v) for k, v in ends.items()} | {f"p{q * 100:.0f}": _round(values.quantile(q)) for q in QUANTILES}


def _round(value: Any) -> float:
    return round(float(value), 4)


def main(
    table: Annotated[Path, typer.Argument(help="The published table (CSV).", show_default=False)],
    limit: Annotated[int | None, typer.Option(min=1, help="Recordings for the first climbers only.")] = None,
    seed: Annotated[int, typer.Option(help="Of the noise.")] = 0,
) -> None:
    """Check our critical force against the published table; print one JSON object."""
    try:
        typer.echo(to_json(evaluate(table, limit=limit, seed=seed), compact=False))
    except AscensionError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(2) from error


if __name__ == "__main__":
    typer.run(main)
