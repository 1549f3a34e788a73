"""How the strength model is fitted, judged and shipped: ``python -m experiments.strength``.

Everything is measured on climbers the model had not seen: cross-validation within both tables, one table from the other,
and one table made to look like another survey (columns left out, other edges, the other question).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import KFold

from ascension_core.errors import InvalidOption
from ascension_core.progress import Progress, silent
from ascension_core.settings import settings
from ascension_core.training.strength import COVERAGE, TARGETS, Options, StrengthModel, fit_model
from ascension_core.training.strength_features import NAMES, SIGNS, to_features
from ascension_core.training.strength_levels import Levels, build_levels
from ascension_core.training.strength_protocol import edge_factor
from experiments.strength_data import GILES, POWER_COMPANY, Survey, load_surveys

Floats = NDArray[np.float64]

DATE: Final = "2026-11-22"
MAIN: Final = "boulder_past_year"
NORMAL: Final = 1.2815515655446004
SURVEY_CSV: Final = ("hang", "pull", "pull_ups", "push_ups", "years", "age", "female", "height", "bmi", "ape")
SUBSETS: Final[Mapping[str, tuple[str, ...]]] = {
    "all tests": NAMES,
    "columns of a survey": SURVEY_CSV,
    "hang and body": ("hang", "age", "female", "height", "bmi", "years"),
    "pull-ups and body": ("pull", "pull_ups", "age", "female", "height", "bmi", "years"),
    "hang alone": ("hang",),
    "no tests": ("age", "female", "height", "bmi", "ape", "years"),
    "nothing": (),
}


@dataclass(frozen=True)
class Climbers:
    """Cleaned climbers as the model sees them: features (N, 12), grades (N, 4), survey (N,) 0 or 1."""

    features: Floats
    grades: Floats
    survey: Floats

    def take(self, rows: NDArray[Any]) -> Climbers:
        """Some of them."""
        return Climbers(self.features[rows], self.grades[rows], self.survey[rows])


@dataclass(frozen=True)
class Settings:
    """What an experiment runs.

    Attributes
    ----------
    options
        Of the model.
    folds, repeats
        Of the cross-validation.
    seed
        Of everything random.
    """

    options: Options = field(default_factory=Options)
    folds: int = 8
    repeats: int = 3
    seed: int = 7

    def __post_init__(self) -> None:
        if self.folds < 2 or self.repeats < 1:
            raise InvalidOption("an experiment needs at least 2 folds and 1 repeat")


def athletes_folder() -> Path:
    """The folder of the two tables, from ``ASCENSION_DATA``."""
    data = settings().data
    if data is None:
        raise InvalidOption("set ASCENSION_DATA to the folder of evaluation data; the strength tables are in its athletes/")
    return data / "athletes"


def climbers_of(survey: Survey) -> Climbers:
    """Bring a cleaned survey to the model's inputs."""
    measures = {str(name): survey.measures[name].to_numpy() for name in survey.measures}
    source = np.asarray(survey.source == "giles", dtype=np.float64)
    return Climbers(to_features(measures), survey.grades[list(TARGETS)].to_numpy(dtype=np.float64), source)


def levels_of(climbers: Climbers) -> Levels:
    """Test quantiles by the past year's grade, or the current one where that was not told."""
    columns = {name: climbers.features[:, number] for number, name in enumerate(NAMES)}
    current, past, sport_current, sport_past = climbers.grades.T
    boulder = np.where(np.isfinite(past), past, current)
    sport = np.where(np.isfinite(sport_past), sport_past, sport_current)
    return build_levels(columns, columns["female"], boulder, sport)


def fit(climbers: Climbers, options: Options, **known: Any) -> StrengthModel:
    """Fit the model on some climbers."""
    empty = Levels({}, {}, {})
    return fit_model(climbers.features, climbers.grades, climbers.survey, known.pop("levels", empty), options=options, **known)


