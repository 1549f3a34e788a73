"""The endpoints of the training pipelines."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Annotated, Any, cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ascension_core.results import AssessmentReport, Program
from ascension_core.training.example import example_athlete
from services.inference.app import shown
from services.training.engine import Training

Day = Annotated[date, Field(description="YYYY-MM-DD; null is today")]

router = APIRouter()


class Tested(BaseModel):
    """An athlete whose tests are to be compared with other climbers'."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"athlete": example_athlete(date.today())}]})

    athlete: dict[str, JsonValue] = Field(description="the athlete's document, see docs/athlete.md")
    today: Day | None = None


class Planned(Tested):
    """An athlete whose training is to be planned."""

    seed: int | None = Field(None, ge=0, lt=2**31, description="chooses among equally good programs")
    adapt: Program | None = Field(None, description="a program made before, to be carried on with what was logged since")


@router.post("/program", operation_id="program")
async def program(request: Request, asked: Planned) -> Program:
    """A training program, or an earlier one carried on."""
    training = _training(request)
    return await training.slots.run(partial(training.program, asked.athlete, asked.today, asked.seed, asked.adapt))


@router.post("/assess", operation_id="assess")
async def assess(request: Request, asked: Tested) -> AssessmentReport:
    """What an athlete's tests say: expected grades, percentiles, weakest link, real changes."""
    training = _training(request)
    return await training.slots.run(partial(training.assess, asked.athlete, asked.today))


@router.get("/version", operation_id="version")
async def version(request: Request) -> dict[str, Any]:
    """Which version of the pipeline answers here."""
    return shown(_training(request).version, "training")


def _training(request: Request) -> Training:
    return cast("Training", request.app.state.engine)
