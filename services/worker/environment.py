"""What a notebook gets to know of its worker's environment: everything but secrets.

This keeps secrets out of notebooks and their outputs by accident. A notebook runs as the user of its worker, and can read
what that user can: only run notebooks that you would run yourself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ascension_core.platform.tracking import QUIET

_SECRET = re.compile(r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|KEY|^ASCENSION_(DATABASE_URL|AMQP_URL|S3_)")
_TRACKER = "MLFLOW_"  # a notebook may log to the tracker, and has to say who it is
_OWN = {
    **QUIET,
    "ASCENSION_JOB": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",  # figures belong below their cells
    # Threads that libraries start when they are imported, and that a fork would lose.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


def kernel_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that kernels get, out of the worker's."""
    known = {
        name: value for name, value in environment.items() if name.startswith(_TRACKER) or not _SECRET.search(name.upper())
    }
    return known | _OWN
