"""``ascension evaluate strength CSV``: the shipped model on another survey of other climbers."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ascension_core.errors import InvalidDataset
from ascension_core.training.strength import Question, StrengthModel
from ascension_core.training.strength_features import NAMES, to_features

Floats = NDArray[np.float64]

TRUTH: Final = "boulder_grade"
SEX: Final = {"female": 1.0, "f": 1.0, "male": 0.0, "m": 0.0, "other": np.nan, "": np.nan}

# For each column: the measure it becomes, the unit's factor, and the range that a climber can have.
COLUMNS: Final[dict[str, tuple[str, float, float, float]]] = {
    "age_years": ("age_years", 1.0, 5, 90),
    "height_cm": ("height_m", 0.01, 120, 220),
    "mass_kg": ("mass_kg", 1.0, 25, 160),
    "span_cm": ("span_m", 0.01, 110, 230),
    "years_climbing": ("years_climbing", 1.0, 0, 75),
    "max_hang_added_kg": ("max_hang_added_kg", 1.0, -80, 150),
    "max_hang_edge_mm": ("max_hang_edge_mm", 1.0, 4, 60),
    "max_hang_duration_s": ("max_hang_duration_s", 1.0, 1, 120),
    "pull_ups": ("pull_ups", 1.0, 0, 70),
    "weighted_pull_up_added_kg": ("weighted_pull_up_added_kg", 1.0, -80, 150),
    "weighted_pull_up_reps": ("weighted_pull_up_reps", 1.0, 1, 30),
    "push_ups": ("push_ups", 1.0, 0, 200),
}
MAY_BE_NEGATIVE: Final = frozenset({"max_hang_added_kg", "weighted_pull_up_added_kg"})
UNTESTED_PULL_UPS: Final = 8.0
"""Whoever does that many pull-ups can add weight: 0 kg on one weighted pull-up then says "not tested"."""

GRADES: Final = (-1.0, 17.0)
UNKNOWN: Final = frozenset({"", "na", "n/a", "nan", "none", "null", "-"})


def evaluate_strength(path: Path, model: StrengthModel, *, question: Question = Question.PAST_YEAR) -> dict[str, Any]:
    """Predict every climber of a survey and compare with the grade they told.

    Parameters
    ----------
    path
        A CSV with `boulder_grade` (V scale) and any of the columns in `COLUMNS` and `sex`, empty where unknown.
    model
        The model.
    question
        Which grade the survey asked for.

    Returns
    -------
    `rows` (climbers with a grade), `mae_grades`, `baseline_mae_grades` (always answering the mean grade of the climbers
    the model was made from), `coverage_80`, `bias_grades` (positive where the model expects too much), further baselines,
    and what was left out.

    Raises
    ------
    InvalidDataset
        If the file is no such survey; the message names the row and the column.
    """
    table = _read(path)
    left_out = _check_columns(table)
    truth = _grades(table[TRUTH])
    graded = np.isfinite(truth)
    if not graded.any():
        raise InvalidDataset(f"{path.name}: no row has a {TRUTH}, so there is nothing to compare with")
    measures, set_aside = _measures(table)
    features = to_features(measures)[graded]
    answers = model.predict(features, f"boulder_{question.value}")
    truth = truth[graded]
    return {
        **_scores(truth, answers.median, answers.low, answers.high),
        **_baselines(truth, features, model, f"boulder_{question.value}"),
        "question": question.value,
        "rows_without_grade": int((~graded).sum()),
        "known": {name: int(np.isfinite(column).sum()) for name, column in zip(NAMES, features.T, strict=True)},
        "set_aside": set_aside,
        "ignored_columns": left_out,
        "model_date": str(model.provenance.get("date", "")),
    }


def _scores(truth: Floats, median: Floats, low: Floats, high: Floats) -> dict[str, Any]:
    error = median - truth
    return {
        "rows": int(truth.size),
        "mae_grades": float(np.abs(error).mean()),
        "bias_grades": float(error.mean()),
        "coverage_80": float(((truth >= low) & (truth <= high)).mean()),
        "mean_width_80": float((high - low).mean()),
    }


def _baselines(truth: Floats, features: Floats, model: StrengthModel, target: str) -> dict[str, Any]:
    """Simple answers: our mean grade, this survey's own mean (which it could not know beforehand), and a line on the hang."""
    slope, intercept, middle = model.lines[target]
    line = slope * np.nan_to_num(features[:, 0], nan=middle) + intercept
    return {
        "baseline_mae_grades": float(np.abs(truth - model.means[target]).mean()),
        "own_mean_mae_grades": float(np.abs(truth - truth.mean()).mean()),
        "strength_to_weight_line_mae_grades": float(np.abs(truth - line).mean()),
    }


