"""The two tables the strength model is built on, cleaned in the open: what is dropped is counted, with the reason.

The tables are people's data: they are read from ``ASCENSION_DATA`` and never enter the repository or a model file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ascension_core.errors import InvalidDataset
from ascension_core.training.grades import Grade, v_index_of
from ascension_core.training.strength_features import MEASURES

POWER_COMPANY: Final = "power-company-assessment.csv"
GILES: Final = "giles-2020-critical-force.csv"
TARGETS: Final = ("boulder_current", "boulder_past_year", "sport_current", "sport_past_year")

POUND_KG: Final = 0.45359237
INCH_M: Final = 0.0254

# Categories stand for their middle; the open one above 10 years for 14 (the mean of an exponential tail of 4 years).
YEARS: Final = {"<1": 0.5, "1-2": 1.5, "3-4": 3.5, "5-6": 5.5, "7-8": 7.5, "9-10": 9.5, ">10": 14.0}


@dataclass
class Cleaning:
    """What was changed or dropped on the way, and why."""

    counts: dict[str, int] = field(default_factory=dict)

    def note(self, reason: str, count: int) -> None:
        """Add to the count of one reason."""
        self.counts[reason] = self.counts.get(reason, 0) + int(count)


@dataclass(frozen=True)
class Survey:
    """Cleaned climbers: raw measures (SI, columns `MEASURES`), grades (columns `TARGETS`), and where they come from.

    Attributes
    ----------
    measures
        One row per climber.
    grades
        V grades for boulders, IRCRA for sport; nan where not told.
    source
        "power_company" or "giles" for each row.
    cleaning
        Counts of what was dropped or changed, with reasons.
    """

    measures: pd.DataFrame
    grades: pd.DataFrame
    source: pd.Series
    cleaning: Cleaning

    def __len__(self) -> int:
        return len(self.measures)


def load_surveys(folder: Path) -> Survey:
    """Read and clean both tables of ``folder`` (``ASCENSION_DATA/athletes``)."""
    cleaning = Cleaning()
    parts = [
        ("power_company", *_power_company(_read(folder / POWER_COMPANY), cleaning)),
        ("giles", *_giles(_read(folder / GILES), cleaning)),
    ]
    return Survey(
        pd.concat([part[1] for part in parts], ignore_index=True),
        pd.concat([part[2] for part in parts], ignore_index=True),
        pd.Series(np.repeat([part[0] for part in parts], [len(part[1]) for part in parts])),
        cleaning,
    )


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as cause:
        raise InvalidDataset(f"{path.name}: the strength tables cannot be read; set ASCENSION_DATA to their folder") from cause


def _power_company(table: pd.DataFrame, cleaning: Cleaning) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Self-reported assessments in pounds and inches; each climber told a past-year grade and a current one."""
    cleaning.note("power_company: rows read", len(table))
    rows = _once_each(table, cleaning)
    rows = _swap_grade_columns(rows, cleaning)
    measures = _power_measures(rows, cleaning)
    grades = _power_grades(rows)
    return _graded(measures, grades, "power_company", cleaning)


def _once_each(table: pd.DataFrame, cleaning: Cleaning) -> pd.DataFrame:
    """Keep the last of entries sent twice: the same person measured the same in seven columns."""
    same = ["sex", "height", "weight", "span", "pullup", "weightedpull", "maxhang"]
    rows = table.drop_duplicates(same, keep="last")
    cleaning.note("power_company: same person sent again (sex, size and tests all equal)", len(table) - len(rows))
    return rows.reset_index(drop=True)


def _swap_grade_columns(rows: pd.DataFrame, cleaning: Cleaning) -> pd.DataFrame:
    """One version of the form had current boulder and sport grades the other way round: tell it by the grade itself."""
    swapped = _is_boulder(rows["sportgrade"]) | _is_sport(rows["bouldergrade"])
    cleaning.note("power_company: current boulder and sport grades exchanged", int(swapped.sum()))
    sport = rows["sportgrade"].where(~swapped, rows["bouldergrade"])
    boulder = rows["bouldergrade"].where(~swapped, rows["sportgrade"])
    return rows.assign(sportgrade=sport, bouldergrade=boulder)


def _is_boulder(grades: pd.Series) -> pd.Series:
    return grades.str.contains(r"V\d|boulder$", na=False)


def _is_sport(grades: pd.Series) -> pd.Series:
    return grades.str.contains(r"5\.1|sport climb$", na=False)


def _power_measures(rows: pd.DataFrame, cleaning: Cleaning) -> pd.DataFrame:
    """SI units; what cannot be true becomes unknown, and a test that could not be done is told from a zero."""
    keep = _keeper(cleaning, "power_company")
    height = keep(rows["height"] * INCH_M, 1.4, 2.1, "height outside 1.40 to 2.10 m")
    mass = keep(rows["weight"] * POUND_KG, 38, 120, "body mass outside 38 to 120 kg")
    span = _span(rows["span"], height, cleaning)
    added = keep(rows["maxhang"] * POUND_KG / mass, -0.6, 1.2, "max hang over 1.2 times body mass") * mass
    held = keep(pd.to_numeric(rows["continuous"], errors="coerce"), 0, 200, "hang time over 200 s")
    short = (added == 0) & (held < 10)
    cleaning.note("power_company: body weight not held for 10 s, shorter time used instead", int((short & (held >= 3)).sum()))
    cleaning.note("power_company: max hang unknown, body weight not held for 3 s", int((short & (held < 3)).sum()))
    pulled = keep(rows["weightedpull"] * POUND_KG / mass, 0, 1.1, "weighted pull-up over 1.1 times body mass") * mass
    impossible = (pulled == 0) & (rows["pullup"] < 1)
    cleaning.note("power_company: weighted pull-up unknown, no pull-up possible", int(impossible.sum()))
    measures = pd.DataFrame(
        {
            "female": rows["sex"].map({"Female": 1.0, "Male": 0.0}),
            "age_years": keep(rows["age"], 10, 80, "age outside 10 to 80"),
            "height_m": height,
            "mass_kg": mass,
            "span_m": span,
            "years_climbing": rows["exp"].map(_years),
            "max_hang_added_kg": added.mask(short & (held < 3)),
            "max_hang_edge_mm": 20.0,
            "max_hang_duration_s": held.where(short & (held >= 3), 10.0),
            "pull_ups": keep(rows["pullup"], 0, 45, "pull-ups over 45"),
            "weighted_pull_up_added_kg": pulled.mask(impossible),
            "weighted_pull_up_reps": 1.0,
            "push_ups": keep(rows["pushup"], 0, 150, "push-ups over 150"),
            "repeaters_s": keep(rows["repeaters1"], 0, 480, "repeaters over 480 s"),
        }
    )
    return measures.reindex(columns=list(MEASURES)).astype(float)


