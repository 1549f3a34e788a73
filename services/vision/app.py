"""The application of the vision pipelines."""

from __future__ import annotations

from fastapi import FastAPI

from services.inference.app import inference_app, largest_video
from services.inference.uploads import FORM
from services.vision.engine import engine
from services.vision.routes import router


def create_app() -> FastAPI:
    """Pictures and videos in, skeletons, holds and analyses out; the networks are loaded when it starts."""
    media = ("image/", "video/", "application/octet-stream", FORM)
    return inference_app("Ascension vision", router, engine, largest_video(), media)
