"""``bentoml serve services.api.service:Api``: the API under ``/v1``, beside Bento's own health and metrics.

Whatever address it listens on, nobody is let in without a valid API key.
"""

from __future__ import annotations

from typing import Any, cast

import bentoml

from services.api.app import PREFIX, create_app
from services.inference.unknown import Unknown

LONGEST_S = 900
"""How long one request may take; as long as a stream of events."""


@bentoml.service(name="ascension_api", workers=1, traffic={"timeout": LONGEST_S + 60})
@bentoml.asgi_app(create_app(), path=PREFIX)
class Api:
    """What mobile backends call. Nothing is kept in the process: run as many as are needed."""


cast("Any", Api).add_asgi_middleware(Unknown)
