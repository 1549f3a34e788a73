"""What a sweep is to try: a YAML file, checked before anything runs."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

import yaml
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ascension_core.errors import InvalidJob, InvalidSweep
from ascension_core.platform.jobs import Kind

MOST_TRIALS: Final = 10_000
Choice = str | int | float | bool | None


class _Part(BaseModel):
    """A part of the file: no other names, no numbers in quotes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Choices(_Part):
    """One of some values."""

    type: Literal["categorical"]
    choices: list[Choice] = Field(min_length=1)

    @property
    def distribution(self) -> BaseDistribution:
        """What Optuna draws from."""
        return CategoricalDistribution(self.choices)

    @property
    def ends(self) -> Sequence[Choice]:
        """Values that show whether a notebook takes them all."""
        return self.choices

    @property
    def grid(self) -> Sequence[Choice]:
        """Every value."""
        return self.choices


class _Range(_Part):
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float
    step: float | None = Field(None, gt=0)
    log: bool = False

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        with warnings.catch_warnings(action="ignore"):  # Optuna would only say that it ends earlier
            ends_at = self.distribution.high
        if ends_at != self.high:
            raise ValueError(f"steps of {self.step} from {self.low} do not end at {self.high}, but at {ends_at}")
        return self

    @property
    def distribution(self) -> IntDistribution | FloatDistribution:
        """What Optuna draws from."""
        raise NotImplementedError

    @property
    def ends(self) -> Sequence[Choice]:
        """Values that show whether a notebook takes them all."""
        return [self.low, self.high]

    @property
    def grid(self) -> Sequence[Choice]:
        """Every value, where there are steps."""
        if self.step is None:
            raise ValueError("a grid needs a step here")
        return [self.low + number * self.step for number in range(round((self.high - self.low) / self.step) + 1)]


class Whole(_Range):
    """Whole numbers."""

    type: Literal["int"]
    low: int
    high: int
    step: int = Field(1, ge=1)

    @property
    def distribution(self) -> IntDistribution:
        """What Optuna draws from."""
        return IntDistribution(self.low, self.high, self.log, self.step)


class Real(_Range):
    """Any numbers."""

    type: Literal["float"]

    @property
    def distribution(self) -> FloatDistribution:
        """What Optuna draws from."""
        return FloatDistribution(self.low, self.high, self.log, self.step)


class Objective(_Part):
    """A number of the job's result that is to be large or small."""

    path: str = Field(min_length=1)
    direction: Literal["maximize", "minimize"]


class Sampler(_Part):
    """How values are chosen."""

    name: Literal["tpe", "random", "grid"] = "tpe"
    seed: int = Field(0, ge=0, lt=2**31)


class Plan(_Part):
    """A sweep.

    Attributes
    ----------
    name
        Of the study.
    kind
        Which notebook its trials run.
    parameters
        Of every trial.
    space
        What is tried, by path into the parameters: ``options/clean/cutoff_hz``.
    objectives
        What is sought in the result.
    sampler
        How values are chosen.
    trials
        How many in all.
    parallel
        How many at once.
    priority
        Of the jobs: other people's go first.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")
    kind: str
    parameters: dict[str, Any] = {}
    space: dict[str, Annotated[Choices | Whole | Real, Field(discriminator="type")]] = Field(min_length=1)
    objectives: list[Objective] = Field(min_length=1, max_length=4)
    sampler: Sampler = Sampler()
    trials: int = Field(ge=1, le=MOST_TRIALS)
    parallel: int = Field(2, ge=1, le=1000)
    priority: Literal["high", "normal", "low"] = "low"

    @property
    def study(self) -> dict[str, Any]:
        """What may not change once trials have run; more of them may be added, or others at a time."""
        return self.model_dump(mode="json", include={"kind", "parameters", "space", "objectives"})

    @property
    def distributions(self) -> dict[str, BaseDistribution]:
        """What Optuna draws from, by path."""
        return {path: dimension.distribution for path, dimension in self.space.items()}

    @property
    def directions(self) -> list[Literal["maximize", "minimize"]]:
        """Of the objectives."""
        return [objective.direction for objective in self.objectives]

    @property
    def goals(self) -> list[str]:
        """Short names of the objectives."""
        return [objective.path.rpartition("/")[2] for objective in self.objectives]

    def job_parameters(self, chosen: Mapping[str, Any]) -> dict[str, Any]:
        """Those of a trial's job."""
        parameters = copy.deepcopy(self.parameters)
        for path, value in chosen.items():
            _put(parameters, path, tidy(value))
        return parameters


def load_plan(path: Path) -> Plan:
    """Read a sweep's file.

    Raises
    ------
    InvalidSweep
        Naming the place in the file that is wrong.
    """
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as cause:
        raise InvalidSweep(f"{path} cannot be read: {cause.strerror or cause}") from cause
    except (yaml.YAMLError, UnicodeDecodeError) as cause:
        raise InvalidSweep(f"{path} is no YAML: {cause}") from cause
    try:
        plan = Plan.model_validate(document)
    except ValidationError as cause:
        raise InvalidSweep(f"{path}: {_first(cause)}") from cause
    _check_grid(plan, path)
    return plan


def check_kind(plan: Plan, kind: Kind, path: Path) -> None:
    """See to it that the notebook takes everything that may be tried.

    Raises
    ------
    InvalidSweep
        Naming the place in the file that it does not take.
    """
    tries: list[tuple[str, dict[str, Choice]]] = [("parameters", {})]
    tries += [(f"space.{name}", {name: value}) for name, dimension in plan.space.items() for value in dimension.ends]
    for where, chosen in tries:
        try:
            kind.check(plan.job_parameters(chosen))
        except InvalidJob as cause:
            raise InvalidSweep(f"{path}: {where}: {cause}") from cause


def tidy(value: Any) -> Any:
    """A value as a person would write it: steps add up to 0.30000000000000004."""
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _check_grid(plan: Plan, path: Path) -> None:
    if plan.sampler.name != "grid":
        return
    for name, dimension in plan.space.items():
        try:
            dimension.grid  # noqa: B018
        except ValueError as cause:
            raise InvalidSweep(f"{path}: space.{name}.step: {cause}") from cause


def _put(parameters: dict[str, Any], path: str, value: Any) -> None:
    """Set a value that lies within others."""
    *above, name = path.split("/")
    for part in above:
        parameters = parameters.setdefault(part, {})
        if not isinstance(parameters, dict):
            raise InvalidJob(f"{path}: {part} holds a value already, and nothing can be put into it")
    parameters[name] = value


def _first(error: ValidationError) -> str:
    """Where the first error is, and what it is; the names of alternatives are no part of the file."""
    first = error.errors(include_url=False)[0]
    alternatives = {"categorical", "int", "float"}
    where = ".".join(str(part) for part in first["loc"] if part not in alternatives)
    return f"{where or 'the document'}: {first['msg'].removeprefix('Value error, ')}"
