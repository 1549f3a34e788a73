"""For use in notebooks: progress that is seen in JupyterLab, and by the worker that runs the notebook as a job."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ascension_core.progress import Progress, silent

MIME = "application/vnd.ascension.progress+json"
"""Type of output that a worker takes for progress: ``{"stage": …, "fraction": …, "message": …}``."""
MOST_OFTEN_S = 0.2


def progress() -> Progress:
    """Progress of this cell: one line below it, five times a second at most; silent outside of a notebook."""
    from IPython.core.getipython import get_ipython

    return _Line() if get_ipython() is not None else silent


class _Line:
    """A line of output that changes."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._stage: str | None = None
        self._shown_at = 0.0

    def __call__(self, stage: str, fraction: float, message: str = "") -> None:
        fraction = min(max(float(fraction), 0.0), 1.0)
        now = time.monotonic()
        if stage == self._stage and fraction < 1 and now - self._shown_at < MOST_OFTEN_S:
            return
        self._stage, self._shown_at = stage, now
        data = {"stage": stage, "fraction": fraction, "message": message}
        self._show({MIME: data, "text/plain": _text(stage, fraction, message)})

    def _show(self, bundle: Mapping[str, Any]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)


def _text(stage: str, fraction: float, message: str) -> str:
    return f"{stage} {fraction:4.0%}  {message}".rstrip()