def _read(path: Path) -> pd.DataFrame:
    """The file as texts, one row per climber."""
    if not path.is_file():
        raise InvalidDataset(f"{path}: there is no such file")
    try:
        lines = pd.read_csv(path, header=None, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=True)
    except (OSError, ValueError) as cause:
        why = " ".join(str(cause).split())
        raise InvalidDataset(f"{path.name}: is not a table of comma-separated values ({why})") from cause
    names = [str(name).strip().lower() for name in lines.iloc[0]]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise InvalidDataset(f"{path.name}: the column {twice[0]!r} stands there twice")
    if len(lines) == 1:
        raise InvalidDataset(f"{path.name}: holds no climbers")
    return lines.iloc[1:].set_axis(names, axis=1).fillna("")


def _check_columns(table: pd.DataFrame) -> list[str]:
    """Names of columns that nothing is known about; a misspelt one, or a survey without grades, is refused."""
    known = [*COLUMNS, "sex", TRUTH]
    unknown = [name for name in table.columns if name not in known]
    for name in unknown:
        near = get_close_matches(name, [other for other in known if other not in table.columns], n=1, cutoff=0.85)
        if near:
            raise InvalidDataset(f"unknown column {name!r}: did you mean {near[0]!r}?")
    if TRUTH not in table.columns:
        raise InvalidDataset(f"there is no column {TRUTH!r} (V scale); known columns are {', '.join(known)}")
    if len(unknown) == len(table.columns) - 1:
        raise InvalidDataset(f"none of the columns says anything about the climbers; known are {', '.join(known)}")
    return unknown


def _measures(table: pd.DataFrame) -> tuple[dict[str, Floats], dict[str, int]]:
    """Columns in SI units; what no climber can have becomes unknown and is counted."""
    measures: dict[str, Floats] = {"female": _sex(table["sex"])} if "sex" in table else {}
    set_aside: dict[str, int] = {}
    for name, (measure, factor, low, high) in COLUMNS.items():
        if name not in table:
            continue
        values = _numbers(table[name], name)
        with np.errstate(invalid="ignore"):
            wrong = (values < low) | (values > high)
        if wrong.any():
            set_aside[f"{name} outside {low:g} to {high:g}"] = int(wrong.sum())
        measures[measure] = np.where(wrong, np.nan, values) * factor
    untested = _untested(measures)
    if untested.any():
        set_aside["weighted_pull_up_added_kg is 0 beside 8 or more pull-ups: not tested"] = int(untested.sum())
        measures["weighted_pull_up_added_kg"] = np.where(untested, np.nan, measures["weighted_pull_up_added_kg"])
    return measures, set_aside


def _untested(measures: dict[str, Floats]) -> NDArray[np.bool_]:
    if not {"weighted_pull_up_added_kg", "pull_ups"} <= measures.keys():
        return np.array([False])
    reps = np.nan_to_num(measures.get("weighted_pull_up_reps", np.array(np.nan)), nan=1.0)
    plain = (measures["weighted_pull_up_added_kg"] == 0) & (reps < UNTESTED_PULL_UPS)
    return np.asarray(plain & (measures["pull_ups"] >= UNTESTED_PULL_UPS), dtype=np.bool_)


def _sex(column: pd.Series) -> Floats:
    texts = [str(text).strip().lower() for text in column]
    for row, text in enumerate(texts, start=2):
        if text not in SEX and text not in UNKNOWN:
            raise InvalidDataset(f"row {row}, sex: {text!r} is none of female, male, other")
    return np.array([SEX.get(text, np.nan) for text in texts])


def _numbers(column: pd.Series, name: str) -> Floats:
    return np.array([_number(str(text).strip(), name, row) for row, text in enumerate(column, start=2)])


def _number(text: str, name: str, row: int) -> float:
    if text.lower() in UNKNOWN:
        return np.nan
    if not re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?", text, re.IGNORECASE):
        raise InvalidDataset(f"row {row}, {name}: {text[:40]!r} is not a number (units stand in the column's name)")
    value = float(text)
    if value < 0 and name not in MAY_BE_NEGATIVE:
        raise InvalidDataset(f"row {row}, {name}: {text[:40]} is below zero")
    return value


def _grades(column: pd.Series) -> Floats:
    return np.array([_grade(str(text).strip(), row) for row, text in enumerate(column, start=2)])


def _grade(text: str, row: int) -> float:
    """A V grade as a number, with or without its V; VB is -1."""
    if text.lower() in UNKNOWN:
        return np.nan
    bare = text[1:] if text[:1] in "vV" else text
    value = -1.0 if bare.lower() == "b" else _grade_number(bare, text, row)
    if not GRADES[0] <= value <= GRADES[1]:
        raise InvalidDataset(f"row {row}, {TRUTH}: {text[:40]} is outside the V scale (VB as -1, to 17)")
    return value


def _grade_number(bare: str, text: str, row: int) -> float:
    if not re.fullmatch(r"-?\d+(\.\d+)?", bare):
        raise InvalidDataset(f"row {row}, {TRUTH}: {text[:40]!r} is not a V grade")
    return float(bare)