def cross_validate(climbers: Climbers, given: Settings, progress: Progress = silent) -> pd.DataFrame:
    """Predict every climber by models that have not seen them.

    Returns
    -------
    One row per climber, repeat, target and subset of columns: `row`, `repeat`, `fold`, `target`, `subset`, `truth`,
    `median`, `sd`, and the baselines `mean` and `line`.
    """
    parts: list[pd.DataFrame] = []
    for repeat in range(given.repeats):
        folds = KFold(given.folds, shuffle=True, random_state=given.seed + repeat)
        for fold, (train, test) in enumerate(folds.split(climbers.features)):
            model = fit(climbers.take(train), given.options)
            tables = [_held_out(model, climbers, test, target, s) for target in TARGETS for s in _subsets(target)]
            parts += [table.assign(repeat=repeat, fold=fold) for table in tables]
            progress("folds", (repeat * given.folds + fold + 1) / (given.repeats * given.folds))
    return pd.concat(parts, ignore_index=True)


def _subsets(target: str) -> Sequence[str]:
    return tuple(SUBSETS) if target == MAIN else ("all tests",)


def _held_out(model: StrengthModel, climbers: Climbers, test: NDArray[Any], target: str, subset: str) -> pd.DataFrame:
    truth = climbers.grades[test, TARGETS.index(target)]
    rows = test[np.isfinite(truth)]
    features = keep_columns(climbers.features[rows], SUBSETS[subset])
    table = _predict(model, features, climbers.survey[rows], target)
    slope, intercept, middle = model.lines[target]
    line = slope * np.nan_to_num(climbers.features[rows, 0], nan=middle) + intercept
    return table.assign(
        row=rows,
        target=target,
        subset=subset,
        truth=truth[np.isfinite(truth)],
        mean=model.means[target],
        line=line,
    )


def _predict(model: StrengthModel, features: Floats, survey: Floats, target: str) -> pd.DataFrame:
    """Median and standard deviation, each climber in the survey they answered."""
    median, sd = np.empty(len(features)), np.empty(len(features))
    for number in (0.0, 1.0):
        rows = survey == number
        if rows.any():
            answer = model.predict(features[rows], target, survey=number)
            median[rows] = answer.median
            sd[rows] = (answer.high - answer.median) / NORMAL
    return pd.DataFrame({"median": median, "sd": sd})


def keep_columns(features: Floats, names: Sequence[str]) -> Floats:
    """Forget all columns but some."""
    return np.where(np.isin(NAMES, names), features, np.nan)


def conformal(held_out: pd.DataFrame) -> tuple[float, float]:
    """Factors on the standard deviation between which 80 % of unseen climbers lie.

    Notes
    -----
    Split conformal prediction with normalised residuals (Lei et al. 2018, JASA 113(523)), tails separately: the ranks
    ``(n + 1) * 0.1`` and ``(n + 1) * 0.9`` of (truth - median) / sd.
    """
    scores = np.sort(((held_out["truth"] - held_out["median"]) / held_out["sd"]).to_numpy())
    tail = (1.0 - COVERAGE) / 2.0
    people = held_out["row"].nunique()
    margin = tail * (people + 1) / people if people else tail
    return float(np.quantile(scores, max(0.0, 2 * tail - margin))), float(
        np.quantile(scores, min(1.0, 1.0 - 2 * tail + margin))
    )


def with_intervals(held_out: pd.DataFrame) -> pd.DataFrame:
    """Add `low` and `high`, with factors learnt on the other folds of the same repeat and target, all tests known."""
    parts = []
    for (_, repeat, fold), rows in held_out.groupby(["target", "repeat", "fold"]):
        same = (held_out["target"] == rows["target"].iloc[0]) & (held_out["repeat"] == repeat)
        others = held_out[same & (held_out["fold"] != fold) & (held_out["subset"] == "all tests")]
        low, high = conformal(others)
        parts.append(rows.assign(low=rows["median"] + low * rows["sd"], high=rows["median"] + high * rows["sd"]))
    return pd.concat(parts)


def scores(rows: pd.DataFrame, seed: int = 0) -> dict[str, float]:
    """Errors, baselines and coverage of predictions; the interval of the MAE is a bootstrap over climbers."""
    error = rows["median"] - rows["truth"]
    per_climber = error.abs().groupby(rows["row"]).mean().to_numpy()
    resampled = np.random.default_rng(seed).choice(per_climber, (2000, per_climber.size)).mean(axis=1)
    inside = (rows["truth"] >= rows["low"]) & (rows["truth"] <= rows["high"])
    return {
        "climbers": int(rows["row"].nunique()),
        "mae": float(error.abs().mean()),
        "mae_low": float(np.quantile(resampled, 0.025)),
        "mae_high": float(np.quantile(resampled, 0.975)),
        "bias": float(error.mean()),
        "coverage": float(inside.mean()),
        "width": float((rows["high"] - rows["low"]).mean()),
        "mae_mean": float((rows["mean"] - rows["truth"]).abs().mean()),
        "mae_line": float((rows["line"] - rows["truth"]).abs().mean()),
    }


