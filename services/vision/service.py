"""``bentoml serve services.vision.service:Vision``; `ascension package vision` makes a Bento of it."""

from __future__ import annotations

from typing import Any, cast

import bentoml

from services.inference.unknown import Unknown
from services.vision.app import create_app

LONGEST_S = 900
"""How long one request may take."""


@bentoml.service(name="ascension_vision", workers=1, traffic={"timeout": LONGEST_S})
@bentoml.asgi_app(create_app(), path="/")
class Vision:
    """Skeletons, holds and analyses. One process has one set of networks; more processes or machines make more."""


cast("Any", Vision).add_asgi_middleware(Unknown)
