"""How a long step tells its caller where it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called often and cheaply by long steps; must not raise."""

    def __call__(self, stage: str, fraction: float, message: str = "") -> None:
        """Report that `stage` is done to `fraction` (0 to 1)."""


def silent(stage: str, fraction: float, message: str = "") -> None:
    """Report to nobody."""
