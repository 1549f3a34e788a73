"""Pictures of a study: how it went, what mattered, and which trials are the best trade."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.exceptions import ExperimentalWarning
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState
from optuna.visualization import matplotlib as draw

from experiments.sweep.parallel import parallel_coordinates
from experiments.sweep.plan import Plan

_DPI = 110
_FEWEST = 4
"""Trials from which on it makes sense to ask what mattered."""


def pictures(study: Study, plan: Plan) -> dict[str, bytes]:
    """PNG files by name; only those that there is enough to draw for."""
    trials = study.get_trials(states=[TrialState.COMPLETE], deepcopy=False)
    if not trials:
        return {}
    return {f"{name}.png": _png(figure) for name, figure in _figures(study, plan, trials)}


def importances(study: Study, plan: Plan, objective: int) -> Mapping[str, float]:
    """How much of an objective's differences each parameter explains, 0 to 1; empty where there is too little to tell.

    Notes
    -----
    Hutter, Hoos and Leyton-Brown, "An Efficient Approach for Assessing Hyperparameter Importance" (fANOVA), ICML 2014.
    """
    trials = study.get_trials(states=[TrialState.COMPLETE], deepcopy=False)
    varied = [name for name in plan.space if len({str(trial.params[name]) for trial in trials}) > 1]
    different = len({trial.values[objective] for trial in trials}) > 1
    if len(trials) < _FEWEST or not varied or not different:
        return {}
    return get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), params=varied, target=_value(objective))


def _figures(study: Study, plan: Plan, trials: Sequence[FrozenTrial]) -> Iterator[tuple[str, Figure]]:
    for number, goal in enumerate(plan.goals):
        yield f"history-{goal}", _drawn(draw.plot_optimization_history, study, target=_value(number), target_name=goal)
        yield f"parallel-{goal}", parallel_coordinates(_columns(plan, trials, number), goal)
        if shares := importances(study, plan, number):
            yield f"importances-{goal}", _bars(shares, goal)
    if len(plan.goals) in {2, 3}:
        yield "pareto", _drawn(draw.plot_pareto_front, study, target_names=plan.goals)


def _columns(plan: Plan, trials: Sequence[FrozenTrial], objective: int) -> dict[str, Sequence[Any]]:
    chosen: dict[str, Sequence[Any]] = {name: [trial.params[name] for trial in trials] for name in plan.space}
    return chosen | {plan.goals[objective]: [trial.values[objective] for trial in trials]}


def _bars(shares: Mapping[str, float], goal: str) -> Figure:
    figure = Figure((7, 1 + 0.4 * len(shares)), layout="constrained")
    axes = figure.subplots()
    axes.bar_label(axes.barh(list(shares)[::-1], list(shares.values())[::-1]), fmt="%.2f", padding=3)
    axes.set_xlim(0, 1.1)
    axes.set_xlabel(f"share of the differences in {goal}")
    return figure


def _value(objective: int) -> Callable[[FrozenTrial], float]:
    return lambda trial: float(trial.values[objective])


def _drawn(plot: Callable[..., Axes], study: Study, **options: Any) -> Figure:
    """One of Optuna's own pictures; their style is not to stay."""
    with warnings.catch_warnings(action="ignore", category=ExperimentalWarning), plt.rc_context():
        figure = plot(study, **options).get_figure(root=True)
    assert figure is not None
    return figure


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, bbox_inches="tight")
    plt.close(figure)
    return file.getvalue()
