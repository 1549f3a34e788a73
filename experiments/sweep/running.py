"""Carrying a sweep on until it is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from optuna.study import Study

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.jobs import Jobs
from ascension_core.progress import Progress, silent
from experiments.sweep.plan import Plan, tidy
from experiments.sweep.runs import EXPERIMENT, Runs
from experiments.sweep.study import alone, open_study
from experiments.sweep.tables import best
from experiments.sweep.trials import Standing, step

PAUSE_S: Final = 0.5
UNATTENDED_S: Final = 10.0
AWAY_S: Final = 60.0


def sweep(
    plan: Plan, jobs: Jobs, *, wait: bool = True, tell: Callable[[str], None] = lambda _: None, progress: Progress = silent
) -> dict[str, Any]:
    """Carry a sweep on: take up results, submit trials, keep them in MLflow.

    Any number of processes may do so at once, and any may be stopped: what it began, the next one finds.

    Parameters
    ----------
    plan
        What to try; `check_kind` says whether the notebook takes it.
    jobs
        The queue on which trials are jobs.
    wait
        Whether to go on until no trial is left; otherwise one step is taken.
    tell
        Hears what a person should know, such as that nobody does the work.
    progress
        Called after each step.

    Returns
    -------
    A document: `study`, `trials` (that ended), `failed`, `running`, `best` (trials with their number, values by objective,
    parameters by path, and job), and the `experiment` and `run` in MLflow.

    Raises
    ------
    InvalidSweep
        If a study of that name was begun with another plan.
    InvalidJob
        If the notebook does not take what is tried.
    ServerUnavailable
        If the database or MLflow is away for longer than a minute.
    """
    with open_study(jobs.database, plan) as study:
        runs = Runs(study, plan)
        standing = _carry_on(study, plan, jobs, runs, wait, tell, progress)
        with alone(jobs.database, plan.name):
            runs.finish()
        return _document(study, plan, standing, runs)


def _carry_on(  # noqa: PLR0917
    study: Study, plan: Plan, jobs: Jobs, runs: Runs, wait: bool, tell: Callable[[str], None], progress: Progress
) -> Standing:
    patience = Patience(plan.kind, tell)

    def work() -> Standing:
        standing = step(study, plan, jobs)
        with alone(jobs.database, plan.name):
            runs.follow()
        progress("sweep", standing.ended / standing.wanted, _so_far(study, plan, standing))
        return standing

    while True:
        standing = _steadily(work)
        if standing.done or not wait:
            return standing
        patience.see(standing)
        jobs.queue.heartbeat()  # a broker drops who is silent for long
        time.sleep(PAUSE_S)


class Patience:
    """Says once that nobody does the work, when that has been so for a while."""

    def __init__(self, kind: str, tell: Callable[[str], None]) -> None:
        self._kind, self._tell = kind, tell
        self._since: float | None = None
        self._told = False

    def see(self, standing: Standing) -> None:
        """Take note of whether anybody works."""
        now = time.monotonic()
        self._since = (self._since or now) if standing.unattended else None
        if self._since is not None and now - self._since > UNATTENDED_S and not self._told:
            self._tell(f"no worker takes jobs of kind {self._kind}: start `ascension worker` or `ascension up`")
            self._told = True


def _steadily(work: Callable[[], Standing]) -> Standing:
    """Try again while a server is away, up to a minute."""
    end = time.monotonic() + AWAY_S
    while True:
        try:
            return work()
        except ServerUnavailable:
            if time.monotonic() > end:
                raise
        time.sleep(PAUSE_S)


def _so_far(study: Study, plan: Plan, standing: Standing) -> str:
    """One line: how many trials, and the best of each objective."""
    counts = f"{standing.ended} of {standing.wanted}, {standing.running} at work"
    failed = f", {standing.failed} failed" if standing.failed else ""
    values = [trial.values for trial in best(study)]
    goals = zip(plan.goals, plan.directions, zip(*values, strict=True), strict=False)
    found = ", ".join(f"{goal} {(max if way == 'maximize' else min)(column):g}" for goal, way, column in goals)
    return f"{counts}{failed}; best {found}" if found else f"{counts}{failed}"


def _document(study: Study, plan: Plan, standing: Standing, runs: Runs) -> dict[str, Any]:
    found = [
        {
            "trial": trial.number,
            "values": dict(zip(plan.goals, trial.values, strict=True)),
            "parameters": {name: tidy(trial.params[name]) for name in plan.space},
            "job": trial.user_attrs.get("job"),
        }
        for trial in best(study)
    ]
    counts = {"trials": standing.ended, "failed": standing.failed, "running": standing.running}
    return {"study": plan.name, **counts, "best": found, "experiment": EXPERIMENT, "run": runs.parent}