def subgroups(rows: pd.DataFrame, climbers: Climbers) -> dict[str, pd.DataFrame]:
    """Rows by table, sex, and level (as predicted, for grouping by the truth would look biased in any model)."""
    female = climbers.features[rows["row"].to_numpy(), NAMES.index("female")]
    survey = climbers.survey[rows["row"].to_numpy()]
    level = rows["median"]
    return {
        "table power_company": rows[survey == 0],
        "table giles": rows[survey == 1],
        "women": rows[female == 1],
        "men": rows[female == 0],
        "expected below V5": rows[level < 5],
        "expected V5 to V8": rows[(level >= 5) & (level < 8)],
        "expected V8 and above": rows[level >= 8],
    }


def report(climbers: Climbers, held_out: pd.DataFrame) -> pd.DataFrame:
    """One line of scores per target, subset of columns and group of people."""
    done = with_intervals(held_out)
    lines = {}
    for (target, subset), rows in done.groupby(["target", "subset"]):
        lines[f"{target}, {subset}"] = scores(rows)
    main = done[(done["target"] == MAIN) & (done["subset"] == "all tests")]
    for name, rows in subgroups(main, climbers).items():
        if len(rows):
            lines[f"{MAIN}, {name}"] = scores(rows)
    return pd.DataFrame(lines).T


def challenger(climbers: Climbers, given: Settings) -> float:
    """Cross-validated MAE of monotone gradient boosting on the same climbers, folds and inputs."""
    rows = np.flatnonzero(np.isfinite(climbers.grades[:, TARGETS.index(MAIN)]))
    truth = climbers.grades[rows, TARGETS.index(MAIN)]
    inputs = np.column_stack([climbers.features[rows], climbers.survey[rows]])
    signs = np.append(SIGNS, 0).astype(int)
    errors = []
    for train, test in KFold(given.folds, shuffle=True, random_state=given.seed).split(rows):
        trees = HistGradientBoostingRegressor(
            max_iter=150, learning_rate=0.04, max_leaf_nodes=6, min_samples_leaf=15, l2_regularization=5.0, monotonic_cst=signs
        ).fit(inputs[train], truth[train])
        errors.append(np.abs(trees.predict(inputs[test]) - truth[test]))
    return float(np.concatenate(errors).mean())


def transfer(climbers: Climbers, options: Options) -> pd.DataFrame:
    """What is left among climbers of another survey.

    One table predicted from the other alone (the model then knows no second survey, so neither its bias nor its
    uncertainty), and the first table's other half made to look foreign.
    """
    first, second = climbers.survey == 0, climbers.survey == 1
    lines = {
        "power_company to giles": _foreign(climbers, first, second, options),
        "giles to power_company": _foreign(climbers, second, first, options),
    }
    lines |= _made_foreign(climbers, options)
    return pd.DataFrame(lines).T


Change = Callable[[Floats], Floats]


def _foreign(
    climbers: Climbers,
    train: NDArray[Any],
    test: NDArray[Any],
    options: Options,
    *,
    change: Change = np.copy,
    asked: str = MAIN,
) -> dict[str, float]:
    model = fit(climbers.take(train), options)
    truth = climbers.grades[:, TARGETS.index(asked)]
    rows = np.flatnonzero(test & np.isfinite(truth))
    answer = model.predict(change(climbers.features[rows]), MAIN)
    sd = (answer.high - answer.median) / NORMAL
    table = pd.DataFrame({"row": rows, "truth": truth[rows], "median": answer.median, "sd": sd, "mean": model.means[MAIN]})
    slope, intercept, middle = model.lines[MAIN]
    line = slope * np.nan_to_num(climbers.features[rows, 0], nan=middle) + intercept
    return scores(table.assign(low=answer.low, high=answer.high, line=line)) | {"mae_own_mean": _own_mean(truth[rows])}


