"""Studies of Optuna in our own PostgreSQL, in a schema of their own; any number of processes may carry one on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import optuna
import psycopg
from optuna.samplers import BaseSampler, GridSampler, RandomSampler, TPESampler
from optuna.storages import RDBStorage
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial
from sqlalchemy.exc import SQLAlchemyError

from ascension_core.errors import InvalidSweep, ServerUnavailable
from ascension_core.platform.database import Database
from experiments.sweep.plan import Plan

SCHEMA: Final = "optuna"
_PLAN: Final = "plan"
_SILENT: Final = RandomSampler()
"""For studies that are not asked: a grid's sampler, told of its last trial, would stop a loop that is not there."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


@contextmanager
def open_study(database: Database, plan: Plan) -> Iterator[Study]:
    """The study of a plan, made where there is none.

    Raises
    ------
    InvalidSweep
        If a study of that name was begun with another plan.
    ServerUnavailable
        If the database cannot be used.
    """
    with reachable():
        with alone(database, SCHEMA):
            database.execute(f"create schema if not exists {SCHEMA}".encode())
            storage = RDBStorage("postgresql+psycopg://", engine_kwargs=_engine(database))
        try:
            yield _study(database, storage, plan)
        finally:
            storage.engine.dispose()


def ask(study: Study, plan: Plan) -> FrozenTrial:
    """Begin the next trial.

    The sampler is made anew each time, seeded by the plan and the trial's number: a sweep that was broken off goes on with the
    very trials that it would have run.
    """
    study.sampler = _sampler(plan, len(study.get_trials(deepcopy=False)))
    number = study.ask(plan.distributions).number
    study.sampler = _SILENT
    return study.trials[number]


def note(study: Study, trial: FrozenTrial, attributes: Mapping[str, Any]) -> None:
    """Write attributes of a trial that has not ended."""
    writable = Trial(study, trial._trial_id)  # there is no public way to a trial that another process began
    for name, value in attributes.items():
        writable.set_user_attr(name, value)


def most_trials(plan: Plan) -> int:
    """How many trials there will be: no more than a grid has points."""
    if plan.sampler.name != "grid":
        return plan.trials
    return min(plan.trials, int(np.prod([len(dimension.grid) for dimension in plan.space.values()])))


@contextmanager
def alone(database: Database, what: str) -> Iterator[None]:
    """Nobody else is in such a block for the same thing; the lock goes with the process."""
    with database.transaction() as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"ascension sweep {what}"])
        yield


@contextmanager
def reachable() -> Iterator[None]:
    """Say of Optuna's trouble with the database what it is, without its address."""
    try:
        yield
    except (SQLAlchemyError, optuna.exceptions.StorageInternalError, psycopg.Error) as cause:
        raise ServerUnavailable(f"the database of the study cannot be used: {type(cause).__name__}") from cause


def _engine(database: Database) -> dict[str, Any]:
    """Connections as ours are made, because a private server may come back on another port."""

    def connect() -> psycopg.Connection[Any]:
        return psycopg.connect(database.url(), options=f"-c search_path={SCHEMA} -c timezone=UTC")

    return {"creator": connect, "pool_pre_ping": True, "pool_size": 1, "max_overflow": 1}


def _study(database: Database, storage: RDBStorage, plan: Plan) -> Study:
    with alone(database, plan.name):
        study = optuna.create_study(
            study_name=plan.name, storage=storage, sampler=_SILENT, directions=plan.directions, load_if_exists=True
        )
        begun = study.user_attrs.get(_PLAN)
        if begun is None:
            study.set_user_attr(_PLAN, plan.study)
        elif begun != plan.study:
            changed = ", ".join(name for name, value in plan.study.items() if begun.get(name) != value)
            raise InvalidSweep(f"the study {plan.name!r} was begun with other {changed}: give this sweep another name")
    return study


def _sampler(plan: Plan, number: int) -> BaseSampler:
    seed = int(np.random.SeedSequence([plan.sampler.seed, number]).generate_state(1)[0])
    match plan.sampler.name:
        case "tpe":
            return TPESampler(seed=seed)
        case "random":
            return RandomSampler(seed)
        case "grid":
            return GridSampler({name: list(dimension.grid) for name, dimension in plan.space.items()}, plan.sampler.seed)
