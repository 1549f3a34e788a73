"""``bentoml serve services.training.service:Training``; `ascension package training` makes a Bento of it."""

from __future__ import annotations

from typing import Any, cast

import bentoml

from services.inference.unknown import Unknown
from services.training.app import create_app


@bentoml.service(name="ascension_training", workers=1, traffic={"timeout": 120})
@bentoml.asgi_app(create_app(), path="/")
class Training:
    """Programs and assessments."""


cast("Any", Training).add_asgi_middleware(Unknown)
