"""The application of the training pipelines."""

from __future__ import annotations

from fastapi import FastAPI

from services.inference.app import inference_app
from services.training.engine import engine
from services.training.routes import router

_LARGEST = 8 * 1024**2  # an athlete with years of logs, and a program of a year


def create_app() -> FastAPI:
    """Athletes in, programs and assessments out."""
    return inference_app("Ascension training", router, engine, _LARGEST, ("application/json",))
