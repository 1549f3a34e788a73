"""What a study found, in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial

from experiments.sweep.plan import Plan, tidy

if TYPE_CHECKING:
    import pandas as pd


def best(study: Study) -> Sequence[FrozenTrial]:
    """The best trials: with several objectives, those than which no other is better in one and as good in the rest.

    In the order of the first objective, the best first.
    """
    up = study.directions[0] == StudyDirection.MAXIMIZE
    return sorted(study.best_trials, key=lambda trial: trial.values[0], reverse=up)


def trials_table(study: Study, plan: Plan) -> pd.DataFrame:
    """One row a trial: its number, state, objectives, parameters, job, error, and whatever else was measured."""
    import pandas as pd

    return pd.DataFrame([_row(trial, plan) for trial in study.get_trials(deepcopy=False)])


def _row(trial: FrozenTrial, plan: Plan) -> dict[str, Any]:
    values = dict(zip(plan.goals, trial.values or (), strict=False))
    params = {name: tidy(value) for name, value in trial.params.items()}
    attributes = {name: trial.user_attrs.get(name) for name in ("seconds", "job", "error")}
    measured = {name: value for name, value in trial.user_attrs.get("metrics", {}).items() if name not in values}
    return {"trial": trial.number, "state": trial.state.name.lower(), **values, **params, **attributes, **measured}
