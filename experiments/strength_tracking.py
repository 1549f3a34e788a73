"""Strength experiments in MLflow, and the files that ship: the model and its card."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any, Final

import pandas as pd

from ascension_core.platform.tracking import use_experiment
from ascension_core.training.strength import FILE
from experiments.provenance import git_commit
from experiments.strength import MAIN, Result, data_hashes, parameters
from experiments.strength_plots import figures

EXPERIMENT: Final = "strength"
WEIGHTS: Final = Path(__file__).parents[1] / "ascension_core" / "training" / "weights"


def track(result: Result, folder: Path, store: Path | None = None) -> str:
    """Log one experiment: parameters, data hashes, commit, metrics with intervals, tables, plots and the model.

    Parameters
    ----------
    result
        What was found.
    folder
        Of the two tables.
    store
        Folder of the MLflow database and its artifacts; by default that of the settings.

    Returns
    -------
    The id of the run.
    """
    use_experiment(EXPERIMENT, store)
    import mlflow

    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as scratch:
        mlflow.log_params(parameters(result.settings))
        mlflow.set_tags({"git_commit": git_commit(), **{f"sha256.{n}": h for n, h in data_hashes(folder).items()}})
        mlflow.log_metrics(metrics(result))
        mlflow.log_dict(result.survey.cleaning.counts, "cleaning.json")
        _write_artifacts(result, Path(scratch))
        mlflow.log_artifacts(scratch)
        return str(run.info.run_id)


def metrics(result: Result) -> dict[str, float]:
    """Every number of the report and the transfer, by names that MLflow takes."""
    found: dict[str, float] = {"boosting_mae": result.boosting_mae}
    for table, prefix in ((result.report, ""), (result.transfer, "transfer ")):
        for name, row in table.iterrows():
            key = re.sub(r"[^A-Za-z0-9_]+", "_", f"{prefix}{name}")
            found |= {f"{key}.{column}": float(value) for column, value in row.items()}
    return found


def _write_artifacts(result: Result, folder: Path) -> None:
    result.report.to_csv(folder / "report.csv")
    result.transfer.to_csv(folder / "transfer.csv")
    result.model.save(folder / FILE)
    (folder / "MODEL_CARD.md").write_text(model_card(result), encoding="utf-8")
    for name, figure in figures(result).items():
        figure.savefig(folder / f"{name}.png", dpi=110)


def write_weights(result: Result, folder: Path, target: Path = WEIGHTS) -> None:
    """Write the model file and its card."""
    target.mkdir(parents=True, exist_ok=True)
    result.model.save(target / FILE)
    hashes = "\n".join(f"- `{name}` sha256 `{digest}`" for name, digest in data_hashes(folder).items())
    (target / "strength.md").write_text(model_card(result).replace("{hashes}", hashes), encoding="utf-8")


def model_card(result: Result) -> str:
    """The card that travels with the model."""
    main = result.report.loc[f"{MAIN}, all tests"]
    counts = result.model.provenance["data"]
    return CARD.format(
        date=result.model.provenance["date"],
        giles=counts["giles"],
        power=counts["power_company"],
        mae=f"{main['mae']:.2f} V ({main['mae_low']:.2f} to {main['mae_high']:.2f})",
        mean=f"{main['mae_mean']:.2f}",
        line=f"{main['mae_line']:.2f}",
        boosting=f"{result.boosting_mae:.2f}",
        coverage=f"{100 * main['coverage']:.0f} %",
        report=_table(result.report),
        transfer=_table(result.transfer),
        cleaning="\n".join(f"- {count}: {reason}" for reason, count in result.survey.cleaning.counts.items()),
        hashes="{hashes}",
    )


def _table(table: pd.DataFrame) -> str:
    """A Markdown table of the columns a reader needs."""
    columns = ["climbers", "mae", "mae_low", "mae_high", "bias", "coverage", "width", "mae_mean", "mae_line"]
    head = "| | " + " | ".join(columns) + " |\n|---" + "|---" * len(columns) + "|"
    lines = [
        f"| {name} | " + " | ".join(_cell(row[column], column) for column in columns) + " |" for name, row in table.iterrows()
    ]
    return "\n".join([head, *lines])


def _cell(value: Any, column: str) -> str:
    return f"{value:.0f}" if column == "climbers" else f"{value:.2f}"


CARD: Final = """# Strength model, {date}

What it does: from any subset of strength tests and body measures to the boulder grade (V) and sport grade (IRCRA) one may
expect, with 80 % intervals; and from a grade to the test results its climbers show. `strength.json` holds numbers and names
only: a mean, a covariance, conformal factors and quantiles of at least ten people each. Nothing in it can run, no row of a
person is in it.

## Data

- {power} climbers of the Power Company Climbing assessment: self-reported, pounds and inches. Its max hang is taken as 10 s on
  20 mm, its weighted pull-up as one repetition: so a public project made on the same table words its questions.
- {giles} climbers of Giles et al. 2020, laboratory tests of one hand; self-reported grades on the IRCRA scale, taken as the
  hardest of late. Cite: Giles, D.,
  Hartley, C., Maslen, H., Hadley, J., Taylor, N., Torr, O., Chidley, J., Randall, T., Fryer, S. "An all-out test to determine
  finger flexor critical force in rock climbers", Int J Sports Physiol Perform (2021, first published 2020).

Neither table states a licence; both are used for research on the project's own machines and are not distributed. Ask their
authors before a commercial release of a model made from them.

{hashes}

**Both samples chose themselves**: mostly experienced, mostly men, people who train and like to be measured. Beginners,
children, climbers over 60, the injured and elite women are hardly in them. A correlation with grade is not a promise
that training a test raises the grade.

Cleaning (rows or values):

{cleaning}

## How well it does

Climbers it had not seen (cross-validation): mean absolute error {mae}; always saying the mean grade {mean}; a
line on the max hang {line}; monotone gradient boosting with the same inputs {boosting}. The 80 % interval holds {coverage}.

{report}

`mae_low` and `mae_high`: 95 % bootstrap interval over climbers. `width`: mean width of the 80 % interval.
Sport grades are IRCRA levels.

Another survey:

{transfer}

Not for: selection of athletes, prognosis of a person, anyone under 16, medical questions.
"""
