"""A sweep in MLflow: one run for the study, one below it for each trial. All of it can be written anew from the study."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ascension_core.errors import ServerUnavailable
from ascension_core.platform.tracking import experiment_id, load_mlflow, tracking_uri
from experiments.provenance import git_commit
from experiments.sweep.plan import Plan, tidy
from experiments.sweep.tables import best, trials_table

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

EXPERIMENT: Final = "sweeps"
_RUN: Final = "mlflow_run"
_PARENT: Final = "mlflow.parentRunId"
_NAME: Final = "mlflow.runName"
_MOST: Final = 50_000  # runs that one search gives


class Runs:
    """The runs of one study.

    Parameters
    ----------
    study
        Where their contents come from, and where the id of the study's run is kept.
    plan
        Of the study.

    Raises
    ------
    ServerUnavailable
        By its methods, if MLflow cannot be reached.
    """

    def __init__(self, study: Study, plan: Plan) -> None:
        _mlflow()  # before anything is begun: a Ctrl-C that meets so large an import can get lost
        self._study, self._plan = study, plan
        self._written: set[int] = set()

    def follow(self) -> None:
        """Write the trials that have ended since."""
        ended = [trial for trial in self._study.get_trials(deepcopy=False) if trial.state.is_finished()]
        if all(trial.number in self._written for trial in ended):
            return
        with _reachable():
            children = self._children()
            for trial in ended:
                run = children.get(trial.number)
                if run is None or run.info.status == "RUNNING":  # whoever wrote it did not come to its end
                    self._write(trial, run.info.run_id if run else self._begin(trial))
        self._written |= {trial.number for trial in ended}

    def finish(self) -> None:
        """Mark the best trials, and write plots, table and plan beside the study's run."""
        with _reachable():
            self._mark_the_best()
            with tempfile.TemporaryDirectory() as folder:
                _write_artifacts(Path(folder), self._study, self._plan)
                self._client.log_artifacts(self.parent, folder)
            self._client.set_terminated(self.parent, "FINISHED")

    @cached_property
    def parent(self) -> str:
        """Id of the study's run, made where there is none (any more)."""
        known = self._study.user_attrs.get(_RUN)
        if known is not None and self._exists(known):
            self._client.update_run(known, status="RUNNING")
            return str(known)
        tags = {_NAME: self._plan.name, "git_commit": git_commit(), "kind": self._plan.kind}
        made = str(self._client.create_run(self._experiment, tags=tags).info.run_id)
        for name, value in self._plan.sampler.model_dump().items():
            self._client.log_param(made, f"sampler.{name}", value)
        self._study.set_user_attr(_RUN, made)
        return made

    @cached_property
    def _client(self) -> MlflowClient:
        return _mlflow().MlflowClient(tracking_uri())  # type: ignore[no-any-return]  # imported late

    @cached_property
    def _experiment(self) -> str:
        found = experiment_id(self._client, EXPERIMENT)
        # Its page is then one of runs and metrics.
        self._client.set_experiment_tag(found, "mlflow.experimentKind", "custom_model_development")
        return found

    def _exists(self, run: str) -> bool:
        try:
            return bool(self._client.get_run(run).info.lifecycle_stage == "active")
        except _mlflow().MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise

    def _children(self) -> dict[int, Run]:
        """The runs of trials, by number."""
        found = self._client.search_runs([self._experiment], f"tags.`{_PARENT}` = '{self.parent}'", max_results=_MOST)
        return {int(run.data.tags["trial"]): run for run in found}

    def _begin(self, trial: FrozenTrial) -> str:
        tags = {_PARENT: self.parent, _NAME: f"{self._plan.name} {trial.number}", "trial": str(trial.number)}
        return str(self._client.create_run(self._experiment, start_time=_ms(trial.datetime_start), tags=tags).info.run_id)

    def _write(self, trial: FrozenTrial, run: str) -> None:
        """All of a trial; its values also as metrics of the study's run, which then show how the sweep went."""
        entities, at = _mlflow().entities, _ms(trial.datetime_complete)
        values = dict(zip(self._plan.goals, trial.values or (), strict=False))
        metrics = trial.user_attrs.get("metrics", {}) | values | _seconds(trial)
        self._client.log_batch(
            run,
            [entities.Metric(name, value, at, 0) for name, value in metrics.items()],
            [entities.Param(name, str(tidy(value))) for name, value in trial.params.items()],
            [entities.RunTag(name, str(trial.user_attrs[name])) for name in ("job", "error") if name in trial.user_attrs],
        )
        self._client.log_batch(self.parent, [entities.Metric(name, value, at, trial.number) for name, value in values.items()])
        self._client.set_terminated(run, "FAILED" if trial.state == TrialState.FAIL else "FINISHED", at)

    def _mark_the_best(self) -> None:
        numbers, children = {trial.number for trial in best(self._study)}, self._children()
        for number, run in children.items():
            if (run.data.tags.get("best") == "true") != (number in numbers):
                self._client.set_tag(run.info.run_id, "best", "true" if number in numbers else "false")
        self._client.set_tag(self.parent, "best_runs", " ".join(children[number].info.run_id for number in sorted(numbers)))
        self._client.set_tag(self.parent, "mlflow.note.content", _note(self._study, self._plan))


def _write_artifacts(folder: Path, study: Study, plan: Plan) -> None:
    from experiments.sweep.plots import pictures

    for name, png in pictures(study, plan).items():
        (folder / name).write_bytes(png)
    trials_table(study, plan).to_csv(folder / "trials.csv", index=False)
    (folder / f"{plan.name}.yaml").write_text(yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False), "utf-8")


def _note(study: Study, plan: Plan) -> str:
    """What the study's page in MLflow says: its best trials."""
    names = ["trial", *plan.goals, *plan.space]
    rows = [[trial.number, *trial.values, *(tidy(trial.params[name]) for name in plan.space)] for trial in best(study)]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [names, ["---"] * len(names), *rows])


def _seconds(trial: FrozenTrial) -> dict[str, float]:
    seconds = trial.user_attrs.get("seconds")
    return {} if seconds is None else {"job_seconds": seconds}


def _ms(moment: datetime | None) -> int:
    assert moment is not None  # an ended trial has begun and ended
    return int(moment.timestamp() * 1000)


def _mlflow() -> Any:
    """MLflow, imported when it is needed (seconds) and told not to report home."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    load_mlflow()
    import mlflow

    return mlflow


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except (_mlflow().MlflowException, OSError) as cause:
        raise ServerUnavailable(f"MLflow cannot be used ({type(cause).__name__}); look at ASCENSION_MLFLOW_URI") from cause