def _own_mean(truth: Floats) -> float:
    return float(np.abs(truth - truth.mean()).mean())


def _made_foreign(climbers: Climbers, options: Options, seed: int = 3) -> dict[str, dict[str, float]]:
    """Half of the first table predicts the other half, whose tests or question are changed."""
    half = np.random.default_rng(seed).random(len(climbers.survey)) < 0.5
    train, test = half | (climbers.survey == 1), ~half & (climbers.survey == 0)
    noise = np.random.default_rng(seed).normal(0.0, 0.08, len(climbers.survey))

    def noisy(features: Floats) -> Floats:
        changed = features.copy()
        changed[:, 0] *= np.exp(noise[: len(changed)])
        return changed

    def shifted(features: Floats) -> Floats:
        changed = features.copy()
        changed[:, 0] *= edge_factor(15.0)
        return changed

    return {
        "other half": _foreign(climbers, train, test, options),
        "other half, hangs 8 % off at random": _foreign(climbers, train, test, options, change=noisy),
        "other half, 15 mm edges called 20 mm": _foreign(climbers, train, test, options, change=shifted),
        "other half, asked for the current grade": _foreign(climbers, train, test, options, asked="boulder_current"),
        "other half, hang alone": _foreign(climbers, train, test, options, change=lambda x: keep_columns(x, ("hang",))),
    }


def final_model(survey: Survey, climbers: Climbers, held_out: pd.DataFrame, given: Settings) -> StrengthModel:
    """The model that ships: fitted on everybody, with factors from those it had not seen in cross-validation."""
    whole = held_out[held_out["subset"] == "all tests"]
    spreads = {target: conformal(whole[whole["target"] == target]) for target in TARGETS}
    return fit(
        climbers, given.options, levels=levels_of(climbers), spreads=spreads, provenance=provenance(survey, climbers, given)
    )


def provenance(survey: Survey, climbers: Climbers, given: Settings) -> dict[str, Any]:
    """Where a model comes from."""
    current, past = climbers.grades[:, 0], climbers.grades[:, 1]
    grades = pd.Series(np.round(np.where(np.isfinite(past), past, current) + 1e-9))
    female = climbers.features[:, NAMES.index("female")]
    groups = {"all": np.full(len(grades), True), "female": female == 1, "male": female == 0}
    counts = {group: grades[rows].dropna().astype(int).value_counts().sort_index() for group, rows in groups.items()}
    return {
        "date": DATE,
        "data": {str(name): int(count) for name, count in survey.source.value_counts().sort_index().items()},
        "seed": given.seed,
        "climbers_by_grade": {group: {str(grade): int(n) for grade, n in table.items()} for group, table in counts.items()},
    }


def data_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of the two tables."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (POWER_COMPANY, GILES)}


@dataclass(frozen=True)
class Result:
    """All that one experiment found."""

    settings: Settings
    survey: Survey
    climbers: Climbers
    held_out: pd.DataFrame
    report: pd.DataFrame
    transfer: pd.DataFrame
    model: StrengthModel
    boosting_mae: float


def run(given: Settings, folder: Path | None = None, progress: Progress = silent) -> Result:
    """Clean, cross-validate, transfer, and fit the final model."""
    survey = load_surveys(folder or athletes_folder())
    climbers = climbers_of(survey)
    held_out = cross_validate(climbers, given, progress)
    return Result(
        given,
        survey,
        climbers,
        held_out,
        report(climbers, held_out),
        transfer(climbers, given.options),
        final_model(survey, climbers, held_out, given),
        challenger(climbers, given),
    )


def parameters(given: Settings) -> dict[str, Any]:
    """Settings as a tracker takes them."""
    return {"folds": given.folds, "repeats": given.repeats, "seed": given.seed} | asdict(given.options)


def main() -> None:
    """Run the whole experiment, track it, and write the model file that ships."""
    from experiments.strength_tracking import track, write_weights

    folder = athletes_folder()
    result = run(Settings(), folder)
    write_weights(result, folder)
    print(track(result, folder))
    print(result.report.round(2).to_string())
    print(result.transfer.round(2).to_string())


if __name__ == "__main__":
    main()
