"""Trials of a study as jobs on the queue.

The study and the queue hold all there is to know, so any process may take the next step: hear of jobs that have ended, and
submit the next ones. A process that dies leaves nothing that the next one would not find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from ascension_core.platform.jobs import Job, Jobs, Wish
from ascension_core.platform.jobs.rows import job_of
from ascension_core.platform.queue import Priority
from experiments.sweep.plan import Plan
from experiments.sweep.study import alone, ask, most_trials, note, reachable


@dataclass(frozen=True)
class Standing:
    """How far a sweep is.

    Attributes
    ----------
    wanted
        Trials that there will be.
    ended, failed, running
        Trials; those that failed are among those that ended.
    unattended
        Whether trials wait while no worker runs anything at all.
    """

    wanted: int
    ended: int
    failed: int
    running: int
    unattended: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.running and self.ended >= self.wanted


def step(study: Study, plan: Plan, jobs: Jobs) -> Standing:
    """Take up the results that are there, submit what there is room for, and say how far the sweep is.

    Raises
    ------
    InvalidJob
        If the notebook does not take what is tried.
    ServerUnavailable
        If the database cannot be used; to try again is safe.
    """
    with reachable(), alone(jobs.database, plan.name):
        for trial, job in _at_work(study, plan, jobs):
            _take_up(study, plan, trial, job)
        _top_up(study, plan, jobs)
        return _standing(study, plan, jobs)


def key_of(plan: Plan, number: int) -> str:
    """The idempotency key of a trial's job: whoever submits it again gets the same one."""
    return f"sweep:{plan.name}:{number}"


def _at_work(study: Study, plan: Plan, jobs: Jobs) -> Iterator[tuple[FrozenTrial, Job]]:
    """Trials that have begun, and their jobs; those that a process began and could not submit any more are submitted now."""
    trials = study.get_trials(states=[TrialState.RUNNING])
    rows = jobs.database.rows(
        "select * from jobs where idempotency_key = any (%s)", [[key_of(plan, trial.number) for trial in trials]]
    )
    found = {row["idempotency_key"]: job_of(row) for row in rows}
    for trial in trials:
        if trial.params.keys() != plan.space.keys():
            _fail(study, trial, "the sweep was stopped while this trial was chosen")
        else:
            yield trial, found.get(key_of(plan, trial.number)) or _submit(plan, trial, jobs)


def _submit(plan: Plan, trial: FrozenTrial, jobs: Jobs) -> Job:
    return jobs.submit(
        Wish(
            plan.kind,
            plan.job_parameters(trial.params),
            idempotency_key=key_of(plan, trial.number),
            priority=Priority[plan.priority.upper()],
            name=f"sweep {plan.name}, trial {trial.number}",
        )
    )


def _take_up(study: Study, plan: Plan, trial: FrozenTrial, job: Job) -> None:
    """End a trial whose job has ended."""
    if job.finished:
        note(study, trial, {"job": str(job.id), "seconds": _seconds(job)})
    if job.status == "succeeded":
        _score(study, plan, trial, job.result)
    elif job.finished:
        error = job.error or {"class": job.status, "message": f"the job was {job.status}"}
        _fail(study, trial, f"{error['class']}: {error['message']}")


def _score(study: Study, plan: Plan, trial: FrozenTrial, result: Any) -> None:
    paths = [objective.path for objective in plan.objectives]
    values = {path: value for path in paths if (value := number_at(result, path)) is not None}
    missing = [path for path in paths if path not in values]
    if missing:
        _fail(study, trial, f"its result has no number at {', '.join(missing)}")
        return
    note(study, trial, {"metrics": _numbers(result)})
    study.tell(trial.number, [values[path] for path in paths])


def _fail(study: Study, trial: FrozenTrial, why: str) -> None:
    note(study, trial, {"error": why})
    study.tell(trial.number, state=TrialState.FAIL)


def _top_up(study: Study, plan: Plan, jobs: Jobs) -> None:
    """Begin trials until enough are at work, or there are no more to begin."""
    begun = study.get_trials(deepcopy=False)
    running = sum(trial.state == TrialState.RUNNING for trial in begun)
    for _ in range(min(plan.parallel - running, most_trials(plan) - len(begun))):
        _submit(plan, ask(study, plan), jobs)


def _standing(study: Study, plan: Plan, jobs: Jobs) -> Standing:
    states = [trial.state for trial in study.get_trials(deepcopy=False)]
    running = states.count(TrialState.RUNNING)
    return Standing(
        wanted=most_trials(plan),
        ended=len(states) - running,
        failed=states.count(TrialState.FAIL),
        running=running,
        unattended=running > 0 and not _anybody_works(jobs),
    )


def _anybody_works(jobs: Jobs) -> bool:
    row = jobs.database.row("select exists (select from jobs where status = 'running') as busy")
    return bool(row and row["busy"])


def number_at(document: Any, path: str) -> float | None:
    """The number at a path of names and list positions between slashes, ``summary/clip_seconds``; None where there is none."""
    for part in path.split("/"):
        match document:
            case Mapping():
                document = document.get(part)
            case list() if part.isdecimal() and int(part) < len(document):
                document = document[int(part)]
            case _:
                return None
    return float(document) if isinstance(document, int | float) and not isinstance(document, bool) else None


def _numbers(result: Any) -> dict[str, float]:
    """The numbers of a result's summary: what else was measured."""
    summary = result.get("summary") if isinstance(result, Mapping) else None
    names = summary if isinstance(summary, Mapping) else {}
    return {name: value for name in names if (value := number_at(summary, name)) is not None}


def _seconds(job: Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return (job.finished_at - job.started_at).total_seconds()