Keep = Callable[[pd.Series, float, float, str], pd.Series]


def _keeper(cleaning: Cleaning, source: str) -> Keep:
    """Make a function that blanks values out of a range and counts them."""

    def keep(values: pd.Series, low: float, high: float, reason: str) -> pd.Series:
        wrong = values.notna() & ~values.between(low, high)
        cleaning.note(f"{source}: {reason}", int(wrong.sum()))
        return values.mask(wrong)

    return keep


def _span(raw: pd.Series, height: pd.Series, cleaning: Cleaning) -> pd.Series:
    """Inches; centimetres where they give a span near the height; else unknown (an ape index, a typing error)."""
    inches, centimetres = raw * INCH_M, raw / 100.0
    metric = ((inches - height).abs() > 0.2) & ((centimetres - height).abs() < 0.2)
    span = inches.where(~metric, centimetres)
    wrong = span.notna() & ~((span - height).abs() <= 0.2)
    cleaning.note("power_company: span given in centimetres", int(metric.sum()))
    cleaning.note("power_company: span unlike the height (over 20 cm), or an ape index", int(wrong.sum()))
    return span.mask(wrong)


def _years(text: object) -> float:
    return YEARS.get(str(text).replace(" ", "").removesuffix("years").removesuffix("year"), np.nan)


def _power_grades(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "boulder_current": rows["bouldergrade"].map(_boulder),
            "boulder_past_year": rows["max_boulder"].map(_boulder),
            "sport_current": rows["sportgrade"].map(_sport),
            "sport_past_year": rows["max_sport"].map(_sport),
        }
    )


def _boulder(text: object) -> float:
    """V grade; the lowest answer of the form ("up to V3": no other answer names V3) counts as 2.5."""
    grade = str(text).strip()
    if grade in {"<V3", "? V3"}:
        return 2.5
    return float(grade[1:]) if grade.startswith("V") and grade[1:].isdigit() else np.nan


def _sport(text: object) -> float:
    """IRCRA level; "below 5.10" counts as 5.9. The open end above 5.14d was ticked once, by a V8 boulderer: a joke."""
    grade = str(text).replace(" ", "")
    if grade == "<5.10":
        grade = "5.9"
    return Grade.parse(grade, system="yds").ircra.middle if grade.startswith("5.") else np.nan


def _giles(table: pd.DataFrame, cleaning: Cleaning) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Laboratory tests of one hand on a 20 mm edge, with the hardest ascents of late on the IRCRA scale."""
    cleaning.note("giles: rows read", len(table))
    table = _one_mass(table, cleaning)
    keep = _keeper(cleaning, "giles")
    measures = pd.DataFrame(
        {
            "female": table["SEX"].map({"Female": 1.0, "Male": 0.0}),
            "age_years": keep(table["AGE (YRS)"], 10, 80, "age outside 10 to 80"),
            "height_m": table["HEIGHT (CM)"] / 100.0,
            "mass_kg": table["BODY MASS (KG)"],
            "years_climbing": table["YRS CLIMBING"],
            "peak_force_kg": table["PEAK FORCE (KG)"],
            "critical_force_kg": table["CF (KG)"],
        }
    )
    grades = pd.DataFrame(
        {
            "boulder_past_year": table["BOULDER GRADE IRCRA"].map(v_index_of, na_action="ignore"),
            "sport_past_year": table["SPORT GRADE IRCRA"],
        }
    )
    measures = measures.reindex(columns=list(MEASURES)).astype(float)
    return _graded(measures, grades.reindex(columns=list(TARGETS)).astype(float), "giles", cleaning)


def _one_mass(table: pd.DataFrame, cleaning: Cleaning) -> pd.DataFrame:
    """Forget the body mass of rows whose own percentages were made with another one (over 5 % apart)."""
    share = table["PEAK FORCE % BODY MASS"].str.rstrip("%").astype(float) / 100.0
    used = table["PEAK FORCE (KG)"] / share
    wrong = ((used / table["BODY MASS (KG)"]) - 1.0).abs() > 0.05
    cleaning.note("giles: body mass over 5 % from the one its percentages were made with, left unknown", int(wrong.sum()))
    return table.assign(**{"BODY MASS (KG)": table["BODY MASS (KG)"].mask(wrong)})


def _graded(measures: pd.DataFrame, grades: pd.DataFrame, source: str, cleaning: Cleaning) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keep climbers with at least one grade."""
    known = grades.notna().any(axis=1)
    cleaning.note(f"{source}: no grade told, or none that can be read", int((~known).sum()))
    cleaning.note(f"{source}: rows kept", int(known.sum()))
    return measures[known], grades[known]
